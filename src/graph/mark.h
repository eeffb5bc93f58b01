// The live set: exactly what Go's collector would mark from this image.
#pragma once

#include <vector>

#include "base/bitmap.h"
#include "goruntime/goroutines.h"
#include "goruntime/roots.h"
#include "heap/heap.h"

namespace overhang {

struct RootSet {
  std::vector<Root> roots;
  std::vector<Goroutine> goroutines;
};

struct LiveSet {
  Bitmap live;  // by ObjectId
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;  // slot sizes, as MemStats.HeapAlloc counts them
};

// Marks from `roots` on `threads` threads (at least one). The result does not depend on how many.
// Pointers to free slots mark nothing, as in the collector's scan of conservative frames: exact
// pointers never lead there.
LiveSet mark(const Heap& heap, const RootSet& roots, unsigned threads);

}  // namespace overhang
