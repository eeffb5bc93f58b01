#include "report/tree.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace overhang {

TreeTotals totals_of(const TreeRows& tree) {
  TreeTotals out{tree.bytes, tree.objects, tree.hidden_bytes};
  for (std::size_t i = tree.size(); i-- > 0;) {
    if (tree.parent[i] == TreeRows::kRoot) continue;
    auto parent = static_cast<std::size_t>(tree.parent[i]);
    out.bytes[parent] += out.bytes[i];
    out.objects[parent] += out.objects[i];
    out.hidden_bytes[parent] += out.hidden_bytes[i];
  }
  return out;
}

namespace {

// The rows to keep: with each its parent, whose total is no smaller.
std::vector<bool> kept_rows(const TreeRows& tree, std::size_t most, std::uint64_t least_bytes) {
  auto totals = totals_of(tree);
  std::vector<bool> kept(tree.size());
  if (tree.size() <= most) {
    for (std::size_t i = 0; i < tree.size(); i++) kept[i] = totals.bytes[i] >= least_bytes;
    return kept;
  }
  std::vector<std::size_t> order(tree.size());
  std::iota(order.begin(), order.end(), 0);
  // A parent stands before its children, so it comes first among equals too.
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return totals.bytes[a] > totals.bytes[b]; });
  for (std::size_t i = 0; i < most; i++) kept[order[i]] = totals.bytes[order[i]] >= least_bytes;
  return kept;
}

}  // namespace

ReducedTree reduced(TreeRows from, std::size_t most, std::uint64_t least_bytes) {
  auto kept = kept_rows(from, most, least_bytes);
  ReducedTree out;
  if (std::find(kept.begin(), kept.end(), false) == kept.end()) {
    out.from.resize(from.size());
    std::iota(out.from.begin(), out.from.end(), 0);
    out.tree = std::move(from);
    return out;
  }
  TreeRows& to = out.tree;
  to.names = std::move(from.names);
  to.total_bytes = from.total_bytes;
  to.truncated_frames = from.truncated_frames;
  std::vector<std::int64_t> moved(from.size());  // where a row's own bytes are now
  std::int64_t more = TreeRows::kRoot;
  auto add = [&](std::int64_t parent, std::uint32_t name, std::uint8_t flags, std::int64_t row) {
    to.parent.push_back(parent);
    to.name.push_back(name);
    to.flags.push_back(flags);
    to.bytes.push_back(0);
    to.objects.push_back(0);
    to.hidden_bytes.push_back(0);
    out.from.push_back(row);
    return static_cast<std::int64_t>(to.size() - 1);
  };
  for (std::size_t i = 0; i < from.size(); i++) {
    auto parent = from.parent[i] == TreeRows::kRoot
                      ? TreeRows::kRoot
                      : moved[static_cast<std::size_t>(from.parent[i])];
    if (kept[i]) {
      moved[i] = add(parent, from.name[i], from.flags[i], static_cast<std::int64_t>(i));
    } else {
      to.truncated_frames++;
      if (parent == TreeRows::kRoot && more == TreeRows::kRoot) {
        to.names.push_back("(more)");
        more = add(TreeRows::kRoot, static_cast<std::uint32_t>(to.names.size() - 1), 0,
                   ReducedTree::kNone);
      }
      moved[i] = parent == TreeRows::kRoot ? more : parent;
    }
    auto at = static_cast<std::size_t>(moved[i]);
    to.bytes[at] += from.bytes[i];
    to.objects[at] += from.objects[i];
    to.hidden_bytes[at] += from.hidden_bytes[i];
  }
  return out;
}

}  // namespace overhang
