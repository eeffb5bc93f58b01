#include "cli/heap_command.h"

#include <algorithm>
#include <utility>

#include "cli/analysis.h"
#include "cli/heap_report.h"
#include "report/html.h"

namespace overhang {
namespace {

std::string render(const HeapReport& report, const Options& options) {
  if (options.format == Format::Json) return render_json(report, selection_of(options));
  if (options.format == Format::Html) return render_html(report, selection_of(options));
  return render_text(report, text_options_of<HeapTextOptions>(options));
}

}  // namespace

Result<Outcome> run_heap(const Run& run) {
  const Options& options = run.options;
  auto wanted = options.analysis;
  wanted.dominators = true;
  OVERHANG_TRY(auto analysis, analyse(wanted, run.diagnostics));
  const Dominators& dominators = *analysis->dominators();
  HeapReport report = describe_heap(*analysis, dominators, run.diagnostics);
  bool page = options.format == Format::Html;
  if (options.dominators || page) {
    // A person sees what is two hundredths of the heap at least.
    auto least = options.format == Format::Text ? report.live_bytes / 200 : 0;
    auto rows =
        dominator_rows(*analysis, dominators, std::max(options.min_bytes, least), run.diagnostics);
    report.dominators = page ? reduced(std::move(rows), kMaxPageFrames, 0).tree : std::move(rows);
  }
  finish(run, report);
  return Outcome{render(report, options), kExitDone, {}};
}

}  // namespace overhang
