// Goroutines for a person: equal stacks together, the program's first.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/goroutines.h"
#include "report/text_parts.h"
#include "text/columns.h"
#include "text/page.h"
#include "text/units.h"

namespace overhang {
namespace {

constexpr std::size_t kIndent = 7;  // columns that frames stand in
constexpr std::size_t kIdsShown = 6;

// How many members are in which state, the most frequent first: "chan receive", "IO wait 3,
// runnable 1".
std::string states_of(const StackRow& stack) {
  std::map<std::string, std::size_t> counts;
  for (auto& member : stack.members) counts[member.status()]++;
  if (counts.size() == 1) return printable(counts.begin()->first);
  std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::greater<>(), &std::pair<std::string, std::size_t>::second);
  std::string out;
  for (auto& [state, count] : sorted)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", printable(state), format_count(count));
  return out;
}

// "2 h 3 min": two units at most, the way one says it.
std::string format_wait(double ms) {
  if (ms < 1000) return format_duration(ms);
  auto seconds = static_cast<std::uint64_t>(ms / 1000);
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  auto minutes = seconds / 60;
  if (minutes < 24 * 60) return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  return fmt::format("{} d {} h", minutes / (24 * 60), minutes / 60 % 24);
}

// The longest wait.
std::string wait_of(const StackRow& stack) {
  double longest = -1;
  for (auto& member : stack.members) longest = std::max(longest, member.waited_ms.value_or(-1));
  if (longest < 0) return {};
  return fmt::format("   {}for {} or more", stack.members.size() > 1 ? "the longest " : "",
                     format_wait(longest));
}

// "    12  chan receive   the longest for 3 min 20 s or more                  retains 12.3 KB"
void write_title(Page& page, const StackRow& stack) {
  auto count = fmt::format("{:>5}  ", format_count(stack.members.size()));
  auto retained = stack.retained_bytes != 0 ? "retains " + format_bytes(stack.retained_bytes) : "";
  auto room = Page::kWidth - display_width(count) - display_width(retained) - 2;
  auto title = count + cut_middle(states_of(stack) + wait_of(stack), room);
  if (!retained.empty())
    title = pad_right(title, Page::kWidth - display_width(retained)) + retained;
  page.line(title, TextStyle::Bold);
}

void write_frame(Page& page, const FrameRow& frame, std::string_view prefix, TextStyle style) {
  constexpr std::size_t kNameRoom = 60;
  auto place =
      frame.file.empty() ? std::string() : fmt::format("{}:{}", base_name(frame.file), frame.line);
  auto name = std::string(prefix) + printable(frame.function);
  auto room = Page::kWidth - kIndent - display_width(place) - 2;
  auto line = pad_right(cut_middle(name, std::max(room, kNameRoom) == room ? room : kNameRoom),
                        std::min(room, kNameRoom));
  page.line(std::string(kIndent, ' ') + line + "  " + place, style);
}

void write_ids(Page& page, const StackRow& stack) {
  std::string text = stack.members.size() == 1 ? "goroutine" : "goroutines";
  auto shown = std::min(kIdsShown, stack.members.size());
  for (std::size_t i = 0; i < shown; i++) {
    auto& member = stack.members[i];
    text += fmt::format("{} {}", i == 0 ? "" : ",", member.id);
    if (member.retained_bytes != 0 && stack.members.size() > 1)
      text += fmt::format(" ({})", format_bytes(member.retained_bytes));
  }
  if (shown < stack.members.size())
    text += fmt::format(" and {} more", format_count(stack.members.size() - shown));
  page.paragraph(text, kIndent);
  auto truncated = std::ranges::count_if(stack.members, &GoroutineRow::truncated);
  if (truncated > 0)
    page.paragraph(fmt::format("the outermost frames of {} could not be reached",
                               format_count(static_cast<std::uint64_t>(truncated))),
                   kIndent);
}

void write_stack(Page& page, const StackRow& stack) {
  page.line();
  write_title(page, stack);
  for (std::size_t i = 0; i < stack.frames.size(); i++) {
    if (stack.frames_elided != 0 && i == stack.frames.size() / 2)
      page.line(fmt::format("{:{}}… {} frames …", "", kIndent, format_count(stack.frames_elided)),
                TextStyle::Dim);
    write_frame(page, stack.frames[i], "", TextStyle::Plain);
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(stack.creators.size(), 3); i++) {
    auto& creator = stack.creators[i];
    auto prefix = stack.creators.size() == 1 ? std::string("created by ")
                                             : fmt::format("{} created by ", creator.count);
    write_frame(page, creator.place, prefix, TextStyle::Dim);
  }
  if (stack.creators.size() > 3)
    page.line(fmt::format("{:{}}and {} more places that create such", "", kIndent,
                          stack.creators.size() - 3),
              TextStyle::Dim);
  write_ids(page, stack);
}

// "5 of the runtime's own: GC worker (idle) 2 · force gc (idle) · …"
void write_system(Page& page, const GoroutinesReport& report) {
  if (report.system_goroutines == 0) return;
  std::map<std::string, std::uint64_t> counts;
  for (auto& stack : report.stacks)
    if (stack.system)
      for (auto& member : stack.members) counts[member.status()]++;
  std::string text =
      fmt::format("{} of the runtime's own:", format_count(report.system_goroutines));
  for (auto& [state, count] : counts)
    text += fmt::format("{} {}{}", text.ends_with(':') ? "" : " ·", printable(state),
                        count > 1 ? " " + format_count(count) : "");
  page.line();
  page.paragraph(text, 2);
}

}  // namespace

std::string render_text(const GoroutinesReport& report, const TextOptions& options) {
  Page page(options.colour);
  auto own = static_cast<std::size_t>(std::ranges::count(report.stacks, false, &StackRow::system));
  write_target(page, report.target,
               format_number_of(report.goroutines - report.system_goroutines, "goroutine") +
                   " in " + format_number_of(own, "stack"));
  page.line(pause_of(report.target) +
            fmt::format("analysed in {}", format_duration(report.elapsed_ms)));
  if (report.clock == "newest wait")
    page.line("the core has no clock: waits are counted to the newest one");
  std::size_t shown = 0, left_out = 0, goroutines_left_out = 0;
  for (auto& stack : report.stacks) {
    if (stack.system) continue;
    if (shown < options.selection.top && stack.retained_bytes >= options.selection.min_bytes) {
      write_stack(page, stack);
      shown++;
    } else {
      left_out++;
      goroutines_left_out += stack.members.size();
    }
  }
  if (left_out > 0) {
    page.line();
    page.line(fmt::format("  {} of {} (--top and --min choose what is shown)",
                          format_number_of(left_out, "more stack"),
                          format_number_of(goroutines_left_out, "goroutine")),
              TextStyle::Dim);
  }
  write_system(page, report);
  write_warnings(page, report.warnings, options.stats);
  return page.take();
}

}  // namespace overhang
