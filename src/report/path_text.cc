// Paths for a person: a root, then a line for each reference.
#include <fmt/format.h>

#include <algorithm>

#include "report/path.h"
#include "report/text_parts.h"
#include "text/columns.h"
#include "text/page.h"
#include "text/units.h"

namespace overhang {
namespace {

std::string object_text(const std::string& type, std::uint64_t address, std::uint64_t bytes) {
  return fmt::format("{} at {:#x}, {}", cut_middle(printable(type), 50), address,
                     format_bytes(bytes));
}

void write_head(Page& page, const PathReport& report) {
  write_target(page, report.target, "");
  page.line();
  if (report.by_type)
    page.line(fmt::format(
        "  {} of {}; the nearest to a root:", format_number_of(report.objects, "live object"),
        cut_middle(printable(report.asked), 60)));
  auto object = object_text(report.type, report.address, report.bytes);
  if (report.offset > 0) object += fmt::format(" (asked for {} bytes into it)", report.offset);
  page.line("  " + object, TextStyle::Bold);
  if (report.overhang)
    page.line("  is overhang: only slots that no slice shows keep it alive", TextStyle::Alarm);
}

// "     [104322]                 main.Conn at 0xc000123000, 64 B     no slice shows it (tail)"
void write_step(Page& page, const PathStep& step) {
  constexpr std::size_t kReference = 26;
  auto reference = cut_middle(printable(step.reference.empty() ? "→" : step.reference), kReference);
  auto left = "     " + pad_right(reference, kReference) + "  ";
  if (!step.hidden) {
    page.line(left + object_text(step.type, step.address, step.bytes));
    return;
  }
  auto note = step.category.empty() ? std::string("no slice shows it")
                                    : fmt::format("no slice shows it ({})", step.category);
  page.pieces({{left + object_text(step.type, step.address, step.bytes) + "   "},
               {note, TextStyle::Alarm}});
}

void write_path(Page& page, const PathRow& row, std::size_t rank) {
  page.line();
  auto steps = row.steps.size() + row.omitted_steps;
  auto title = fmt::format("{:>3}  ", rank);
  auto right = "   " + format_number_of(steps, "step") + (row.hidden ? ", hidden" : "");
  auto room = Page::kWidth - title.size() - display_width(right);
  page.line(title + cut_middle(printable(row.root), room) + right, TextStyle::Bold);
  for (std::size_t i = 0; i < row.steps.size(); i++) {
    if (i == kPathEnds && row.omitted_steps > 0)
      page.line(fmt::format("     … {} …", format_number_of(row.omitted_steps, "more step")),
                TextStyle::Dim);
    write_step(page, row.steps[i]);
  }
  if (row.similar > 0)
    page.line(fmt::format("     and {} of this kind", format_number_of(row.similar, "more way")),
              TextStyle::Dim);
}

}  // namespace

std::string render_text(const PathReport& report, const TextOptions& options) {
  Page page(options.colour);
  write_head(page, report);
  for (std::size_t i = 0; i < report.paths.size(); i++) write_path(page, report.paths[i], i + 1);
  write_warnings(page, report.warnings, false);
  return page.take();
}

}  // namespace overhang
