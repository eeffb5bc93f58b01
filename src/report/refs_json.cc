#include "report/json_parts.h"
#include "report/refs_report.h"

namespace overhang {
namespace {

Json index_or_null(std::uint32_t index) {
  return index == RefsReport::kNone ? Json(nullptr) : Json(index);
}

Json to_json(const HeapTotals& heap) {
  return {{"live_objects", heap.live_objects},         {"live_bytes", heap.live_bytes},
          {"spare_bytes", heap.spare_bytes},           {"lost_bytes", heap.lost_bytes},
          {"overhang_objects", heap.overhang_objects}, {"overhang_bytes", heap.overhang_bytes}};
}

Json to_json(const RefsReport::Site& site) {
  return {{"site", site.site},
          {"category", site.category},
          {"element_type", site.element_type},
          {"sources", array_of(site.sources, [](const SourceRow& row) { return to_json(row); })}};
}

Json frames(const RefsReport& report) {
  const TreeRows& tree = report.tree;
  auto totals = totals_of(tree);
  auto out = Json::array();
  for (std::size_t row = 0; row < tree.size(); row++) {
    out.push_back(
        {{"parent", tree.parent[row] == TreeRows::kRoot ? Json(nullptr) : Json(tree.parent[row])},
         {"name", tree.names[tree.name[row]]},
         {"objects", tree.objects[row]},
         {"bytes", tree.bytes[row]},
         {"hidden_bytes", tree.hidden_bytes[row]},
         {"total_objects", totals.objects[row]},
         {"total_bytes", totals.bytes[row]},
         {"total_hidden_bytes", totals.hidden_bytes[row]},
         {"through_hidden", (tree.flags[row] & TreeRows::kThroughHidden) != 0},
         {"site", index_or_null(report.site[row])},
         {"code", index_or_null(report.code_of[row])}});
  }
  return out;
}

}  // namespace

std::string render_refs_json(const RefsReport& report) {
  Json document{
      {"schema", "overhang.refs/1"},
      {"target", to_json(report.target)},
      {"heap", to_json(report.heap)},
      {"frames", frames(report)},
      {"frames_omitted", report.tree.truncated_frames},
      {"sites", array_of(report.sites, [](auto& site) { return to_json(site); })},
      {"code", array_of(report.code, [](const RefsReport::Code& code) {
         return Json{{"function", code.function}, {"file", code.file}, {"line", code.line}};
       })}};
  append_head(document, report);
  return written(document);
}

}  // namespace overhang
