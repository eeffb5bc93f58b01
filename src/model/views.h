// What the program can see: DESIGN's views, slot by slot.
#pragma once

#include <vector>

#include "model/memory.h"

namespace overhang::model {

// A visible reference into the heap: slots [shown.first, shown.first + shown.len) are visible
// through it, and where it is a slice it can be resliced up to shown.first + shown.cap.
struct View {
  Kind kind = Kind::Slice;  // or Pointer, or String
  Ref shown;
  Place holder;
};

struct Visible {
  std::vector<std::vector<bool>> slots;  // by object
  std::vector<bool> seen;                // by object: a view leads to it, were it one of no slots
  std::vector<View> views;               // variables first, each object's in its order

  std::vector<View> views_of(ObjectIndex object) const;
};

// What is known of memory: all, or what one can tell from outside (docs/SEMANTICS.md).
enum class Knowledge : std::uint8_t { Exact, Observed };

// A view counts where it lies in visible memory itself: starts at the variables and goes on until
// nothing new is shown. From outside, what only pointers to elements show is visible as a whole: it
// may be one value, with pointers to its fields. Unless the allocator has noted that it is an
// array, and no pointer leads to its first element, which could stand for the array.
Visible find_visible(const Memory& memory, Knowledge knowledge);

// The type of each reference in a value of `type`: a pointer, slice or string.
std::vector<const Type*> reference_types(const Type* type);

}  // namespace overhang::model
