// Who alone keeps what, by the definition: free an owner and see what nobody reaches any more.
// Quadratic, recursion-free, obviously right; for tests.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

namespace overhang::reference {

struct Graph {
  std::vector<std::vector<std::uint32_t>> successors;   // by node
  std::vector<std::vector<std::uint32_t>> owned_roots;  // by owner: the nodes it points to
};

// The nodes that the owners but `without` reach.
inline std::set<std::uint32_t> reachable(const Graph& graph, std::uint32_t without) {
  std::set<std::uint32_t> seen;
  std::vector<std::uint32_t> waiting;
  for (std::uint32_t owner = 0; owner < graph.owned_roots.size(); owner++)
    if (owner != without)
      waiting.insert(waiting.end(), graph.owned_roots[owner].begin(),
                     graph.owned_roots[owner].end());
  while (!waiting.empty()) {
    auto node = waiting.back();
    waiting.pop_back();
    if (!seen.insert(node).second) continue;
    waiting.insert(waiting.end(), graph.successors[node].begin(), graph.successors[node].end());
  }
  return seen;
}

// By owner: the nodes that become unreachable without it.
inline std::vector<std::set<std::uint32_t>> dominated(const Graph& graph) {
  constexpr std::uint32_t kNobody = 0xFFFFFFFFu;
  auto all = reachable(graph, kNobody);
  std::vector<std::set<std::uint32_t>> out(graph.owned_roots.size());
  for (std::uint32_t owner = 0; owner < out.size(); owner++) {
    auto rest = reachable(graph, owner);
    for (auto node : all)
      if (!rest.contains(node)) out[owner].insert(node);
  }
  return out;
}

// The nodes that node 0 reaches by paths that do not touch `without` (a number past the last: all).
inline std::set<std::uint32_t> reachable_without(
    const std::vector<std::vector<std::uint32_t>>& successors, std::uint32_t without) {
  std::set<std::uint32_t> seen;
  std::vector<std::uint32_t> waiting = {0};
  while (!waiting.empty()) {
    auto node = waiting.back();
    waiting.pop_back();
    if (node == without || !seen.insert(node).second) continue;
    waiting.insert(waiting.end(), successors[node].begin(), successors[node].end());
  }
  return seen;
}

}  // namespace overhang::reference
