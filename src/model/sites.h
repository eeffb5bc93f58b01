// Sites: the named places that hold the slices over hidden memory, and what hangs on it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/names.h"
#include "model/regions.h"

namespace overhang::model {

struct Site {
  std::string name, kind, element_type;
  Category category = Category::Tail;
  std::vector<Region> regions;
  // The slices of this name over arrays that it is the name for, in this category or another: what
  // a remedy other than clearing replaces.
  std::vector<Place> holders;
  std::uint64_t arrays = 0, array_bytes = 0;
  std::uint64_t slots = 0, visible_slots = 0, hidden_slots = 0, stale_slots = 0, hidden_bytes = 0;
  std::uint64_t len = 0, cap = 0;  // of the only array's slice; 0 for more arrays
  // Where several slices name the site equally well: the lens of all of them.
  std::set<std::uint64_t> lens;
  Count retained;      // dies if this site's hidden slots alone are cleared
  bool keeps = false;  // some overhang hangs on it, if not on it alone
  std::set<std::string> shared_with;
};

// Spare capacity of pointer-free buffers.
struct Habit {
  std::string name, element_type;
  std::uint64_t arrays = 0, spare_bytes = 0;
  std::vector<Region> regions{};
};

struct Findings {
  std::vector<Site> sites;  // those that are worth a row in a report
  std::vector<Habit> habits;
  // Of all sites, those included that are worth no row: the hidden regions, and the slices over
  // their arrays, whoever holds them.
  std::vector<Region> regions;
  std::vector<Place> holders;
  Count live;      // what the collector keeps
  Count overhang;  // of that, what no visible reference leads to
  // Of the other live bytes: each is in one of these.
  std::uint64_t visible_bytes = 0, spare_bytes = 0, lost_bytes = 0, allocator_bytes = 0;
};

Findings find_leaks(const Memory& memory, Knowledge knowledge);

}  // namespace overhang::model
