// Retained bytes of random forged heaps against the definition: take a vertex away and see what
// the naive mark still reaches.
#include "retain/dominators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "reference/naive_dominators.h"
#include "reference/naive_mark.h"
#include "unit/graph/list_heap.h"
#include "unit/graph/random_heap.h"

namespace overhang::test {
namespace {

// The heap as a plain graph: node 0 is the root, then the groups, then objects by address.
class NaiveGraph {
 public:
  NaiveGraph(const NaiveHeap& heap, const RootSet& roots, const std::vector<RootGroup>& groups)
      : heap_(heap), successors_(1 + groups.size()), bytes_(1 + groups.size()) {
    for (std::uint32_t g = 0; g < groups.size(); g++) {
      successors_[0].push_back(g + 1);
      for (auto value : values(roots, groups[g])) refer(g + 1, value);
    }
    while (!grey_.empty()) {
      auto slot = grey_.back();
      grey_.pop_back();
      auto node = nodes_.at(slot.base());
      for (auto value : heap_.pointers(slot)) refer(node, value);
    }
  }
  const std::map<Address, std::uint32_t>& nodes() const { return nodes_; }
  std::uint64_t bytes_reached(std::uint32_t without) const {
    std::uint64_t out = 0;
    for (auto node : reference::reachable_without(successors_, without)) out += bytes_[node];
    return out;
  }
  std::uint64_t retained(std::uint32_t node) const { return all() - bytes_reached(node); }
  std::uint64_t all() const {
    return bytes_reached(static_cast<std::uint32_t>(successors_.size()));
  }

 private:
  std::vector<Address> values(const RootSet& roots, const RootGroup& group) const {
    std::vector<Address> out;
    if (group.kind == RootGroup::Kind::Goroutine) {
      for (auto& root : roots.goroutines[group.first].roots) out.push_back(root.value);
      return out;
    }
    for (auto i = group.first; i < group.first + group.count; i++) {
      auto& root = roots.roots[i];
      if (group_kind(root.kind) != group.kind) continue;
      if (root.kind != RootKind::FinalizerObject) {
        out.push_back(root.value);
      } else if (auto slot = heap_.slot_of(root.value)) {
        auto contents = heap_.pointers(*slot);
        out.insert(out.end(), contents.begin(), contents.end());
      }
    }
    return out;
  }
  void refer(std::uint32_t from, Address value) {
    auto slot = heap_.slot_of(value);
    if (!slot) return;
    auto [at, fresh] =
        nodes_.try_emplace(slot->base(), static_cast<std::uint32_t>(successors_.size()));
    if (fresh) {
      successors_.emplace_back();
      bytes_.push_back(slot->span->elem_size);
      grey_.push_back(*slot);
    }
    successors_[from].push_back(at->second);
  }
  const NaiveHeap& heap_;
  std::map<Address, std::uint32_t> nodes_;
  std::vector<std::vector<std::uint32_t>> successors_;
  std::vector<std::uint64_t> bytes_;
  std::vector<NaiveHeap::Slot> grey_;
};

TEST(Dominators, RetainWhatTheNaiveMarkLosesOnRandomHeaps) {
  std::uint64_t retaining = 0;
  for (unsigned seed = 1; seed <= 40; seed++) {
    SCOPED_TRACE(seed);
    RandomHeap random(seed);
    auto& roots = random.roots.roots;
    std::stable_partition(roots.begin(), roots.end(),
                          [](const Root& root) { return root.kind == RootKind::Data; });
    auto spans = random.forged.spans();
    auto heap = Heap::open(random.forged.runtime(), spans);
    ASSERT_TRUE(heap);
    auto groups = root_groups(random.forged.runtime(), random.roots, nullptr);
    auto found = Dominators::find(*heap, random.roots, groups);
    ASSERT_TRUE(found);
    NaiveHeap naive(random.forged.runtime(), spans);
    NaiveGraph graph(naive, random.roots, groups);

    auto live = found->live_set(*heap), marked = mark(*heap, random.roots, 1);
    EXPECT_EQ(live.live.words(), marked.live.words());
    EXPECT_EQ(live.objects, marked.objects);
    EXPECT_EQ(live.bytes, marked.bytes);
    EXPECT_EQ(found->retained_bytes(DominatorTree::kRoot), graph.all());
    for (std::uint32_t g = 0; g < groups.size(); g++)
      ASSERT_EQ(found->retained_bytes(found->group(g)), graph.retained(g + 1)) << "group " << g;
    // Some objects of each heap: the naive way takes a search for each.
    std::size_t i = 0;
    for (auto [base, node] : graph.nodes()) {
      if (i++ % (graph.nodes().size() / 100 + 1)) continue;
      auto object = heap->find(base);
      ASSERT_TRUE(object);
      auto retained = found->retained_bytes(*heap, object->id);
      ASSERT_EQ(retained, graph.retained(node)) << "object " << base;
      retaining += retained > heap->slot_size(object->id);
    }
  }
  EXPECT_GT(retaining, 100u);  // some objects keep others
}

// Each element keeps all that follow; no recursion on the way.
TEST(Dominators, OfALongList) {
  ForgedHeap forged;
  auto elements = forge_list(forged);
  auto spans = forged.spans();
  auto heap = Heap::open(forged.runtime(), spans);
  ASSERT_TRUE(heap);
  RootSet roots;
  roots.roots.push_back({RootKind::Data, 0x1000, elements.back(), 0});
  auto groups = root_groups(forged.runtime(), roots, nullptr);
  auto found = Dominators::find(*heap, roots, groups);
  ASSERT_TRUE(found);
  for (std::size_t i = 0; i < elements.size(); i++) {
    auto object = heap->find(elements[i]);
    ASSERT_TRUE(object);
    ASSERT_EQ(found->retained_bytes(*heap, object->id), (i + 1) * 16);
  }
  EXPECT_EQ(found->retained_bytes(found->group(0)), elements.size() * 16);
}

}  // namespace
}  // namespace overhang::test
