// The runtime's heap spans (runtime.mspan), read once.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "goruntime/runtime.h"

namespace overhang {

inline constexpr std::uint64_t kHeapPageSize = 8192;  // runtime.pageSize, in every release

struct Span {
  Address base = 0;
  Address limit = 0;  // end of data in the span (mspan.limit)
  std::uint64_t npages = 0;
  std::uint64_t elem_size = 0;            // bytes of a slot
  std::uint32_t slots = 0;                // mspan.nelems
  std::uint32_t free_index = 0;           // mspan.freeindex
  std::uint32_t free_index_for_scan = 0;  // mspan.freeIndexForScan
  std::uint32_t sweepgen = 0;
  std::uint8_t span_class = 0;  // bit 0: noscan
  bool user_arena = false;
  bool inline_marks = false;      // Green Tea: spanInlineMarkBits at the span's end
  std::uint16_t alloc_count = 0;  // mspan.allocCount: allocated slots, by the allocator's own count
  Address alloc_bits = 0;
  Address gcmark_bits = 0;
  Address specials = 0;
  Address large_type = 0;  // mspan.largeType (1.22+)
  bool noscan() const { return span_class & 1; }
  std::uint8_t size_class() const { return span_class >> 1; }  // 0: one large object
  std::uint64_t bytes() const { return npages * kHeapPageSize; }
};

struct HeapSpans {
  std::vector<Span> spans;         // in use (mSpanInUse), by address, none overlapping
  std::uint32_t sweepgen = 0;      // mheap_.sweepgen
  std::uint64_t pages_in_use = 0;  // mheap_.pagesInUse: their pages, by the runtime's own count
  std::uint64_t rejected = 0;      // spans in use that make no sense, left out
};

// Where Green Tea keeps a span's marks (runtime.spanInlineMarkBits): its last 128 bytes are 63
// bytes of scan bits, a byte, 63 bytes of mark bits and the span class.
inline constexpr std::uint64_t kInlineMarkBytes = 128;
inline constexpr std::uint64_t kInlineMarksOffset = 64;
inline constexpr std::uint32_t kInlineMarkSlots = 63 * 8;

// Reads mheap_.allspans. As in the collector (runtime.spanOf) a span counts if heapArena.spans
// leads to it. Errors: BadInput where allspans is unreadable, or most of its spans are. Single bad
// spans are counted in diagnostics and left out.
Result<HeapSpans> read_spans(const Runtime& runtime);

}  // namespace overhang
