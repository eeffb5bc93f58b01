#include "goruntime/size_classes.h"

#include <algorithm>
#include <array>

#include "base/checked.h"

namespace overhang {
namespace {

constexpr std::array<std::uint16_t, 68> kClasses = {
    0,     8,     16,    24,    32,    48,    64,    80,    96,    112,   128,   144,  160,   176,
    192,   208,   224,   240,   256,   288,   320,   352,   384,   416,   448,   480,  512,   576,
    640,   704,   768,   896,   1024,  1152,  1280,  1408,  1536,  1792,  2048,  2304, 2688,  3072,
    3200,  3456,  4096,  4864,  5376,  6144,  6528,  6784,  6912,  8192,  9472,  9728, 10240, 10880,
    12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768};

constexpr std::uint64_t kMaxSmall = 32768;        // maxSmallSize
constexpr std::uint64_t kMinSizeForHeader = 512;  // minSizeForMallocHeader
constexpr std::uint64_t kHeader = 8;              // mallocHeaderSize
constexpr std::uint64_t kPage = 8192;             // _PageSize

// The least class of at least i*8 bytes, for i in [0, kMaxSmall/8].
constexpr auto kClassOfWords = [] {
  std::array<std::uint16_t, kMaxSmall / 8 + 1> table{};
  std::size_t next = 0;
  for (std::size_t i = 0; i < table.size(); i++) {
    while (kClasses[next] < i * 8) next++;
    table[i] = kClasses[next];
  }
  return table;
}();

}  // namespace

std::uint64_t slot_size_for(std::uint64_t bytes, bool may_have_header) {
  if (bytes == 0) return 0;
  std::uint64_t header = may_have_header && bytes > kMinSizeForHeader ? kHeader : 0;
  if (bytes <= kMaxSmall - header) return kClassOfWords[(bytes + header + 7) / 8];
  // Large objects have no header. A size within a page of 2^64 is no size of an object.
  return align_up(std::min(bytes, ~std::uint64_t{0} - kPage), kPage);
}

}  // namespace overhang
