// How far code comes from the pointer that a global variable holds, where no type tells.
//
// A *T shows one T, a *[n]T or an unsafe.Pointer more. Where all code that reads the variable is
// known, and takes words at constant distances from the pointer alone, the farthest of them is what
// the variable shows, whatever its type: an index, an address made from the pointer, one that is
// kept or passed to who knows what shows anything.
//
// All code that reads it is known if the variable is a word of its own and nobody has its address.
// The linker lays out variables by size (cmd/link: dodataSect), so that data and bss begin with
// those of one word, all pointers; a word amidst the first run of pointer words belongs to none of
// more than three. (Behind a larger one stand its numbers, or those of another as large: the
// runtime's own slices.)
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "goruntime/code_index.h"
#include "goruntime/frame_flow.h"

namespace overhang {

class PointerReach {
 public:
  // `code` must outlive it.
  explicit PointerReach(CodeIndex& code) : code_(code) {}

  // Bytes from the pointer on that code reads, writes or makes known by the pointer in the word at
  // `variable`; 0: nothing reads it. Nothing where that cannot be told.
  std::optional<std::uint64_t> of(Address variable);

 private:
  class Uses;
  bool stands_alone(Address variable);
  void find_run(Address begin, Address end);
  void find_addresses();
  // Of code that finds the pointer as `state` says; nothing where it goes astray.
  std::optional<std::uint64_t> follow(Address function, const Home& home, const FrameState& state,
                                      unsigned depth);

  CodeIndex& code_;
  bool prepared_ = false;
  std::vector<std::pair<Address, Address>> runs_;  // of pointer words
  std::vector<Address> addresses_;  // of words in runs, that words outside the heap hold; sorted
  // By function and argument; of those in progress nothing.
  std::map<std::pair<Address, std::size_t>, std::optional<std::uint64_t>> callees_;
  std::uint64_t work_ = 0;  // instructions followed
};

}  // namespace overhang
