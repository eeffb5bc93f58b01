// Holding a type against an object's words.
#include <algorithm>
#include <limits>

#include "base/checked.h"
#include "goruntime/size_classes.h"
#include "graph/guess.h"
#include "heap/pointer_map.h"

namespace overhang {
namespace {

// Of a hostile heap: more words are not held against types.
constexpr std::uint64_t kMaxSteps = 400'000'000;
constexpr std::int64_t kLongest = std::int64_t{1} << 46;  // bytes or elements
constexpr std::uint64_t kMostTiles = 4096;  // of an array whose pointer words are compared
constexpr std::uint64_t kFirstValues = 64;  // of an array that are all looked at
// What a word of a kind is worth as a witness.
constexpr unsigned kNone = 0, kWeak = 1, kGood = 2, kStrong = 3;

}  // namespace

Guesser::Verdict Guesser::check(TypeId type, const ObjectRef& object, unsigned depth) {
  const TypeFacts facts = decoder_.facts(type);
  const HeapSpan& span = heap_.spans()[object.span];
  auto slot = span.span.elem_size;
  if (!span.data || facts.size > slot) return std::nullopt;
  auto* bytes = span.data + span.slot_of(object.id) * slot;
  if (decoder_.runtime().layout().clears_slots())
    for (auto at = facts.size; at < slot; at++)
      if (bytes[at] != std::byte{0}) return std::nullopt;
  Place place{bytes, slot, heap_.base(object.id), nullptr};
  return check_steps(facts.program, place, 0, depth);
}

Guesser::Verdict Guesser::check_values(TypeId type, const ObjectRef& object, std::uint64_t begin,
                                       std::uint64_t count, unsigned depth) {
  const TypeFacts facts = decoder_.facts(type);
  const HeapSpan& span = heap_.spans()[object.span];
  auto slot = span.span.elem_size;
  if (!span.data) return std::nullopt;
  Place place{span.data + span.slot_of(object.id) * slot, slot, heap_.base(object.id), nullptr};
  unsigned sum = 0;
  // Of many values the first and some of the rest, evenly spread.
  auto stride = std::max<std::uint64_t>(count / kFirstValues, 1);
  for (std::uint64_t i = 0; i < count; i += i < kFirstValues ? 1 : stride) {
    auto verdict = check_steps(facts.program, place, begin + i * facts.size, depth);
    if (!verdict) return std::nullopt;
    sum += *verdict;
  }
  return sum;
}

Guesser::Verdict Guesser::check_steps(std::span<const ScanStep> steps, const Place& place,
                                      std::uint64_t base, unsigned depth) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < steps.size(); i++) {
    const ScanStep& step = steps[i];
    if (step.kind == ScanStep::Kind::Repeat) {
      auto body = steps.subspan(i + 1, step.steps);
      for (std::uint64_t k = 0; k < step.count; k++) {
        auto verdict = check_steps(body, place, base + step.offset + k * step.stride, depth);
        if (!verdict) return std::nullopt;
        sum += *verdict;
      }
      i += step.steps;
      continue;
    }
    auto verdict = check_step(step, place, base + step.offset, depth);
    if (!verdict) return std::nullopt;
    sum += *verdict;
  }
  return sum;
}

