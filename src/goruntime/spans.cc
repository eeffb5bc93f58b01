#include "goruntime/spans.h"

#include <algorithm>

namespace overhang {
namespace {

constexpr std::uint64_t kAddressBits = 48;
constexpr std::uint8_t kSizeClasses = 68;  // internal/runtime/gc.NumSizeClasses

// mheap_.arenas, two levels: heapArena of an address (runtime.arenaIndex, heapArenaOf).
class ArenaMap {
 public:
  ArenaMap(const Image& image, const Layout& layout, Address mheap)
      : image_(image),
        layout_(layout),
        arenas_(mheap + static_cast<std::uint64_t>(layout.mheap_arenas)) {}

  // 0 where no arena is mapped.
  Address arena_of(Address address) {
    auto offset = address - static_cast<std::uint64_t>(layout_.arenaBaseOffset);
    auto index = offset / static_cast<std::uint64_t>(layout_.heapArenaBytes);
    if (index != last_index_) {
      last_index_ = index;
      auto l2 = index & ((std::uint64_t{1} << layout_.arenaL2Bits) - 1);
      auto l1 = layout_.arenaL1Bits ? index >> layout_.arenaL2Bits : 0;
      auto table = (l1 >> layout_.arenaL1Bits) == 0 ? image_.word(arenas_ + l1 * 8) : std::nullopt;
      last_arena_ = table && *table ? image_.word(*table + l2 * 8).value_or(0) : 0;
    }
    return last_arena_;
  }
  std::uint64_t page_index(Address address) const {
    return address / kHeapPageSize % static_cast<std::uint64_t>(layout_.pagesPerArena);
  }
  // runtime.spanOf.
  Address span_of(Address address) {
    auto arena = arena_of(address);
    if (!arena) return 0;
    return image_
        .word(arena + static_cast<std::uint64_t>(layout_.heapArena_spans) + page_index(address) * 8)
        .value_or(0);
  }
  // mgcmark_greenteagc.go: tryDeferToSpanScan.
  bool uses_inline_marks(Address base) {
    if (!layout_.has(layout_.heapArena_pageUseSpanInlineMarkBits)) return false;
    auto arena = arena_of(base);
    auto page = page_index(base);
    auto byte =
        arena
            ? image_.read<std::uint8_t>(
                  arena + static_cast<std::uint64_t>(layout_.heapArena_pageUseSpanInlineMarkBits) +
                  page / 8)
            : std::nullopt;
    return byte && (*byte >> (page % 8) & 1);
  }

