// Schema "overhang.heap/1" (docs/ARCHITECTURE.md): fields may be added, none may change.
#include "report/documents.h"
#include "report/heap.h"
#include "report/refs_report.h"

namespace overhang {
namespace {

Json to_json(const HeapRootRow& row) {
  return {{"root", row.root},
          {"kind", row.kind},
          {"count", row.count},
          {"retained_bytes", row.retained_bytes}};
}

Json to_json(const MemoryRow::Runtime& of) {
  return {{"heap_inuse", of.heap_inuse},
          {"heap_idle", of.heap_idle},
          {"heap_released", of.heap_released},
          {"stack_inuse", of.stack_inuse},
          {"stack_sys", of.stack_sys},
          {"mspan_inuse", of.mspan_inuse},
          {"mspan_sys", of.mspan_sys},
          {"mcache_inuse", of.mcache_inuse},
          {"mcache_sys", of.mcache_sys},
          {"buck_hash_sys", of.buck_hash_sys},
          {"gc_sys", of.gc_sys},
          {"other_sys", of.other_sys},
          {"sys", of.sys}};
}

Json to_json(const MemoryRow& memory) {
  return {{"live_bytes", memory.live},
          {"garbage_bytes", memory.garbage},
          {"free_bytes", memory.free},
          {"overhead_bytes", memory.overhead},
          {"heap_inuse_bytes", memory.heap_inuse()},
          {"program_bytes", memory.program},
          {"outside_bytes", memory.outside},
          {"memstats", memory.runtime ? to_json(*memory.runtime) : Json(nullptr)}};
}

Json to_json(const TreeRows& tree) {
  auto retained = totals_of(tree).bytes;
  auto rows = Json::array();
  for (std::size_t i = 0; i < tree.size(); i++)
    rows.push_back({{"parent", tree.parent[i]},
                    {"name", tree.names[tree.name[i]]},
                    {"objects", tree.objects[i]},
                    {"bytes", tree.bytes[i]},
                    {"hidden_bytes", tree.hidden_bytes[i]},
                    {"retained_bytes", retained[i]},
                    {"hidden", (tree.flags[i] & TreeRows::kThroughHidden) != 0}});
  return {{"rows", std::move(rows)}, {"rows_omitted", tree.truncated_frames}};
}

Json document_of(const HeapReport& report, const Selection& selection, bool with_tree) {
  auto row = [](const auto& r) { return to_json(r); };
  auto types = Json::array();
  for (const HeapTypeRow& type : report.types)
    if (types.size() < selection.top &&
        (type.bytes >= selection.min_bytes || type.retained_bytes >= selection.min_bytes))
      types.push_back(to_json(type));
  auto omitted = report.types.size() - types.size();
  Json document = {{"schema", "overhang.heap/1"},
                   {"target", to_json(report.target)},
                   {"heap",
                    {{"live_objects", report.live_objects},
                     {"live_bytes", report.live_bytes},
                     {"typed_bytes", report.typed_bytes},
                     {"hidden_bytes", report.hidden_bytes()},
                     {"overhang_bytes", report.overhang_bytes},
                     {"spare_bytes", report.spare_bytes},
                     {"lost_bytes", report.lost_bytes}}},
                   {"types", std::move(types)},
                   {"types_omitted", omitted},
                   {"roots", array_of(report.roots, row)},
                   {"shared_bytes", report.shared_bytes},
                   {"memory", to_json(report.memory)}};
  if (with_tree && report.dominators) document["dominators"] = to_json(*report.dominators);
  append_head(document, report);
  return document;
}

}  // namespace

Json heap_document(const HeapReport& report, const Selection& selection) {
  return document_of(report, selection, false);
}

std::string render_json(const HeapReport& report, const Selection& selection) {
  return written(document_of(report, selection, true));
}

}  // namespace overhang
