#include "graph/made_types.h"

#include <optional>

#include "heap/pointer_map.h"

namespace overhang {
namespace {

// abi.Type and the records that begin with it (internal/abi/type.go), in words; bit i: word i is a
// pointer. Equal and GCData are in all of them.
constexpr std::uint64_t kTypeWords = 6, kTypeMask = 0b011000;
constexpr std::uint64_t kEqual = 3, kGcData = 4;
// Bytes: alignment, kind, name.
constexpr std::uint64_t kAlign = 21, kKind = 23, kStr = 40;
constexpr std::uint8_t kKindMask = 31;
// Objects that are looked at closely, each of which takes a row of the table of types.
constexpr std::size_t kMostTried = 1 << 20;

struct Record {
  std::uint64_t words, mask;
};

// What the kind says of the record's pointer words.
Record record_of(TypeKind kind) {
  switch (kind) {
    case TypeKind::Pointer:
    case TypeKind::Slice:
      return {7, kTypeMask | 1 << 6};  // Elem
    case TypeKind::Chan:
      return {8, kTypeMask | 1 << 6};  // Elem, Dir
    case TypeKind::Array:
      return {9, kTypeMask | 1 << 6 | 1 << 7};  // Elem, Slice, Len
    case TypeKind::Map:
      // Key, Elem, Bucket or Group, Hasher
      return {10, kTypeMask | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9};
    case TypeKind::Struct:
      return {10, kTypeMask | 1 << 6 | 1 << 7};  // PkgPath, Fields
    default:
      return {kTypeWords, kTypeMask};
  }
}

class Search {
 public:
  Search(const Heap& heap, TypeTable& types) : heap_(heap), image_(heap.image()), types_(types) {}

  std::vector<TypeId> run() {
    for (const HeapSpan& span : heap_.spans()) {
      bool fits = has_bitmap(span.layout) && span.data && !span.span.user_arena &&
                  span.span.elem_size >= kTypeWords * 8;
      if (!fits) continue;
      auto words = span.span.elem_size / 8;
      for (std::uint32_t slot = 0; slot < span.span.slots; slot++) {
        if (pointer_map::bits_at(span, slot * words, kTypeWords) != kTypeMask) continue;
        if (!heap_.allocated(ObjectId(span.first.value + slot))) continue;
        if (auto type = look_at(span, slot)) found_.push_back(*type);
      }
    }
    return std::move(found_);
  }

 private:
  std::optional<TypeId> look_at(const HeapSpan& span, std::uint32_t slot) {
    auto* bytes = span.data + slot * span.span.elem_size;
    // What is cheap comes first: this is asked of every object.
    auto kind = load_unchecked<std::uint8_t>(bytes + kKind) & kKindMask;
    auto align = load_unchecked<std::uint8_t>(bytes + kAlign);
    bool made = load_unchecked<std::int32_t>(bytes + kStr) < 0;
    if (kind == 0 || align == 0 || align > 16 || !made) return std::nullopt;
    auto equal = load_unchecked<std::uint64_t>(bytes + kEqual * 8);
    if (equal != 0 && !is_code(image_.word(equal).value_or(0))) return std::nullopt;
    if (tried_ == kMostTried) {
      heap_.runtime().diagnostics().lose("objects that may be types made by reflect: too many");
      return std::nullopt;
    }
    tried_++;
    auto type = types_.from_rtype(span.span.base + slot * span.span.elem_size);
    const TypeInfo& info = types_.info(type);
    if (!complete(info)) return std::nullopt;
    if (info.has_pointers && !image_.at(load_unchecked<std::uint64_t>(bytes + kGcData * 8), 1))
      return std::nullopt;
    auto room = span.span.elem_size / 8;
    auto record = record_of(info.kind);
    bool whole = record.words <= room &&
                 pointer_map::bits_at(span, slot * room, record.words) == record.mask;
    return whole ? std::optional(type) : std::nullopt;
  }

  // Whether what the kind says of components could be read. Of the bare records of maps' buckets
  // (reflect.bucketOf) it cannot; their map's type has them.
  static bool complete(const TypeInfo& info) {
    switch (info.kind) {
      case TypeKind::Pointer:
      case TypeKind::Slice:
      case TypeKind::Chan:
      case TypeKind::Array:
        return info.elem != kUnknownType;
      case TypeKind::Map:
        return info.map_storage != kUnknownType;
      case TypeKind::Struct:
        return info.size == 0 || !info.fields.empty();
      case TypeKind::Func:
        return true;
      default:
        return false;
    }
  }

  bool is_code(Address pc) const {
    auto function = heap_.runtime().find_function(pc);
    return function && function->entry == pc;
  }

  const Heap& heap_;
  const Image& image_;
  TypeTable& types_;
  std::vector<TypeId> found_;
  std::size_t tried_ = 0;
};

}  // namespace

std::vector<TypeId> made_types(const Heap& heap, TypeTable& types) {
  return Search(heap, types).run();
}

}  // namespace overhang
