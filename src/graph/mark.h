// The live set: exactly what Go's collector would mark from this image.
#pragma once

#include <algorithm>
#include <vector>

#include "base/bitmap.h"
#include "goruntime/goroutines.h"
#include "goruntime/roots.h"
#include "heap/heap.h"
#include "heap/pointer_map.h"

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

inline constexpr std::uint64_t kPartBytes = 128 << 10;  // mgcmark.go: maxObletBytes

// Marks from `roots` on `threads` threads (at least one). The result does not depend on how many.
// Pointers to free slots mark nothing, as in the collector's scan of conservative frames: exact
// pointers never lead there.
LiveSet mark(const Heap& heap, const RootSet& roots, unsigned threads);

// Of a FinalizerObject root the object is scanned and not marked, and pointers back into what is
// scanned, the object or a part of a large one, are left out (mgcmark.go: gcScanFinalizer,
// scanObject): whether `value`, at byte `offset` of that object, is one.
inline bool finalizer_skips(const HeapSpan& span, ObjectId id, std::uint64_t offset,
                            Address value) {
  auto size = span.span.elem_size, part = offset / kPartBytes * kPartBytes;
  if (size <= kPartBytes) part = 0;
  auto begin = span.span.base + span.slot_of(id) * size + part;
  return value - begin < std::min(size - part, kPartBytes);
}

// Calls visit(offset, value) for the others.
template <class Visit>
void for_each_finalizer_pointer(const Heap& heap, const ObjectRef& object, Visit&& visit) {
  const HeapSpan& span = heap.spans()[object.span];
  heap.for_each_pointer(span, span.slot_of(object.id), 0, span.span.elem_size,
                        [&](std::uint64_t offset, Address value) {
                          if (!finalizer_skips(span, object.id, offset, value))
                            visit(offset, value);
                        });
}

}  // namespace overhang
