#include "heap/heap.h"

#include <algorithm>

#include "base/parallel.h"
#include "goruntime/arena_bitmap.h"
#include "goruntime/span_marks.h"
#include "goruntime/specials.h"
#include "heap/pointer_map.h"

namespace overhang {
namespace {

// The page table takes 1/512 of what the spans cover. A forged heap must not claim more than this
// beyond the image's own size.
constexpr std::uint64_t kHeapBytesAlwaysAllowed = std::uint64_t{256} << 30;
constexpr std::uint64_t kMaskBuildBytes = std::uint64_t{1} << 20;

PointerLayout layout_of(const Span& span, const Layout& layout) {
  if (span.noscan()) return PointerLayout::None;
  if (!layout.malloc_headers()) {
    if (span.elem_size <= pointer_map::kMaskBytes) return PointerLayout::InlineBitmap;
    return span.size_class() ? PointerLayout::Bitmap : PointerLayout::LargeBitmap;
  }
  if (span.elem_size <= static_cast<std::uint64_t>(layout.minSizeForMallocHeader))
    return PointerLayout::InlineBitmap;
  return span.size_class() ? PointerLayout::Header : PointerLayout::LargeType;
}

// mbitmap.go: spanHeapBitsRange, as an offset in the span.
std::uint64_t bitmap_offset(const Span& span) {
  auto bytes = span.bytes();
  return bytes - bytes / 64 - (span.inline_marks ? kInlineMarkBytes : 0);
}

// Sets the bits [first, first + count).
void set_range(Bitmap& bits, std::uint64_t first, std::uint64_t count) {
  auto& words = bits.words();
  while (count) {
    auto shift = first % 64;
    auto n = std::min<std::uint64_t>(64 - shift, count);
    words[first / 64] |= (~std::uint64_t{0} >> (64 - n)) << shift;
    first += n;
    count -= n;
  }
}

}  // namespace

Result<Heap> Heap::open(const Runtime& runtime, const HeapSpans& input, unsigned threads,
                        std::uint64_t max_objects) {
  Phase phase(runtime.diagnostics(), "heap");
  std::uint64_t bytes = 0, slots = 0, image_bytes = 0;
  for (auto& segment : runtime.image().segments()) image_bytes += segment.size;
  for (auto& span : input.spans) {
    bytes += span.bytes();
    slots += span.slots;
  }
  if (bytes > kHeapBytesAlwaysAllowed && bytes / 4 > image_bytes)
    return fail(ErrorKind::BadInput,
                "the heap's spans claim {} bytes, but the image has {}; is the core cut short?",
                bytes, image_bytes);
  if (slots > max_objects)
    return fail(ErrorKind::TooMany,
                "the heap has room for {} objects; overhang numbers up to {} of them", slots,
                max_objects);
  Heap heap(runtime, input.sweepgen);
  heap.number_slots(input.spans);
  heap.pages_ = PageTable(input.spans, heap.span_first_);
  heap.masks_ = std::make_unique<PointerMasks>(runtime, bytes / 64 + kMaskBuildBytes);
  heap.load_spans(threads);
  heap.read_allocated();
  return heap;
}

void Heap::number_slots(const std::vector<Span>& spans) {
  auto& layout = runtime_->layout();
  spans_.reserve(spans.size());
  span_first_.reserve(spans.size() + 1);
  ObjectIndex next = 0;
  for (auto& span : spans) {
    HeapSpan out;
    out.first = ObjectId(next);
    out.div_magic = div_magic(span);
    out.layout = layout_of(span, layout);
    out.span = span;
    spans_.push_back(out);
    span_first_.push_back(next);
    next += span.slots;
  }
  span_first_.push_back(next);
  object_count_ = next;
  block_span_.resize((next + kIdsPerBlock - 1) / kIdsPerBlock);
  std::uint32_t span = 0;
  for (ObjectIndex block = 0; block < block_span_.size(); block++) {
    while (span_first_[span + 1] <= block * kIdsPerBlock) span++;
    block_span_[block] = span;
  }
}

void Heap::load_spans(unsigned threads) {
  constexpr std::size_t kGrain = 256;
  bool in_arenas = !runtime_->layout().malloc_headers();
  if (in_arenas) bitmaps_.resize(spans_.size());
  Meter& meter = runtime_->diagnostics().meter();
  meter.begin(spans_.size(), "span");
  parallel_chunks(threads, spans_.size(), kGrain, [&](unsigned, std::size_t i, std::size_t end) {
    meter.advance(end - i);
    ArenaBitmaps arena_bitmaps(*runtime_);
    // Only what is needed: beside each span that holds pointers stand many that do not.
    std::vector<Image::Range> wanted;
    for (auto at = i; at < end; at++)
      if (spans_[at].layout != PointerLayout::None)
        wanted.push_back({spans_[at].span.base, spans_[at].span.bytes()});
    image_->load(wanted);
    for (; i < end; i++) {
      auto& span = spans_[i];
      if (span.layout == PointerLayout::None) continue;
      auto lose = [&](std::string_view what) {
        span.data = nullptr;
        runtime_->diagnostics().lose(what, fmt::format("{:#x}", span.span.base));
      };
      span.data = image_->at(span.span.base, span.span.bytes());
      if (!span.data) {
        lose("heap span's bytes not in the image");
      } else if (in_arenas) {
        span.bitmap = arena_bitmaps.of(span.span, bitmaps_[i]);
        if (!span.bitmap) lose("heap span's pointer bits not in the image (heapArena.bitmap)");
      } else if (span.layout == PointerLayout::InlineBitmap) {
        span.bitmap = span.data + bitmap_offset(span.span);
      }
    }
  });
  meter.end();
}

void Heap::set_allocated(const HeapSpan& entry, std::uint32_t byte_index, std::uint8_t bits) {
  auto left = entry.span.slots - byte_index * 8;
  auto byte = std::uint64_t{bits};
  if (left < 8) byte &= (1u << left) - 1;
  auto at = std::uint64_t{entry.first.value} + byte_index * 8;
  allocated_.words()[at / 64] |= byte << (at % 64);
  if (at % 64 > 56 && byte >> (64 - at % 64))
    allocated_.words()[at / 64 + 1] |= byte >> (64 - at % 64);
}

// mspan.isFreeOrNewlyAllocated, for all slots, as it answers once the cycle under way is over.
void Heap::read_allocated() {
  allocated_ = Bitmap(object_count_);
  HeapSpans unswept{{}, sweepgen_};
  for (auto& entry : spans_) {
    auto& span = entry.span;
    auto state = sweep_state(span, sweepgen_);
    auto byte_count = (span.slots + 7) / 8;
    if (state != SweepState::Swept) {
      SpanMarks marks(*image_, span);
      if (state == SweepState::Unswept || marks.any()) {
        for (std::uint32_t i = 0; i < byte_count; i++) set_allocated(entry, i, marks.byte(i));
        if (span.specials) unswept.spans.push_back(span);
        continue;
      }
    }
    set_range(allocated_, entry.first.value, span.free_index_for_scan);
    // While the collector marks, what is allocated is marked and freeIndexForScan stands still
    // (malloc.go: mallocgcSmallScanNoHeader). Slots that are not marked are half-made.
    if (span.free_index > span.free_index_for_scan) {
      SpanMarks marks(*image_, span);
      for (auto slot = span.free_index_for_scan; slot < span.free_index; slot++)
        if (marks.test(slot)) allocated_.set(entry.first.value + slot);
    }
    auto* bits = image_->at(span.alloc_bits, byte_count);
    if (!bits) {
      runtime_->diagnostics().lose("allocation bits not in the image (mspan.allocBits)",
                                   fmt::format("span {:#x}", span.base));
      continue;
    }
    for (std::uint32_t i = 0; i < byte_count; i++)
      set_allocated(entry, i, std::to_integer<std::uint8_t>(bits[i]));
  }
  revive_finalizable(unswept);
}

// Sweeping keeps what is unmarked and has a finalizer.
void Heap::revive_finalizable(const HeapSpans& unswept) {
  for_each_special(*runtime_, unswept, [this](const Span& span, const Special& special) {
    PageTable::Hit hit;
    if (special.kind == runtime_->layout().kindSpecialFinalizer &&
        pages_.find(span.base + special.offset, hit))
      allocated_.set(hit.id);
  });
}

const std::byte* Heap::slot_bytes(ObjectId id) const {
  auto& span = span_of(id);
  auto offset = span.slot_of(id) * span.span.elem_size;
  if (span.data) return span.data + offset;
  return image_->at(span.span.base + offset, span.span.elem_size);
}

Address Heap::allocation_type(ObjectId id) const {
  auto& span = span_of(id);
  if (span.layout == PointerLayout::LargeType)
    return span.span.user_arena ? 0 : span.span.large_type;
  if (span.layout != PointerLayout::Header || !span.data) return 0;
  return load_unchecked<std::uint64_t>(span.data + span.slot_of(id) * span.span.elem_size);
}

bool Heap::refers(ObjectId id, std::uint64_t begin, std::uint64_t end) const {
  bool any = false;
  for_each_pointer(id, begin, end, [&](std::uint64_t, Address) { any = true; });
  return any;
}

bool Heap::is_pointer_word(ObjectId id, std::uint64_t offset) const {
  auto& span = span_of(id);
  if (offset % 8 != 0 || offset >= span.span.elem_size || !span.data) return false;
  if (span.layout == PointerLayout::None) return false;
  auto slot = span.slot_of(id);
  if (has_bitmap(span.layout))
    return pointer_map::bits_at(span, slot * (span.span.elem_size / 8) + offset / 8, 1) & 1;
  auto header = header_size(span);
  if (offset < header) return false;
  auto type = header ? load_unchecked<std::uint64_t>(span.data + slot * span.span.elem_size)
                     : span.span.large_type;
  auto& mask = masks_->of(type);
  auto within = (offset - header) % mask.size;
  if (within >= mask.ptr_bytes) return false;
  auto word = within / 8;
  if (!mask.bits) return mask.first >> word & 1;
  return load_unchecked<std::uint64_t>(mask.bits + word / 64 * 8) >> (word % 64) & 1;
}

}  // namespace overhang
