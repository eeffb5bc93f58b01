// Ways from the roots of random forged heaps against a naive breadth-first search, reference for
// reference.
#include "retain/root_paths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "reference/naive_mark.h"
#include "unit/graph/random_heap.h"

namespace overhang::test {
namespace {

class Naive {
 public:
  Naive(const NaiveHeap& heap, const RootSet& roots) : heap_(heap) {
    for (auto& root : roots.roots) {
      if (root.kind != RootKind::FinalizerObject) {
        start(root.value);
      } else if (auto slot = heap_.slot_of(root.value)) {
        for (auto value : heap_.pointers(*slot)) {
          start(value);
          if (auto to = heap_.slot_of(value)) successors_[slot->base()].insert(to->base());
        }
      }
    }
    for (auto& goroutine : roots.goroutines)
      for (auto& root : goroutine.roots) start(root.value);
    for (std::size_t i = 0; i < queue_.size(); i++) {
      auto from = queue_[i];
      for (auto value : heap_.pointers(from)) {
        auto to = heap_.slot_of(value);
        if (!to) continue;
        successors_[from.base()].insert(to->base());
        if (depth.try_emplace(to->base(), depth.at(from.base()) + 1).second) queue_.push_back(*to);
      }
    }
  }
  bool refers(Address from, Address to) const {
    auto at = successors_.find(from);
    return at != successors_.end() && at->second.contains(to);
  }
  std::map<Address, std::uint32_t> depth;

 private:
  void start(Address value) {
    auto slot = heap_.slot_of(value);
    if (slot && depth.try_emplace(slot->base(), 0).second) queue_.push_back(*slot);
  }
  const NaiveHeap& heap_;
  std::vector<NaiveHeap::Slot> queue_;
  std::map<Address, std::set<Address>> successors_;
};

Address root_value(const RootSet& roots, RootWord word) {
  return word.goroutine == RootWord::kNoGoroutine
             ? roots.roots.at(word.index).value
             : roots.goroutines.at(word.goroutine).roots.at(word.index).value;
}

class RootPathsOfRandomHeaps : public testing::TestWithParam<unsigned> {};

TEST_P(RootPathsOfRandomHeaps, AreTheShortestAndLeadThroughReferences) {
  RandomHeap random(GetParam());
  auto spans = random.forged.spans();
  auto heap = Heap::open(random.forged.runtime(), spans);
  ASSERT_TRUE(heap);
  NaiveHeap naive_heap(random.forged.runtime(), spans);
  Naive naive(naive_heap, random.roots);
  RootPaths paths(*heap, random.roots);

  std::size_t reached = 0, ways = 0;
  auto expect_a_way = [&](const RootPath& path, ObjectId id) {
    ASSERT_FALSE(path.objects.empty());
    EXPECT_EQ(path.objects.back(), id);
    std::set<ObjectIndex> on_it;
    for (ObjectId object : path.objects) EXPECT_TRUE(on_it.insert(object.value).second);
    for (std::size_t i = 1; i < path.objects.size(); i++)
      EXPECT_TRUE(naive.refers(heap->base(path.objects[i - 1]), heap->base(path.objects[i])));
    auto value = root_value(random.roots, path.root);
    auto start = naive_heap.slot_of(value);
    ASSERT_TRUE(start);
    bool contents = path.root.goroutine == RootWord::kNoGoroutine &&
                    random.roots.roots[path.root.index].kind == RootKind::FinalizerObject;
    auto first = heap->base(path.objects[0]);
    EXPECT_TRUE(contents ? naive.refers(start->base(), first) : start->base() == first);
  };
  for (const HeapSpan& span : heap->spans())
    for (std::uint32_t slot = 0; slot < span.span.slots; slot++) {
      ObjectId id(span.first.value + slot);
      auto expected = naive.depth.find(heap->base(id));
      ASSERT_EQ(paths.reached(id), expected != naive.depth.end());
      if (!paths.reached(id)) continue;
      EXPECT_EQ(paths.depth(id), expected->second);
      auto path = paths.shortest(id);
      EXPECT_EQ(path.objects.size(), expected->second + 1);
      expect_a_way(path, id);
      if (reached++ % 997 != 0) continue;
      auto distinct = paths.distinct(id, 8, [](ObjectId object) { return object.value; });
      ASSERT_FALSE(distinct.empty());
      EXPECT_LE(distinct.size(), 8u);
      std::set<std::vector<ObjectIndex>> seen;
      for (auto& way : distinct) {
        expect_a_way(way, id);
        EXPECT_GE(way.objects.size(), path.objects.size());
        ways++;
        std::vector<ObjectIndex> key = {way.root.goroutine, way.root.index};
        for (ObjectId object : way.objects) key.push_back(object.value);
        EXPECT_TRUE(seen.insert(key).second) << "the same way twice";
      }
    }
  EXPECT_EQ(reached, naive.depth.size());
  EXPECT_GT(reached, 0u);
  EXPECT_GT(ways, reached / 997) << "no heap of these has one way only to everything";
}

INSTANTIATE_TEST_SUITE_P(Seeds, RootPathsOfRandomHeaps, testing::Range(1u, 41u));

}  // namespace
}  // namespace overhang::test