Guesser::Verdict Guesser::check_step(const ScanStep& step, const Place& place, std::uint64_t offset,
                                     unsigned depth) {
  ByteSpan bytes(place.bytes, place.size);
  if (steps_++ > kMaxSteps) return std::nullopt;
  auto first = load<std::uint64_t>(bytes, offset);
  if (!first) return std::nullopt;
  auto number = [&](std::uint64_t at) {
    return load<std::int64_t>(bytes, offset + at).value_or(-1);
  };
  switch (step.kind) {
    case ScanStep::Kind::Pointer:
      return check_pointer(step.target, *first, depth);
    case ScanStep::Kind::String:
      return check_string(*first, number(8));
    case ScanStep::Kind::Slice:
      return check_slice(step.target, *first, number(8), number(16), depth);
    case ScanStep::Kind::Interface:
    case ScanStep::Kind::EmptyInterface: {
      auto data = load<std::uint64_t>(bytes, offset + 8).value_or(0);
      if (*first == 0) return data == 0 ? Verdict(kNone) : std::nullopt;
      auto dynamic = kUnknownType;
      if (step.kind == ScanStep::Kind::EmptyInterface)
        dynamic = dynamic_type(*first);
      else if (!heap_.contains(*first))
        dynamic = decoder_.types().from_itab(*first);
      return check_interface(dynamic, data);
    }
    case ScanStep::Kind::Map: {
      if (*first == 0) return kNone;
      auto object = heap_.find(*first);
      if (!object) return check_outside(map_header_, *first, 0);
      if (!is_map_header(*object)) return std::nullopt;
      return check_map_storage(*first, decoder_.types().info(step.target).map_storage, depth);
    }
    case ScanStep::Kind::Chan: {
      if (*first == 0) return kNone;
      auto object = heap_.find(*first);
      if (!object) return check_outside(channel_header_, *first, 0);
      if (object->offset != 0 || !is_channel(*object, *first)) return std::nullopt;
      auto wanted =
          step.target == kUnknownType ? kUnknownType : decoder_.types().info(step.target).elem;
      return wanted == kUnknownType || wanted == channel_elem(*first) ? Verdict(kStrong)
                                                                      : std::nullopt;
    }
    case ScanStep::Kind::Func:
      return check_func(*first);
    case ScanStep::Kind::SyncMapNode: {
      auto is_entry = heap_.image().read<std::uint8_t>(*first);
      if (*first == 0 || !is_entry || *is_entry > 1)
        return *first == 0 ? Verdict(kNone) : std::nullopt;
      return check_pointer(decoder_.types().sync_map_node_target(step.target, *is_entry != 0),
                           *first, depth);
    }
    case ScanStep::Kind::UnsafePointer:
    case ScanStep::Kind::PoolLocals:
    case ScanStep::Kind::Repeat:
      return *first == 0 || heap_.find(*first) ? Verdict(kNone) : outside_heap(*first);
  }
  return std::nullopt;
}

bool Guesser::is_map_header(const ObjectRef& object) {
  index_types();
  const TypeFacts header = decoder_.facts(map_header_);
  return object.offset == 0 && header.slot == slot_size(object) &&
         heap_.spans()[object.span].layout == PointerLayout::InlineBitmap &&
         mask_of(object) == header.mask;
}

// Whether the first block of the map whose header stands at `header` may hold `storage`.
Guesser::Verdict Guesser::check_map_storage(Address header, TypeId storage, unsigned depth) {
  auto at = map_block(header);
  if (at == 0 || depth == 0) return kWeak;  // an empty map; or the header is all that is looked at
  auto block = heap_.find(at);
  if (!block || storage == kUnknownType) return kNone;
  if (auto known = allocated_type(*block); known != kUnknownType)
    return known == storage ? Verdict(kStrong) : std::nullopt;
  if (!decoder_.runtime().layout().swiss_maps())
    return check_buckets(header, *block, storage, depth - 1) ? Verdict(kGood) : std::nullopt;
  const TypeFacts facts = decoder_.facts(storage);
  const HeapSpan& span = heap_.spans()[block->span];
  if (span.layout == PointerLayout::None) return facts.has_pointers ? std::nullopt : Verdict(kWeak);
  if (!has_bitmap(span.layout)) return kNone;
  if (facts.slot != span.span.elem_size || !has_pointers_of(*block, 0, storage, 1))
    return facts.slot < span.span.elem_size ? Verdict(kNone) : std::nullopt;
  return check(storage, *block, depth - 1) ? Verdict(kGood) : std::nullopt;
}

