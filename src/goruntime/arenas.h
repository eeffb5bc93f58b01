// From an address to what the runtime keeps of the arena that holds it (runtime.heapArena).
#pragma once

#include <cstdint>

#include "goruntime/runtime.h"
#include "goruntime/spans.h"

namespace overhang {

// mheap_.arenas, two levels: heapArena of an address (runtime.arenaIndex, heapArenaOf).
class ArenaMap {
 public:
  ArenaMap(const Image& image, const Layout& layout, Address mheap)
      : image_(image),
        layout_(layout),
        arenas_(mheap + static_cast<std::uint64_t>(layout.mheap_arenas)) {}

  // 0 where no arena is mapped.
  Address arena_of(Address address) {
    auto offset = address - static_cast<std::uint64_t>(layout_.arenaBaseOffset);
    auto index = offset / static_cast<std::uint64_t>(layout_.heapArenaBytes);
    if (index != last_index_) {
      last_index_ = index;
      auto l2 = index & ((std::uint64_t{1} << layout_.arenaL2Bits) - 1);
      auto l1 = layout_.arenaL1Bits ? index >> layout_.arenaL2Bits : 0;
      auto table = (l1 >> layout_.arenaL1Bits) == 0 ? image_.word(arenas_ + l1 * 8) : std::nullopt;
      last_arena_ = table && *table ? image_.word(*table + l2 * 8).value_or(0) : 0;
    }
    return last_arena_;
  }
  std::uint64_t page_index(Address address) const {
    return address / kHeapPageSize % static_cast<std::uint64_t>(layout_.pagesPerArena);
  }
  // runtime.spanOf.
  Address span_of(Address address) {
    auto arena = arena_of(address);
    if (!arena) return 0;
    return image_
        .word(arena + static_cast<std::uint64_t>(layout_.heapArena_spans) + page_index(address) * 8)
        .value_or(0);
  }
  // mgcmark_greenteagc.go: tryDeferToSpanScan.
  bool uses_inline_marks(Address base) {
    if (!layout_.has(layout_.heapArena_pageUseSpanInlineMarkBits)) return false;
    auto arena = arena_of(base);
    auto page = page_index(base);
    auto byte =
        arena
            ? image_.read<std::uint8_t>(
                  arena + static_cast<std::uint64_t>(layout_.heapArena_pageUseSpanInlineMarkBits) +
                  page / 8)
            : std::nullopt;
    return byte && (*byte >> (page % 8) & 1);
  }

 private:
  const Image& image_;
  const Layout& layout_;
  Address arenas_;
  std::uint64_t last_index_ = UINT64_MAX;
  Address last_arena_ = 0;
};

}  // namespace overhang
