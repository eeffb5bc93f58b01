// Our live set beside the collector's own marks (DESIGN.md §7).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/anatomy.h"

namespace overhang::test {

struct Verdicts {
  std::uint64_t marked = 0;  // objects that survived the last cycle, by the collector's bits
  std::uint64_t ours = 0;    // objects in our live set
  // Objects of ours without the collector's verdict, each with its excuse:
  std::uint64_t allocated_since = 0;    // they are younger than the cycle
  std::uint64_t conservative_only = 0;  // only a conservatively scanned frame reaches them
  // Objects that the collector marked and that died before the image, by the runtime's own doing:
  // Go 1.24 wakes a goroutine at the start of each cycle that sweeps package unique's maps
  // (mgc.go: clearpools, unique/handle.go: addUniqueMap). While marking runs it makes two closures
  // a map, of unique.addUniqueMap[…].func1.1 and internal/sync.(*HashTrieMap[…]).All.func1, which
  // are born marked and dropped at once.
  std::uint64_t died_in_unique_cleanup = 0;
  // The block that a processor put tiny values into when marking began (mgcmark.go:
  // gcMarkTinyAllocs), and that it has exchanged for another since: at most one a processor.
  std::uint64_t exchanged_tiny_blocks = 0;
  // Everything else, one line each: which side has it, what it is, where words that point to it
  // stand. At most 40 lines; `different` is the full count.
  std::uint64_t different = 0;
  std::vector<std::string> differences;
  std::string text() const;  // the counts and the differences
};

// The roots that no conservative scan found.
RootSet without_conservative_roots(const RootSet& all);

Verdicts compare_with_collector(const Anatomy& anatomy);

}  // namespace overhang::test
