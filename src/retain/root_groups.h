// Roots by what a person would let go of: a variable, a goroutine, all finalizers.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "binary/dwarf.h"
#include "graph/mark.h"

namespace overhang {

struct RootGroup {
  enum class Kind : std::uint8_t {
    Variable,     // a package-level variable
    Word,         // a word of static data that belongs to no known variable
    Goroutine,    // its stack and registers
    Finalizers,   // functions, what objects with finalizers refer to, what is queued
    Cleanups,     // the same of runtime.AddCleanup
    WeakHandles,  // of weak pointers; what they lead to is kept by others
    Other,        // the tiny allocator's blocks
  };
  Kind kind = Kind::Other;
  std::uint32_t first = 0, count = 0;  // in RootSet::roots; Goroutine: its row in goroutines, 1
  std::string_view name{};             // Variable; as long as the Dwarf lives
};

// In the order of the roots; the last four kinds, one group each, stand at the end and share
// `first` and `count`: which of the roots there are theirs is what their kind says. Each goroutine
// has a group, also without roots. `dwarf` may be nullptr.
std::vector<RootGroup> root_groups(const Runtime& runtime, const RootSet& roots, Dwarf* dwarf);

// Of a root that is no word of a module's data.
RootGroup::Kind group_kind(RootKind kind);

}  // namespace overhang
