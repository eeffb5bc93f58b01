// The collector's roots other than stacks (mgcmark.go: markroot, markrootSpans, markrootBlock;
// mfinal.go: allfin; mcleanup.go: gcCleanups).
#pragma once

#include <cstdint>
#include <vector>

#include "goruntime/runtime.h"
#include "goruntime/spans.h"

namespace overhang {

enum class RootKind : std::uint8_t {
  Data,             // a word of a module's data or bss
  FinalizerFn,      // specialfinalizer.fn (a func value)
  FinalizerObject,  // the *contents* of this object are scanned, the object itself is not marked
  QueuedFinalizer,  // words of allfin blocks
  CleanupFn,        // specialCleanup's fn / call / arg
  QueuedCleanup,    // words of gcCleanups blocks
  WeakHandle,       // specialWeakHandle.handle
  Other,
};

struct Root {
  RootKind kind = RootKind::Other;
  Address slot = 0;   // where the word stands (0: FinalizerObject)
  Address value = 0;  // the pointer; FinalizerObject: the object's base
  Address type = 0;   // *abi.Type of what it points to, where the record says (finalizer.ot is of
                      // the pointer's type), else 0
};

// Data and bss words that are null are left out. Everything else in address order of slots.
std::vector<Root> read_roots(const Runtime& runtime, const HeapSpans& heap);

}  // namespace overhang
