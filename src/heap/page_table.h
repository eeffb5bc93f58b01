// From an address to the span and slot that hold it, in constant time: what runtime.spanOf and
// mspan.objIndex do, in one load of a table that has an entry for each 8 KiB heap page. Marking
// does this once for every pointer of the heap.
#pragma once

#include <cstdint>
#include <vector>

#include "base/prefetch.h"
#include "goruntime/spans.h"
#include "heap/object_id.h"

namespace overhang {

// ceil(2^32 / elem_size), as runtime.mspan.divMul. 0 for spans of one slot.
inline std::uint32_t div_magic(const Span& span) {
  if (span.slots == 1 || span.elem_size > UINT32_MAX) return 0;
  return static_cast<std::uint32_t>(UINT32_MAX / span.elem_size + 1);
}

class PageTable {
 public:
  struct Hit {
    ObjectIndex id = 0;      // of the slot
    std::uint32_t span = 0;  // index into the spans given to the constructor
    std::uint32_t slot = 0;
    bool noscan = false;
  };
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;

  PageTable() = default;
  // `spans` sorted and without overlaps; `first[i]` is the id of the first slot of span i.
  PageTable(const std::vector<Span>& spans, const std::vector<ObjectIndex>& first);

  // The slot that holds `address`, allocated or not (runtime.findObject): false outside spans and
  // past their last slot.
  bool find(Address address, Hit& hit) const {
    auto& page = page_of(address);
    if (!(page.flags & kFast)) return find_slow(page, address, hit);
    auto offset = std::uint64_t{page.number} * kHeapPageSize | address % kHeapPageSize;
    auto slot = static_cast<std::uint32_t>(offset * page.magic >> 32);
    if (slot >= page.slots) return false;
    hit = {page.first + slot, page.span, slot, (page.flags & kNoscan) != 0};
    return true;
  }
  // The span whose pages hold `address`, or kNone.
  std::uint32_t span_of(Address address) const {
    auto& page = page_of(address);
    return page.flags ? page.span : kNone;
  }
  void prefetch(Address address) const { prefetch_read(&page_of(address)); }
  // Whether the address lies between the lowest and the highest arena: a cheap first test.
  bool near(Address address) const {
    return (address >> kArenaShift) - first_arena_ < chunks_.size();
  }

 private:
  static constexpr unsigned kArenaShift = 26;  // 64 MiB: runtime.heapArenaBytes
  static constexpr std::uint64_t kPagesPerArena = 8192;
  enum Flags : std::uint8_t { kUsed = 1, kFast = 2, kNoscan = 4 };
  struct Page {
    ObjectIndex first = 0;  // id of the span's slot 0
    std::uint32_t span = 0;
    std::uint32_t magic = 0;
    std::uint16_t slots = 0;
    std::uint8_t number = 0;  // of this page within its span
    std::uint8_t flags = 0;   // 0: no span here; kFast: slots, number and magic are exact
  };
  // What the slow path needs of spans that are large or irregular.
  struct Extent {
    Address base = 0;
    Address limit = 0;
    std::uint64_t elem_size = 0;
  };

  const Page& page_of(Address address) const {
    auto arena = (address >> kArenaShift) - first_arena_;
    auto chunk = arena < chunks_.size() ? chunks_[arena] : 0;
    return pages_[chunk * kPagesPerArena + (address / kHeapPageSize) % kPagesPerArena];
  }
  bool find_slow(const Page& page, Address address, Hit& hit) const;

  std::uint64_t first_arena_ = 0;
  std::vector<std::uint32_t> chunks_;  // by arena from first_arena_; 0: the chunk without spans
  std::vector<Page> pages_ = std::vector<Page>(kPagesPerArena);
  std::vector<Extent> extents_;  // by span
};

}  // namespace overhang
