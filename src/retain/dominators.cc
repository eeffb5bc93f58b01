#include "retain/dominators.h"

#include <array>

#include "base/stack.h"
#include "heap/pointer_map.h"

namespace overhang {

using Vertex = DominatorTree::Vertex;

// The depth-first search. Edges wait on a stack; the one on top is taken next.
class DominatorSearch {
 public:
  DominatorSearch(const Heap& heap, const RootSet& roots)
      : heap_(heap),
        pages_(heap.pages()),
        spans_(heap.spans().data()),
        roots_(roots),
        tree_(most_vertices(heap, roots)),
        vertex_(heap.object_count(), DominatorTree::kNone) {}

  Result<Dominators> run(const std::vector<RootGroup>& groups) {
    {
      Phase phase(heap_.runtime().diagnostics(), "references");
      for (const RootGroup& group : groups) search(group);
      for (std::size_t i = 0; i < kLeaves; i++) reach_leaf({kNoObject.value, 0});
    }
    Phase phase(heap_.runtime().diagnostics(), "dominators");
    OVERHANG_CHECK(tree_.finish());
    settle_leaves();
    Dominators out(std::move(tree_), std::move(vertex_), std::move(groups_));
    out.add_up(heap_);
    return out;
  }

 private:
  // An edge to an object with pointers; or, in a large object, words that are still to be followed,
  // from the offset on top of rests_ on.
  struct Edge {
    ObjectIndex to;
    std::uint32_t span;
    Vertex from;
  };
  struct Leaf {
    ObjectIndex object;
    Vertex from;
  };
  static constexpr std::uint32_t kRest = 0x80000000u;  // in Edge::span
  static constexpr std::uint64_t kBlock = 2048;        // bytes followed at a time
  static constexpr std::size_t kAhead = 4, kLeaves = 32;

  static std::uint64_t most_vertices(const Heap& heap, const RootSet& roots) {
    std::uint64_t out = 5 + roots.roots.size() + roots.goroutines.size();
    for (const HeapSpan& span : heap.spans())
      if (span.layout != PointerLayout::None) out += span.span.slots;
    return out;
  }

  void search(const RootGroup& group) {
    auto vertex = tree_.enter(DominatorTree::kRoot);
    groups_.push_back(vertex);
    if (group.kind == RootGroup::Kind::Goroutine) {
      for (const StackRoot& root : roots_.goroutines[group.first].roots) reach(vertex, root.value);
    } else {
      bool by_kind = group.kind >= RootGroup::Kind::Finalizers;
      for (auto i = group.first; i < group.first + group.count; i++) {
        const Root& root = roots_.roots[i];
        if (by_kind && group_kind(root.kind) != group.kind) continue;
        if (root.kind == RootKind::FinalizerObject)
          follow_contents(vertex, root.value);
        else
          reach(vertex, root.value);
      }
    }
    drain();
  }

  // mgcmark.go: markrootSpans. The finalizer's are the object's references, not the object.
  void follow_contents(Vertex from, Address address) {
    auto object = heap_.find(address);
    if (object && spans_[object->span].layout != PointerLayout::None)
      for_each_finalizer_pointer(heap_, *object,
                                 [&](std::uint64_t, Address value) { reach(from, value); });
  }

  void reach(Vertex from, Address address) {
    PageTable::Hit hit;
    if (!pages_.find(address, hit) || !heap_.allocated().test(hit.id)) return;
    prefetch_read(&vertex_[hit.id]);
    if (hit.noscan) return reach_leaf({hit.id, from});
    prefetch_read(&spans_[hit.span]);
    edges_.push(hit.id, hit.span, from);
  }

  // In any order, so through a ring in which what is needed is fetched.
  void reach_leaf(Leaf leaf) {
    std::swap(leaf, leaves_[next_leaf_++ % kLeaves]);
    if (leaf.object == kNoObject.value) return;
    auto& vertex = vertex_[leaf.object];
    if (vertex == DominatorTree::kNone)
      vertex = leaf.from;
    else if (vertex != leaf.from)
      shared_leaves_.push_back(leaf);
  }

