// The heap report for a person. Every name of the target goes through printable().
#include <fmt/format.h>

#include <algorithm>

#include "report/heap.h"
#include "report/refs_report.h"
#include "report/text_parts.h"
#include "text/columns.h"
#include "text/page.h"
#include "text/units.h"

namespace overhang {
namespace {

using Style = Page::Style;

// Nothing reads better than "0 B" in a column.
std::string bytes_or_blank(std::uint64_t bytes) {
  return bytes == 0 ? std::string() : format_bytes(bytes);
}

std::string name_of(std::string_view name, std::size_t columns) {
  return cut_middle(printable(name), columns);
}

void write_header(Page& page, const HeapReport& report) {
  write_target(page, report.target,
               fmt::format("{} live in {}", format_bytes(report.live_bytes),
                           format_number_of(report.live_objects, "object")));
  page.line(pause_of(report.target) +
            fmt::format("analysed in {}, {} of live bytes typed",
                        format_duration(report.elapsed_ms),
                        format_share(report.typed_bytes, report.live_bytes)));
  if (!report.target.dwarf)
    page.line("no DWARF (stripped): types are inferred, variables are nameless; see --debug");
}

void write_types(Page& page, const HeapReport& report, const Selection& selection) {
  page.line();
  page.line("     objects      bytes     hidden   retained  type", Style::Bold);
  std::uint64_t shown = 0, objects = 0, bytes = 0;
  for (const HeapTypeRow& row : report.types) {
    bool small = row.bytes < selection.min_bytes && row.retained_bytes < selection.min_bytes;
    if (shown == selection.top || small) {
      objects += row.objects;
      bytes += row.bytes;
      continue;
    }
    shown++;
    page.pieces(
        {{fmt::format("{:>12} {:>10} ", format_count(row.objects), format_bytes(row.bytes))},
         {fmt::format("{:>10}", bytes_or_blank(row.hidden_bytes)), Style::Alarm},
         {fmt::format(" {:>10}  {}", format_bytes(row.retained_bytes),
                      name_of(row.type, Page::kWidth - 47))}});
  }
  if (shown < report.types.size())
    page.line(
        fmt::format("{:>12} {:>10} {:>10} {:>10}  {}", format_count(objects), format_bytes(bytes),
                    "", "", format_number_of(report.types.size() - shown, "more type")),
        Style::Dim);
  page.line(fmt::format("{:>12} {:>10} {:>10} {:>10}  in all", format_count(report.live_objects),
                        format_bytes(report.live_bytes), format_bytes(report.hidden_bytes()), ""),
            Style::Bold);
  page.line();
  page.paragraph(
      "hidden: no slice shows it (overhang leaks says why); retained: goes if the type's objects "
      "go",
      2);
}

void write_roots(Page& page, const HeapReport& report) {
  constexpr std::size_t kShown = 8;
  page.line();
  page.line("  kept by one root alone", Style::Bold);
  std::size_t shown = 0;
  for (const HeapRootRow& row : report.roots) {
    // A thousandth of the heap, but the first in any case.
    if (shown == kShown || (shown > 0 && row.retained_bytes < report.live_bytes / 1000)) break;
    shown++;
    std::string what = row.kind;
    if (row.kind == "goroutine") what = format_number_of(row.count, "goroutine");
    auto name = row.root == row.kind ? std::string() : name_of(row.root, Page::kWidth - 40);
    page.line(fmt::format("{:>12}  {}{}", format_bytes(row.retained_bytes),
                          name.empty() ? what : name,
                          name.empty() || row.kind == "variable" ? "" : "   " + what));
  }
  page.line(fmt::format("{:>12}  several roots together", format_bytes(report.shared_bytes)));
}

void write_memory(Page& page, const MemoryRow& memory) {
  page.line();
  page.line("  the process's memory", Style::Bold);
  auto row = [&](std::string_view name, std::uint64_t bytes, std::string_view what) {
    page.line(fmt::format("{:>12}  {:<12}  {}", format_bytes(bytes), name, what));
  };
  row("HeapInuse", memory.heap_inuse(),
      fmt::format("{} live, {} garbage, {} free slots, {} of spans' own", format_bytes(memory.live),
                  format_bytes(memory.garbage), format_bytes(memory.free),
                  format_bytes(memory.overhead)));
  if (const auto& of = memory.runtime) {
    row("HeapIdle", of->heap_idle,
        fmt::format("free spans; {} of them given back to the system",
                    format_bytes(of->heap_released)));
    row("StackSys", of->stack_sys,
        fmt::format("{} of it goroutines' stacks", format_bytes(of->stack_inuse)));
    row("GCSys", of->gc_sys, "the collector's");
    row("MSpanSys", of->mspan_sys, "records of spans");
    row("MCacheSys", of->mcache_sys, "allocation caches");
    row("BuckHashSys", of->buck_hash_sys, "profiles");
    row("OtherSys", of->other_sys, "the rest of the runtime");
    row("Sys", of->sys, "all of these, as the runtime counts them");
  } else {
    page.line("              the runtime's own counts were not found");
  }
  row("program", memory.program,
      "code and data of the executable, as far as they are in the image");
  row("outside", memory.outside, "what else is writable: C memory, threads' stacks, files (about)");
}

class TreeWriter {
 public:
  TreeWriter(Page& page, const TreeRows& tree)
      : page_(page), tree_(tree), retained_(totals_of(tree).bytes), children_(tree.size()) {
    for (std::size_t i = 0; i < tree.size(); i++)
      (tree.parent[i] < 0 ? tops_ : children_[static_cast<std::size_t>(tree.parent[i])])
          .push_back(i);
    sort(tops_);
    for (auto& list : children_) sort(list);
  }

