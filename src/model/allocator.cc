#include "model/allocator.h"

#include <algorithm>
#include <iterator>

namespace overhang::model {
namespace {

// internal/runtime/gc/sizeclasses.go; the same in Go 1.16 to 1.27.
constexpr std::uint64_t kClasses[] = {
    8,     16,    24,    32,    48,    64,    80,    96,    112,   128,   144,  160,   176,   192,
    208,   224,   240,   256,   288,   320,   352,   384,   416,   448,   480,  512,   576,   640,
    704,   768,   896,   1024,  1152,  1280,  1408,  1536,  1792,  2048,  2304, 2688,  3072,  3200,
    3456,  4096,  4864,  5376,  6144,  6528,  6784,  6912,  8192,  9472,  9728, 10240, 10880, 12288,
    13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768};
constexpr std::uint64_t kPage = 8192;
constexpr std::uint64_t kHeader = 8;
constexpr std::uint64_t kLargestWithout = 512;  // minSizeForMallocHeader
constexpr std::uint64_t kLargestSmall = 32768;  // maxSmallSize

}  // namespace

std::uint64_t Allocator::header_size(std::uint64_t bytes, bool pointers) const {
  bool header = records_type(bytes, pointers) && bytes + kHeader <= kLargestSmall;
  return header ? kHeader : 0;
}

bool Allocator::records_type(std::uint64_t bytes, bool pointers) const {
  return headers_ && pointers && bytes > kLargestWithout;
}

std::uint64_t Allocator::slot_size(std::uint64_t bytes, bool pointers) const {
  if (bytes == 0) return 0;
  auto whole = bytes + header_size(bytes, pointers);
  if (whole > kLargestSmall) return (bytes + kPage - 1) / kPage * kPage;
  return *std::lower_bound(std::begin(kClasses), std::end(kClasses), whole);
}

std::uint64_t Allocator::grown_capacity(std::uint64_t capacity, std::uint64_t wanted,
                                        std::uint64_t elem_size, bool pointers) const {
  if (elem_size == 0) return wanted;
  constexpr std::uint64_t kThreshold = 256;
  auto next = capacity;
  if (wanted > 2 * capacity) {
    next = wanted;
  } else if (capacity < kThreshold) {
    next = 2 * capacity;
  } else {
    while (next < wanted) next += (next + 3 * kThreshold) / 4;
  }
  auto bytes = next * elem_size;
  return (slot_size(bytes, pointers) - header_size(bytes, pointers)) / elem_size;
}

}  // namespace overhang::model
