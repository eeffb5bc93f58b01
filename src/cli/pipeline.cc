// The driver: reads top-down as the list of passes. After each, what holds from then on.
#include "cli/pipeline.h"

#include <thread>

#include "cli/leak_report.h"
#include "goruntime/goroutines.h"
#include "goruntime/roots.h"
#include "graph/mark.h"
#include "graph/views.h"
#include "retain/overhang.h"
#include "retain/sites.h"

namespace overhang {
namespace {

// The hidden memory of one state of the views, site by site.
Findings find_leaks(Views& views, Diagnostics& diagnostics, const char* phase) {
  Phase timer(diagnostics, phase);
  Findings findings;
  Namer namer(views);
  findings.hidden = find_hidden(views, views.decoder());
  findings.sites = find_sites(views, findings.hidden, namer);
  findings.overhang = find_overhang(views, findings.hidden, findings.sites.site_of_region,
                                    static_cast<std::uint32_t>(findings.sites.sites.size()));
  return findings;
}

}  // namespace

Result<LeakReport> run_leaks(const LeakOptions& options, Diagnostics& diagnostics) {
  OVERHANG_TRY(OpenedTarget target, [&] {
    Phase timer(diagnostics, "open");
    return open_target(options.target, diagnostics);
  }());
  // The image is frozen; the runtime's variables, modules and layouts are known.

  OVERHANG_TRY(HeapSpans spans, [&] {
    Phase timer(diagnostics, "spans");
    return read_spans(*target.runtime);
  }());
  OVERHANG_TRY(Heap heap, [&] {
    Phase timer(diagnostics, "heap");
    return Heap::open(*target.runtime, spans, options.threads);
  }());
  // Every slot has an id, every address its slot; pointer maps can be read.

  RootSet roots;
  {
    Phase timer(diagnostics, "roots");
    roots.roots = read_roots(*target.runtime, spans);
    roots.goroutines = read_goroutines(
        *target.runtime, [&](Address address) { return heap.contains(address); }, options.threads);
  }
  // All words from which the collector starts are known.

  LiveSet live;
  {
    // Marking and reading DWARF's globals share nothing.
    Phase timer(diagnostics, "mark");
    std::thread globals;
    if (target.dwarf) globals = std::thread([&] { target.dwarf->globals(); });
    live = mark(heap, roots, options.threads);
    if (globals.joinable()) globals.join();
  }
  // The live set is the collector's.

  TypeTable types(*target.runtime, target.dwarf.get());
  Views views(heap, live, roots, types, target.dwarf.get(), diagnostics);
  {
    Phase timer(diagnostics, "views");
    views.settle();
  }
  // What is hidden now is possibly hidden.
  Findings possible = find_leaks(views, diagnostics, "overhang");
  bool in_doubt;
  {
    Phase timer(diagnostics, "doubts");
    in_doubt = views.settle_certain();
  }
  // What is hidden now is certainly hidden.
  Findings certain = in_doubt ? find_leaks(views, diagnostics, "certain overhang") : possible;

  LeakReport report = describe_target(target);
  {
    Phase timer(diagnostics, "report");
    describe_heap(views, roots, certain, possible, diagnostics, report);
    describe_sites(views, certain, possible, report);
  }
  report.timings = diagnostics.times();
  report.warnings = diagnostics.warnings();
  return report;
}

}  // namespace overhang
