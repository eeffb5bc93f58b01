// Marking against a naive reference, on random forged heaps and with one thread against many.
#include "graph/mark.h"

#include <gtest/gtest.h>

#include "reference/naive_mark.h"
#include "unit/graph/list_heap.h"
#include "unit/graph/random_heap.h"

namespace overhang::test {
namespace {

Heap open(const Runtime& runtime, const HeapSpans& spans) {
  auto heap = Heap::open(runtime, spans);
  if (!heap) throw std::runtime_error(heap.error().message);
  return std::move(*heap);
}

TEST(Mark, EqualsTheNaiveMarkOnRandomHeapsWithAnyNumberOfThreads) {
  std::size_t most = 0;
  for (unsigned seed = 1; seed <= 40; seed++) {
    RandomHeap random(seed);
    auto spans = random.forged.spans();
    ASSERT_EQ(spans.spans.size(), 40u);
    auto heap = open(random.forged.runtime(), spans);
    auto expected = naive_mark(NaiveHeap(random.forged.runtime(), spans), random.roots);
    most = std::max(most, expected.size());
    std::uint64_t expected_bytes = 0;
    for (auto base : expected) {
      auto ref = heap.find(base);
      ASSERT_TRUE(ref);
      expected_bytes += heap.slot_size(ref->id);
    }
    for (unsigned threads : {1u, 2u, 5u}) {
      auto live = mark(heap, random.roots, threads);
      std::set<Address> found;
      for (std::uint32_t i = 0; i < heap.object_count(); i++)
        if (live.live.test(i)) found.insert(heap.base(ObjectId(i)));
      EXPECT_EQ(found, expected) << "seed " << seed << ", " << threads << " threads";
      EXPECT_EQ(live.objects, expected.size());
      EXPECT_EQ(live.bytes, expected_bytes);
    }
    // The types are well-formed: nothing may be lost on the way.
    EXPECT_TRUE(random.forged.diagnostics.warnings().empty())
        << random.forged.diagnostics.warnings().front();
  }
  EXPECT_GT(most, 1000u);  // the heaps are not so random that nothing hangs together
}

// A list as long as the heap: no recursion, and threads that find nothing to do wait and end.
TEST(Mark, FollowsALongList) {
  ForgedHeap forged;
  auto elements = forge_list(forged);
  auto spans = forged.spans();
  auto heap = open(forged.runtime(), spans);
  RootSet roots;
  roots.roots.push_back({RootKind::Data, 0x1000, elements.back(), 0});
  for (unsigned threads : {1u, 3u}) EXPECT_EQ(mark(heap, roots, threads).objects, elements.size());
}

// An array of a million pointers fans out to a million objects: the work must be shared and each
// object be counted once.
TEST(Mark, CountsEachObjectOnceWhenThreadsShare) {
  ForgedHeap forged;
  auto pointer = forged.add_type(8, {true});
  constexpr std::uint64_t kPointers = 1 << 18;
  ForgedSpan array;
  array.span_class = 0;
  array.elem_size = kPointers * 8;
  array.pages = array.elem_size / kHeapPageSize;
  array.large_type = pointer;
  auto base = forged.add_span(array);
  forged.set_allocated(base, 0);
  ForgedSpan leaf;
  leaf.elem_size = 16;
  leaf.span_class = 2 << 1;
  std::vector<Address> leaves;
  for (int n = 0; n < 300; n++) {
    auto at = forged.add_span(leaf);
    forged.set_all_allocated(at, 504);
    for (std::uint64_t slot = 0; slot < 504; slot++) leaves.push_back(at + slot * 16);
  }
  for (std::uint64_t i = 0; i < kPointers; i++)
    forged.memory.store<std::uint64_t>(base + i * 8, leaves[i * 7919 % leaves.size()] + i % 16);
  forged.finish();
  auto spans = forged.spans();
  auto heap = open(forged.runtime(), spans);
  RootSet roots;
  roots.roots.push_back({RootKind::Data, 0x1000, base + 8, 0});
  for (unsigned threads : {1u, 2u, 4u}) {
    auto live = mark(heap, roots, threads);
    EXPECT_EQ(live.objects, leaves.size() + 1);
    EXPECT_EQ(live.bytes, leaves.size() * 16 + array.elem_size);
  }
}

TEST(Mark, NoRootsNoLife) {
  ForgedHeap forged;
  auto base = forged.add_span({});
  forged.set_all_allocated(base, 100);
  forged.finish();
  auto spans = forged.spans();
  auto heap = open(forged.runtime(), spans);
  auto live = mark(heap, {}, 0);
  EXPECT_EQ(live.objects, 0u);
  EXPECT_EQ(live.bytes, 0u);
  EXPECT_EQ(live.live.size(), heap.object_count());
}

}  // namespace
}  // namespace overhang::test
