// The dominator tree of a graph that a depth-first search walks over.
//
// A vertex d dominates v if every path from the root to v passes d: without d, v is not reached.
// Each vertex but the root has one immediate dominator; these form the tree. It is found by the
// Semi-NCA algorithm (Georgiadis, Tarjan and Werneck, "Finding Dominators in Practice", 2006):
//
//   semi(w)  the least vertex that reaches w by a path whose inner vertices are all above w. Found
//            from the last vertex to the first, with Lengauer and Tarjan's path compression.
//   idom(w)  the nearest ancestor of w's parent that is not above semi(w), in the tree as far as it
//            is known.
//
// Most vertices of a heap have one predecessor, their parent in the search, which is then their
// dominator: only edges beyond those of the search's tree are stored. Semi-NCA climbs step by step,
// which takes quadratic time where a long list's end shares much with the list's root; here it
// climbs by jump pointers (Myers, "An applicative random-access stack", 1983), so that all is
// O(m log n) for any graph. Nothing is recursive.
//
// Memory: while edges come, 8 bytes a vertex and 8 an edge that is stored; then 12 a vertex and 8
// more for each that has several predecessors (twice all that with wide ids).
#pragma once

#include <vector>

#include "base/pieces.h"
#include "base/prefetch.h"
#include "base/result.h"
#include "base/stack.h"
#include "heap/object_id.h"

namespace overhang {

class DominatorTree {
 public:
  using Vertex = ObjectIndex;  // by the order in which they are entered
  static constexpr Vertex kRoot = 0, kNone = ~ObjectIndex{0};

  // The root is there. There will be at most `expected` vertices, or memory moves.
  explicit DominatorTree(std::uint64_t expected);

  // The search comes to a vertex for the first time, by an edge from `parent`. It must be a
  // depth-first search: an edge is taken before those that leave vertices entered earlier.
  Vertex enter(Vertex parent) {
    link_.push_back(parent);
    low_.push_back(kNone);
    return static_cast<Vertex>(link_.size() - 1);
  }
  // An edge to a vertex that has been entered before.
  void edge(Vertex from, Vertex to);
  // Once all edges are known. Errors: TooMany of them.
  Status finish();

  // From finish() on.
  Vertex size() const { return static_cast<Vertex>(idom_.size()); }
  // The immediate dominator, which has the lower number; the root's is the root.
  Vertex idom(Vertex v) const { return idom_[v]; }
  // The nearest vertex that dominates both; it may be one of them. Not after forget_jumps().
  Vertex common(Vertex a, Vertex b) const;
  void prefetch(Vertex v) const {
    prefetch_read(&jump()[v]);
    prefetch_read(&depth()[v]);
  }
  // Lets go of what common() needs.
  void forget_jumps();

 private:
  struct Edge {
    Vertex from, next;  // the next with the same end
  };
  struct Semi {
    Vertex vertex, semi;
  };
  Vertex semi_of(Vertex w);
  Vertex least_on_path(Vertex v, Vertex bound);
  void find_semis();
  void find_dominators();
  Vertex climb(Vertex v, Vertex bound) const;
  const std::vector<Vertex>& jump() const { return link_; }
  const std::vector<Vertex>& depth() const { return low_; }

  // By vertex, in the three stages: the parent, then (of vertices that are done) an ancestor, then
  // an ancestor to jump to.
  std::vector<Vertex> link_;
  // The first edge in the list of those that lead here, then the least semi on the way to the
  // ancestor (its own left out), then the depth in the dominator tree.
  std::vector<Vertex> low_;
  std::vector<Vertex> idom_;  // to begin with, the parent
  Pieces<Edge> edges_;
  Stack<Semi> semis_;  // of vertices with several predecessors, from the last to the first
  bool too_many_ = false;
};

}  // namespace overhang
