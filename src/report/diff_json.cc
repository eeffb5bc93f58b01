// Schema "overhang.diff/1" (docs/ARCHITECTURE.md).
#include <cstdlib>

#include "report/diff.h"
#include "report/documents.h"

namespace overhang {
namespace {

Json to_json(const Change& change) {
  return {{"old", change.older}, {"new", change.newer}, {"growth", change.growth()}};
}

Json to_json(const SiteChange& row) {
  return {
      {"site", row.site},
      {"kind", row.kind},
      {"element_type", row.element_type},
      {"category", row.category},
      {"arrays", to_json(row.arrays)},
      {"hidden_slots", to_json(row.hidden_slots)},
      {"hidden_bytes", to_json(row.hidden_bytes)},
      {"retained_objects", to_json(row.retained_objects)},
      {"retained_bytes", to_json(row.retained_bytes)},
      {"weight", to_json(row.weight)},
      {"sources", array_of(row.sources, [](const SourceRow& source) { return to_json(source); })}};
}

Json to_json(const TypeChange& row) {
  return {{"type", row.type},
          {"objects", to_json(row.objects)},
          {"bytes", to_json(row.bytes)},
          {"hidden_bytes", to_json(row.hidden_bytes)},
          {"retained_bytes", to_json(row.retained_bytes)}};
}

template <class Rows, class Growth>
Json selected(const Rows& rows, const Selection& selection, Growth growth) {
  auto out = Json::array();
  for (auto& row : rows)
    if (out.size() < selection.top &&
        static_cast<std::uint64_t>(std::abs(growth(row))) >= selection.min_bytes)
      out.push_back(to_json(row));
  return out;
}

}  // namespace

Json diff_document(const DiffReport& report, const Selection& selection) {
  auto sites =
      selected(report.sites, selection, [](const SiteChange& row) { return row.weight.growth(); });
  auto types =
      selected(report.types, selection, [](const TypeChange& row) { return row.bytes.growth(); });
  auto sites_omitted = report.sites.size() - sites.size();
  auto types_omitted = report.types.size() - types.size();
  Json document = {{"schema", "overhang.diff/1"},
                   {"old", to_json(report.older)},
                   {"new", to_json(report.target)},
                   {"heap",
                    {{"live_objects", to_json(report.live_objects)},
                     {"live_bytes", to_json(report.live_bytes)},
                     {"overhang_objects", to_json(report.overhang_objects)},
                     {"overhang_bytes", to_json(report.overhang_bytes)},
                     {"spare_bytes", to_json(report.spare_bytes)},
                     {"lost_bytes", to_json(report.lost_bytes)}}},
                   {"sites", std::move(sites)},
                   {"sites_omitted", sites_omitted},
                   {"types", std::move(types)},
                   {"types_omitted", types_omitted}};
  append_head(document, report);
  return document;
}

std::string render_json(const DiffReport& report, const Selection& selection) {
  return written(diff_document(report, selection));
}

}  // namespace overhang
