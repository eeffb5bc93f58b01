#include "retain/exclusive.h"

#include <gtest/gtest.h>

#include <random>

#include "reference/naive_dominators.h"

namespace overhang {
namespace {

using reference::Graph;

// Owners that the graph does not have, so that labels take two bytes or four.
constexpr std::uint32_t kFew = 0, kMany = 0xFFFE;

// The propagation as overhang.cc drives it: owner by owner, depth first.
// Owner i belongs to group i / group_size.
ExclusiveOwners propagate(const Graph& graph, std::uint32_t further_owners,
                          std::uint32_t group_size = 1) {
  auto own = static_cast<std::uint32_t>(graph.owned_roots.size());
  std::vector<std::uint32_t> group_of;
  for (std::uint32_t i = 0; i < further_owners + own; i++) group_of.push_back(i / group_size);
  auto groups = group_of.empty() ? 0 : group_of.back() + 1;
  ExclusiveOwners owners(static_cast<std::uint32_t>(graph.successors.size()), std::move(group_of),
                         groups);
  for (std::uint32_t i = 0; i < own; i++) {
    auto owner = further_owners + i;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> waiting;
    for (auto root : graph.owned_roots[i]) waiting.emplace_back(root, owner);
    while (!waiting.empty()) {
      auto [node, label] = waiting.back();
      waiting.pop_back();
      if (!owners.reach(ObjectId(node), label)) continue;
      for (auto next : graph.successors[node])
        waiting.emplace_back(next, owners.label_of(ObjectId(node)));
    }
  }
  return owners;
}

void expect_same(const Graph& graph, std::uint32_t further_owners) {
  auto owners = propagate(graph, further_owners);
  auto dominated = reference::dominated(graph);
  auto all = reference::reachable(graph, ~0u);
  for (std::uint32_t node = 0; node < graph.successors.size(); node++) {
    std::uint32_t expected = all.contains(node) ? ExclusiveOwners::kShared : ExclusiveOwners::kNone;
    for (std::uint32_t owner = 0; owner < dominated.size(); owner++)
      if (dominated[owner].contains(node)) expected = further_owners + owner;
    ASSERT_EQ(owners.label_of(ObjectId(node)), expected) << "node " << node;
  }
}

// What the owners of one group keep together is what dies when they all go.
void expect_same_by_group(const Graph& graph, std::uint32_t group_size) {
  Graph merged;
  merged.successors = graph.successors;
  for (std::size_t i = 0; i < graph.owned_roots.size(); i++) {
    merged.owned_roots.resize(i / group_size + 1);
    auto& roots = merged.owned_roots.back();
    roots.insert(roots.end(), graph.owned_roots[i].begin(), graph.owned_roots[i].end());
  }
  auto owners = propagate(graph, kFew, group_size);
  auto alone = reference::dominated(graph), together = reference::dominated(merged);
  for (std::uint32_t node = 0; node < graph.successors.size(); node++) {
    auto label = owners.label_of(ObjectId(node));
    bool known = label != ExclusiveOwners::kNone && label != ExclusiveOwners::kShared;
    for (std::uint32_t group = 0; group < together.size(); group++)
      ASSERT_EQ(together[group].contains(node), known && owners.group_of(label) == group)
          << "node " << node;
    for (std::uint32_t owner = 0; owner < alone.size(); owner++)
      ASSERT_EQ(alone[owner].contains(node), label == owner) << "node " << node;
  }
}

Graph random_graph(std::mt19937& random, std::uint32_t nodes, std::uint32_t owners, double degree) {
  Graph graph;
  graph.successors.resize(nodes);
  graph.owned_roots.resize(owners);
  std::poisson_distribution<int> edges(degree);
  auto any = [&] { return static_cast<std::uint32_t>(random() % nodes); };
  for (auto& list : graph.successors)
    for (int i = edges(random); i > 0; i--) list.push_back(any());
  for (auto& list : graph.owned_roots)
    for (int i = edges(random); i >= 0; i--) list.push_back(any());
  return graph;
}

TEST(ExclusiveOwners, EqualTheNaiveDominatorsOnRandomGraphs) {
  for (unsigned seed = 0; seed < 600; seed++) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    auto nodes = static_cast<std::uint32_t>(1 + random() % 60);
    auto owners = static_cast<std::uint32_t>(1 + random() % 6);
    auto graph = random_graph(random, nodes, owners, 0.2 * static_cast<double>(random() % 12));
    expect_same(graph, kFew);
    expect_same(graph, kMany);
    expect_same_by_group(graph, 2);
    expect_same_by_group(graph, 3);
    if (HasFatalFailure()) return;
  }
}

TEST(ExclusiveOwners, ASharedCycleIsNobodysAlone) {
  Graph graph;
  graph.successors = {{1}, {2}, {1, 3}, {}, {3}};
  graph.owned_roots = {{0}, {2}, {4}};
  auto owners = propagate(graph, kFew);
  EXPECT_EQ(owners.label_of(ObjectId(0)), 0u);
  EXPECT_EQ(owners.label_of(ObjectId(1)), ExclusiveOwners::kShared);
  EXPECT_EQ(owners.label_of(ObjectId(3)), ExclusiveOwners::kShared);
  EXPECT_EQ(owners.label_of(ObjectId(4)), 2u);
  expect_same(graph, kFew);
  expect_same(graph, kMany);
}

}  // namespace
}  // namespace overhang
