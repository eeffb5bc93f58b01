#include "retain/dominator_paths.h"

#include <utility>

#include "retain/folded_ways.h"

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
    at_.assign(dominators_.size(), kTop);
    // First, by vertex, what stands there; types come before other names.
    dominators_.for_each_live(views_.heap(), [&](const HeapSpan& span, ObjectId id) {
      auto kind = kind_of(id);
      if (span.layout != PointerLayout::None) at_[dominators_.vertex(id)] = kind;
    });
    out_.names = types_.names();
    place_vertices(group_names);
    dominators_.for_each_live(views_.heap(), [&](const HeapSpan& span, ObjectId id) {
      auto way = way_of(span, id);
      Row& row = this->row(way);
      row.objects++;
      row.bytes += span.span.elem_size;
      if (is_hidden(way)) row.hidden_bytes += span.span.elem_size;
    });
    for (const HiddenArray& array : hidden.arrays) {
      if (!dominators_.live(array.object)) continue;  // of a damaged image
      row(way_of(views_.heap().span_of(array.object), array.object)).hidden_bytes +=
          array.hidden_bytes();
    }
    out_.rows.resize(ways_.ways().size());
    for (std::uint32_t way = 0; way < out_.rows.size(); way++) {
      out_.rows[way].parent = ways_.ways()[way].above;
      out_.rows[way].name = ways_.ways()[way].label >> 1;
      out_.rows[way].hidden = is_hidden(way);
    }
    out_.cut_off = ways_.cut_off();
    return std::move(out_);
  }

 private:
  using Row = DominatorPaths::Row;
  static constexpr std::uint32_t kTop = FoldedWays::kTop;
  static_assert(kTop == DominatorPaths::kNoParent);

  // A way is a row.
  Row& row(std::uint32_t way) {
    if (way >= out_.rows.size()) out_.rows.resize(ways_.ways().size());
    return out_.rows[way];
  }
  bool is_hidden(std::uint32_t way) const { return (ways_.ways()[way].label & 1) != 0; }

  // A label: a name and whether it is hidden.
  std::uint32_t kind_of(ObjectId id) { return types_.of(id) << 1 | !views_.touched(id); }

  // Dominators have the lower numbers: they have their ways already.
  void place_vertices(const std::vector<std::string>& group_names) {
    std::size_t group = 0;
    for (Vertex v = 1; v < dominators_.size(); v++) {
      bool of_group = group < group_names.size() && dominators_.group(group) == v;
      at_[v] = of_group ? ways_.step(kTop, name(group_names[group++]) << 1)
                        : ways_.step(below(dominators_.idom(v)), at_[v]);
    }
  }
  std::uint32_t way_of(const HeapSpan& span, ObjectId id) {
    auto vertex = dominators_.vertex(id);
    return span.layout == PointerLayout::None ? ways_.step(below(vertex), kind_of(id))
                                              : at_[vertex];
  }
  // The way to what a vertex dominates.
  std::uint32_t below(Vertex v) {
    if (v != DominatorTree::kRoot) return at_[v];
    if (several_ == kTop) several_ = ways_.step(kTop, name("several roots") << 1);
    return several_;
  }
  std::uint32_t name(const std::string& text) {
    auto [at, fresh] = names_.try_emplace(text, static_cast<std::uint32_t>(out_.names.size()));
    if (fresh) out_.names.push_back(text);
    return at->second;
  }

  Views& views_;
  const Dominators& dominators_;
  TypeRows types_;
  DominatorPaths out_;
  std::vector<std::uint32_t> at_;  // by vertex: what it is, then the way to it
  FoldedWays ways_{FoldedWays::Repeated::Back, kMostRows, kMostDepth};
  std::uint32_t several_ = kTop;
  std::unordered_map<std::string, std::uint32_t> names_;
};

}  // namespace

DominatorPaths find_dominator_paths(Views& views, const Dominators& dominators,
                                    const HiddenMemory& hidden,
                                    const std::vector<std::string>& group_names) {
  return Merger(views, dominators).run(hidden, group_names);
}

}  // namespace overhang
