// Visiting the pointers of an object, exactly as the collector sees them. Mirrors mbitmap.go's
// typePointersOfUnchecked, next and heapBitsSmallForAddr; written as loops over 64-word masks.
#pragma once

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "heap/heap.h"

namespace overhang {
namespace pointer_map {

inline constexpr std::uint64_t kMaskBytes = 64 * 8;  // bytes of an object that a mask word covers

// Of a span that has a bitmap, the bits of `words` words (1 to 64) from word `first` on.
inline std::uint64_t bits_at(const HeapSpan& span, std::uint64_t first, std::uint64_t words) {
  auto* at = span.bitmap + first / 64 * 8;
  auto shift = first % 64;
  auto mask = load_unchecked<std::uint64_t>(at) >> shift;
  if (shift + words > 64) mask |= load_unchecked<std::uint64_t>(at + 8) << (64 - shift);
  return words == 64 ? mask : mask & ((std::uint64_t{1} << words) - 1);
}

// The mask of the object in `slot` of an InlineBitmap span: at most 64 words.
inline std::uint64_t inline_mask(const HeapSpan& span, std::uint32_t slot) {
  auto words = span.span.elem_size / 8;
  return bits_at(span, slot * words, words);
}

// Of the 64 words from byte `base` on, the bits of those in [begin, end).
inline std::uint64_t clip(std::uint64_t mask, std::uint64_t base, std::uint64_t begin,
                          std::uint64_t end) {
  if (base < begin) {
    if (begin - base >= kMaskBytes) return 0;
    mask &= ~std::uint64_t{0} << ((begin - base) / 8);
  }
  if (end <= base) return 0;
  if (end - base < kMaskBytes) mask &= (std::uint64_t{1} << ((end - base) / 8)) - 1;
  return mask;
}

// The non-null words among those of `mask`, whose bit 0 stands for the word at byte `base` of
// `slot`.
template <class Visit>
inline void visit_words(const std::byte* slot, std::uint64_t base, std::uint64_t mask,
                        Visit&& visit) {
  while (mask) {
    auto offset = base + static_cast<std::uint64_t>(std::countr_zero(mask)) * 8;
    mask &= mask - 1;
    if (auto value = load_unchecked<std::uint64_t>(slot + offset)) visit(offset, value);
  }
}

// Tiles `mask` from byte `data` of the slot on, within [begin, end).
template <class Visit>
void visit_tiled(const std::byte* slot, const PointerMask& mask, std::uint64_t data,
                 std::uint64_t begin, std::uint64_t end, Visit&& visit) {
  if (mask.ptr_bytes == 0 || begin >= end) return;
  auto elem = data + (begin - data) / mask.size * mask.size;
  if (mask.ptr_bytes <= kMaskBytes) {
    for (; elem < end; elem += mask.size)
      visit_words(slot, elem, clip(mask.first, elem, begin, end), visit);
    return;
  }
  for (; elem < end; elem += mask.size) {
    auto at = elem < begin ? (begin - elem) / kMaskBytes * kMaskBytes : 0;
    for (; at < mask.ptr_bytes && elem + at < end; at += kMaskBytes) {
      auto bits = load_unchecked<std::uint64_t>(mask.bits + at / kMaskBytes * 8);
      // Past ptr_bytes the last word may hold anything.
      auto stop = std::min(end, elem + mask.ptr_bytes);
      visit_words(slot, elem + at, clip(bits, elem + at, begin, stop), visit);
    }
  }
}

// The non-null pointer words of [begin, end), multiples of 8, of a slot of a span with a bitmap.
template <class Visit>
void visit_bitmap(const HeapSpan& span, std::uint32_t slot, std::uint64_t begin, std::uint64_t end,
                  Visit&& visit) {
  auto* bytes = span.data + slot * span.span.elem_size;
  auto first = slot * (span.span.elem_size / 8);
  for (auto at = begin; at < end; at += kMaskBytes) {
    auto words = std::min<std::uint64_t>((end - at) / 8, 64);
    visit_words(bytes, at, bits_at(span, first + at / 8, words), visit);
  }
}

}  // namespace pointer_map

template <class Visit>
void Heap::for_each_pointer(const HeapSpan& span, std::uint32_t slot, std::uint64_t begin,
                            std::uint64_t end, Visit&& visit) const {
  if (!span.data) return;
  auto size = span.span.elem_size;
  auto* bytes = span.data + slot * size;
  begin = (begin + 7) & ~std::uint64_t{7};
  end = std::min(end, size) & ~std::uint64_t{7};
  switch (span.layout) {
    case PointerLayout::None:
      return;
    case PointerLayout::InlineBitmap:
      pointer_map::visit_words(
          bytes, 0, pointer_map::clip(pointer_map::inline_mask(span, slot), 0, begin, end), visit);
      return;
    case PointerLayout::Bitmap:
    case PointerLayout::LargeBitmap:
      pointer_map::visit_bitmap(span, slot, begin, end, visit);
      return;
    case PointerLayout::Header:
      pointer_map::visit_tiled(bytes, masks_->of(load_unchecked<std::uint64_t>(bytes)), 8,
                               std::max<std::uint64_t>(begin, 8), end, visit);
      return;
    case PointerLayout::LargeType:
      pointer_map::visit_tiled(bytes, masks_->of(span.span.large_type), 0, begin, end, visit);
      return;
  }
}

template <class Visit>
void Heap::for_each_pointer(ObjectId id, std::uint64_t begin, std::uint64_t end,
                            Visit&& visit) const {
  auto& span = span_of(id);
  for_each_pointer(span, span.slot_of(id), begin, end, visit);
}

}  // namespace overhang