  void drain() {
    while (!edges_.empty()) {
      auto edge = edges_.pop();
      if (auto* next = edges_.ahead(kAhead - 1)) prefetch(*next);
      if (edge.span & kRest) {
        follow(edge.from, edge.span & ~kRest, edge.to, rests_.pop());
        continue;
      }
      auto& vertex = vertex_[edge.to];
      if (vertex != DominatorTree::kNone) {
        tree_.edge(edge.from, vertex);
        continue;
      }
      vertex = tree_.enter(edge.from);
      follow(vertex, edge.span, edge.to, 0);
    }
  }

  void follow(Vertex from, std::uint32_t index, ObjectIndex object, std::uint64_t begin) {
    auto& span = spans_[index];
    auto end = span.span.elem_size;
    if (end - begin > kBlock) {
      end = begin + kBlock;
      rests_.push(end);
      edges_.push(object, index | kRest, from);
    }
    heap_.for_each_pointer(span, span.slot_of(ObjectId(object)), begin, end,
                           [&](std::uint64_t, Address value) { reach(from, value); });
  }

  void prefetch(const Edge& edge) const {
    if (edge.span & kRest) return;
    auto& span = spans_[edge.span];
    if (!span.data) return;
    auto offset = span.slot_of(ObjectId(edge.to)) * span.span.elem_size;
    prefetch_read(span.data + offset);
    if (span.span.elem_size > 64) prefetch_read(span.data + offset + 64);
    if (span.bitmap) prefetch_read(span.bitmap + offset / 64);
  }

  void settle_leaves() {
    for (std::size_t i = 0; i < shared_leaves_.size(); i++) {
      auto [object, from] = shared_leaves_[i];
      auto& vertex = vertex_[object];
      if (vertex != DominatorTree::kRoot) vertex = tree_.common(vertex, from);
    }
    shared_leaves_ = {};
    tree_.forget_jumps();
  }

  const Heap& heap_;
  const PageTable& pages_;
  const HeapSpan* spans_;
  const RootSet& roots_;
  DominatorTree tree_;
  std::vector<Vertex> vertex_, groups_;
  Stack<Edge> edges_;
  Stack<std::uint64_t> rests_;
  std::array<Leaf, kLeaves> leaves_ = [] {
    std::array<Leaf, kLeaves> none;
    none.fill({kNoObject.value, 0});
    return none;
  }();
  std::size_t next_leaf_ = 0;
  Pieces<Leaf> shared_leaves_;  // references to leaves beyond the first
};

// Numbers fall on the way up, so that each vertex is complete when its turn comes.
void Dominators::add_up(const Heap& heap) {
  retained_.assign(tree_.size(), 0);
  for (const HeapSpan& span : heap.spans())
    for (std::uint32_t i = 0; i < span.span.slots; i++)
      if (auto v = vertex_[span.first.value + i]; v != DominatorTree::kNone)
        retained_[v] += span.span.elem_size;
  for (auto v = tree_.size() - 1; v > DominatorTree::kRoot; v--)
    retained_[tree_.idom(v)] += retained_[v];
}

LiveSet Dominators::live_set(const Heap& heap) const {
  LiveSet out;
  out.live = Bitmap(heap.object_count());
  out.bytes = retained_[DominatorTree::kRoot];
  for (std::size_t i = 0; i < vertex_.size(); i++) {
    if (vertex_[i] == DominatorTree::kNone) continue;
    out.live.set(i);
    out.objects++;
  }
  return out;
}

Result<Dominators> Dominators::find(const Heap& heap, const RootSet& roots,
                                    const std::vector<RootGroup>& groups) {
  return DominatorSearch(heap, roots).run(groups);
}

}  // namespace overhang