  void write() {
    page_.line();
    page_.line("    retained   share     objects  dominator tree, by type", Style::Bold);
    // No recursion: a path may be as long as there are types.
    std::vector<std::pair<std::size_t, std::size_t>> waiting;  // row, depth
    auto push = [&](const std::vector<std::size_t>& rows, std::size_t depth) {
      for (auto i = rows.rbegin(); i != rows.rend(); ++i) waiting.emplace_back(*i, depth);
    };
    push(tops_, 0);
    while (!waiting.empty()) {
      auto [row, depth] = waiting.back();
      waiting.pop_back();
      write_row(row, depth);
      push(children_[row], depth + 1);
    }
    if (tree_.truncated_frames > 0)
      page_.line(fmt::format("{:>34}{} left out (--min)", "",
                             format_number_of(tree_.truncated_frames, "smaller row")),
                 Style::Dim);
  }

 private:
  void sort(std::vector<std::size_t>& rows) const {
    std::stable_sort(rows.begin(), rows.end(),
                     [&](auto a, auto b) { return retained_[a] > retained_[b]; });
  }
  void write_row(std::size_t row, std::size_t depth) {
    constexpr std::size_t kLeft = 34;
    bool hidden = tree_.flags[row] & TreeRows::kThroughHidden;
    auto indent = std::min<std::size_t>(2 * depth, 40);
    auto room = Page::kWidth - kLeft - indent - (hidden ? 9 : 0);
    auto objects = tree_.objects[row];
    page_.pieces(
        {{fmt::format("{:>12} {:>7} {:>11}  {}", format_bytes(retained_[row]),
                      format_share(retained_[row], tree_.total_bytes),
                      objects ? format_count(objects) : std::string(), std::string(indent, ' '))},
         {name_of(tree_.names[tree_.name[row]], room)},
         {hidden ? "  hidden" : "", Style::Alarm}});
  }

  Page& page_;
  const TreeRows& tree_;
  std::vector<std::uint64_t> retained_;
  std::vector<std::vector<std::size_t>> children_;
  std::vector<std::size_t> tops_;
};

}  // namespace

std::string render_text(const HeapReport& report, const HeapTextOptions& options) {
  Page page(options.colour);
  write_header(page, report);
  if (report.dominators) {
    TreeWriter(page, *report.dominators).write();
  } else {
    write_types(page, report, options.selection);
    write_roots(page, report);
    write_memory(page, report.memory);
  }
  write_warnings(page, report.warnings, options.stats);
  return page.take();
}

}  // namespace overhang
