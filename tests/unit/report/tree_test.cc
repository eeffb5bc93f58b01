// What a tree becomes when rows are left out: nothing is lost, and parents stay before children.
#include "report/tree.h"

#include <gtest/gtest.h>

#include <numeric>

namespace overhang {
namespace {

// a (10 of its own) → b (20) → c (5) and d (1); e (3), a second root.
TreeRows small() {
  TreeRows tree;
  tree.names = {"a", "b", "c", "d", "e"};
  tree.parent = {TreeRows::kRoot, 0, 1, 1, TreeRows::kRoot};
  tree.name = {0, 1, 2, 3, 4};
  tree.bytes = {10, 20, 5, 1, 3};
  tree.objects = {1, 2, 3, 4, 5};
  tree.hidden_bytes = {0, 20, 5, 1, 0};
  tree.flags = {0, 1, 1, 1, 0};
  tree.total_bytes = 39;
  return tree;
}

using Numbers = std::vector<std::uint64_t>;
using Rows = std::vector<std::int64_t>;

TEST(Tree, TotalsAreOfAllBelow) {
  auto totals = totals_of(small());
  EXPECT_EQ(totals.bytes, (Numbers{36, 26, 5, 1, 3}));
  EXPECT_EQ(totals.objects, (Numbers{10, 9, 3, 4, 5}));
  EXPECT_EQ(totals.hidden_bytes, (Numbers{26, 26, 5, 1, 0}));
}

TEST(Tree, WhatFitsStaysAsItIs) {
  auto [tree, from] = reduced(small(), 5, 1);
  EXPECT_EQ(tree.parent, small().parent);
  EXPECT_EQ(tree.bytes, small().bytes);
  EXPECT_EQ(tree.truncated_frames, 0u);
  EXPECT_EQ(from, (Rows{0, 1, 2, 3, 4}));
}

TEST(Tree, TheLightestGoToTheirParents) {
  auto [tree, from] = reduced(small(), 3, 0);  // a, b, c
  EXPECT_EQ(from, (Rows{0, 1, 2, ReducedTree::kNone}));
  EXPECT_EQ(tree.parent, (Rows{TreeRows::kRoot, 0, 1, TreeRows::kRoot}));
  EXPECT_EQ(tree.bytes, (Numbers{10, 21, 5, 3}));
  EXPECT_EQ(tree.objects, (Numbers{1, 6, 3, 5}));
  EXPECT_EQ(tree.hidden_bytes, (Numbers{0, 21, 5, 0}));
  EXPECT_EQ(tree.names[tree.name[3]], "(more)");
  EXPECT_EQ(tree.truncated_frames, 2u);
  EXPECT_EQ(tree.total_bytes, 39u);
}

TEST(Tree, WhatIsBelowTheLeastGoesToo) {
  auto [tree, from] = reduced(small(), 100, 26);  // a, b
  EXPECT_EQ(from, (Rows{0, 1, ReducedTree::kNone}));
  EXPECT_EQ(tree.bytes, (Numbers{10, 26, 3}));
  EXPECT_EQ(std::accumulate(tree.bytes.begin(), tree.bytes.end(), std::uint64_t{0}), 39u);
}

}  // namespace
}  // namespace overhang
