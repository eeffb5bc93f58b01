#include "goruntime/arena_bitmap.h"

#include <cstring>

namespace overhang {
namespace {

constexpr std::uint64_t kWordsPerPage = kHeapPageSize / 8;
constexpr std::uint64_t kBytesPerPage = kWordsPerPage / 8;  // of a bitmap of one bit a word

// Go 1.19: a byte tells of four words, the low nibble which are pointers and the high one how far
// there may be any (bitPointer, bitScan). The collector stops at the first word that has no scan
// bit (mgcmark.go: scanobject), and all words from there on have neither (heapBitsSetType, phase
// 3).
std::uint8_t pointer_nibble(std::byte four) {
  auto bits = std::to_integer<unsigned>(four);
  return static_cast<std::uint8_t>(bits & bits >> 4 & 15);
}

}  // namespace

const std::byte* ArenaBitmaps::of(const Span& span, std::vector<std::uint64_t>& room) {
  // Go 1.20 and 1.21: one bit a word. noMorePtrs only lets readers stop early: the words that it
  // lets them skip are zero (mbitmap.go: writeHeapBits.flush).
  if (layout_.has(layout_.heapArena_noMorePtrs)) {
    auto arena = arenas_.arena_of(span.base);
    auto last = arenas_.arena_of(span.base + span.bytes() - 1);
    if (arena != 0 && arena == last)
      return image_.at(arena + static_cast<std::uint64_t>(layout_.heapArena_bitmap) +
                           arenas_.page_index(span.base) * kBytesPerPage,
                       span.npages * kBytesPerPage);
  }
  room.assign(span.npages * kBytesPerPage / 8, 0);
  auto* bits = reinterpret_cast<std::byte*>(room.data());
  for (std::uint64_t page = 0; page < span.npages; page++, bits += kBytesPerPage)
    if (!copy_page(span.base + page * kHeapPageSize, bits)) return nullptr;
  return reinterpret_cast<const std::byte*>(room.data());
}

// The bits of one page. False where the image lacks them.
bool ArenaBitmaps::copy_page(Address page, std::byte* bits) {
  auto arena = arenas_.arena_of(page);
  if (arena == 0) return false;
  bool pairs = !layout_.has(layout_.heapArena_noMorePtrs);  // two bits a word
  auto size = pairs ? 2 * kBytesPerPage : kBytesPerPage;
  auto* source = image_.at(arena + static_cast<std::uint64_t>(layout_.heapArena_bitmap) +
                               arenas_.page_index(page) * size,
                           size);
  if (!source) return false;
  if (!pairs) {
    std::memcpy(bits, source, size);
    return true;
  }
  for (std::uint64_t i = 0; i < kBytesPerPage; i++)
    bits[i] = static_cast<std::byte>(pointer_nibble(source[2 * i]) |
                                     pointer_nibble(source[2 * i + 1]) << 4);
  return true;
}

}  // namespace overhang
