// The runtime's heap spans (runtime.mspan), read once.
#pragma once

#include <cstdint>
#include <vector>

#include "goruntime/runtime.h"

namespace overhang {

struct Span {
  Address base = 0;
  Address limit = 0;            // end of data in the span (mspan.limit)
  std::uint64_t npages = 0;
  std::uint64_t elem_size = 0;  // bytes of a slot
  std::uint32_t slots = 0;      // mspan.nelems
  std::uint32_t free_index = 0;           // mspan.freeindex
  std::uint32_t free_index_for_scan = 0;  // mspan.freeIndexForScan
  std::uint32_t sweepgen = 0;
  std::uint8_t span_class = 0;  // bit 0: noscan
  bool user_arena = false;
  bool inline_marks = false;    // Green Tea: spanInlineMarkBits at the span's end
  Address alloc_bits = 0;
  Address gcmark_bits = 0;
  Address specials = 0;
  Address large_type = 0;       // mspan.largeType (1.22+)
  bool noscan() const { return span_class & 1; }
  std::uint64_t bytes() const { return npages * 8192; }
};

struct HeapSpans {
  std::vector<Span> spans;   // in use (mSpanInUse), by address, none overlapping
  std::uint32_t sweepgen = 0;  // mheap_.sweepgen
};

// Errors: BadInput where mheap is not what it should be (allspans unreadable, spans overlap…).
// Single bad spans are counted in diagnostics and left out.
Result<HeapSpans> read_spans(const Runtime& runtime);

}  // namespace overhang
