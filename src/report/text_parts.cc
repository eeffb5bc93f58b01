#include "report/text_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/columns.h"
#include "text/units.h"

namespace overhang {
namespace {

std::string target_name(const TargetRow& target) {
  if (target.live) return fmt::format("{} (pid {})", base_name(target.exe), target.pid);
  auto core = base_name(target.path);
  return target.exe.empty() ? core : fmt::format("{} (core {})", base_name(target.exe), core);
}

}  // namespace

std::string base_name(std::string_view path) {
  return printable(path.substr(path.rfind('/') + 1));  // npos + 1 is 0
}

void write_target(Page& page, const TargetRow& target, std::string_view right) {
  auto version = fmt::format("  {} linux/{}", printable(target.go_version), printable(target.arch));
  auto room = Page::kWidth - std::min(Page::kWidth - 20, right.size());
  auto name_room = room - std::min(room - 10, display_width(version));
  auto left = cut_middle(target_name(target), name_room) + version;
  page.line(pad_right(cut_middle(left, room - 2), room) + std::string(right), TextStyle::Bold);
}

std::string pause_of(const TargetRow& target) {
  if (!target.pause_ms) return {};
  return fmt::format("paused {}, ", format_duration(*target.pause_ms));
}

void write_warnings(Page& page, const std::vector<std::string>& warnings, bool all) {
  constexpr std::size_t kShown = 5;
  auto shown = all ? warnings.size() : std::min(kShown, warnings.size());
  if (shown > 0) page.line();
  for (std::size_t i = 0; i < shown; i++) page.paragraph("note: " + printable(warnings[i]), 2);
  if (shown < warnings.size())
    page.line(fmt::format("  {} (--stats shows all)",
                          format_number_of(warnings.size() - shown, "more note")));
}

}  // namespace overhang
