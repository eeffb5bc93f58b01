// Hidden memory: the slots of arrays that no view shows, by category.
#pragma once

#include <vector>

#include "base/words.h"
#include "model/views.h"

namespace overhang::model {

// Slots [begin, end) of an array, all hidden and of one category.
struct Region {
  ObjectIndex array = kNoObject;
  Category category = Category::Tail;
  std::uint64_t begin = 0, end = 0;
  // A pointer-free array's ordinary room: listed as spare capacity, no leak.
  bool habit = false;

  std::uint64_t slots() const { return end - begin; }
};

// How many slots an array is taken to have. Go does not record what was asked for: from outside one
// sees the slot that the allocator gave. If that is what an array of the farthest capacity would
// get, and no slot behind it holds a reference, the array ends there; else it may be as long as the
// slot allows.
std::uint64_t array_slots(const Memory& memory, const Visible& visible, ObjectIndex array,
                          Knowledge knowledge);

// The hidden regions of all arrays that some view shows, by array, then by slot.
std::vector<Region> hidden_regions(const Memory& memory, const Visible& visible,
                                   Knowledge knowledge);

// Some slice or string reaches the hidden slot by its capacity.
bool spare(const std::vector<View>& views, std::uint64_t slot);

// The references in the slots, without those behind the array's own end.
std::vector<Place> references(const Memory& memory, const Region& region);

}  // namespace overhang::model
