// Hidden regions: the bytes of visible arrays that no view covers, told apart by category.
//
// An array is laid out as
//
//     header | head … window … gap … window | tail … | clipped … | rounding
//
// where windows are visible, tail is within some window's capacity (spare), head and clipped are
// out of every window's reach (lost), and a gap lies between windows. The array's end is where the
// farthest capacity ends, if the allocator gives exactly this slot for that size; else the array
// is longer than any slice says (a three-index expression) and fills its slot. Where no slice shows
// the array, only pointers to elements, everything else in it is `interior`.
#pragma once

#include <cstdint>
#include <vector>

#include "base/words.h"
#include "graph/views.h"

namespace overhang {

inline constexpr ObjectIndex kNoArray = ~ObjectIndex{0};

struct HiddenRegion {
  ObjectIndex array = 0;  // index into HiddenMemory::arrays
  Category category = Category::Tail;
  // A pointer-free array's ordinary room past len: listed apart, no site.
  bool habit = false;
  std::uint64_t begin = 0, end = 0;  // bytes from the slot's start
};

// An array that windows leave something of.
struct HiddenArray {
  ObjectId object;
  TypeId elem;                  // of the widest window; kUnknownType: a string's bytes
  std::uint64_t elem_size = 1;  // bytes
  std::uint64_t data_begin = 0, data_end = 0;  // bytes from the slot's start
  std::uint64_t visible_bytes = 0;
  std::uint64_t hidden_bytes() const { return data_end - data_begin - visible_bytes; }
  ObjectIndex first_window = 0, window_count = 0;  // in HiddenMemory::windows
};

struct HiddenMemory {
  std::vector<Window> windows;  // by array, then by begin
  std::vector<HiddenArray> arrays;
  std::vector<HiddenRegion> regions;
  // Of the bytes of these arrays' slots: each is in exactly one.
  std::uint64_t visible_bytes = 0, spare_bytes = 0, lost_bytes = 0, allocator_bytes = 0;
};

HiddenMemory find_hidden(const Views& views, ReferenceDecoder& decoder);

}  // namespace overhang
