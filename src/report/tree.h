// A tree of live memory in columns, as the flame graphs and the tables of the HTML page read it: by
// reference path, or by dominators. One row a frame; a parent stands before its children.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace overhang {

struct TreeRows {
  static constexpr std::int64_t kRoot = -1;          // the parent of a row that has none
  static constexpr std::uint8_t kThroughHidden = 1;  // flags: reached through hidden slots only

  std::vector<std::string> names;  // each once; bytes of the target, not checked to be UTF-8
  // Per row, all of one length:
  std::vector<std::int64_t> parent;         // an earlier row, or kRoot
  std::vector<std::uint32_t> name;          // index into `names`
  std::vector<std::uint64_t> bytes;         // of the row's own objects, without its children's
  std::vector<std::uint64_t> objects;       // its own
  std::vector<std::uint64_t> hidden_bytes;  // of `bytes`, those that no view shows
  std::vector<std::uint8_t> flags;

  std::uint64_t total_bytes = 0;       // of the whole heap, also where rows were left out
  std::uint64_t truncated_frames = 0;  // rows left out; their bytes are their parents' own

  std::size_t size() const { return parent.size(); }
};

// By row: bytes, objects and hidden bytes with all that is below.
struct TreeTotals {
  std::vector<std::uint64_t> bytes, objects, hidden_bytes;
};
TreeTotals totals_of(const TreeRows& tree);

struct ReducedTree {
  static constexpr std::int64_t kNone = -1;
  TreeRows tree;
  std::vector<std::int64_t> from;  // by row: what it was; kNone: "(more)"
};
// Leaves out rows below `least_bytes`, and the lightest where there are more than `most` (both by
// their totals); what they held becomes their parents' own, or a root's "(more)".
ReducedTree reduced(TreeRows tree, std::size_t most, std::uint64_t least_bytes);

}  // namespace overhang
