// Long memory of an image, a part at a time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "image/image.h"

namespace overhang {

inline constexpr std::uint64_t kChunk = 1 << 20;                       // bytes
inline constexpr std::uint64_t kMostChunked = std::uint64_t{1} << 32;  // bytes, of a hostile image

// Calls visit(bytes, address of the first) for [begin, end), kChunk bytes at a time and `overlap`
// of those behind them, so that what is no longer than that is not cut. Memory beyond kMostChunked
// is left out. False where some was, where the image lacks some, and where the end stands before.
template <class Visit>
bool for_each_chunk(const Image& image, Address begin, Address end, std::uint64_t overlap,
                    Visit&& visit) {
  if (end < begin) return false;
  bool all = end - begin <= kMostChunked;
  if (!all) end = begin + kMostChunked;
  for (auto at = begin; at < end; at += kChunk) {
    auto bytes = image.bytes(at, std::min(kChunk + overlap, end - at));
    if (bytes)
      visit(*bytes, at);
    else
      all = false;
  }
  return all;
}

}  // namespace overhang
