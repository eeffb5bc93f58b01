#include "graph/follow.h"

namespace overhang {
namespace {

// Up to 64 bits of a bitmap, from bit `first` on; bits past its end are zero.
std::uint64_t bits_at(ByteSpan bitmap, std::uint64_t first) {
  std::uint64_t low = 0, high = 0;
  auto word = first / 64 * 8;
  if (auto value = load<std::uint64_t>(bitmap, word)) low = *value;
  if (first % 64 == 0) return low;
  if (auto value = load<std::uint64_t>(bitmap, word + 8)) high = *value;
  return low >> (first % 64) | high << (64 - first % 64);
}

constexpr std::uint64_t kSpanBitmapBytes = 128;  // a bit for each word of a one-page span

}  // namespace

bool Follower::bitmap_agrees(ObjectId id, const HeapSpan& span, std::uint64_t begin,
                             const TypeFacts& facts, std::uint64_t count) const {
  auto words = span.span.elem_size / 8;
  if (!facts.mask_small || words > 64 || begin % 8 != 0) return false;
  auto slot = id.value - span.first.value;
  auto bits = bits_at({span.bitmap, kSpanBitmapBytes}, slot * words);
  auto size_words = facts.size / 8;
  if (facts.size % 8 != 0 && count > 1) return false;
  auto mask_words = (facts.size + 7) / 8;
  auto low = mask_words >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << mask_words) - 1;
  for (std::uint64_t i = 0; i < count; i++) {
    auto shift = begin / 8 + i * size_words;
    if (shift >= 64) return false;
    if ((bits >> shift & low) != facts.mask) return false;
  }
  return true;
}

bool Follower::same_pointers(TypeId type, Address rtype) {
  if (rtype >> 48 != 0) return false;  // no address of a type; the key below has 48 bits for it
  auto allocated = decoder_.types().from_rtype(rtype);
  auto key = std::uint64_t{type.value} << 32 | allocated.value;
  if (auto known = same_.find(key); known != same_.end()) return known->second;
  auto& types = decoder_.types();
  bool same = allocated != kUnknownType && types.info(allocated).size == types.info(type).size &&
              types.pointer_mask(allocated) == types.pointer_mask(type);
  same_.emplace(key, same);
  return same;
}

bool Follower::agrees(ObjectId id, const HeapSpan& span, std::uint64_t begin, TypeId type,
                      std::uint64_t count) {
  const TypeFacts& facts = decoder_.facts(type);
  if (!facts.has_pointers || facts.size == 0) return false;
  if (span.layout == PointerLayout::InlineBitmap)
    return bitmap_agrees(id, span, begin, facts, count);
  auto header = span.layout == PointerLayout::Header ? 8u : 0u;
  if (begin < header || (begin - header) % facts.size != 0) return false;
  auto rtype = heap_.allocation_type(id);
  return rtype != 0 && (rtype == facts.rtype || same_pointers(type, rtype));
}

}  // namespace overhang