// map.go: makeBucketArray: 2^B buckets, and from B = 4 on a sixteenth more for the overflow.
// Whether buckets of that type give the array its size, pointer words and contents.
Guesser::Verdict Guesser::check_buckets(Address header, const ObjectRef& block, TypeId type,
                                        unsigned depth) {
  constexpr unsigned kMostB = 40;
  const Layout& layout = decoder_.runtime().layout();
  const Image& image = heap_.image();
  auto at = [&](std::int64_t offset) { return header + static_cast<std::uint64_t>(offset); };
  auto log = image.read<std::uint8_t>(at(layout.hmap_B));
  auto entries = image.word(at(layout.hmap_count));
  const HeapSpan& span = heap_.spans()[block.span];
  bool pointers = span.layout != PointerLayout::None;
  const TypeFacts facts = decoder_.facts(type);
  if (!log || !entries || *log > kMostB || block.offset != 0 ||
      (pointers && !has_bitmap(span.layout)) || facts.has_pointers != pointers || facts.size == 0)
    return std::nullopt;
  auto slot = span.span.elem_size, buckets = std::uint64_t{1} << *log;
  auto made = buckets + (*log >= 4 ? buckets / 16 : 0);
  if (made > slot / facts.size || allocated_size(made * facts.size, pointers) != slot ||
      exhausted())
    return std::nullopt;
  bool growing = image.word(at(layout.hmap_oldbuckets)).value_or(0) != 0;
  if (!growing && used_cells(heap_.base(block.id), facts.size, buckets) > *entries)
    return std::nullopt;
  if (!pointers) return kNone;
  auto all = *log >= 4 ? slot / facts.size : made;
  if (!has_pointers_of(block, 0, type, all) || pointers_from(block, all * facts.size))
    return std::nullopt;
  in_buckets_++;
  auto verdict = check_values(type, block, 0, buckets, depth);
  in_buckets_--;
  return verdict;
}

// Cells in use in the first buckets of an array, by their tophash.
std::uint64_t Guesser::used_cells(Address array, std::uint64_t bucket,
                                  std::uint64_t buckets) const {
  constexpr std::uint64_t kMostBuckets = 128;  // that are looked at
  constexpr unsigned kMinTopHash = 5, kCells = 8;
  std::uint64_t used = 0;
  for (std::uint64_t i = 0; i < std::min(buckets, kMostBuckets); i++) {
    auto tops = heap_.image().bytes(array + i * bucket, kCells);
    if (!tops) return used;
    for (std::byte top : *tops) used += static_cast<unsigned>(top) >= kMinTopHash;
  }
  return used;
}

// Variables and read-only data, stacks, the runtime's own memory: no witness. Nowhere: no pointer.
Guesser::Verdict Guesser::outside_heap(Address value) const {
  if (heap_.contains(value)) return std::nullopt;  // a free slot
  return heap_.image().at(value, 1) ? Verdict(kNone) : std::nullopt;
}

// The same of a pointer to a `target`, or to the first of an array of them: variables have the
// pointer words of their types (cmd/link: GCProg.AddSym), and among those without pointers stands
// no type with some.
Guesser::Verdict Guesser::check_outside(TypeId target, Address value, unsigned depth) {
  auto verdict = outside_heap(value);
  if (!verdict || target == kUnknownType) return verdict;
  const TypeFacts facts = decoder_.facts(target);
  const Runtime& runtime = decoder_.runtime();
  const Module* module = runtime.module_of_data(value);
  if (!module)
    return facts.has_pointers && runtime.in_pointer_free_data(value) ? std::nullopt : verdict;
  if (value % 8 != 0) return facts.has_pointers ? std::nullopt : verdict;
  if (!large_mask_allowed(target)) return verdict;
  auto words = std::min(facts.size / 8, kMostTiles);
  steps_ += words;
  if (!runtime.has_root_words(*module, value, decoder_.types().pointer_mask(target), words))
    return std::nullopt;
  if (depth == 0 || !facts.has_pointers) return verdict;
  auto bytes = heap_.image().bytes(value, facts.size);
  bool fits = bytes && check_steps(facts.program, {bytes->data(), bytes->size(), value, nullptr}, 0,
                                   depth - 1);
  return fits ? verdict : std::nullopt;
}

