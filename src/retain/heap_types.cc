#include "retain/heap_types.h"

#include "base/parallel.h"
#include "retain/folded_ways.h"

namespace overhang {
namespace {

using Vertex = DominatorTree::Vertex;

class Counter {
 public:
  Counter(Views& views, const Dominators& dominators, unsigned threads)
      : views_(views),
        dominators_(dominators),
        threads_(threads),
        rows_(views),
        at_(dominators.size(), kNoKey) {}

  std::vector<HeapType> run(const HiddenMemory& hidden) {
    count_objects();
    for (const HiddenArray& array : hidden.arrays)
      types_[rows_.of(array.object)].hidden_bytes += array.hidden_bytes();
    find_ways();
    add_leaves();
    for (std::size_t i = 0; i < types_.size(); i++) types_[i].name = rows_.names()[i];
    return std::move(types_);
  }

 private:
  static constexpr std::uint32_t kNoKey = 0xFFFFFFFFu;
  // Of the objects of one key (TypeRows::key).
  struct Counts {
    std::uint64_t objects = 0, bytes = 0, hidden_bytes = 0;
    std::uint64_t leaf_bytes = 0;  // of objects without pointers, which dominate nothing
    bool with_vertex = false;
  };
  using CountsByKey = std::vector<Counts>;

  // From here on each vertex has the key of its object.
  void count_objects() {
    constexpr std::size_t kGrain = 256;
    auto& spans = views_.heap().spans();
    std::vector<CountsByKey> counts(threads_);
    for (auto& one : counts) one.resize(TypeRows::keys(views_.types()));
    parallel_chunks(threads_, spans.size(), kGrain,
                    [&](unsigned worker, std::size_t begin, std::size_t end) {
                      for (auto i = begin; i < end; i++) count_span(spans[i], counts[worker]);
                    });
    for (std::size_t key = 0; key < counts[0].size(); key++)
      for (const auto& one : counts)
        if (one[key].objects > 0) add(static_cast<std::uint32_t>(key), one[key]);
  }

  // Several threads at once: each vertex is that of one object.
  void count_span(const HeapSpan& span, CountsByKey& counts) {
    const auto bytes = span.span.elem_size;
    const bool leaf = span.layout == PointerLayout::None;
    for (std::uint32_t i = 0; i < span.span.slots; i++) {
      ObjectId id(span.first.value + i);
      if (!dominators_.live(id)) continue;
      auto key = TypeRows::key(views_.info(id));
      Counts& one = counts[key];
      one.objects++;
      one.bytes += bytes;
      if (!views_.touched(id)) one.hidden_bytes += bytes;
      if (leaf) {
        one.leaf_bytes += bytes;
      } else {
        at_[dominators_.vertex(id)] = key;
        one.with_vertex = true;
      }
    }
  }

  void add(std::uint32_t key, const Counts& counts) {
    auto row = rows_.of_key(key);
    if (row >= types_.size()) {
      types_.resize(row + 1);
      with_vertex_.resize(row + 1);
      leaf_bytes_.resize(row + 1);
    }
    types_[row].objects += counts.objects;
    types_[row].bytes += counts.bytes;
    types_[row].hidden_bytes += counts.hidden_bytes;
    leaf_bytes_[row] += counts.leaf_bytes;
    if (counts.with_vertex) with_vertex_[row] = true;
  }

  // A vertex counts for its type where no other of the type stands above it: where it makes the way
  // longer. Dominators have the lower numbers.
  void find_ways() {
    at_[DominatorTree::kRoot] = FoldedWays::kTop;
    for (Vertex v = 1; v < dominators_.size(); v++) {
      auto above = at_[dominators_.idom(v)];
      if (at_[v] == kNoKey) {  // a root group
        at_[v] = above;
        continue;
      }
      auto row = rows_.of_key(at_[v]);
      at_[v] = ways_.step(above, row);
      if (at_[v] != above) types_[row].retained_bytes += dominators_.retained_bytes(v);
    }
  }

  // Where a type has only objects without pointers, each retains itself; where it has others too
  // (those of unknown type), it may stand below one.
  void add_leaves() {
    bool mixed = false;
    for (std::size_t row = 0; row < types_.size(); row++) {
      if (!with_vertex_[row]) types_[row].retained_bytes = leaf_bytes_[row];
      mixed |= with_vertex_[row] && leaf_bytes_[row] > 0;
    }
    if (!mixed) return;
    dominators_.for_each_live(views_.heap(), [&](const HeapSpan& span, ObjectId id) {
      if (span.layout != PointerLayout::None) return;
      auto row = rows_.of(id);
      if (!with_vertex_[row]) return;
      auto above = at_[dominators_.vertex(id)];
      if (ways_.step(above, row) != above) types_[row].retained_bytes += span.span.elem_size;
    });
  }

  Views& views_;
  const Dominators& dominators_;
  unsigned threads_;
  TypeRows rows_;
  std::vector<HeapType> types_;
  std::vector<bool> with_vertex_;
  std::vector<std::uint64_t> leaf_bytes_;
  std::vector<std::uint32_t> at_;  // by vertex: its object's key, then the way to it
  FoldedWays ways_{FoldedWays::Repeated::Stays};
};

}  // namespace

std::string contents_name(TypeTable& types, TypeId type, bool array) {
  if (type == kUnknownType) return "unknown";
  return array ? types.slice_name(type) : types.info(type).name;
}

std::size_t TypeRows::keys(const TypeTable& types) { return types.size() * 2; }

std::uint32_t TypeRows::add(std::uint32_t key) {
  if (key >= rows_.size()) rows_.resize(key + 1, kNone);
  auto name = contents_name(views_.types(), TypeId(key / 2), key % 2 != 0);
  auto [row, fresh] = by_name_.try_emplace(name, static_cast<std::uint32_t>(names_.size()));
  if (fresh) names_.push_back(std::move(name));
  return rows_[key] = row->second;
}

std::vector<HeapType> find_heap_types(Views& views, const Dominators& dominators,
                                      const HiddenMemory& hidden, unsigned threads) {
  return Counter(views, dominators, threads).run(hidden);
}

}  // namespace overhang
