#include "retain/heap_types.h"

namespace overhang {
namespace {

using Vertex = DominatorTree::Vertex;
constexpr Vertex kNone = DominatorTree::kNone;
constexpr std::uint32_t kNoRow = 0xFFFFFFFFu;

class Counter {
 public:
  Counter(Views& views, const Dominators& dominators)
      : views_(views), dominators_(dominators), rows_(views), row_of_(dominators.size(), kNoRow) {}

  std::vector<HeapType> run(const HiddenMemory& hidden) {
    count_objects();
    for (const HiddenArray& array : hidden.arrays)
      types_[rows_.of(array.object)].hidden_bytes += array.hidden_bytes();
    list_leaves();
    list_children();
    walk();
    for (std::size_t i = 0; i < types_.size(); i++) types_[i].name = rows_.names()[i];
    return std::move(types_);
  }

 private:
  // Objects without pointers dominate nothing. Where a type has none of another sort, each of its
  // objects retains itself; where it has (those of unknown type), it may stand below another.
  struct Leaf {
    std::uint32_t row;
    std::uint64_t bytes;
    ObjectIndex next;  // of the same dominator
  };
  static constexpr ObjectIndex kNoLeaf = ~ObjectIndex{0};

  void count_objects() {
    dominators_.for_each_live(views_.heap(), [&](const HeapSpan& span, ObjectId id) {
      auto row = rows_.of(id);
      if (row >= types_.size()) {
        types_.resize(row + 1);
        with_vertex_.resize(row + 1);
        leaf_bytes_.resize(row + 1);
      }
      auto bytes = span.span.elem_size;
      auto& type = types_[row];
      type.objects++;
      type.bytes += bytes;
      if (!views_.touched(id)) type.hidden_bytes += bytes;
      if (span.layout == PointerLayout::None) {
        leaf_bytes_[row] += bytes;
      } else {
        row_of_[dominators_.vertex(id)] = row;
        with_vertex_[row] = true;
      }
    });
  }

  void list_leaves() {
    bool mixed = false;
    for (std::size_t row = 0; row < types_.size(); row++) {
      if (!with_vertex_[row]) types_[row].retained_bytes = leaf_bytes_[row];
      mixed |= with_vertex_[row] && leaf_bytes_[row] > 0;
    }
    if (!mixed) return;
    first_leaf_.assign(dominators_.size(), kNoLeaf);
    dominators_.for_each_live(views_.heap(), [&](const HeapSpan& span, ObjectId id) {
      if (span.layout != PointerLayout::None) return;
      auto row = rows_.of(id);
      if (!with_vertex_[row]) return;
      auto& first = first_leaf_[dominators_.vertex(id)];
      if (first != kNoLeaf && leaves_[first].row == row) {
        leaves_[first].bytes += span.span.elem_size;
        return;
      }
      leaves_.push_back({row, span.span.elem_size, first});
      first = static_cast<ObjectIndex>(leaves_.size() - 1);
    });
  }

  void list_children() {
    first_.assign(dominators_.size(), kNone);
    next_.assign(dominators_.size(), kNone);
    for (auto v = dominators_.size() - 1; v > DominatorTree::kRoot; v--) {
      auto& first = first_[dominators_.idom(v)];
      next_[v] = first;
      first = v;
    }
  }

  // In preorder, counting how many vertices of each type stand on the way from the root.
  void walk() {
    open_.assign(types_.size(), 0);
    auto v = DominatorTree::kRoot;
    for (;;) {
      enter(v);
      if (first_[v] != kNone) {
        v = first_[v];
        continue;
      }
      for (; next_[v] == kNone; v = dominators_.idom(v)) {
        leave(v);
        if (v == DominatorTree::kRoot) return;
      }
      leave(v);
      v = next_[v];
    }
  }
  void enter(Vertex v) {
    if (auto row = row_of_[v]; row != kNoRow && open_[row]++ == 0)
      types_[row].retained_bytes += dominators_.retained_bytes(v);
    if (first_leaf_.empty()) return;
    for (auto leaf = first_leaf_[v]; leaf != kNoLeaf; leaf = leaves_[leaf].next)
      if (open_[leaves_[leaf].row] == 0)
        types_[leaves_[leaf].row].retained_bytes += leaves_[leaf].bytes;
  }
  void leave(Vertex v) {
    if (row_of_[v] != kNoRow) open_[row_of_[v]]--;
  }

  Views& views_;
  const Dominators& dominators_;
  TypeRows rows_;
  std::vector<HeapType> types_;
  std::vector<bool> with_vertex_;
  std::vector<std::uint64_t> leaf_bytes_;
  std::vector<std::uint32_t> row_of_;    // by vertex
  std::vector<Vertex> first_, next_;     // by vertex: its first child, the next of its parent's
  std::vector<ObjectIndex> first_leaf_;  // by vertex; empty: no type is of both sorts
  std::vector<Leaf> leaves_;
  std::vector<ObjectIndex> open_;  // by row
};

}  // namespace

std::string contents_name(TypeTable& types, TypeId type, bool array) {
  if (type == kUnknownType) return "unknown";
  return array ? types.slice_name(type) : types.info(type).name;
}

std::uint32_t TypeRows::add(const ObjectInfo& info, std::size_t key) {
  if (key >= rows_.size()) rows_.resize(key + 1, kNone);
  auto name = contents_name(views_.types(), info.type(), info.array());
  auto [row, fresh] = by_name_.try_emplace(name, static_cast<std::uint32_t>(names_.size()));
  if (fresh) names_.push_back(std::move(name));
  return rows_[key] = row->second;
}

std::vector<HeapType> find_heap_types(Views& views, const Dominators& dominators,
                                      const HiddenMemory& hidden) {
  return Counter(views, dominators).run(hidden);
}

}  // namespace overhang
