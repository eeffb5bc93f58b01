// Telling types by sizes and pointer words: what the allocator has recorded, what it would have
// given a type, what stands side by side in an array.
#include <algorithm>
#include <bit>
#include <map>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/checked.h"
#include "goruntime/size_classes.h"
#include "goruntime/type_uses.h"
#include "graph/guess.h"
#include "graph/made_types.h"
#include "heap/pointer_map.h"

namespace overhang {
namespace {

constexpr std::uint64_t kLargestInline = 512;      // bytes; 1.22+: larger objects have their type
constexpr std::uint64_t kLargestType = 16 << 20;   // bytes; of types that are looked for
constexpr std::uint64_t kMostMaskBytes = 1 << 28;  // of such types' masks, made for the comparison
// typecheck/func.go: ClosureType; every closure in the heap was allocated with such a type.
constexpr std::string_view kClosureStruct = "struct { F uintptr";
constexpr std::uint64_t kLargeObject = 32 << 10;
constexpr std::uint64_t kMany = 8;  // values
constexpr unsigned kMostTries = 16;
constexpr std::size_t kMostClipped = 1 << 16;  // arrays that are held against all types
// abi.Type: PtrBytes, Hash and GCData.
constexpr std::uint64_t kPtrBytes = 8, kHash = 16, kGcData = 32;

}  // namespace

std::uint64_t Guesser::shape_key(std::uint64_t slot, std::uint64_t mask) {
  return (slot / 8) * 0x9E3779B97F4A7C15u ^ mask * 0xC2B2AE3D27D4EB4Fu;
}

std::uint64_t Guesser::allocated_size(std::uint64_t bytes, bool pointers) const {
  return slot_size_for(heap_.runtime().layout(), bytes, pointers);
}

void Guesser::index_types() {
  if (indexed_) return;
  indexed_ = true;
  auto& types = decoder_.types();
  map_header_ = types.named(decoder_.runtime().layout().swiss_maps() ? "internal/runtime/maps.Map"
                                                                     : "runtime.hmap");
  channel_header_ = types.named("runtime.hchan");
  // What the library takes slices and strings apart with: where such a thing stands, it is one.
  std::unordered_set<TypeId> headers;
  for (auto* name : {"runtime.slice", "runtime.stringStruct", "internal/unsafeheader.Slice",
                     "internal/unsafeheader.String"})
    headers.insert(types.named(name));
  // The slots of maps' groups stand nowhere else, nor do arrays of them.
  std::unordered_set<TypeId> map_slots;
  for (TypeId type : types.all()) {
    if (types.info(type).kind != TypeKind::Map || !decoder_.runtime().layout().swiss_maps())
      continue;
    const auto& fields = types.info(types.info(type).map_storage).fields;
    if (fields.size() != 2) continue;  // keys and elements apart (GOEXPERIMENT=mapsplitgroup)
    for (const TypeField& field : fields) {
      auto slot = types.info(field.type).elem;
      if (slot != kUnknownType && types.info(slot).kind == TypeKind::Struct)
        map_slots.insert({slot, field.type});
    }
  }
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<TypeId>> shapes;
  std::map<std::uint64_t, TypeId> sizes;
  std::vector<TypeId> all = types.all();
  for (auto& [address, type] : made()) all.push_back(type);
  for (TypeId type : all) {
    const TypeInfo& info = types.info(type);
    if (info.kind == TypeKind::Chan) channel_of_elem_.try_emplace(info.elem, type);
    if (info.kind == TypeKind::Map && map_of_storage_.try_emplace(info.map_storage, type).second &&
        info.map_storage != kUnknownType)
      bucket_types_.push_back(info.map_storage);
    if (info.size == 0) continue;
    if (!info.has_pointers) pointer_free_slots_.insert(allocated_size(info.size, false));
    if (info.size > kLargestType) continue;
    if (!info.has_pointers) index_texts(type);
    if (map_slots.contains(type) || headers.contains(type)) continue;
    if (info.size > kLargestInline) {
      if (info.has_pointers && !info.name.starts_with(kClosureStruct)) large_.push_back(type);
      continue;
    }
    const TypeFacts facts = decoder_.facts(type);
    auto shape = shape_key(facts.slot, facts.mask);
    if (info.name.starts_with(kClosureStruct)) {
      closures_by_shape_[shape].push_back(type);
    } else if (!info.has_pointers) {
      auto [at, fresh] = sizes.try_emplace(info.size, type);
      if (!fresh) at->second = kUnknownType;  // more than one
    } else if (facts.mask_small && facts.mask != 0) {
      by_shape_[shape].push_back(type);
      if (facts.size % 8 == 0) shapes[{facts.size, facts.mask}].push_back(type);
    }
  }
  for (auto& [key, alike] : shapes) shapes_.push_back({key.first, key.second, std::move(alike)});
  std::stable_sort(large_.begin(), large_.end(),
                   [&](TypeId a, TypeId b) { return types.info(a).size < types.info(b).size; });
  for (TypeId type : large_)
    if (types.info(type).size % 8 == 0) shapes_.push_back({types.info(type).size, 0, {type}});
  for (auto& [size, type] : sizes)
    by_size_.push_back(type == kUnknownType ? types.sized(size) : type);
}

// An array's elements count, too, and theirs.
void Guesser::index_texts(TypeId type) {
  auto& types = decoder_.types();
  for (TypeId elem = type;; elem = types.info(elem).elem) {
    const TypeInfo& info = types.info(elem);
    if (info.size <= 1) return;
    if (info.kind == TypeKind::Struct) {
      for (const TypeField& field : info.fields)
        if (types.info(field.type).size > 1 && begins_with_bytes(field.type))
          texts_.push_back({type, info.size, field.offset});
    } else if (begins_with_bytes(elem)) {
      texts_.push_back({type, info.size, 0});
    }
    if (info.kind != TypeKind::Array) return;
  }
}

bool Guesser::begins_with_bytes(TypeId type) {
  auto& types = decoder_.types();
  for (;;) {
    const TypeInfo& info = types.info(type);
    if (info.kind == TypeKind::Array)
      type = info.elem;
    else if (info.kind == TypeKind::Struct && !info.fields.empty())
      type = info.fields.front().type;
    else
      return info.size == 1;
  }
}

const std::map<Address, TypeId>& Guesser::made() {
  if (!made_) {
    auto& types = decoder_.types();
    made_.emplace();
    for (TypeId type : made_types(heap_, types)) made_->emplace(types.info(type).rtype, type);
  }
  return *made_;
}

TypeId Guesser::dynamic_type(Address rtype) {
  if (!heap_.contains(rtype)) return decoder_.types().from_rtype(rtype);
  auto found = made().find(rtype);
  return found == made().end() ? kUnknownType : found->second;
}

std::uint64_t Guesser::mask_of(const ObjectRef& object) const {
  const HeapSpan& span = heap_.spans()[object.span];
  return pointer_map::inline_mask(span, span.slot_of(object.id));
}

// Of an object in a span with a bitmap, the bits of `count` words (1 to 64) from `word` on.
std::uint64_t Guesser::pointer_bits(const ObjectRef& object, std::uint64_t word,
                                    std::uint64_t count) const {
  const HeapSpan& span = heap_.spans()[object.span];
  auto slot = span.slot_of(object.id);
  return pointer_map::bits_at(span, slot * (span.span.elem_size / 8) + word, count);
}

bool Guesser::pointers_from(const ObjectRef& object, std::uint64_t begin) const {
  auto words = slot_size(object) / 8;
  for (auto word = (begin + 7) / 8; word < words; word += 64)
    if (pointer_bits(object, word, std::min<std::uint64_t>(words - word, 64)) != 0) return true;
  return false;
}

// The bytes up to behind the last pointer word; 0: there is none.
std::uint64_t Guesser::end_of_pointers(const ObjectRef& object) const {
  auto words = slot_size(object) / 8;
  std::uint64_t end = 0;
  for (std::uint64_t word = 0; word < words; word += 64) {
    auto n = std::min<std::uint64_t>(words - word, 64);
    if (auto bits = pointer_bits(object, word, n); bits != 0)
      end = (word + 64 - static_cast<std::uint64_t>(std::countl_zero(bits))) * 8;
  }
  return end;
}

bool Guesser::tiled_with(const ObjectRef& object, std::uint64_t begin, std::uint64_t size,
                         std::span<const std::uint64_t> mask, std::uint64_t count) const {
  auto words = (size + 7) / 8, room = slot_size(object) / 8;
  if (begin % 8 != 0 || (size % 8 != 0 && count > 1) || words == 0) return false;
  if (begin / 8 > room || count > (room - begin / 8) / words) return false;
  auto word_of = [&](std::size_t i) { return i < mask.size() ? mask[i] : 0; };
  auto at = begin / 8;
  if (words <= 32 && 64 % words == 0) {  // many values at a time
    auto run = word_of(0);
    for (auto width = words; width < 64; width *= 2) run |= run << width;
    for (auto left = count * words; left > 0;) {
      auto n = std::min<std::uint64_t>(left, 64);
      auto low = n == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
      if (pointer_bits(object, at, n) != (run & low)) return false;
      at += n;
      left -= n;
    }
    return true;
  }
  for (std::uint64_t i = 0; i < count; i++, at += words)
    for (std::uint64_t word = 0; word < words; word += 64) {
      auto n = std::min<std::uint64_t>(words - word, 64);
      if (pointer_bits(object, at + word, n) != word_of(word / 64)) return false;
    }
  return true;
}

// The same for values of a type.
bool Guesser::has_pointers_of(const ObjectRef& object, std::uint64_t begin, TypeId type,
                              std::uint64_t count) {
  const TypeFacts facts = decoder_.facts(type);
  if (facts.mask_small)
    return tiled_with(object, begin, facts.size, std::span(&facts.mask, 1), count);
  return large_mask_allowed(type) &&
         tiled_with(object, begin, facts.size, decoder_.types().pointer_mask(type), count);
}

bool Guesser::large_mask_allowed(TypeId type) {
  const auto size = decoder_.types().info(type).size;
  if (size > kLargestType) return false;
  auto [allowed, fresh] = large_mask_allowed_.try_emplace(type, false);
  if (fresh && size / 64 <= kMostMaskBytes - mask_bytes_) {
    mask_bytes_ += size / 64;
    allowed->second = true;
  }
  masks_left_out_ |= !allowed->second;
  return allowed->second;
}

TypeId Guesser::allocated_type(const ObjectRef& object) {
  auto layout = heap_.spans()[object.span].layout;
  if (layout == PointerLayout::None || has_bitmap(layout)) return kUnknownType;
  auto rtype = heap_.allocation_type(object.id);
  if (rtype == 0) return kUnknownType;
  auto type = decoder_.types().from_rtype(rtype);
  bool known = decoder_.types().info(type).kind != TypeKind::Unknown;
  return known ? type : unrolled_type(object, rtype);
}

// mbitmap_allocheaders.go: heapSetType, 1.22 and 1.23: of a type whose GCData is a program the
// allocator records a dummy that has the type's Size, PtrBytes and mask, and no hash.
TypeId Guesser::unrolled_type(const ObjectRef& object, Address dummy) {
  auto [at, fresh] = unrolled_.try_emplace(dummy);
  if (!fresh) return at->second;
  const Image& image = heap_.image();
  auto size = image.word(dummy), pointer_bytes = image.word(dummy + kPtrBytes);
  auto data = image.word(dummy + kGcData);
  if (!size || !pointer_bytes || !data ||
      image.read<std::uint32_t>(dummy + kHash) != std::uint32_t{0} || *pointer_bytes > *size ||
      *size > slot_size(object))
    return kUnknownType;
  auto bits = image.bytes(*data, (*pointer_bytes / 8 + 7) / 8);
  if (!bits) return kUnknownType;
  index_types();
  auto& types = decoder_.types();
  auto range =
      std::equal_range(large_.begin(), large_.end(), kUnknownType, [&](TypeId a, TypeId b) {
        auto size_of = [&](TypeId type) {
          return type == kUnknownType ? *size : types.info(type).size;
        };
        return size_of(a) < size_of(b);
      });
  std::vector<Candidate> fitting;
  for (auto type = range.first; type != range.second; ++type) {
    if (exhausted() || !large_mask_allowed(*type)) return kUnknownType;
    const auto& mask = types.pointer_mask(*type);
    bool same = true;
    for (std::size_t i = 0; same && i < std::max(mask.size() * 8, bits->size()); i++) {
      auto wanted = i / 8 < mask.size() ? mask[i / 8] >> i % 8 * 8 & 0xFF : 0;
      same = wanted == (i < bits->size() ? static_cast<unsigned>((*bits)[i]) : 0u);
    }
    if (!same) continue;
    if (auto verdict = check_values(*type, object, 0, 1, 1)) fitting.push_back({*type, *verdict});
  }
  auto found = clear_winner(std::move(fitting), 0);
  return unrolled_[dummy] = found;
}

// Whether the array has just so many elements of that type.
bool Guesser::has_elements(const ObjectRef& object, std::uint64_t before, std::uint64_t cap,
                           TypeId elem) {
  const auto size = decoder_.facts(elem).size;
  auto slot = slot_size(object);
  return size != 0 && before % size == 0 && cap <= (slot - before) / size &&
         allocated_size(before + cap * size, true) == slot &&
         has_pointers_of(object, before, elem, cap) &&
         !pointers_from(object, before + cap * size) &&
         check_values(elem, object, before, cap, 0).has_value();
}

// Of an array that a slice shows in part, with nothing in its header to say how much there is
// (s[:n:n]): its elements, if they are references. Nothing else than makeslice and growslice
// allocates several of those as one object; of structs, a pointer to one with two numbers behind it
// would look the same.
Guesser::Part Guesser::clipped_element(const ObjectRef& object, std::uint64_t before,
                                       std::uint64_t cap) {
  const HeapSpan& span = heap_.spans()[object.span];
  Part part;
  if (has_bitmap(span.layout)) {
    auto known = clipped_.find(object.id.value);
    if (known == clipped_.end()) {
      if (clipped_.size() == kMostClipped) {
        decoder_.runtime().diagnostics().lose(
            "arrays with a cap cut short, not looked at: too many");
        return {};
      }
      known = clipped_.emplace(object.id.value, clipped_by_shape(object, before, cap)).first;
    }
    part = known->second;
  } else if (auto elem = allocated_type(object); may_be_clipped(elem)) {
    part = {elem, decoder_.facts(elem).size};
  }
  bool inside = part.bytes != 0 && before % part.bytes == 0 &&
                cap <= (slot_size(object) - object.offset) / part.bytes;
  return inside ? part : Part{};
}

bool Guesser::may_be_clipped(TypeId elem) {
  switch (decoder_.types().info(elem).kind) {
    case TypeKind::Pointer:
    case TypeKind::Slice:
    case TypeKind::String:
    case TypeKind::Interface:
    case TypeKind::EmptyInterface:
    case TypeKind::Map:
    case TypeKind::Chan:
    case TypeKind::Func:
      return true;
    default:
      return false;
  }
}

// Without a recorded type. A single value would have its type in the executable: what none fits is
// an array, of elements that something allocates arrays of. Where arrays of references fit as well
// as the references (or, with nothing to speak for them, pairs of whatever pointers), an element
// may be as large as the largest.
Guesser::Part Guesser::clipped_by_shape(const ObjectRef& object, std::uint64_t before,
                                        std::uint64_t cap) {
  auto slot = slot_size(object), end = end_of_pointers(object);
  if (before % 8 != 0 || cap > slot / 8 || end == 0 || slot > kLargestType ||
      heap_.spans()[object.span].span.user_arena)
    return {};
  if (fits_one_value(object)) return {};
  std::vector<Candidate> fitting;
  std::vector<TypeId> others;
  std::uint64_t largest = 0, least = slot;
  for (const Shape& shape : shapes_) {
    if (before % shape.size != 0) continue;
    auto count = tiling_values(object, end, shape.size, shape.types.front());
    if (count == 0 || before / shape.size + cap > count) continue;
    for (TypeId type : shape.types) {
      if (exhausted()) return {};
      if (!may_be_element(type)) continue;
      auto verdict = check_values(type, object, 0, count, kDepth);
      if (!verdict) continue;
      if (*verdict >= kEnough && !may_be_clipped(innermost(type))) return {};
      largest = std::max(largest, shape.size);
      if (!may_be_clipped(type)) {
        others.push_back(type);
      } else {
        fitting.push_back({type, *verdict, explained_words(type)});
        least = std::min(least, shape.size);
      }
    }
  }
  if (masks_left_out_) return {};
  std::erase_if(fitting, [&](const Candidate& c) { return decoder_.facts(c.type).size != least; });
  bool population = std::exchange(by_population_, false);
  auto found = clear_winner(std::move(fitting), kEnough);
  by_population_ = population;
  bool contested =
      found != kUnknownType && std::any_of(others.begin(), others.end(), [&](TypeId other) {
        return pointers_for_windows(other, found, bytes_of(object)) != 0;
      });
  if (found == kUnknownType || contested || largest % least != 0) return {};
  return {found, largest};
}

// So many values that the last pointer, which ends at byte `end`, is in the last of them.
std::uint64_t Guesser::tiling_values(const ObjectRef& object, std::uint64_t end, std::uint64_t size,
                                     TypeId type) {
  auto slot = slot_size(object), count = (end + size - 1) / size;
  bool tiled = count >= 2 && count <= slot / size && allocated_size(count * size, true) == slot &&
               has_pointers_of(object, 0, type, count);
  return tiled ? count : 0;
}

TypeId Guesser::innermost(TypeId type) {
  auto& types = decoder_.types();
  while (types.info(type).kind == TypeKind::Array) type = types.info(type).elem;
  return type;
}

// Whether it may be a large array of which only the pointer words are recorded.
bool Guesser::is_untold_array(const ObjectRef& object) const {
  const HeapSpan& span = heap_.spans()[object.span];
  auto slot = slot_size(object);
  return has_bitmap(span.layout) && !span.span.user_arena && slot > kLargestInline &&
         slot <= kLargestType;
}

bool Guesser::is_array_of(const ObjectRef& object, TypeId elem) {
  if (!is_untold_array(object)) return false;
  auto slot = slot_size(object);
  index_types();
  auto end = end_of_pointers(object);
  const auto size = decoder_.facts(elem).size;
  auto count = size == 0 || end == 0 ? 0 : tiling_values(object, end, size, elem);
  if (count == 0 || exhausted() || fits_one_value(object) ||
      check_values(elem, object, 0, count, kDepth).value_or(0) < kEnough)
    return false;
  auto larger = std::partition_point(shapes_.begin(), shapes_.end(),
                                     [&](const Shape& shape) { return shape.size <= size; });
  for (; larger != shapes_.end() && larger->size <= slot / 2; ++larger) {
    auto many = tiling_values(object, end, larger->size, larger->types.front());
    if (many == 0) continue;
    for (TypeId type : larger->types)
      if (exhausted() || (may_be_element(type) && check_values(type, object, 0, many, kDepth)))
        return false;
  }
  return !masks_left_out_;
}

TypeId Guesser::array_element(const ObjectRef& object) {
  if (!is_untold_array(object)) return kUnknownType;
  // By size: larger ones speak against all others.
  const auto& types = tiling_types({object.id, object.span, 0});
  auto found = kUnknownType;
  for (auto type = types.rbegin(); type != types.rend(); ++type) {
    const auto size = decoder_.facts(*type).size;
    if (found != kUnknownType && size < decoder_.facts(found).size) break;
    if (!may_be_in_arrays(*type) || !is_array_of({object.id, object.span, 0}, *type)) continue;
    if (found != kUnknownType && !same_meaning(found, *type, kSameDepth)) return kUnknownType;
    found = *type;
  }
  return found;
}

bool Guesser::may_be_element(TypeId type) {
  auto& types = decoder_.types();
  if (!elements_named_) {
    elements_named_.emplace();
    auto named = named_by_code(heap_.runtime());
    any_element_ = !named;
    if (named) {
      for (Address rtype : named->all) elements_named_->insert(types.from_rtype(rtype));
      for (Address rtype : named->single) never_elements_.insert(types.from_rtype(rtype));
    }
    // By reflection: MakeSlice takes the slice's type.
    auto note = [&](TypeId slice) {
      if (types.info(slice).kind != TypeKind::Slice) return;
      elements_named_->insert(types.info(slice).elem);
      never_elements_.erase(types.info(slice).elem);
    };
    for (TypeId slice : types.all()) note(slice);
    for (auto& [address, slice] : made()) note(slice);
  }
  return any_element_ || elements_named_->contains(type);
}

bool Guesser::may_be_in_arrays(TypeId type) {
  return may_be_element(type) && !never_elements_.contains(type);
}

TypeId Guesser::element_type(const ObjectRef& object, std::uint64_t before, std::uint64_t cap) {
  const HeapSpan& span = heap_.spans()[object.span];
  auto slot = span.span.elem_size;
  if (span.layout == PointerLayout::None) return element_by_size(object, before, cap);
  auto elem = kUnknownType;
  if (!has_bitmap(span.layout)) {
    elem = allocated_type(object);
  } else if (slot <= kLargestInline) {
    return element_by_shape(object, before, cap);
  } else {
    // A large array is compared for the first slices over it, not for each of a million.
    auto& known = elements_[object.id.value];
    if (known.type == kUnknownType) {
      if (known.tries == kMostTries) return kUnknownType;
      known.tries++;
      auto found = element_by_shape(object, before, cap);
      return elements_[object.id.value].type = found;
    }
    elem = known.type;
  }
  const auto size = decoder_.facts(elem).size;
  bool fits = elem != kUnknownType && size != 0 && before % size == 0 &&
              cap <= (slot - object.offset) / size &&
              allocated_size(before + cap * size, true) == slot;
  // A cap may be cut short within what rounding leaves.
  if (fits && has_bitmap(span.layout)) fits = !pointers_from(object, before + cap * size);
  return fits ? elem : kUnknownType;
}

// Bytes, or, of a large array, what alone has a size that fits.
TypeId Guesser::element_by_size(const ObjectRef& object, std::uint64_t before, std::uint64_t cap) {
  auto slot = slot_size(object);
  auto fits = [&](std::uint64_t size) {
    return cap <= (slot - object.offset) / size && before % size == 0 &&
           allocated_size(before + cap * size, false) == slot;
  };
  if (fits(1)) return decoder_.types().named("uint8");
  if (slot <= kLargeObject) return kUnknownType;
  index_types();
  auto found = kUnknownType;
  for (TypeId type : by_size_) {
    if (!fits(decoder_.types().info(type).size)) continue;
    if (found != kUnknownType) return kUnknownType;
    found = type;
  }
  return found;
}

const std::vector<TypeId>& Guesser::single_types(const ObjectRef& object) {
  static const std::vector<TypeId> none;
  index_types();
  auto slot = slot_size(object);
  if (slot <= kLargestInline) {
    auto at = by_shape_.find(shape_key(slot, mask_of(object)));
    return at == by_shape_.end() ? none : at->second;
  }
  auto [at, fresh] = single_types_.try_emplace(object.id.value);
  if (!fresh) return at->second;
  auto first = std::partition_point(large_.begin(), large_.end(), [&](TypeId type) {
    return allocated_size(decoder_.types().info(type).size, true) < slot;
  });
  for (; first != large_.end(); ++first) {
    const auto size = decoder_.types().info(*first).size;
    if (allocated_size(size, true) != slot) break;
    if (has_pointers_of(object, 0, *first, 1) && !pointers_from(object, size))
      at->second.push_back(*first);
  }
  return at->second;
}

TypeId Guesser::element_by_shape(const ObjectRef& object, std::uint64_t before, std::uint64_t cap) {
  auto slot = slot_size(object);
  if (before % 8 != 0 || cap > slot / 8) return kUnknownType;
  // What may as well be one value is not taken for an array.
  if (fits_one_value(object)) return kUnknownType;
  std::vector<Candidate> fitting;
  auto end = std::partition_point(shapes_.begin(), shapes_.end(), [&](const Shape& shape) {
    return shape.size <= (slot - before) / cap;
  });
  while (end != shapes_.begin()) {
    const Shape& shape = *--end;
    if (allocated_size(before + cap * shape.size, true) != slot) break;
    if (before % shape.size != 0 || !has_pointers_of(object, before, shape.types.front(), cap) ||
        pointers_from(object, before + cap * shape.size))
      continue;
    for (TypeId type : shape.types) {
      if (exhausted()) return kUnknownType;
      auto verdict = check_values(type, object, before, cap, kDepth);
      if (!verdict) continue;
      // Of a queue that was emptied what is left is nil, and what it held stands before it.
      if (before > 0)
        *verdict += check_values(type, object, 0, before / shape.size, kDepth).value_or(0);
      // What holds of many values is no chance: {data, n, n} is a slice then, not a string and a
      // number.
      fitting.push_back({type, *verdict, cap >= kMany ? explained_words(type) : 0});
    }
  }
  return clear_winner(std::move(fitting), kEnough, bytes_of(object) + before, cap);
}

// A type of pointers to anything, which all words fit, counts where code names it.
bool Guesser::fits_one_value(const ObjectRef& object) {
  const auto& types = single_types(object);
  auto tells = [](const ScanStep& step) {
    return step.kind != ScanStep::Kind::UnsafePointer && step.kind != ScanStep::Kind::Repeat;
  };
  return std::any_of(types.begin(), types.end(), [&](TypeId type) {
    auto steps = decoder_.facts(type).program;
    return (std::any_of(steps.begin(), steps.end(), tells) || may_be_element(type)) &&
           check(type, object, kDepth).has_value();
  });
}

unsigned Guesser::explained_words(TypeId type) {
  unsigned words = 0;
  for (const ScanStep& step : decoder_.facts(type).program) {
    if (step.kind == ScanStep::Kind::Repeat) return 0;
    bool two = step.kind == ScanStep::Kind::String || step.kind == ScanStep::Kind::Interface ||
               step.kind == ScanStep::Kind::EmptyInterface;
    words += step.kind == ScanStep::Kind::Slice ? 3 : two ? 2 : 1;
  }
  return words;
}

const std::vector<TypeId>& Guesser::tiling_types(const ObjectRef& object) {
  index_types();
  auto slot = slot_size(object);
  bool small = slot <= kLargestInline;
  auto key = small ? shape_key(slot, mask_of(object)) : ~std::uint64_t{object.id.value};
  auto [at, fresh] = tiling_types_.try_emplace(key);
  auto end = fresh ? end_of_pointers(object) : 0;
  if (end == 0) return at->second;
  for (const Shape& shape : shapes_)
    if (tiling_values(object, end, shape.size, shape.types.front()) != 0)
      at->second.insert(at->second.end(), shape.types.begin(), shape.types.end());
  return at->second;
}

}  // namespace overhang
