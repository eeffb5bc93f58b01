#include "goruntime/spans.h"

#include <algorithm>

#include "goruntime/arenas.h"

namespace overhang {
namespace {

constexpr std::uint64_t kAddressBits = 48;
constexpr std::uint8_t kSizeClasses = 68;  // internal/runtime/gc.NumSizeClasses

// A field of the mspan whose bytes are `record`. The caller has checked its length.
template <class T>
T field(ByteSpan record, std::int64_t offset) {
  return load_unchecked<T>(record.data() + offset);
}

// A number of slots. One that does not fit 32 bits is none of any span: it comes out as 2^32 - 1.
std::uint32_t count_field(const Layout& layout, ByteSpan record, std::int64_t offset) {
  if (layout.narrow_span_counts()) return field<std::uint16_t>(record, offset);
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(field<std::uint64_t>(record, offset), UINT32_MAX));
}

bool limit_fits(const Span& s) { return s.limit >= s.base && s.limit <= s.base + s.bytes(); }

Span read_span(const Layout& layout, ByteSpan record) {
  Span s;
  s.base = field<std::uint64_t>(record, layout.mspan_startAddr);
  s.limit = field<std::uint64_t>(record, layout.mspan_limit);
  s.npages = field<std::uint64_t>(record, layout.mspan_npages);
  s.elem_size = field<std::uint64_t>(record, layout.mspan_elemsize);
  s.slots = count_field(layout, record, layout.mspan_nelems);
  s.free_index = count_field(layout, record, layout.mspan_freeindex);
  // mbitmap.go: isFree, isFreeOrNewlyAllocated. Go 1.19.0 to 1.19.2 take freeindex.
  s.free_index_for_scan = layout.has(layout.mspan_freeIndexForScan)
                              ? count_field(layout, record, layout.mspan_freeIndexForScan)
                              : s.free_index;
  s.sweepgen = field<std::uint32_t>(record, layout.mspan_sweepgen);
  s.span_class = field<std::uint8_t>(record, layout.mspan_spanclass);
  if (layout.has(layout.mspan_isUserArenaChunk))
    s.user_arena = field<std::uint8_t>(record, layout.mspan_isUserArenaChunk) != 0;
  s.alloc_count = field<std::uint16_t>(record, layout.mspan_allocCount);
  s.alloc_bits = field<std::uint64_t>(record, layout.mspan_allocBits);
  s.gcmark_bits = field<std::uint64_t>(record, layout.mspan_gcmarkBits);
  s.specials = field<std::uint64_t>(record, layout.mspan_specials);
  if (layout.has(layout.mspan_largeType))
    s.large_type = field<std::uint64_t>(record, layout.mspan_largeType);
  // A span is in use for a moment before its limit is set, and has its predecessor's until then
  // (mcentral.go: grow; golang/go#74288). Nothing is allocated in it.
  bool fresh = s.free_index == 0 && s.free_index_for_scan == 0;
  if (fresh && !limit_fits(s)) s.limit = s.base;
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
  // Where there are no headers, nothing of the span is set aside (mheap.go: initSpan; user arenas
  // keep their bitmap in the heapArena too).
  bool bitmap = !s.noscan() && layout.malloc_headers() &&
                s.elem_size <= static_cast<std::uint64_t>(layout.minSizeForMallocHeader);
  if (bitmap || (s.user_arena && layout.malloc_headers())) reserved += s.bytes() / 64;
  if (s.inline_marks && (s.npages != 1 || s.slots > kInlineMarkSlots)) return false;
  if (s.elem_size > s.bytes() || s.slots > (s.bytes() - reserved) / s.elem_size) return false;
  if (!limit_fits(s)) return false;
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
      // A span is in use for a moment before it stands there (mheap.go: initSpan). Nothing is
      // allocated in it.
      if (span.free_index == 0 && span.alloc_count == 0) continue;
      lose("heap span not in its arena (runtime.heapArena.spans)");
    } else {
      out.spans.push_back(span);
    }
  }
  out.pages_in_use =
      image.word(mheap + static_cast<std::uint64_t>(layout.mheap_pagesInUse)).value_or(0);
  out.rejected = bad;
  if (bad > out.spans.size())
    return fail(ErrorKind::BadInput,
                "{} of the heap's spans (runtime.mheap_.allspans) make no sense; is the core cut "
                "short, or the executable not the one that ran?",
                bad);
  drop_overlaps(out.spans, runtime.diagnostics());
  return out;
}

}  // namespace overhang
