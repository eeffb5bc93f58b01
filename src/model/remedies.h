// What the article's remedies would give back, found by carrying them out.
#pragma once

#include "model/sites.h"

namespace overhang::model {

struct RemedyWithFactor {
  Remedy kind = Remedy::Clear;
  std::uint64_t factor = 0;  // of CopyIfCapExceeds: copy only where cap > factor * len
};

// All of them; CopyIfCapExceeds by 2, 4 and 8.
const std::vector<RemedyWithFactor>& all_remedies();

struct Freed {
  std::uint64_t died_objects = 0, died_bytes = 0;  // what was there before and is no more
  std::uint64_t new_objects = 0, new_bytes = 0;    // slots of the copies
  std::uint64_t copied_bytes = 0;                  // elements written into the copies
  // Of the copies, those that share blocks of 16 bytes. How many blocks they take depends on the
  // order in which they are made.
  std::uint64_t tiny_copies = 0, tiny_bytes = 0, tiny_blocks = 0;

  Freed& operator+=(const Freed& other);
  // What HeapAlloc falls by; below 0 where the copies take more than dies.
  std::int64_t net_bytes() const {
    return static_cast<std::int64_t>(died_bytes) - static_cast<std::int64_t>(new_bytes);
  }
};

// Applies the remedy at the site to the memory.
void apply(const RemedyWithFactor& remedy, const Site& site, Memory& memory, Freed& freed);
// The same on a copy of the memory, and what the collector frees then.
Freed try_remedy(const RemedyWithFactor& remedy, const Site& site, const Memory& memory);

// At all sites together, whoever holds slices over their arrays.
Freed try_remedy_everywhere(const RemedyWithFactor& remedy, const Findings& findings,
                            const Memory& memory);

}  // namespace overhang::model
