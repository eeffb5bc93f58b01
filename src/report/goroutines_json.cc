// Schema "overhang.goroutines/1" (docs/ARCHITECTURE.md), and folded stacks.
#include <fmt/format.h>

#include "report/goroutines.h"
#include "report/json_parts.h"
#include "report/stacks.h"

namespace overhang {
namespace {

Json to_json(const FrameRow& row) {
  return {
      {"function", row.function}, {"file", row.file}, {"line", row.line}, {"inlined", row.inlined}};
}

Json to_json(const CreatorRow& row) {
  return {{"function", row.place.function},
          {"file", row.place.file},
          {"line", row.place.line},
          {"count", row.count}};
}

Json to_json(const GoroutineRow& row) {
  return {{"id", row.id},
          {"state", row.state},
          {"wait_reason", row.wait_reason},
          {"waited_ms", or_null(row.waited_ms)},
          {"stack_bytes", row.stack_bytes},
          {"retained_bytes", row.retained_bytes},
          {"truncated", row.truncated}};
}

Json to_json(const StackRow& row) {
  auto convert = [](const auto& part) { return to_json(part); };
  return {{"count", row.members.size()},
          {"system", row.system},
          {"retained_bytes", row.retained_bytes},
          {"frames", array_of(row.frames, convert)},
          {"frames_elided", row.frames_elided},
          {"created_by", array_of(row.creators, convert)},
          {"goroutines", array_of(row.members, convert)}};
}

}  // namespace

std::string render_json(const GoroutinesReport& report, const Selection& selection) {
  auto stacks = Json::array();
  for (auto& stack : report.stacks)
    if (stacks.size() < selection.top && stack.retained_bytes >= selection.min_bytes)
      stacks.push_back(to_json(stack));
  auto omitted = report.stacks.size() - stacks.size();
  Json document = {{"schema", "overhang.goroutines/1"},
                   {"target", to_json(report.target)},
                   {"clock", report.clock},
                   {"goroutines", report.goroutines},
                   {"system_goroutines", report.system_goroutines},
                   {"stacks", std::move(stacks)},
                   {"stacks_omitted", omitted}};
  append_head(document, report);
  return written(document);
}

std::string render_folded(const GoroutinesReport& report, const Selection& selection) {
  std::string out;
  std::size_t shown = 0;
  for (auto& stack : report.stacks) {
    if (shown == selection.top) break;
    if (stack.retained_bytes < selection.min_bytes) continue;
    shown++;
    std::string line;
    for (auto i = stack.frames.size(); i-- > 0;) {
      line += folded_name(stack.frames[i].function);
      if (i > 0) line += ';';
      if (stack.frames_elided != 0 && i == stack.frames.size() / 2) line += "...;";
    }
    out += fmt::format("{} {}\n", line.empty() ? "?" : line, stack.members.size());
  }
  return out;
}

}  // namespace overhang
