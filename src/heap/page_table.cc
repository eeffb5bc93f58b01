#include "heap/page_table.h"

#include <algorithm>

namespace overhang {
namespace {

// Whether offset * magic >> 32 is offset / elem_size for every offset in the span (Granlund and
// Montgomery: the magic's excess over 2^32 / elem_size must stay below one part in the span).
bool magic_is_exact(const Span& span, std::uint32_t magic) {
  if (magic == 0) return false;
  auto excess = std::uint64_t{magic} * span.elem_size - (std::uint64_t{1} << 32);
  return excess == 0 || (span.bytes() - 1) < (std::uint64_t{1} << 32) / excess;
}

}  // namespace

PageTable::PageTable(const std::vector<Span>& spans, const std::vector<ObjectIndex>& first) {
  if (spans.empty()) return;
  first_arena_ = spans.front().base >> kArenaShift;
  auto last_arena = (spans.back().base + spans.back().bytes() - 1) >> kArenaShift;
  chunks_.resize(last_arena - first_arena_ + 1);
  std::uint32_t chunk_count = 1;
  for (auto& span : spans)
    for (auto arena = span.base >> kArenaShift;
         arena <= (span.base + span.bytes() - 1) >> kArenaShift; arena++)
      if (!chunks_[arena - first_arena_]) chunks_[arena - first_arena_] = chunk_count++;
  pages_.resize(chunk_count * kPagesPerArena);
  extents_.reserve(spans.size());
  for (std::uint32_t i = 0; i < spans.size(); i++) {
    auto& span = spans[i];
    extents_.push_back(
        {span.base, std::min(span.limit, span.base + span.slots * span.elem_size), span.elem_size});
    Page page;
    page.first = first[i];
    page.span = i;
    page.magic = div_magic(span);
    page.flags = kUsed | (span.noscan() ? kNoscan : 0);
    bool fast = magic_is_exact(span, page.magic) && span.npages <= UINT8_MAX &&
                span.slots <= UINT16_MAX && span.limit == span.base + span.slots * span.elem_size;
    if (fast) {
      page.flags |= kFast;
      page.slots = static_cast<std::uint16_t>(span.slots);
    }
    for (std::uint64_t n = 0; n < span.npages; n++) {
      page.number = fast ? static_cast<std::uint8_t>(n) : 0;
      auto at = span.base + n * kHeapPageSize;
      const_cast<Page&>(page_of(at)) = page;
    }
  }
}

bool PageTable::find_slow(const Page& page, Address address, Hit& hit) const {
  if (!page.flags) return false;
  auto& extent = extents_[page.span];
  if (address >= extent.limit) return false;
  auto slot = static_cast<std::uint32_t>((address - extent.base) / extent.elem_size);
  hit = {page.first + slot, page.span, slot, (page.flags & kNoscan) != 0};
  return true;
}

}  // namespace overhang