Guesser::Verdict Guesser::check_pointer(TypeId target, Address value, unsigned depth) {
  if (value == 0) return kNone;
  auto object = heap_.find(value);
  if (!object) return check_outside(target, value, depth);
  const TypeFacts facts = decoder_.facts(target);
  if (target == kUnknownType || facts.size == 0) return kNone;
  const HeapSpan& span = heap_.spans()[object->span];
  auto slot = span.span.elem_size, header = Heap::header_size(span);
  if (object->offset < header || facts.size > slot - object->offset) return std::nullopt;
  bool whole = object->offset == header && facts.slot == slot;
  if (target == channel_header_)  // without pointers where its elements have none
    return object->offset == 0 && is_channel(*object, value) ? Verdict(kStrong) : std::nullopt;
  if (span.layout == PointerLayout::None) {
    if (facts.has_pointers) return std::nullopt;
    bool tiny = slot == kTinySlot && facts.size < kTinySlot;
    return whole || tiny ? kWeak : kNone;
  }
  if (has_bitmap(span.layout)) {
    if (object->offset % 8 != 0) return facts.has_pointers ? std::nullopt : Verdict(kNone);
    if (!facts.has_pointers || !has_pointers_of(*object, object->offset, target, 1))
      return std::nullopt;
    if (!whole) return kNone;
    if (pointers_from(*object, facts.size)) return kNone;  // an array's first element
    if (depth == 0) return kGood;
    auto inner = check(target, *object, depth - 1);
    if (!inner) return std::nullopt;
    return *inner >= kGood ? kStrong : *inner > 0 ? kGood : kWeak;
  }
  auto known = allocated_type(*object);
  if (known == kUnknownType) return kNone;
  auto at = (object->offset - header) % std::max<std::uint64_t>(decoder_.facts(known).size, 1);
  if (known == target) return at == 0 ? Verdict(kStrong) : std::nullopt;
  // A part of a slice's array, as an array.
  if (known == innermost(target)) return at == 0 ? Verdict(kWeak) : std::nullopt;
  // A part of a larger value, or of an array.
  const auto size = decoder_.types().info(known).size;
  if (size < facts.size || (facts.has_pointers && (at % 8 != 0 || at + facts.size > size)))
    return std::nullopt;
  if (!facts.has_pointers) return kNone;
  if (size == facts.size) return std::nullopt;
  return has_part(known, at, target) ? Verdict(kNone) : std::nullopt;
}

// Whether the values of the type have, from byte `at` on, the pointer words of the other.
bool Guesser::has_part(TypeId type, std::uint64_t at, TypeId other) {
  if (!large_mask_allowed(type) || !large_mask_allowed(other)) return true;
  auto& types = decoder_.types();
  const auto &whole = types.pointer_mask(type), &part = types.pointer_mask(other);
  auto bit = [](const std::vector<std::uint64_t>& mask, std::uint64_t word) {
    return word / 64 < mask.size() && (mask[word / 64] >> word % 64 & 1);
  };
  auto words = std::min(types.info(other).size / 8, kMostTiles);
  for (std::uint64_t word = 0; word < words; word++)
    if (bit(whole, at / 8 + word) != bit(part, word)) return false;
  return true;
}

Guesser::Verdict Guesser::check_string(Address data, std::int64_t len) {
  if (len < 0 || len > kLongest) return std::nullopt;
  // map_faststr.go: mapdelete_faststr clears the pointer of a key and leaves its len.
  if (data == 0) return len == 0 || in_buckets_ > 0 ? Verdict(kNone) : std::nullopt;
  auto size = static_cast<std::uint64_t>(len);
  auto object = heap_.find(data);
  if (!object) {
    if (heap_.contains(data)) return std::nullopt;
    if (len == 0) return kNone;
    return heap_.image().at(data, size) ? Verdict(kWeak) : std::nullopt;
  }
  const HeapSpan& span = heap_.spans()[object->span];
  if (span.layout != PointerLayout::None || size > span.span.elem_size - object->offset)
    return std::nullopt;
  bool fills = object->offset == 0 && allocated_size(size, false) == span.span.elem_size;
  return fills || span.span.elem_size == kTinySlot ? kGood : kNone;
}

