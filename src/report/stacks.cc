#include "report/stacks.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/columns.h"

namespace overhang {

std::string hidden_frame(std::string_view category, std::string_view site) {
  return fmt::format("[hidden {} of {}]", category, site);
}

std::string folded_name(std::string_view name) {
  auto out = printable(name);
  std::ranges::replace(out, ';', ':');
  return out;
}

PprofWriter::Line line_of(const std::vector<SourceRow>& sources) {
  if (sources.empty()) return {};
  return {sources.front().file, static_cast<std::int64_t>(sources.front().line), 0};
}

}  // namespace overhang
