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
  CleanupFn,        // specialCleanup's fn; cleanupFn's call and fn (1.26+)
  CleanupArg,       // cleanupFn.arg: what `call` hands to the function
  QueuedCleanup,    // func values in gcCleanups blocks
  WeakHandle,       // specialWeakHandle.handle
  Other,            // mcache.tiny: the block that small pointer-free values go to next; it may
                    // lead to a slot that mallocgc is about to hand out
};

struct Root {
  RootKind kind = RootKind::Other;
  Address slot = 0;   // where the word stands (0: FinalizerObject)
  Address value = 0;  // the pointer; FinalizerObject: the object's base
  Address type = 0;   // *abi.Type of what it points to, where the record says (finalizer.ot is of
                      // the pointer's type), else 0
  Address call = 0;   // CleanupArg: the func value cleanupFn.call
  // Of a special: the slot that it is attached to, after whose death (and its finalizer's or
  // cleanup's run) the root is gone; else 0.
  Address owner = 0;
};

// First the data and bss words, those that are null left out, then the rest; each part in address
// order of slots. Values need not point into the heap. What is unreadable is counted in the
// runtime's diagnostics.
std::vector<Root> read_roots(const Runtime& runtime, const HeapSpans& heap);

}  // namespace overhang
