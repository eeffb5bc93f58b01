// The managed heap as dense objects: address -> object, allocated or free, pointer words.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bitmap.h"
#include "base/ids.h"
#include "goruntime/spans.h"

namespace overhang {

// How the collector finds an object's pointers (mbitmap.go).
enum class PointerLayout : std::uint8_t {
  None,         // noscan
  InlineBitmap, // one bit a word at the span's end (elem_size <= 512)
  Header,       // *abi.Type in the first word (1.22+, up to 32 KiB)
  LargeType,    // span.large_type
};

struct HeapSpan {
  Span span;
  ObjectId first;             // id of slot 0; slots have consecutive ids
  PointerLayout layout = PointerLayout::None;
  std::uint32_t div_magic = 0;  // ceil(2^32 / elem_size), as runtime.mspan.divMul; 0: one slot
  const std::byte* data = nullptr;    // the span's bytes on our side (bytes() of them), or nullptr
  const std::byte* bitmap = nullptr;  // InlineBitmap: its first byte
};

// An object as found by an address.
struct ObjectRef {
  ObjectId id;
  std::uint32_t span = 0;   // index into spans()
  std::uint64_t offset = 0; // bytes from the slot's start
};

class Heap {
 public:
  // Loads the bytes of spans that hold pointers; leaves pointer-free ones on disk.
  static Result<Heap> open(const Runtime& runtime, HeapSpans spans);

  const Image& image() const { return *image_; }
  const Runtime& runtime() const { return *runtime_; }
  std::uint32_t object_count() const { return object_count_; }  // ids are [0, object_count)
  const std::vector<HeapSpan>& spans() const { return spans_; }

  // Whether the address lies in an in-use span at all.
  bool contains(Address address) const { return span_index(address) != kNone; }
  // The slot that holds `address` (runtime.findObject): nothing outside in-use spans, past the last
  // slot, or in a slot that is free (isFree by freeIndexForScan and allocBits).
  std::optional<ObjectRef> find(Address address) const;

  const HeapSpan& span_of(ObjectId id) const { return spans_[span_index_of(id)]; }
  std::uint32_t span_index_of(ObjectId id) const;
  Address base(ObjectId id) const;
  std::uint64_t slot_size(ObjectId id) const { return span_of(id).span.elem_size; }
  // Bytes at the slot's start that belong to the allocator (the 8-byte malloc header), 0 or 8.
  std::uint64_t header_size(ObjectId id) const {
    return span_of(id).layout == PointerLayout::Header ? 8 : 0;
  }
  bool allocated(ObjectId id) const { return allocated_.test(id.value); }
  const Bitmap& allocated() const { return allocated_; }

  // The abi.Type of the object's elements, where the allocator recorded it (Header, LargeType);
  // else 0.
  Address allocation_type(ObjectId id) const;

  // Calls visit(offset, value) for each non-null pointer word of the object in [begin, end) bytes
  // of the slot, in order, exactly those that the collector would follow.
  template <class Visit>
  void for_each_pointer(ObjectId id, std::uint64_t begin, std::uint64_t end, Visit&& visit) const;
  // The same knowing the span. See pointer_map.h for the definitions.
  template <class Visit>
  void for_each_pointer(const HeapSpan& span, std::uint32_t slot, std::uint64_t begin,
                        std::uint64_t end, Visit&& visit) const;
  // Whether the collector takes the word at byte `offset` of the slot for a pointer.
  bool is_pointer_word(ObjectId id, std::uint64_t offset) const;

  // The collector's own verdict on the last finished cycle, for tests: what survived it.
  // See DESIGN.md §7.
  bool marked_by_collector(ObjectId id) const;
  // Allocated since the last cycle (so that the collector has no verdict).
  bool allocated_since_cycle(ObjectId id) const;

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;
  std::uint32_t span_index(Address address) const;
  // …the rest is heap.cc's and pointer_map.h's.
  const Image* image_ = nullptr;
  const Runtime* runtime_ = nullptr;
  std::vector<HeapSpan> spans_;
  std::uint32_t object_count_ = 0;
  Bitmap allocated_;
};

}  // namespace overhang
