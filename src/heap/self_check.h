// Whether what was read of a program holds together: for releases newer than those whose layouts
// overhang knows, which are read by the newest one's.
#pragma once

#include <vector>

#include "goruntime/goroutines.h"
#include "heap/heap.h"

namespace overhang {

// Holds what was read against what the program says of itself elsewhere: mheap_.pagesInUse, each
// span's allocCount, the types in malloc headers, where pointer words lead, and whether stacks can
// be unwound to their ends. A little of each may be in flux in a program that runs. Errors:
// Unsupported, with the first thing that does not fit.
Status self_check(const Heap& heap, const HeapSpans& spans,
                  const std::vector<Goroutine>& goroutines);

}  // namespace overhang
