#include "graph/follow.h"

#include <optional>
#include <string_view>

namespace overhang {
namespace {

// Whether `count` values from byte `begin` on have exactly the pointer words of the object's mask.
bool mask_agrees(std::uint64_t mask, std::uint64_t begin, const TypeFacts& facts,
                 std::uint64_t count) {
  if (!facts.mask_small || begin % 8 != 0 || (facts.size % 8 != 0 && count > 1)) return false;
  auto words = (facts.size + 7) / 8;
  auto low = words >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << words) - 1;
  auto shift = begin / 8;
  for (std::uint64_t i = 0; i < count; i++, shift += words) {
    if (shift >= 64 || (mask >> shift & low) != facts.mask) return false;
  }
  return true;
}

// The same of an object with a bitmap and any number of words; `mask` is the type's.
bool bitmap_agrees(const HeapSpan& span, std::uint32_t slot, std::uint64_t begin,
                   const TypeFacts& facts, const std::vector<std::uint64_t>& mask,
                   std::uint64_t count) {
  auto words = facts.size / 8;
  auto slot_words = span.span.elem_size / 8;
  if (begin % 8 != 0 || facts.size % 8 != 0 || mask.size() > (words + 63) / 64) return false;
  if (count > slot_words / words || begin / 8 > slot_words - count * words) return false;
  auto at = slot * slot_words + begin / 8;
  for (std::uint64_t i = 0; i < count; i++, at += words)
    for (std::uint64_t word = 0; word < words; word += 64) {
      auto type_bits = word / 64 < mask.size() ? mask[word / 64] : 0;
      auto bits = pointer_map::bits_at(span, at + word, std::min<std::uint64_t>(words - word, 64));
      if (bits != type_bits) return false;
    }
  return true;
}

// The offset of a field; nothing where the type has none of that name.
std::optional<std::uint64_t> field_offset(TypeTable& types, TypeId type, std::string_view name) {
  for (const TypeField& field : types.info(type).fields)
    if (field.name == name) return field.offset;
  return std::nullopt;
}

}  // namespace

std::vector<Address> Follower::waiting_elements(const ChannelStorage& channel) {
  // More goroutines than any process holds: a list that goes on is a circle.
  constexpr unsigned kMaxWaiting = 1 << 24;
  std::vector<Address> out;
  auto& types = decoder_.types();
  auto sudog = types.named("runtime.sudog");
  auto next = field_offset(types, sudog, "next"), elem = field_offset(types, sudog, "elem");
  if (!next || !elem) return out;
  const Image& image = heap_.image();
  for (auto queue : {"recvq", "sendq"}) {
    auto first = field_offset(types, channel.header_type, queue);
    auto at = first ? image.word(channel.header + *first).value_or(0) : 0;
    for (unsigned i = 0; at != 0 && i < kMaxWaiting; i++) {
      if (auto element = image.word(at + *elem).value_or(0)) out.push_back(element);
      at = image.word(at + *next).value_or(0);
    }
  }
  return out;
}

bool Follower::same_pointers(TypeId type, Address rtype) {
  auto& types = decoder_.types();
  auto allocated = types.from_rtype(rtype);
  auto key = std::uint64_t{type.value} << 32 | allocated.value;
  if (auto known = same_.find(key); known != same_.end()) return known->second;
  bool same = allocated != kUnknownType && types.info(allocated).size == types.info(type).size &&
              types.pointer_mask(allocated) == types.pointer_mask(type);
  same_.emplace(key, same);
  return same;
}

bool Follower::agrees(const ObjectRef& object, std::uint64_t begin, TypeId type,
                      const TypeFacts& facts, std::uint64_t count) {
  if (!facts.has_pointers || facts.size == 0) return false;
  const HeapSpan& span = heap_.spans()[object.span];
  if (span.layout == PointerLayout::InlineBitmap)
    return mask_agrees(pointer_map::inline_mask(span, span.slot_of(object.id)), begin, facts,
                       count);
  if (has_bitmap(span.layout))
    return bitmap_agrees(span, span.slot_of(object.id), begin, facts,
                         decoder_.types().pointer_mask(type), count);
  auto header = Heap::header_size(span);
  if (begin < header || (begin - header) % facts.size != 0) return false;
  auto rtype = heap_.allocation_type(object.id);
  return rtype != 0 && (rtype == facts.rtype || same_pointers(type, rtype));
}

}  // namespace overhang
