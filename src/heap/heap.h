// The managed heap as dense objects: address -> object, allocated or free, pointer words.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bitmap.h"
#include "goruntime/spans.h"
#include "heap/page_table.h"
#include "heap/pointer_mask.h"

namespace overhang {

// How the collector finds an object's pointers (mbitmap.go). To Go 1.21 all have bits in
// heapArena.bitmap, which are laid out here as those at a span's end are.
enum class PointerLayout : std::uint8_t {
  None,          // noscan
  InlineBitmap,  // one bit a word (elem_size <= 512), 1.22+: at the span's end
  Bitmap,        // the same for larger objects (to 1.21)
  Header,        // *abi.Type in the first word (1.22+, up to 32 KiB)
  // One object, which is marked in parts.
  LargeType,    // span.large_type (1.22+)
  LargeBitmap,  // to 1.21
};
inline bool has_bitmap(PointerLayout layout) {
  return layout == PointerLayout::InlineBitmap || layout == PointerLayout::Bitmap ||
         layout == PointerLayout::LargeBitmap;
}
inline bool marked_in_parts(PointerLayout layout) { return layout >= PointerLayout::LargeType; }

// The hot loops' part comes first, in one cache line.
struct alignas(64) HeapSpan {
  // The span's bytes on our side (bytes() of them); nullptr where the image lacks them, and for
  // pointer-free spans, which are left on disk: see Heap::slot_bytes.
  const std::byte* data = nullptr;
  const std::byte* bitmap = nullptr;  // has_bitmap: one bit a word of the span, in 64-bit words
  ObjectId first;                     // id of slot 0; slots have consecutive ids
  std::uint32_t div_magic = 0;  // ceil(2^32 / elem_size), as runtime.mspan.divMul; 0: one slot
  PointerLayout layout = PointerLayout::None;
  Span span;
  std::uint32_t slot_of(ObjectId id) const {
    return static_cast<std::uint32_t>(id.value - first.value);
  }
};

// An object as found by an address.
struct ObjectRef {
  ObjectId id;
  std::uint32_t span = 0;    // index into spans()
  std::uint64_t offset = 0;  // bytes from the slot's start
};

class Heap {
 public:
  // Loads the bytes of spans that hold pointers; leaves pointer-free ones on disk. The runtime must
  // outlive the heap. Errors: TooMany (more than max_objects slots, which is kMaxObjects but in
  // tests of that), BadInput (spans that no image of this size can hold).
  static Result<Heap> open(const Runtime& runtime, const HeapSpans& spans, unsigned threads = 1,
                           std::uint64_t max_objects = kMaxObjects);

  const Image& image() const { return *image_; }
  const Runtime& runtime() const { return *runtime_; }
  ObjectIndex object_count() const { return object_count_; }  // ids are [0, object_count)
  const std::vector<HeapSpan>& spans() const { return spans_; }
  std::uint32_t sweepgen() const { return sweepgen_; }  // mheap_.sweepgen

  // Whether the address lies in an in-use span at all.
  bool contains(Address address) const { return pages_.span_of(address) != PageTable::kNone; }
  // The slot that holds `address` (runtime.findObject): nothing outside in-use spans, past the last
  // slot, or in a slot that is free. Objects that the last finished cycle found dead are free even
  // if nobody has swept them yet.
  std::optional<ObjectRef> find(Address address) const {
    PageTable::Hit hit;
    if (!pages_.find(address, hit) || !allocated_.test(hit.id)) return std::nullopt;
    auto& span = spans_[hit.span].span;
    return ObjectRef{ObjectId(hit.id), hit.span, address - span.base - hit.slot * span.elem_size};
  }
  // The same without the test for free slots, for loops that do it themselves.
  const PageTable& pages() const { return pages_; }

  const HeapSpan& span_of(ObjectId id) const { return spans_[span_index_of(id)]; }
  std::uint32_t span_index_of(ObjectId id) const {
    auto span = block_span_[id.value / kIdsPerBlock];
    while (span_first_[span + 1] <= id.value) span++;
    return span;
  }
  Address base(ObjectId id) const {
    auto& span = span_of(id);
    return span.span.base + span.slot_of(id) * span.span.elem_size;
  }
  std::uint64_t slot_size(ObjectId id) const { return span_of(id).span.elem_size; }
  // Bytes at the slot's start that belong to the allocator (the 8-byte malloc header), 0 or 8.
  std::uint64_t header_size(ObjectId id) const { return header_size(span_of(id)); }
  static std::uint64_t header_size(const HeapSpan& span) {
    return span.layout == PointerLayout::Header ? 8 : 0;
  }
  bool allocated(ObjectId id) const { return allocated_.test(id.value); }
  const Bitmap& allocated() const { return allocated_; }

  // The slot's bytes, brought in from the image for pointer-free objects too; nullptr where the
  // image lacks them.
  const std::byte* slot_bytes(ObjectId id) const;

  // The abi.Type of the object's elements, where the allocator recorded it (Header, LargeType; not
  // in user arenas, whose chunks have a type of their own; never before 1.22); else 0.
  Address allocation_type(ObjectId id) const;

  // Calls visit(offset, value) for each non-null pointer word of the object in [begin, end) bytes
  // of the slot, in order, exactly those that the collector would follow.
  template <class Visit>
  void for_each_pointer(ObjectId id, std::uint64_t begin, std::uint64_t end, Visit&& visit) const;
  // The same knowing the span. See pointer_map.h for the definitions.
  template <class Visit>
  void for_each_pointer(const HeapSpan& span, std::uint32_t slot, std::uint64_t begin,
                        std::uint64_t end, Visit&& visit) const;
  // Whether any of them is in [begin, end).
  bool refers(ObjectId id, std::uint64_t begin, std::uint64_t end) const;
  // Whether the collector takes the word at byte `offset` of the slot for a pointer.
  bool is_pointer_word(ObjectId id, std::uint64_t offset) const;

  // The collector's own verdict on the last finished cycle, for tests: what survived it. Words of
  // mark bits that the image lacks count as zero. See DESIGN.md §7.
  bool marked_by_collector(ObjectId id) const;
  // Allocated since the last cycle (so that the collector has no verdict).
  bool allocated_since_cycle(ObjectId id) const;

 private:
  static constexpr ObjectIndex kIdsPerBlock = 16;

  Heap(const Runtime& runtime, std::uint32_t sweepgen)
      : image_(&runtime.image()), runtime_(&runtime), sweepgen_(sweepgen) {}
  void number_slots(const std::vector<Span>& spans);
  void load_spans(unsigned threads);
  void read_allocated();
  void set_allocated(const HeapSpan& entry, std::uint32_t byte_index, std::uint8_t bits);
  void revive_finalizable(const HeapSpans& unswept);
  bool alloc_bit(const Span& span, std::uint32_t slot) const;

  const Image* image_ = nullptr;
  const Runtime* runtime_ = nullptr;
  std::vector<HeapSpan> spans_;
  ObjectIndex object_count_ = 0;
  std::uint32_t sweepgen_ = 0;
  Bitmap allocated_;
  PageTable pages_;
  std::vector<ObjectIndex> span_first_;    // by span: its first id; and object_count_ at the end
  std::vector<std::uint32_t> block_span_;  // by id / kIdsPerBlock: the span of the block's first id
  std::unique_ptr<PointerMasks> masks_;
  std::vector<std::vector<std::uint64_t>> bitmaps_;  // by span: made here (arena_bitmap.h)
};

}  // namespace overhang
