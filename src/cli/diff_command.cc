#include "cli/diff_command.h"

#include <utility>

#include "cli/analysis.h"
#include "cli/heap_report.h"
#include "cli/leaks_command.h"
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
  OVERHANG_TRY(auto analysis, analyse(options, run.diagnostics));
  OVERHANG_TRY(DescribedLeaks described, describe_leaks(*analysis, run.diagnostics));
  add_sources(*analysis, run.options.source, run.diagnostics, described);
  auto types = describe_types(*analysis, *analysis->dominators(), run.diagnostics);
  return Side{std::move(described.report), std::move(types)};
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

std::string render(const DiffReport& report, const Options& options) {
  if (options.format == Format::Json) return render_json(report, selection_of(options));
  if (options.format == Format::Html) return render_html(report, selection_of(options));
  return render_text(report, text_options_of(options));
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
  return Outcome{render(report, options), over ? kExitOverLimit : kExitDone, {}};
}

}  // namespace overhang
