// Schema "overhang.leaks/1" (docs/ARCHITECTURE.md): fields may be added, none may change.
#include "report/documents.h"
#include "report/json_parts.h"
#include "report/render.h"

namespace overhang {
namespace {

// Of live bytes, 0 to 1; an empty heap has nothing that is unknown.
double typed_share(const HeapTotals& heap) {
  if (heap.live_bytes == 0) return 1;
  return static_cast<double>(heap.typed_bytes) / static_cast<double>(heap.live_bytes);
}

Json to_json(const DoubtRow& row) {
  return {{"reference", row.reference}, {"kind", row.kind},   {"references", row.references},
          {"objects", row.objects},     {"bytes", row.bytes}, {"array_bytes", row.array_bytes}};
}

Json to_json(const MapRow& row) {
  return {{"site", row.site},
          {"type", row.type},
          {"maps", row.maps},
          {"entries", row.entries},
          {"slots", row.slots},
          {"storage_bytes", row.storage_bytes},
          {"spare_bytes", row.spare_bytes},
          {"shrunk_maps", row.shrunk_maps}};
}

Json to_json(const HeapTotals& heap, const LeakReport& report) {
  return {{"live_objects", heap.live_objects},
          {"live_bytes", heap.live_bytes},
          {"typed_bytes", heap.typed_bytes},
          {"typed_share", typed_share(heap)},
          {"visible_bytes", heap.visible_bytes},
          {"spare_bytes", heap.spare_bytes},
          {"lost_bytes", heap.lost_bytes},
          {"overhang_objects", heap.overhang_objects},
          {"overhang_bytes", heap.overhang_bytes},
          {"overhang_bytes_possible", heap.overhang_bytes_possible},
          {"allocator_bytes", heap.allocator_bytes},
          {"garbage_objects", heap.garbage_objects},
          {"garbage_bytes", heap.garbage_bytes},
          {"conservative_frames", heap.conservative_frames},
          {"unknown_references", heap.unknown_references},
          {"doubts", array_of(report.doubts, [](const DoubtRow& row) { return to_json(row); })},
          {"doubts_omitted", report.doubts_omitted},
          {"maps", array_of(report.maps, [](const MapRow& row) { return to_json(row); })}};
}

Json to_json(const TypeCount& row) {
  return {{"type", row.type}, {"objects", row.objects}, {"bytes", row.bytes}};
}

Json to_json(const RemedyRow& row) {
  return {{"name", row.name},
          {"factor", or_null(row.factor)},
          {"frees_objects", row.frees_objects},
          {"frees_bytes", row.frees_bytes},
          {"copies_bytes", row.copies_bytes},
          {"note", row.note}};
}

Json to_json(const ArrayPicture& picture) {
  return {{"array_bytes", picture.array_bytes},
          {"element_bytes", picture.element_bytes},
          {"slots", picture.slots},
          {"windows", array_of(picture.windows,
                               [](const ArrayPicture::Window& window) {
                                 return Json{{"begin", window.begin},
                                             {"len", window.len},
                                             {"cap", window.cap},
                                             {"holder", window.holder}};
                               })},
          {"windows_omitted", picture.windows_omitted},
          {"regions", array_of(picture.regions,
                               [](const ArrayPicture::Region& region) {
                                 return Json{{"category", region.category},
                                             {"begin", region.begin},
                                             {"end", region.end}};
                               })},
          {"regions_omitted", picture.regions_omitted},
          {"stale", picture.stale}};
}

Json to_json(const SiteRow& site) {
  auto row = [](const auto& r) { return to_json(r); };
  return {{"site", site.site},
          {"kind", site.kind},
          {"element_type", site.element_type},
          {"category", site.category},
          {"arrays", site.arrays},
          {"array_bytes", site.array_bytes},
          {"slots", site.slots},
          {"visible_slots", site.visible_slots},
          {"hidden_slots", site.hidden_slots},
          {"stale_slots", site.stale_slots},
          {"hidden_bytes", site.hidden_bytes},
          {"len", site.len},
          {"cap", site.cap},
          {"retained_objects", site.retained_objects},
          {"retained_bytes", site.retained_bytes},
          {"retained_bytes_possible", site.retained_bytes_possible},
          {"retained_jointly", site.retained_jointly},
          {"joint_objects", site.joint_objects},
          {"joint_bytes", site.joint_bytes},
          {"doubt", site.doubt},
          {"shared_with", site.shared_with},
          {"path", site.path},
          {"retained_types", array_of(site.retained_types, row)},
          {"remedies", array_of(site.remedies, row)},
          {"sources", array_of(site.sources, row)},
          {"picture", site.picture ? to_json(*site.picture) : Json(nullptr)}};
}

Json to_json(const SpareRow& row) {
  return {{"site", row.site},
          {"element_type", row.element_type},
          {"arrays", row.arrays},
          {"spare_bytes", row.spare_bytes}};
}

}  // namespace

bool shown(const SiteRow& site, std::size_t already, const Selection& selection) {
  return already < selection.top && weight(site) >= selection.min_bytes;
}

Json leaks_document(const LeakReport& report, const Selection& selection) {
  auto sites = Json::array();
  for (auto& site : report.sites)
    if (shown(site, sites.size(), selection)) sites.push_back(to_json(site));
  auto omitted = report.sites.size() - sites.size();
  Json document = {
      {"schema", "overhang.leaks/1"},
      {"target", to_json(report.target)},
      {"heap", to_json(report.heap, report)},
      {"sites", std::move(sites)},
      {"sites_omitted", omitted},
      {"remedies",
       array_of(report.remedies, [](const RemedyRow& remedy) { return to_json(remedy); })},
      {"spare", array_of(report.spare, [](const SpareRow& row) { return to_json(row); })}};
  append_head(document, report);
  return document;
}

std::string render_json(const LeakReport& report, const Selection& selection) {
  return written(leaks_document(report, selection));
}

}  // namespace overhang
