// Whether code takes three words in memory for a slice's header, where their types are not known.
//
// {pointer, at, count} of an iterator or ring made by hand has a header's form if count is the
// array's capacity. The code tells: the compiler compares a cap without sign, when an append or a
// slice expression asks whether there is room, and nothing counts it up. Where a function that
// reads the third word compares it as any number (with a sign, for equality), adds a constant or
// takes it for an index, it is no cap, unless some function hands the words to growslice. A program
// may compare cap(s) itself: then a slice that nothing appends to is not told from an iterator.
//
// Functions that read the words directly, or by the address of what they stand in, also where that
// is passed on.
#pragma once

#include <map>
#include <tuple>

#include "goruntime/code_index.h"
#include "goruntime/frame_flow.h"

namespace overhang {

class HeaderUses {
 public:
  // `code` must outlive it.
  explicit HeaderUses(CodeIndex& code) : code_(code) {}

  // Of three words at `header` in a module's data or bss.
  bool may_be_slice(Address header);
  // Whether something is appended to what these words say, as to a slice's array alone.
  bool is_slice(Address header);
  // Of words at `header` of a frame of the function at `pc`, which belong to a variable at `holder`
  // that is kept in memory as a whole; bytes from the stack pointer.
  bool may_be_slice(Address pc, std::int64_t holder, std::int64_t header);

 private:
  struct Evidence {
    bool number = false, slice = false;
    void add(const Evidence& other) {
      number |= other.number;
      slice |= other.slice;
    }
    bool may_be_slice() const { return slice || !number; }
  };
  Evidence evidence(Address header);
  Evidence look_at(Address function, const Home& home, const FrameState& state, unsigned depth);

  CodeIndex& code_;  // without a machine nothing speaks against a header
  std::map<std::tuple<Address, std::int64_t, std::int64_t>, Evidence> locals_;
  std::map<std::pair<Address, std::int64_t>, Evidence> arrays_;  // by holder and offset in 24 bytes
  // By function, argument and offset; of those in progress nothing.
  std::map<std::tuple<Address, std::size_t, std::int64_t, bool>, Evidence> callees_;
  std::uint64_t work_ = 0;  // instructions followed
};

}  // namespace overhang
