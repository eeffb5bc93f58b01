#include "cli/leaks_command.h"

#include <optional>
#include <utility>

#include "cli/doubts.h"
#include "cli/fix.h"
#include "cli/leak_page.h"
#include "cli/leak_report.h"
#include "cli/sources.h"
#include "report/render.h"

namespace overhang {
namespace {

// Each live byte in exactly one bucket.
bool conserved(const HeapTotals& heap) {
  return heap.visible_bytes + heap.spare_bytes + heap.lost_bytes + heap.overhang_bytes +
             heap.allocator_bytes ==
         heap.live_bytes;
}

// Pictures cost names of many slices: they are for the sites that are looked at first.
constexpr std::size_t kPictures = 100;

std::string render(const LeakReport& report, const std::optional<LeakPage>& page,
                   const Options& options) {
  auto selection = selection_of(options);
  if (options.format == Format::Json) return render_json(report, selection);
  if (page) return render_html(report, selection, page->parts());
  if (options.format == Format::Pprof) return render_pprof(report, selection);
  if (options.format == Format::Folded) return render_folded(report, selection);
  auto text = text_options_of(options);
  text.spare = options.spare;
  return render_text(report, text);
}

}  // namespace

Result<DescribedLeaks> describe_leaks(Analysis& analysis, Diagnostics& diagnostics,
                                      std::size_t pictures) {
  DescribedLeaks out;
  Views& views = analysis.views();
  {
    Phase timer(diagnostics, "report");
    out.report.target = describe_target(analysis.target());
    describe_heap(views, analysis.live(), analysis.roots(), analysis.certain(), analysis.possible(),
                  diagnostics, out.report);
    out.places =
        describe_sites(views, analysis.certain(), analysis.possible(), pictures, out.report);
    describe_doubts(views, out.report);
  }
  // Every row stands for a site.
  if (analysis.runtime().unknown_release() && !conserved(out.report.heap))
    return tl::unexpected(analysis.runtime().explained(
        {ErrorKind::Unsupported, "its live bytes are not the sum of their parts"}));
  return out;
}

void add_sources(const Analysis& analysis, const std::string& source, Diagnostics& diagnostics,
                 DescribedLeaks& leaks) {
  if (leaks.report.sites.empty()) return;
  Phase timer(diagnostics, "sources");
  Sources sources(analysis.target(), source, diagnostics);
  describe_sources(sources.find(leaks.report.sites, leaks.places), leaks.report);
}

Result<Outcome> run_leaks(const Run& run) {
  const Options& options = run.options;
  auto wanted = options.analysis;
  wanted.dominators = options.format == Format::Html;
  // Not analyse(): a page does without the dominators where they cannot be had.
  OVERHANG_TRY(auto opened, open_heap(wanted, run.diagnostics));
  Analysis analysis(std::move(opened), wanted, run.diagnostics);
  OVERHANG_TRY(
      DescribedLeaks described,
      describe_leaks(analysis, run.diagnostics, options.format == Format::Text ? 0 : kPictures));
  LeakReport& report = described.report;
  add_sources(analysis, options.source, run.diagnostics, described);
  // What the sources tell stands in the rows.
  std::optional<LeakPage> page;
  if (options.format == Format::Html) page = describe_page(analysis, report, run.diagnostics);
  finish(run, report);
  bool over = options.fail_over && report.heap.overhang_bytes > *options.fail_over;
  return Outcome{render(report, page, options), over ? kExitOverLimit : kExitDone, {}};
}

Result<Outcome> run_fix(const Run& run) {
  const Options& options = run.options;
  OVERHANG_TRY(auto analysis, analyse(options.analysis, run.diagnostics));
  OVERHANG_TRY(DescribedLeaks described, describe_leaks(*analysis, run.diagnostics));
  Fix fix;
  if (described.report.sites.empty()) {
    fix.advice.push_back("nothing is hidden");
  } else {
    Phase timer(run.diagnostics, "sources");
    Sources sources(analysis->target(), options.source, run.diagnostics);
    auto statements = sources.find(described.report.sites, described.places);
    OVERHANG_TRY(fix, make_fix(sources, statements, described.report, options.fix));
  }
  return Outcome{std::move(fix.diff), kExitDone, std::move(fix.advice)};
}

}  // namespace overhang
