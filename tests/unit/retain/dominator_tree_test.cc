// The dominator tree against its definition: take a vertex away and see what is still reached.
#include "retain/dominator_tree.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "reference/naive_dominators.h"

namespace overhang {
namespace {

using Vertex = DominatorTree::Vertex;
using Successors = std::vector<std::vector<std::uint32_t>>;  // by node; node 0 is the root

// The tree of what node 0 reaches, and each node's vertex.
struct Walked {
  DominatorTree tree;
  std::vector<Vertex> vertex;
};

Walked walk(const Successors& graph) {
  Walked out{DominatorTree(graph.size()), {}};
  out.vertex.assign(graph.size(), DominatorTree::kNone);
  std::vector<std::pair<std::uint32_t, Vertex>> waiting;
  auto follow = [&](std::uint32_t node) {
    for (auto next : graph[node]) waiting.emplace_back(next, out.vertex[node]);
  };
  out.vertex[0] = DominatorTree::kRoot;
  follow(0);
  while (!waiting.empty()) {
    auto [node, from] = waiting.back();
    waiting.pop_back();
    if (out.vertex[node] != DominatorTree::kNone) {
      out.tree.edge(from, out.vertex[node]);
      continue;
    }
    out.vertex[node] = out.tree.enter(from);
    follow(node);
  }
  EXPECT_TRUE(out.tree.finish());
  return out;
}

bool dominates(const DominatorTree& tree, Vertex d, Vertex v) {
  while (v > d) v = tree.idom(v);
  return v == d;
}

// Whether `d` is on every path to `node` is what the tree says, for all pairs.
void expect_same(const Successors& graph) {
  auto [tree, vertex] = walk(graph);
  auto nodes = static_cast<std::uint32_t>(graph.size());
  auto reached = reference::reachable_without(graph, nodes);
  for (std::uint32_t v = 0; v < nodes; v++)
    ASSERT_EQ(reached.contains(v), vertex[v] != DominatorTree::kNone) << "node " << v;
  for (std::uint32_t d : reached) {
    auto rest = reference::reachable_without(graph, d);
    for (std::uint32_t v : reached)
      ASSERT_EQ(dominates(tree, vertex[d], vertex[v]), !rest.contains(v))
          << "of node " << v << ", node " << d;
  }
  for (std::uint32_t a : reached)
    for (std::uint32_t b : reached) {
      auto common = tree.common(vertex[a], vertex[b]);
      auto expected = vertex[a];
      while (!dominates(tree, expected, vertex[b])) expected = tree.idom(expected);
      ASSERT_EQ(common, expected);
    }
}

Successors random_graph(std::mt19937& random, std::uint32_t nodes, double degree, bool local) {
  Successors graph(nodes);
  std::poisson_distribution<int> edges(degree);
  for (std::uint32_t node = 0; node < nodes; node++)
    for (int i = edges(random) + (node == 0); i > 0; i--) {
      auto to = local ? node + 7 - random() % 10 : random();
      graph[node].push_back(static_cast<std::uint32_t>(to % nodes));
    }
  return graph;
}

TEST(DominatorTree, EqualsTheDefinitionOnRandomGraphs) {
  std::size_t deep = 0;
  for (unsigned seed = 0; seed < 3000; seed++) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    auto nodes = static_cast<std::uint32_t>(1 + random() % 40);
    auto graph =
        random_graph(random, nodes, 0.5 + 0.25 * static_cast<double>(random() % 10), seed % 2);
    expect_same(graph);
    if (HasFatalFailure()) return;
    auto [tree, vertex] = walk(graph);
    std::size_t depth = 0;
    for (auto v = tree.size() - 1; v > 0; v = tree.idom(v)) depth++;
    deep += depth > 4;
  }
  EXPECT_GT(deep, 100u);  // not all are stars
}

// The example of Lengauer and Tarjan's paper (1979), figures 1 and 2.
TEST(DominatorTree, LengauerAndTarjansExample) {
  enum : std::uint32_t { R, A, B, C, D, E, F, G, H, I, J, K, L };
  Successors graph(13);
  graph[R] = {A, B, C};
  graph[A] = {D};
  graph[B] = {A, D, E};
  graph[C] = {F, G};
  graph[D] = {L};
  graph[E] = {H};
  graph[F] = {I};
  graph[G] = {I, J};
  graph[H] = {E, K};
  graph[I] = {K};
  graph[J] = {I};
  graph[K] = {I, R};
  graph[L] = {H};
  auto [tree, vertex] = walk(graph);
  std::vector<std::uint32_t> expected = {R, R, R, R, R, R, C, C, R, R, G, R, D};
  for (std::uint32_t v = 0; v < graph.size(); v++)
    EXPECT_EQ(tree.idom(vertex[v]), vertex[expected[v]]) << "node " << v;
  expect_same(graph);
}

// A list of a million whose last element shares a million objects with the root: each is climbed
// for from the end of the list. Step by step this would take 10^12 steps.
TEST(DominatorTree, ALongListThatSharesItsEndTakesNoQuadraticTime) {
  constexpr std::uint32_t kLength = 1'000'000;
  DominatorTree tree(2 * kLength + 1);
  Vertex last = DominatorTree::kRoot;
  for (std::uint32_t i = 0; i < kLength; i++) last = tree.enter(last);
  std::vector<Vertex> shared;
  for (std::uint32_t i = 0; i < kLength; i++) shared.push_back(tree.enter(last));
  for (auto v : shared) tree.edge(DominatorTree::kRoot, v);
  ASSERT_TRUE(tree.finish());
  for (Vertex v = 1; v <= kLength; v++) ASSERT_EQ(tree.idom(v), v - 1);
  for (auto v : shared) ASSERT_EQ(tree.idom(v), DominatorTree::kRoot);
  EXPECT_EQ(tree.common(last, kLength / 2), kLength / 2);
  EXPECT_EQ(tree.common(last, shared.front()), DominatorTree::kRoot);
}

// Linked both ways: no element dominates but the first.
TEST(DominatorTree, AListLinkedBothWaysFromItsEnds) {
  constexpr std::uint32_t kLength = 200'000;
  DominatorTree tree(kLength + 1);
  Vertex last = DominatorTree::kRoot;
  for (std::uint32_t i = 0; i < kLength; i++) last = tree.enter(last);
  for (Vertex v = kLength; v > 1; v--) tree.edge(v, v - 1);
  tree.edge(DominatorTree::kRoot, last);
  ASSERT_TRUE(tree.finish());
  for (Vertex v = 1; v <= kLength; v++) ASSERT_EQ(tree.idom(v), DominatorTree::kRoot);
}

TEST(DominatorTree, TheRootAlone) {
  DominatorTree tree(1);
  ASSERT_TRUE(tree.finish());
  EXPECT_EQ(tree.size(), 1u);
  EXPECT_EQ(tree.idom(0), 0u);
  EXPECT_EQ(tree.common(0, 0), 0u);
}

}  // namespace
}  // namespace overhang
