// Schema "overhang.path/1" (docs/ARCHITECTURE.md).
#include <fmt/format.h>

#include "report/json_parts.h"
#include "report/path.h"

namespace overhang {
namespace {

std::string hex(std::uint64_t address) { return fmt::format("{:#x}", address); }

Json to_json(const PathStep& step) {
  return {{"reference", step.reference},  {"hidden", step.hidden}, {"category", step.category},
          {"address", hex(step.address)}, {"type", step.type},     {"bytes", step.bytes}};
}

Json to_json(const PathRow& row) {
  return {{"root", row.root},
          {"kind", row.kind},
          {"hidden", row.hidden},
          {"similar", row.similar},
          {"steps", array_of(row.steps, [](const PathStep& step) { return to_json(step); })},
          {"omitted_steps", row.omitted_steps}};
}

}  // namespace

std::string render_json(const PathReport& report) {
  Json document = {
      {"schema", "overhang.path/1"},
      {"target", to_json(report.target)},
      {"asked", report.asked},
      {"object",
       {{"address", hex(report.address)},
        {"offset", report.offset},
        {"type", report.type},
        {"bytes", report.bytes},
        {"overhang", report.overhang}}},
      {"objects", report.by_type ? Json(report.objects) : Json(nullptr)},
      {"paths", array_of(report.paths, [](const PathRow& row) { return to_json(row); })}};
  append_head(document, report);
  return written(document);
}

}  // namespace overhang
