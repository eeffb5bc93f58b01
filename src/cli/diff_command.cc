#include "cli/diff_command.h"

#include <utility>

#include "cli/analysis.h"
#include "cli/heap_report.h"
#include "cli/leaks_command.h"
#include "cli/sources.h"
#include "report/diff.h"
#include "report/html.h"

namespace overhang {
namespace {

// What of one image is compared. The image itself is let go of.
struct Side {
  LeakReport leaks;
  std::vector<HeapTypeRow> types;
};

Result<Side> read_side(const std::string& target, const Run& run) {
  AnalysisOptions options = run.options.analysis;
  options.target.target = target;
  options.dominators = true;
  OVERHANG_TRY(auto opened, open_heap(options, run.diagnostics));
  Analysis analysis(std::move(opened), options, run.diagnostics);
  if (!analysis.dominators()) return tl::unexpected(analysis.dominators().error());
  OVERHANG_TRY(DescribedLeaks described, describe_leaks(analysis, run.diagnostics));
  if (!described.report.sites.empty()) {
    Sources sources(analysis.target(), run.options.source, run.diagnostics);
    describe_sources(sources.find(described.report.sites, described.places), described.report);
  }
  HeapReport heap = describe_heap(analysis, *analysis.dominators(), run.diagnostics);
  return Side{std::move(described.report), std::move(heap.types)};
}

DiffReport compare(const Side& older, const Side& newer) {
  DiffReport report;
  report.older = older.leaks.target;
  report.target = newer.leaks.target;
  auto both = [&](std::uint64_t HeapTotals::*figure) {
    return Change{older.leaks.heap.*figure, newer.leaks.heap.*figure};
  };
  report.live_objects = both(&HeapTotals::live_objects);
  report.live_bytes = both(&HeapTotals::live_bytes);
  report.overhang_objects = both(&HeapTotals::overhang_objects);
  report.overhang_bytes = both(&HeapTotals::overhang_bytes);
  report.spare_bytes = both(&HeapTotals::spare_bytes);
  report.lost_bytes = both(&HeapTotals::lost_bytes);
  report.sites = changes_of(older.leaks.sites, newer.leaks.sites);
  report.types = changes_of(older.types, newer.types);
  return report;
}

}  // namespace

Result<Outcome> run_diff(const Run& run) {
  const Options& options = run.options;
  OVERHANG_TRY(Side older, read_side(options.analysis.target.target, run));
  OVERHANG_TRY(Side newer, read_side(options.newer, run));
  DiffReport report = compare(older, newer);
  finish(run, report);
  bool over = options.fail_over &&
              report.overhang_bytes.growth() > static_cast<std::int64_t>(*options.fail_over);
  Selection selection{.min_bytes = options.min_bytes};
  if (options.top) selection.top = *options.top;
  if (options.format == Format::Json)
    return Outcome{render_json(report, selection), over ? kExitOverLimit : kExitDone, {}};
  if (options.format == Format::Html)
    return Outcome{render_html(report, selection), over ? kExitOverLimit : kExitDone, {}};
  TextOptions text{.colour = colour_wanted(options)};
  text.selection.min_bytes = options.min_bytes;
  if (options.top) text.selection.top = *options.top;
  return Outcome{render_text(report, text), over ? kExitOverLimit : kExitDone, {}};
}

}  // namespace overhang
