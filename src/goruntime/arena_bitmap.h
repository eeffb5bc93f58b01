// Which words of the heap are pointers, as releases to Go 1.21 record it: in heapArena.bitmap, for
// every word of the arena (mbitmap.go: heapBitsForAddr). Later ones keep it with the objects.
#pragma once

#include <cstdint>
#include <vector>

#include "goruntime/arenas.h"

namespace overhang {

// Not thread-safe; costs nothing to make.
class ArenaBitmaps {
 public:
  explicit ArenaBitmaps(const Runtime& runtime)
      : image_(runtime.image()),
        layout_(runtime.layout()),
        arenas_(image_, layout_, runtime.variables().mheap) {}

  // One bit a word of the span, in 64-bit words: bit i is set if the collector takes word i for a
  // pointer. Where the image holds just that, its own bytes; else they are put together in `room`,
  // which must live as long as they are used. nullptr where the image lacks them.
  const std::byte* of(const Span& span, std::vector<std::uint64_t>& room);

 private:
  bool copy_page(Address page, std::byte* bits);

  const Image& image_;
  const Layout& layout_;
  ArenaMap arenas_;
};

}  // namespace overhang
