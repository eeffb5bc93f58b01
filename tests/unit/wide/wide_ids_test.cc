// More than 2^32 objects, compiled with OVERHANG_WIDE_IDS: a heap that claims 36 GB of pointer-free
// slots of 8 bytes, of which the image has none, and behind them a span whose objects are there.
// The ids of these do not fit 32 bits. Takes some 2 GB of memory.
#include <gtest/gtest.h>

#include "graph/mark.h"
#include "unit/goruntime/forged_heap.h"

namespace overhang::test {
namespace {

static_assert(kWideIds);

TEST(WideIds, AHeapOfMoreThan32BitsIsNumberedFoundAndMarked) {
  constexpr std::uint64_t kFar = std::uint64_t{64} << 30;  // from the heap's base
  ForgedHeap forged;
  ForgedSpan s;  // of 64-byte objects, with pointer bits at its end
  auto near = forged.add_span(s), far = forged.add_span(s, ForgedHeap::kHeapBase + kFar);
  // near's slot 0 -> far's slot 3 -> near's slot 5; far's slot 4 is allocated and nothing's.
  auto point = [&](Address span, std::uint64_t slot, Address to) {
    forged.memory.store<std::uint64_t>(span + slot * 64, to);
    forged.memory.set_bit(span + kHeapPageSize - kHeapPageSize / 64, slot * 8);
  };
  point(near, 0, far + 3 * 64 + 8);
  point(far, 3, near + 5 * 64);
  for (auto slot : {0u, 5u}) forged.set_allocated(near, slot);
  for (auto slot : {3u, 4u}) forged.set_allocated(far, slot);
  forged.finish();

  auto spans = forged.spans();
  ASSERT_EQ(spans.spans.size(), 2u);
  std::vector<Span> between;
  constexpr std::uint64_t kPages = std::uint64_t{1} << 18;  // 2 GiB a span
  for (std::uint64_t i = 0; i < 17; i++) {
    Span span;
    span.base = ForgedHeap::kHeapBase + (std::uint64_t{2} << 30) + i * kPages * kHeapPageSize;
    span.npages = kPages;
    span.elem_size = 8;
    span.slots = kPages * kHeapPageSize / 8;
    span.limit = span.base + span.bytes();
    span.span_class = 3;
    span.sweepgen = ForgedHeap::kSweepgen;
    between.push_back(span);
  }
  spans.spans.insert(spans.spans.begin() + 1, between.begin(), between.end());
  auto heap = Heap::open(forged.runtime(), spans);
  ASSERT_TRUE(heap) << heap.error().message;

  const std::uint64_t slots = spans.spans.front().slots;
  const std::uint64_t first = slots + 17 * kPages * kHeapPageSize / 8;
  ASSERT_GT(first, std::uint64_t{1} << 32);
  EXPECT_EQ(heap->object_count(), first + slots);
  auto object = heap->find(far + 3 * 64 + 8);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->id.value, first + 3);
  EXPECT_EQ(object->offset, 8u);
  EXPECT_EQ(heap->span_index_of(object->id), 18u);
  EXPECT_EQ(heap->base(object->id), far + 3 * 64);
  EXPECT_FALSE(heap->find(far + 2 * 64));
  EXPECT_FALSE(heap->allocated(ObjectId((first + 3) & 0xFFFFFFFF)));  // what 32 bits would say

  RootSet roots;
  roots.roots.push_back({.value = near});
  auto live = mark(*heap, roots, 2);
  EXPECT_EQ(live.objects, 3u);
  EXPECT_EQ(live.bytes, 3 * 64u);
  EXPECT_TRUE(live.live.test(first + 3));
  EXPECT_FALSE(live.live.test(first + 4));
}

}  // namespace
}  // namespace overhang::test