 private:
  const Image& image_;
  const Layout& layout_;
  Address arenas_;
  std::uint64_t last_index_ = UINT64_MAX;
  Address last_arena_ = 0;
};

// A field of the mspan whose bytes are `record`. The caller has checked its length.
template <class T>
T field(ByteSpan record, std::int64_t offset) {
  return load_unchecked<T>(record.data() + offset);
}

Span read_span(const Layout& layout, ByteSpan record) {
  Span s;
  s.base = field<std::uint64_t>(record, layout.mspan_startAddr);
  s.limit = field<std::uint64_t>(record, layout.mspan_limit);
  s.npages = field<std::uint64_t>(record, layout.mspan_npages);
  s.elem_size = field<std::uint64_t>(record, layout.mspan_elemsize);
  // uint16 since Go 1.22.
  s.slots = field<std::uint16_t>(record, layout.mspan_nelems);
  s.free_index = field<std::uint16_t>(record, layout.mspan_freeindex);
  s.free_index_for_scan = field<std::uint16_t>(record, layout.mspan_freeIndexForScan);
  s.sweepgen = field<std::uint32_t>(record, layout.mspan_sweepgen);
  s.span_class = field<std::uint8_t>(record, layout.mspan_spanclass);
  s.user_arena = field<std::uint8_t>(record, layout.mspan_isUserArenaChunk) != 0;
  s.alloc_bits = field<std::uint64_t>(record, layout.mspan_allocBits);
  s.gcmark_bits = field<std::uint64_t>(record, layout.mspan_gcmarkBits);
  s.specials = field<std::uint64_t>(record, layout.mspan_specials);
  s.large_type = field<std::uint64_t>(record, layout.mspan_largeType);
  return s;
}

// Whether the numbers can all be true of one span (mheap.go: initSpan).
bool sane(const Span& s, const Layout& layout) {
  if (s.base == 0 || s.base % kHeapPageSize != 0 || s.base >> kAddressBits != 0) return false;
  if (s.npages == 0 || s.npages > (std::uint64_t{1} << kAddressBits) / kHeapPageSize) return false;
  if (s.size_class() >= kSizeClasses || s.slots == 0) return false;
  if (s.elem_size == 0 || s.elem_size % 8 != 0) return false;
  if (s.size_class() == 0 && s.slots != 1) return false;
  auto reserved = s.inline_marks ? kInlineMarkBytes : 0;
  bool bitmap =
      !s.noscan() && s.elem_size <= static_cast<std::uint64_t>(layout.minSizeForMallocHeader);
  if (bitmap || s.user_arena) reserved += s.bytes() / 64;
  if (s.inline_marks && (s.npages != 1 || s.slots > kInlineMarkSlots)) return false;
  if (s.elem_size > s.bytes() || s.slots > (s.bytes() - reserved) / s.elem_size) return false;
  if (s.limit < s.base || s.limit > s.base + s.bytes()) return false;
  return s.free_index <= s.slots && s.free_index_for_scan <= s.slots;
}

// Leaves out spans that start before the one before them ends.
void drop_overlaps(std::vector<Span>& spans, Diagnostics& diagnostics) {
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.base < b.base; });
  Address end = 0;
  std::erase_if(spans, [&](const Span& s) {
    if (s.base < end) {
      diagnostics.lose("heap span overlaps another", fmt::format("{:#x}", s.base));
      return true;
    }
    end = s.base + s.bytes();
    return false;
  });
}

}  // namespace

Result<HeapSpans> read_spans(const Runtime& runtime) {
  Phase phase(runtime.diagnostics(), "spans");
  auto& image = runtime.image();
  auto& layout = runtime.layout();
  auto mheap = runtime.variables().mheap;
  auto sweepgen =
      image.read<std::uint32_t>(mheap + static_cast<std::uint64_t>(layout.mheap_sweepgen));
  auto all = read_slice(image, mheap + static_cast<std::uint64_t>(layout.mheap_allspans));
  auto pointers = all ? image.bytes(all->data, all->len * 8) : std::nullopt;
  if (!sweepgen || !pointers)
    return fail(ErrorKind::BadInput,
                "the heap's span list (runtime.mheap_.allspans, mheap_ at {:#x}) is not in the "
                "image; take a core of the whole process",
                mheap);
  HeapSpans out;
  out.sweepgen = *sweepgen;
  ArenaMap arenas(image, layout, mheap);
  std::uint64_t bad = 0;
  out.spans.reserve(all->len);
  for (std::uint64_t i = 0; i < all->len; i++) {
    auto address = load_unchecked<std::uint64_t>(pointers->data() + i * 8);
    auto lose = [&](std::string_view cause) {
      runtime.diagnostics().lose(cause, fmt::format("mspan {:#x}", address));
      bad++;
    };
    auto record = image.bytes(address, static_cast<std::uint64_t>(layout.mspan_size));
    if (!record) {
      lose("heap span unreadable (runtime.mspan)");
      continue;
    }
    if (field<std::uint8_t>(*record, layout.mspan_state) != layout.mSpanInUse) continue;
    auto span = read_span(layout, *record);
    span.inline_marks = arenas.uses_inline_marks(span.base);
    if (!sane(span, layout)) {
      lose("heap span inconsistent (runtime.mspan)");
    } else if (arenas.span_of(span.base) != address ||
               arenas.span_of(span.base + span.bytes() - 1) != address) {
      lose("heap span not in its arena (runtime.heapArena.spans)");
    } else {
      out.spans.push_back(span);
    }
  }
  if (bad > out.spans.size())
    return fail(ErrorKind::BadInput,
                "{} of the heap's spans (runtime.mheap_.allspans) make no sense; is the core cut "
                "short, or the executable not the one that ran?",
                bad);
  drop_overlaps(out.spans, runtime.diagnostics());
  return out;
}

}  // namespace overhang
