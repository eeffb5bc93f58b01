// What the collector itself said of each object in its last finished cycle (DESIGN.md §7), read
// from the mark bits that it left behind.
#include "heap/heap.h"

namespace overhang {

// mheap.go, at mspan.sweepgen: h-2 needs sweeping, h-1 is being swept, h+1 was cached before the
// sweep began and still needs it; h and h+3 are swept.
bool Heap::unswept(const Span& span) const {
  auto behind = sweepgen_ - span.sweepgen;  // wraps: 1 ahead is 2^32 - 1 behind
  return behind == 2 || behind == 1 || behind == 0xFFFFFFFFu;
}

bool Heap::alloc_bit(const Span& span, std::uint32_t slot) const {
  auto byte = image_->read<std::uint8_t>(span.alloc_bits + slot / 8);
  return byte && (*byte >> (slot % 8) & 1);
}

// Sweeping makes a span's marks its allocation bits (mgcsweep.go: sweepLocked.sweep).
bool Heap::marked_by_collector(ObjectId id) const {
  auto& entry = span_of(id);
  auto& span = entry.span;
  auto slot = id.value - entry.first.value;
  if (!unswept(span)) return alloc_bit(span, slot);
  auto byte = image_->read<std::uint8_t>(span.gcmark_bits + slot / 8);
  if (byte && (*byte >> (slot % 8) & 1)) return true;
  if (!span.inline_marks) return false;
  // mgcmark_greenteagc.go: spanInlineMarkBitsFromBase.
  auto marks = span.base + kHeapPageSize - kInlineMarkBytes + kInlineMarksOffset;
  auto inline_byte = image_->read<std::uint8_t>(marks + slot / 8);
  return inline_byte && (*inline_byte >> (slot % 8) & 1);
}

// In a swept span the slots allocated since are those below freeindex that have no mark. Nothing is
// allocated in a span before it is swept.
bool Heap::allocated_since_cycle(ObjectId id) const {
  auto& entry = span_of(id);
  auto slot = id.value - entry.first.value;
  return !unswept(entry.span) && slot < entry.span.free_index && !alloc_bit(entry.span, slot);
}

}  // namespace overhang
