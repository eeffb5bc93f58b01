// Reads top-down as the list of passes. After each, what holds from then on.
#include "cli/analysis.h"

#include <algorithm>
#include <utility>

#include "cli/heap_limits.h"
#include "goruntime/goroutines.h"
#include "goruntime/roots.h"
#include "heap/self_check.h"

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

// What is hidden once everything typed is visible.
Findings settle(Views& views, const std::function<const Bitmap&()>& live,
                Diagnostics& diagnostics) {
  {
    Phase timer(diagnostics, "views");
    views.settle(live);
  }
  return find_leaks(views, diagnostics, "overhang");
}

}  // namespace

Result<std::unique_ptr<OpenedHeap>> open_heap(const AnalysisOptions& options,
                                              Diagnostics& diagnostics) {
  OVERHANG_TRY(OpenedTarget target, [&] {
    Phase timer(diagnostics, "open");
    return open_target(options.target, diagnostics);
  }());
  const Runtime& runtime = *target.runtime;
  // The image is frozen; the runtime's variables, modules and layouts are known.

  OVERHANG_TRY(HeapSpans spans, explained(runtime, read_spans(runtime)));
  // Those of too many objects for 32 bits are overhang-wide's, which asks in its turn.
  auto slots = slots_of(spans);
  if (slots <= options.max_objects)
    OVERHANG_CHECK(explained(runtime, check_tables_fit(slots, memory_limit())));
  OVERHANG_TRY(Heap heap, explained(runtime, Heap::open(runtime, spans, options.threads,
                                                        options.max_objects)));
  // Every slot has an id, every address its slot; pointer maps can be read.

  RootSet roots;
  {
    Phase timer(diagnostics, "roots");
    roots.roots = read_roots(runtime, spans);
    roots.goroutines = read_goroutines(
        runtime, [&](Address address) { return heap.contains(address); }, options.threads);
  }
  // All words from which the collector starts are known.
  if (runtime.unknown_release()) {
    OVERHANG_CHECK(explained(runtime, self_check(heap, spans, roots.goroutines)));
    diagnostics.warn(read_by_guess(runtime));
  }
  return std::make_unique<OpenedHeap>(
      OpenedHeap{std::move(target), std::move(heap), std::move(roots)});
}

Analysis::Analysis(std::unique_ptr<OpenedHeap> opened, const AnalysisOptions& options,
                   Diagnostics& diagnostics)
    : threads_(std::max(1u, options.threads)),
      opened_(std::move(opened)),
      groups_(options.dominators ? overhang::root_groups(runtime(), roots(), target().dwarf.get())
                                 : std::vector<RootGroup>()),
      // Marking shares nothing with typing and views but the heap, which does not change: it runs
      // beside them. Every word that they follow is one that marking follows too, which
      // describe_heap() holds against the live set, object for object.
      collecting_(start_collecting(options, diagnostics)),
      types_(runtime(), target().dwarf.get()),
      views_(heap(), roots(), types_, target().dwarf.get(), diagnostics, options.interior),
      // What is hidden now is possibly hidden.
      possible_(settle(
          views_, [this]() -> const Bitmap& { return marked(); }, diagnostics)) {
  bool in_doubt;
  {
    Phase timer(diagnostics, "doubts");
    in_doubt = views_.settle_certain();
  }
  // What is hidden now is certainly hidden.
  if (in_doubt) {
    diagnostics.meter().more(possible_.overhang.total.objects);
    certain_ = find_leaks(views_, diagnostics, "certain overhang");
  }
  marked();
  diagnostics.meter().end();
  // The live set is the collector's.
}

Result<std::unique_ptr<Analysis>> analyse(const AnalysisOptions& options,
                                          Diagnostics& diagnostics) {
  OVERHANG_TRY(auto opened, open_heap(options, diagnostics));
  auto analysis = std::make_unique<Analysis>(std::move(opened), options, diagnostics);
  if (options.dominators && !analysis->dominators())
    return tl::unexpected(analysis->dominators().error());
  return analysis;
}

const Bitmap& Analysis::marked() {
  if (collecting_.valid()) collected_ = collecting_.get();
  return collected_.live.live;
}

// Views and overhang come to every live object once. How many those are is known first here; until
// then all that are allocated are reckoned with.
std::future<Analysis::Collected> Analysis::start_collecting(const AnalysisOptions& options,
                                                            Diagnostics& diagnostics) const {
  auto allocated = heap().allocated().count();
  diagnostics.meter().begin(allocated, "object");
  return std::async(std::launch::async, [this, &options, &diagnostics, allocated] {
    Collected out = collect(options);
    diagnostics.meter().less(allocated - out.live.objects);
    return out;
  });
}

// The search for dominators visits what marking marks: it takes its place.
Analysis::Collected Analysis::collect(const AnalysisOptions& options) const {
  Collected out;
  if (options.dominators) {
    out.dominators = Dominators::find(heap(), roots(), groups_);
    if (*out.dominators) {
      out.live = (*out.dominators)->live_set(heap());
      return out;
    }
  }
  out.live = mark(heap(), roots(), std::max(1u, options.threads / 2));
  return out;
}

}  // namespace overhang
