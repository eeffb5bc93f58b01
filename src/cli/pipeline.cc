// The driver: reads top-down as the list of passes. After each, what holds from then on.
#include "cli/pipeline.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "cli/doubts.h"
#include "cli/leak_report.h"
#include "cli/sources.h"
#include "goruntime/goroutines.h"
#include "goruntime/roots.h"
#include "graph/mark.h"
#include "graph/views.h"
#include "heap/self_check.h"
#include "retain/overhang.h"
#include "retain/sites.h"

namespace overhang {
namespace {

Findings find_leaks(Views& views, Diagnostics& diagnostics, const char* phase) {
  Phase timer(diagnostics, phase);
  return overhang::find_leaks(views);
}

template <class T>
Result<T> explained(const Runtime& runtime, Result<T> result) {
  if (result) return result;
  return tl::unexpected(runtime.explained(result.error()));
}

std::string read_by_guess(const Runtime& runtime) {
  return fmt::format(
      "{} is newer than the releases that overhang knows: it was read as Go 1.{}, and agrees with "
      "its own statistics",
      runtime.version().text, runtime.layout().minor);
}

// Each live byte in exactly one bucket.
bool conserved(const HeapTotals& heap) {
  return heap.visible_bytes + heap.spare_bytes + heap.lost_bytes + heap.overhang_bytes +
             heap.allocator_bytes ==
         heap.live_bytes;
}

// Waits for a thread on every way out.
class Joined {
 public:
  explicit Joined(std::thread& thread) : thread_(thread) {}
  ~Joined() {
    if (thread_.joinable()) thread_.join();
  }
  Joined(const Joined&) = delete;
  Joined& operator=(const Joined&) = delete;

 private:
  std::thread& thread_;
};

}  // namespace

Result<Outcome> run_leaks(const LeakOptions& options, Diagnostics& diagnostics) {
  OVERHANG_TRY(OpenedTarget target, [&] {
    Phase timer(diagnostics, "open");
    return open_target(options.target, diagnostics);
  }());
  // The image is frozen; the runtime's variables, modules and layouts are known.

  OVERHANG_TRY(HeapSpans spans, explained(*target.runtime, read_spans(*target.runtime)));
  OVERHANG_TRY(Heap heap,
               explained(*target.runtime,
                         Heap::open(*target.runtime, spans, options.threads, options.max_objects)));
  // Every slot has an id, every address its slot; pointer maps can be read.

  RootSet roots;
  {
    Phase timer(diagnostics, "roots");
    roots.roots = read_roots(*target.runtime, spans);
    roots.goroutines = read_goroutines(
        *target.runtime, [&](Address address) { return heap.contains(address); }, options.threads);
  }
  // All words from which the collector starts are known.
  if (target.runtime->unknown_release()) {
    OVERHANG_CHECK(explained(*target.runtime, self_check(heap, spans, roots.goroutines)));
    diagnostics.warn(read_by_guess(*target.runtime));
  }
  std::exchange(spans, {});  // the heap has what it needs of them

  // Marking shares nothing with typing and views but the heap, which does not change: it runs
  // beside them. Every word that they follow is one that marking follows too, which
  // describe_heap() holds against the live set, object for object.
  LiveSet live;
  std::thread marker([&] { live = mark(heap, roots, std::max(1u, options.threads / 2)); });
  Joined joined(marker);

  TypeTable types(*target.runtime, target.dwarf.get());
  Views views(heap, roots, types, target.dwarf.get(), diagnostics, options.interior);
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
  std::optional<Findings> in_the_end;
  if (in_doubt) in_the_end = find_leaks(views, diagnostics, "certain overhang");
  const Findings& certain = in_doubt ? *in_the_end : possible;

  marker.join();
  // The live set is the collector's.

  LeakReport report = describe_target(target);
  std::vector<SlicePlace> places;
  {
    Phase timer(diagnostics, "report");
    describe_heap(views, live, roots, certain, possible, diagnostics, report);
    places = describe_sites(views, certain, possible, report);
    describe_doubts(views, report);
  }
  // Every row stands for a site.
  Fix fix;
  if (!report.sites.empty()) {
    Phase timer(diagnostics, "sources");
    Sources sources(target, options.source, diagnostics);
    describe_sources(sources, places, report);
    if (options.fix.wanted) fix = make_fix(sources, places, report, options.fix);
  }
  // What the sources tell stands in the rows.
  if (target.runtime->unknown_release() && !conserved(report.heap))
    return explained(*target.runtime,
                     Result<Outcome>(fail(ErrorKind::Unsupported,
                                          "its live bytes are not the sum of their parts")));
  report.timings = diagnostics.times();
  report.warnings = diagnostics.warnings();
  return Outcome{std::move(report), std::move(fix)};
}

}  // namespace overhang
