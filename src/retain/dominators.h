// Who keeps what: the dominator tree of the live heap over the collector's own references.
//
// The root's children are the root groups (a variable, a goroutine, ...) and what several of them
// share; below them stand objects. What a vertex dominates is what the collector would free if the
// vertex let go: retained bytes. The graph has every word that marking follows (graph/mark.cc), no
// more and no less, so that retained bytes are what HeapAlloc falls by. What an object with a
// finalizer refers to is kept by the finalizer: it is not the object's.
//
// Objects without pointers dominate nothing. They are no vertices of the tree: their dominator is
// the nearest one that their referrers have in common. That leaves the search the objects with
// pointers, each visited once, strictly depth first (the algorithm asks for that; what waits is
// fetched ahead), and no edge is stored to an object with a single referrer.
//
// Memory: 4 bytes a slot; 12 bytes an object with pointers and 8 a reference to an object that
// several others refer to, in the end 12 bytes an object with pointers (twice with wide ids).
#pragma once

#include <vector>

#include "graph/mark.h"
#include "retain/dominator_tree.h"
#include "retain/root_groups.h"

namespace overhang {

class Dominators {
 public:
  using Vertex = DominatorTree::Vertex;

  // One thread. Errors: TooMany references for their numbers.
  static Result<Dominators> find(const Heap& heap, const RootSet& roots,
                                 const std::vector<RootGroup>& groups);

  // The live set, as mark() finds it.
  LiveSet live_set(const Heap& heap) const;

  Vertex size() const { return tree_.size(); }
  Vertex idom(Vertex v) const { return tree_.idom(v); }
  // What goes if the vertex goes: itself, if it is an object, and what it dominates (slot sizes).
  std::uint64_t retained_bytes(Vertex v) const { return retained_[v]; }
  // Of an index into the groups.
  Vertex group(std::size_t index) const { return groups_[index]; }

  // Calls visit(span, id) for each live object.
  template <class Visit>
  void for_each_live(const Heap& heap, Visit&& visit) const {
    for (const HeapSpan& span : heap.spans())
      for (std::uint32_t i = 0; i < span.span.slots; i++)
        if (ObjectId id(span.first.value + i); live(id)) visit(span, id);
  }
  // Whether the roots reach it.
  bool live(ObjectId id) const { return vertex_[id.value] != DominatorTree::kNone; }
  // Of a live object in a span with pointers its own vertex, of another its immediate dominator.
  Vertex vertex(ObjectId id) const { return vertex_[id.value]; }
  std::uint64_t retained_bytes(const Heap& heap, ObjectId id) const {
    const HeapSpan& span = heap.span_of(id);
    if (!live(id)) return 0;
    return span.layout == PointerLayout::None ? span.span.elem_size : retained_[vertex(id)];
  }

 private:
  friend class DominatorSearch;
  Dominators(DominatorTree tree, std::vector<Vertex> vertex, std::vector<Vertex> groups)
      : tree_(std::move(tree)), vertex_(std::move(vertex)), groups_(std::move(groups)) {}
  void add_up(const Heap& heap);

  DominatorTree tree_;
  std::vector<Vertex> vertex_;  // by object
  std::vector<Vertex> groups_;
  std::vector<std::uint64_t> retained_;
};

}  // namespace overhang
