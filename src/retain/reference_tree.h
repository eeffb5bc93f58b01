// Every live byte by reference path: the live heap as a tree of frames (retain/frame_table.h).
//
// Each live object is in the frame of one path to it, a shortest one from what a person would name
// first: the program's own globals, then variables of its goroutines, then the runtime's globals
// and variables, then finalizers and words without a meaning. A root takes all that it leads to
// before the next sort of roots gets its turn. Paths go through visible words alone where the
// object is visible; what is overhang is below the hidden slots that lead to it. So the frames'
// objects and bytes add up to the live heap, and their hidden bytes to what is spare, lost and
// overhang (retain/hidden.h), for it is the live set that is counted and not the walk: a live
// object that the walk did not meet counts in a frame that says so.
//
// The walk reads each live object once, breadth first, 64 references at a time so that the tables'
// cache lines are fetched together. Memory: 4 bytes an object, and 8 for each object that waits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bitmap.h"
#include "retain/frame_table.h"
#include "retain/hidden.h"
#include "retain/sites.h"

namespace overhang {

struct ReferenceTree {
  std::vector<Frame> frames;       // parents before children
  std::vector<std::string> texts;  // by Frame::step
  struct Code {
    FrameIndex root;  // a variable of a goroutine's frame
    Address pc = 0;   // where one such frame stopped
  };
  std::vector<Code> code;
  std::uint64_t not_met_objects = 0;  // by the walk, though live
  std::uint64_t merged_objects = 0;   // in frames "…"
};

// `hidden` and `sites` are of the views' present state, of which the sites name those that have
// hidden slots; `live` is the collector's.
ReferenceTree find_references(Views& views, const Bitmap& live, const HiddenMemory& hidden,
                              const Sites& sites);

}  // namespace overhang
