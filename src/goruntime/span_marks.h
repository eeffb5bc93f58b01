// What an image that stands anywhere in a cycle says of a span's objects: its mark bits, and
// whether they have become its allocation bits yet (mgcsweep.go: sweepLocked.sweep).
#pragma once

#include <cstdint>

#include "goruntime/spans.h"

namespace overhang {

enum class SweepState : std::uint8_t {
  Swept,     // allocation bits hold; marks are those of a cycle that marks now
  Sweeping,  // in the hands of a sweeper: allocation bits hold if there are no marks left
  Unswept,   // allocation bits predate the last finished cycle; marked objects survived it
};

// mheap.go, at mspan.sweepgen: h-2 needs sweeping, h-1 is being swept, h+1 was cached before the
// sweep began and still needs it; h and h+3 are swept.
inline SweepState sweep_state(const Span& span, std::uint32_t heap_sweepgen) {
  switch (heap_sweepgen - span.sweepgen) {  // wraps: 1 ahead is 2^32 - 1 behind
    case 1:
      return SweepState::Sweeping;
    case 2:
    case 0xFFFFFFFFu:
      return SweepState::Unswept;
    default:
      return SweepState::Swept;
  }
}

// gcmarkBits, and the inline marks that sweeping will add to them (mgcmark_greenteagc.go:
// spanInlineMarkBitsFromBase). Words that the image lacks count as zero.
class SpanMarks {
 public:
  SpanMarks(const Image& image, const Span& span);
  // The bits of slots 8·i … 8·i + 7, for i below (span.slots + 7) / 8.
  std::uint8_t byte(std::uint32_t i) const {
    auto bits = marks_ ? std::to_integer<std::uint8_t>(marks_[i]) : std::uint8_t{0};
    if (inline_marks_) bits |= std::to_integer<std::uint8_t>(inline_marks_[i]);
    return bits;
  }
  bool test(std::uint32_t slot) const { return byte(slot / 8) >> (slot % 8) & 1; }
  bool any() const;

 private:
  std::uint32_t bytes_;
  const std::byte* marks_;
  const std::byte* inline_marks_ = nullptr;
};

}  // namespace overhang