Guesser::Verdict Guesser::check_slice(TypeId elem, Address data, std::int64_t len, std::int64_t cap,
                                      unsigned depth) {
  if (len < 0 || cap < len || cap > kLongest) return std::nullopt;
  if (data == 0) return cap == 0 ? Verdict(kNone) : std::nullopt;
  auto object = heap_.find(data);
  const TypeFacts facts = decoder_.facts(elem);
  if (facts.size == 0) return kNone;
  auto bytes = checked_mul(static_cast<std::uint64_t>(cap), facts.size);
  if (!bytes) return std::nullopt;
  if (!object) {
    if (heap_.contains(data) || !heap_.image().at(data, *bytes)) return std::nullopt;
    return cap == 0 ? Verdict(kNone) : check_outside(elem, data, depth);
  }
  const HeapSpan& span = heap_.spans()[object->span];
  auto slot = span.span.elem_size, header = Heap::header_size(span);
  if (object->offset < header || *bytes > slot - object->offset) return std::nullopt;
  bool pointers = span.layout != PointerLayout::None;
  if (pointers != facts.has_pointers) return std::nullopt;
  auto before = object->offset - header;
  bool exact = *bytes != 0 && allocated_size(before + *bytes, pointers) == slot;
  if (!pointers) return exact ? kGood : kNone;
  if (has_bitmap(span.layout)) {
    if (facts.size % 8 != 0 || before % 8 != 0) return std::nullopt;
    auto all = static_cast<std::uint64_t>(cap);
    if (!has_pointers_of(*object, before, elem, std::min(all, kMostTiles))) return std::nullopt;
    auto inner =
        depth == 0 ? Verdict(kNone) : check_values(elem, *object, object->offset, all, depth - 1);
    if (!inner) return std::nullopt;
    return exact ? (*inner >= kGood ? kStrong : kGood) : kNone;
  }
  auto known = allocated_type(*object);
  if (known == kUnknownType) return kNone;
  if (known == elem) return exact ? kStrong : kGood;
  auto& types = decoder_.types();
  if (types.info(known).size == types.info(elem).size &&
      types.pointer_mask(known) != types.pointer_mask(elem))
    return std::nullopt;
  // A slice of an array that is part of something else, or a cast.
  return types.info(known).size >= types.info(elem).size * static_cast<std::uint64_t>(cap)
             ? Verdict(kNone)
             : std::nullopt;
}

// Whether a value without pointers may stand there, in an object with pointers: sync.NewCond(&q.mu)
// has a *sync.Mutex. As a witness for a pointer's type that would say nothing: any object with some
// number in it has room for one.
bool Guesser::is_part(TypeId type, const ObjectRef& object) {
  const TypeFacts facts = decoder_.facts(type);
  const HeapSpan& span = heap_.spans()[object.span];
  return !facts.has_pointers && has_bitmap(span.layout) &&
         facts.size <= span.span.elem_size - object.offset &&
         has_pointers_of(object, object.offset, type, 1);
}

Guesser::Verdict Guesser::check_interface(TypeId dynamic, Address data) {
  auto& types = decoder_.types();
  if (dynamic == kUnknownType || types.info(dynamic).kind == TypeKind::Unknown) return std::nullopt;
  if (!decoder_.facts(dynamic).direct_interface) {
    bool fits = data != 0 && check_pointer(dynamic, data, 0);
    return fits ? Verdict(kStrong) : std::nullopt;
  }
  if (data == 0) return kStrong;
  auto object = heap_.find(data);
  auto fits = outside_heap(data).has_value();
  switch (const TypeInfo& info = types.info(dynamic); info.kind) {
    case TypeKind::Pointer:
      fits =
          check_pointer(info.elem, data, 0).has_value() || (object && is_part(info.elem, *object));
      break;
    case TypeKind::Map:  // without its contents, which may be interfaces in turn
      fits = object ? is_map_header(*object) : fits;
      break;
    case TypeKind::Chan:
      fits = object ? object->offset == 0 && is_channel(*object, data) : fits;
      break;
    case TypeKind::Func:
      fits = check_func(data).has_value();
      break;
    default:  // a struct or array of one of these
      fits |= object.has_value();
      break;
  }
  return fits ? Verdict(kStrong) : std::nullopt;
}

Guesser::Verdict Guesser::check_func(Address value) {
  if (value == 0) return kNone;
  auto code = heap_.image().word(value);
  if (!code || !is_function(*code)) return std::nullopt;
  return heap_.find(value) ? kGood : kWeak;
}

}  // namespace overhang
