// The dominator tree merged by type: vertices whose ways from the root pass the same types are one
// row. Visible and hidden (overhang) objects of a type are rows of their own.
//
// A type that its own path has already is folded into the row that is there: a list of a million
// elements is one row, not a path of a million.
#pragma once

#include <string>

#include "retain/heap_types.h"

namespace overhang {

struct DominatorPaths {
  static constexpr std::uint32_t kNoParent = 0xFFFFFFFFu;
  struct Row {
    std::uint32_t parent = kNoParent;      // an earlier row
    std::uint32_t name = 0;                // in `names`
    bool hidden = false;                   // objects of the overhang
    std::uint64_t objects = 0, bytes = 0;  // its own
    std::uint64_t hidden_bytes = 0;        // of `bytes`
  };
  std::vector<std::string> names;
  std::vector<Row> rows;
  bool cut_off = false;  // more rows than there may be: what is further down is its parents' own
};

// At the top stand root groups, by `group_names`: a name for each group (equal names are one row);
// what no root keeps alone stands below a row named "several roots".
DominatorPaths find_dominator_paths(Views& views, const Dominators& dominators,
                                    const HiddenMemory& hidden,
                                    const std::vector<std::string>& group_names);

}  // namespace overhang
