#include "retain/dominator_tree.h"

#include <algorithm>

namespace overhang {

DominatorTree::DominatorTree(std::uint64_t expected) {
  // Untouched memory costs nothing.
  link_.reserve(expected);
  low_.reserve(expected);
  enter(kRoot);
}

void DominatorTree::edge(Vertex from, Vertex to) {
  if (from == to || to == kRoot || link_[to] == from) return;
  auto first = low_[to];
  if (first != kNone && edges_[first].from == from) return;
  if (edges_.size() == kNone) {
    too_many_ = true;
    return;
  }
  low_[to] = static_cast<Vertex>(edges_.size());
  edges_.push_back({from, first});
}

Status DominatorTree::finish() {
  if (too_many_)
    return fail(ErrorKind::TooMany, "the heap has more than {} references to shared objects",
                edges_.size());
  idom_ = link_;
  find_semis();
  edges_ = {};
  find_dominators();
  semis_ = {};
  return {};
}

void DominatorTree::find_semis() {
  constexpr Vertex kAhead = 16;  // vertices whose edges are being fetched
  for (auto w = size() - 1; w > kRoot; w--) {
    if (w > kAhead && low_[w - kAhead] != kNone) edges_.prefetch(low_[w - kAhead]);
    if (low_[w] == kNone) {
      low_[w] = link_[w];
      continue;
    }
    auto semi = semi_of(w);
    semis_.push(w, semi);
    low_[w] = semi;
  }
}

// Vertices above w are linked to their parents, and their `low_` is known.
DominatorTree::Vertex DominatorTree::semi_of(Vertex w) {
  auto semi = link_[w];
  for (auto e = low_[w]; e != kNone; e = edges_[e].next) {
    auto from = edges_[e].from;
    semi = std::min(semi, from > w ? least_on_path(from, w) : from);
  }
  return semi;
}

// The least semi on the path from v (above `bound`) up to the last ancestor that is above `bound`.
// Path compression: all on the path are linked to what that one is linked to. On the way up links
// are turned round, to find the way back.
DominatorTree::Vertex DominatorTree::least_on_path(Vertex v, Vertex bound) {
  Vertex below = kNone;
  while (link_[v] > bound) {
    auto above = link_[v];
    link_[v] = below;
    below = v;
    v = above;
  }
  auto top = link_[v], least = low_[v];
  while (below != kNone) {
    v = below;
    below = link_[v];
    link_[v] = top;
    least = low_[v] = std::min(least, low_[v]);
  }
  return least;
}

void DominatorTree::find_dominators() {
  auto& jump = link_;
  auto& depth = low_;
  jump[kRoot] = kRoot;
  depth[kRoot] = 0;
  auto vertices = size();
  for (Vertex w = 1; w < vertices; w++) {
    auto above = idom_[w];
    if (!semis_.empty() && semis_.top().vertex == w) {
      above = climb(above, semis_.pop().semi);
      idom_[w] = above;
    }
    auto far = jump[above];
    depth[w] = depth[above] + 1;
    jump[w] = depth[above] - depth[far] == depth[far] - depth[jump[far]] ? jump[far] : above;
  }
}

// The nearest ancestor of v, or v itself, that is not above `bound`: numbers fall on the way up.
DominatorTree::Vertex DominatorTree::climb(Vertex v, Vertex bound) const {
  while (v > bound) v = jump()[v] > bound ? jump()[v] : idom_[v];
  return v;
}

DominatorTree::Vertex DominatorTree::common(Vertex a, Vertex b) const {
  if (depth()[a] < depth()[b]) std::swap(a, b);
  auto level = depth()[b];
  while (depth()[a] > level) a = depth()[jump()[a]] >= level ? jump()[a] : idom_[a];
  // Vertices of equal depth have jumps of equal length.
  while (a != b) {
    bool apart = jump()[a] != jump()[b];
    a = apart ? jump()[a] : idom_[a];
    b = apart ? jump()[b] : idom_[b];
  }
  return a;
}

void DominatorTree::forget_jumps() {
  link_ = {};
  low_ = {};
}

}  // namespace overhang
