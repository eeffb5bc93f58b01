// The passes that commands share, from a target to what is hidden in its heap.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "base/diagnostics.h"
#include "base/result.h"
#include "cli/findings.h"
#include "cli/open_target.h"
#include "goruntime/type_table.h"
#include "graph/mark.h"
#include "graph/views.h"
#include "heap/heap.h"
#include "retain/dominators.h"

namespace overhang {

struct AnalysisOptions {
  TargetOptions target;
  unsigned threads = 1;  // at least 1
  std::uint64_t max_objects = kMaxObjects;
  InteriorRule interior = InteriorRule::Certain;
  bool dominators = false;  // what each object, goroutine and variable retains is wanted
};

// A target with every word from which its collector starts.
struct OpenedHeap {
  OpenedTarget target;
  Heap heap;
  RootSet roots;
};

// Errors: those of open_target, read_spans, Heap::open and self_check; among them TooMany, where
// the heap has room for more than max_objects. `diagnostics` must outlive the result.
Result<std::unique_ptr<OpenedHeap>> open_heap(const AnalysisOptions& options,
                                              Diagnostics& diagnostics);

// What lives in a heap, what of it is visible, and what is hidden. The views stand as
// settle_certain() leaves them.
class Analysis {
 public:
  // Marks, settles the views, and finds what is hidden.
  Analysis(std::unique_ptr<OpenedHeap> opened, const AnalysisOptions& options,
           Diagnostics& diagnostics);

  const OpenedHeap& opened() const { return *opened_; }
  const OpenedTarget& target() const { return opened_->target; }
  const Runtime& runtime() const { return *opened_->target.runtime; }
  const Heap& heap() const { return opened_->heap; }
  const RootSet& roots() const { return opened_->roots; }
  const LiveSet& live() const { return collected_.live; }  // the collector's
  unsigned threads() const { return threads_; }            // to work with
  // Where it is asked for; an error is Dominators::find's.
  const std::vector<RootGroup>& root_groups() const { return groups_; }
  const Result<Dominators>& dominators() const { return *collected_.dominators; }
  Views& views() { return views_; }
  const Findings& possible() const { return possible_; }
  const Findings& certain() const { return certain_ ? *certain_ : possible_; }

 private:
  // What follows from the collector's references alone.
  struct Collected {
    LiveSet live;
    std::optional<Result<Dominators>> dominators;
  };
  std::future<Collected> start_collecting(const AnalysisOptions& options,
                                          Diagnostics& diagnostics) const;
  Collected collect(const AnalysisOptions& options) const;
  const Bitmap& marked();  // waits for the marking

  unsigned threads_;
  std::unique_ptr<OpenedHeap> opened_;
  std::vector<RootGroup> groups_;
  std::future<Collected> collecting_;  // waits on every way out; of what stands above alone
  Collected collected_;
  TypeTable types_;
  Views views_;
  Findings possible_;
  std::optional<Findings> certain_;  // nothing: no doubt, as possible_
};

// open_heap, then the passes. Errors: open_heap's, and where dominators are wanted, theirs.
Result<std::unique_ptr<Analysis>> analyse(const AnalysisOptions& options, Diagnostics& diagnostics);

}  // namespace overhang
