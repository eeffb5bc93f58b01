#include "retain/dominator_paths.h"

#include <tsl/robin_map.h>

#include <utility>

namespace overhang {
namespace {

using Vertex = DominatorTree::Vertex;
constexpr std::size_t kMostRows = 1 << 20;
constexpr unsigned kMostDepth = 256;

class Merger {
 public:
  Merger(Views& views, const Dominators& dominators)
      : views_(views), dominators_(dominators), types_(views) {}

  DominatorPaths run(const HiddenMemory& hidden, const std::vector<std::string>& group_names) {
    row_of_.assign(dominators_.size(), kTop);
    // First, by vertex, what stands there; types come before other names.
    dominators_.for_each_live(views_.heap(), [&](const HeapSpan& span, ObjectId id) {
      auto kind = kind_of(id);
      if (span.layout != PointerLayout::None) row_of_[dominators_.vertex(id)] = kind;
    });
    out_.names = types_.names();
    place_vertices(group_names);
    dominators_.for_each_live(views_.heap(), [&](const HeapSpan& span, ObjectId id) {
      auto& row = out_.rows[row_of(span, id)];
      row.objects++;
      row.bytes += span.span.elem_size;
      if (row.hidden) row.hidden_bytes += span.span.elem_size;
    });
    for (const HiddenArray& array : hidden.arrays) {
      if (!dominators_.live(array.object)) continue;  // of a damaged image
      out_.rows[row_of(views_.heap().span_of(array.object), array.object)].hidden_bytes +=
          array.hidden_bytes();
    }
    return std::move(out_);
  }

 private:
  using Row = DominatorPaths::Row;
  static constexpr std::uint32_t kTop = DominatorPaths::kNoParent;

  // A name and whether it is hidden.
  std::uint32_t kind_of(ObjectId id) { return types_.of(id) << 1 | !views_.touched(id); }

  // Dominators have the lower numbers: they have their rows already.
  void place_vertices(const std::vector<std::string>& group_names) {
    std::size_t group = 0;
    for (Vertex v = 1; v < dominators_.size(); v++) {
      if (group < group_names.size() && dominators_.group(group) == v) {
        row_of_[v] = child(kTop, name(group_names[group++]) << 1);
        continue;
      }
      row_of_[v] = child(below(dominators_.idom(v)), row_of_[v]);
    }
  }
  std::uint32_t row_of(const HeapSpan& span, ObjectId id) {
    auto vertex = dominators_.vertex(id);
    return span.layout == PointerLayout::None ? child(below(vertex), kind_of(id)) : row_of_[vertex];
  }
  // The row that stands for what a vertex dominates.
  std::uint32_t below(Vertex v) {
    return v == DominatorTree::kRoot ? child(kTop, name("several roots") << 1) : row_of_[v];
  }
  std::uint32_t name(const std::string& text) {
    auto [at, fresh] = names_.try_emplace(text, static_cast<std::uint32_t>(out_.names.size()));
    if (fresh) out_.names.push_back(text);
    return at->second;
  }

  std::uint32_t child(std::uint32_t parent, std::uint32_t kind) {
    auto key = std::uint64_t{parent} << 32 | kind;
    if (key == last_key_) return last_;
    auto [at, fresh] = children_.try_emplace(key, kTop);
    if (fresh) at.value() = make_child(parent, kind);
    last_key_ = key;
    return last_ = at->second;
  }
  std::uint32_t make_child(std::uint32_t parent, std::uint32_t kind) {
    unsigned depth = 0;
    for (auto above = parent; above != kTop; above = out_.rows[above].parent) {
      if (out_.rows[above].name << 1 == (kind & ~1u) && out_.rows[above].hidden == (kind & 1))
        return above;
      depth++;
    }
    if (parent != kTop && (depth >= kMostDepth || out_.rows.size() >= kMostRows)) {
      out_.cut_off = true;
      return parent;
    }
    out_.rows.push_back({.parent = parent, .name = kind >> 1, .hidden = (kind & 1) != 0});
    return static_cast<std::uint32_t>(out_.rows.size() - 1);
  }

  Views& views_;
  const Dominators& dominators_;
  TypeRows types_;
  DominatorPaths out_;
  std::vector<std::uint32_t> row_of_;                      // by vertex: what it is, then its row
  tsl::robin_map<std::uint64_t, std::uint32_t> children_;  // row and kind -> row
  std::unordered_map<std::string, std::uint32_t> names_;
  std::uint64_t last_key_ = ~std::uint64_t{0};
  std::uint32_t last_ = kTop;
};

}  // namespace

DominatorPaths find_dominator_paths(Views& views, const Dominators& dominators,
                                    const HiddenMemory& hidden,
                                    const std::vector<std::string>& group_names) {
  return Merger(views, dominators).run(hidden, group_names);
}

}  // namespace overhang
