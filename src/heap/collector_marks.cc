// What the collector itself said of each object in its last finished cycle (DESIGN.md §7), read
// from the mark bits that it left behind.
#include "goruntime/span_marks.h"
#include "heap/heap.h"

namespace overhang {

bool Heap::alloc_bit(const Span& span, std::uint32_t slot) const {
  auto byte = image_->read<std::uint8_t>(span.alloc_bits + slot / 8);
  return byte && (*byte >> (slot % 8) & 1);
}

// Sweeping makes a span's marks its allocation bits (mgcsweep.go: sweepLocked.sweep).
bool Heap::marked_by_collector(ObjectId id) const {
  auto& entry = span_of(id);
  auto& span = entry.span;
  auto slot = entry.slot_of(id);
  if (sweep_state(span, sweepgen_) == SweepState::Swept) return alloc_bit(span, slot);
  return SpanMarks(*image_, span).test(slot);
}

// In a swept span the slots allocated since are those below freeindex that have no mark. Nothing is
// allocated in a span before it is swept.
bool Heap::allocated_since_cycle(ObjectId id) const {
  auto& entry = span_of(id);
  auto slot = entry.slot_of(id);
  return sweep_state(entry.span, sweepgen_) == SweepState::Swept && slot < entry.span.free_index &&
         !alloc_bit(entry.span, slot);
}

}  // namespace overhang
