#include <fmt/format.h>

#include <algorithm>

#include "report/refs_report.h"
#include "report/text_parts.h"
#include "text/columns.h"
#include "text/units.h"

namespace overhang {
namespace {

using Style = TextStyle;

// What is shown unless --top or --min asks for more: so many rows, each this part of the heap.
constexpr std::size_t kMostRows = 40;
constexpr std::uint64_t kLeastShare = 1000;

class TreeText {
 public:
  TreeText(Page& page, const RefsReport& report)
      : page_(page),
        report_(report),
        tree_(report.tree),
        totals_(totals_of(tree_)),
        children_(tree_.size() + 1) {
    for (std::size_t row = 0; row < tree_.size(); row++)
      children_[static_cast<std::size_t>(tree_.parent[row] + 1)].push_back(row);
    for (auto& rows : children_)
      std::stable_sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
        return totals_.bytes[a] > totals_.bytes[b];
      });
  }

  // Depth first, the heaviest first.
  void write() {
    page_.line("    bytes    share     objects    hidden", Style::Dim);
    struct Waiting {
      std::size_t row, depth;
    };
    std::vector<Waiting> stack;
    auto push = [&](const std::vector<std::size_t>& rows, std::size_t depth) {
      for (auto row = rows.rbegin(); row != rows.rend(); ++row) stack.push_back({*row, depth});
    };
    push(children_[0], 0);
    while (!stack.empty()) {
      auto [row, depth] = stack.back();
      stack.pop_back();
      auto name = name_of(row);
      while (one_with_child(row)) {
        row = children_[row + 1].front();
        auto next = name_of(row);
        name += next.starts_with('.') || next.starts_with('[') ? next : " " + next;
      }
      write_row(row, depth, name);
      push(children_[row + 1], depth + 1);
    }
  }

 private:
  std::string name_of(std::size_t row) const { return printable(tree_.names[tree_.name[row]]); }
  bool hidden(std::size_t row) const { return tree_.flags[row] & TreeRows::kThroughHidden; }

  // A root that leads to one thing alone: "main.pool" and ".inUse []*main.Conn" are one row.
  bool one_with_child(std::size_t row) const {
    auto& below = children_[row + 1];
    return tree_.parent[row] == TreeRows::kRoot && tree_.bytes[row] == 0 && below.size() == 1 &&
           hidden(below.front()) == hidden(row);
  }

  void write_row(std::size_t row, std::size_t depth, const std::string& name) {
    constexpr std::size_t kMostIndent = 36;
    auto bytes = totals_.bytes[row];
    auto hidden_bytes = totals_.hidden_bytes[row];
    auto figures = fmt::format(
        "{:>9}{:>9}{:>12}{:>10}", format_bytes(bytes), format_share(bytes, tree_.total_bytes),
        format_count(totals_.objects[row]), hidden_bytes == 0 ? "-" : format_bytes(hidden_bytes));
    auto indent = std::min(depth * 2, kMostIndent);
    auto room = Page::kWidth - kFigures - indent;
    page_.pieces({{pad_right(figures, kFigures)},
                  {std::string(indent, ' ') + cut_middle(name, room),
                   hidden(row) ? Style::Alarm : Style::Plain}});
    auto statement = made_at(row);
    if (statement.empty()) return;
    page_.line(std::string(kFigures + indent + 2, ' ') + cut_middle(statement, room - 2),
               Style::Dim);
  }

  // Of hidden slots, the statement that hid them.
  std::string made_at(std::size_t row) const {
    auto site = report_.site[row];
    auto parent = tree_.parent[row];
    if (site == RefsReport::kNone ||
        (parent != TreeRows::kRoot && report_.site[static_cast<std::size_t>(parent)] == site))
      return {};
    auto& sources = report_.sites[site].sources;
    if (sources.empty()) return {};
    const SourceRow& source = sources.front();
    return fmt::format("made at {}:{}  {}", base_name(source.file), source.line,
                       printable(source.statement));
  }

  static constexpr std::size_t kFigures = 42;
  Page& page_;
  const RefsReport& report_;
  const TreeRows& tree_;
  TreeTotals totals_;
  std::vector<std::vector<std::size_t>> children_;  // by row + 1; [0]: the roots
};

std::uint64_t hidden_bytes(const HeapTotals& heap) {
  return heap.overhang_bytes + heap.spare_bytes + heap.lost_bytes;
}

void write_times(Page& page, const RefsReport& report) {
  page.line();
  page.line("  phases", Style::Bold);
  for (const PhaseTime& time : report.timings)
    page.line(fmt::format("    {:<32} {:>12}", time.phase, format_duration(time.ms)));
  page.line(fmt::format("    {:<32} {:>12}", "in all", format_duration(report.elapsed_ms)));
  if (report.peak_anonymous_bytes)
    page.line(fmt::format("    {:<32} {:>12}", "own peak anonymous memory",
                          format_bytes(*report.peak_anonymous_bytes)));
}

}  // namespace

std::string render_refs_text(const RefsReport& whole, const RefsTextOptions& options) {
  RefsReport report = whole;
  Selection selection{options.top.value_or(kMostRows), options.min_bytes};
  if (!options.top && options.min_bytes == 0)
    selection.min_bytes = report.heap.live_bytes / kLeastShare;
  select(report, selection);
  Page page(options.colour);
  const HeapTotals& heap = report.heap;
  write_target(page, report.target,
               fmt::format("{} live in {}", format_bytes(heap.live_bytes),
                           format_number_of(heap.live_objects, "object")));
  page.line(fmt::format("{}analysed in {}; every live byte by reference path, {} of them hidden",
                        pause_of(report.target), format_duration(report.elapsed_ms),
                        format_bytes(hidden_bytes(heap))),
            Style::Dim);
  page.line();
  TreeText(page, report).write();
  if (report.tree.truncated_frames > 0) {
    page.line();
    page.paragraph(fmt::format("{} not shown, counted with what they hang on (--top and --min "
                               "choose; --format json has all)",
                               format_number_of(report.tree.truncated_frames, "smaller row")),
                   2);
  }
  if (options.stats) write_times(page, report);
  write_warnings(page, report.warnings, options.stats);
  return page.take();
}

}  // namespace overhang
