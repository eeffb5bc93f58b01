#include "goruntime/spans.h"

#include <gtest/gtest.h>

#include "unit/goruntime/forged_heap.h"

namespace overhang::test {
namespace {

std::vector<Address> bases(const HeapSpans& heap) {
  std::vector<Address> out;
  for (auto& span : heap.spans) out.push_back(span.base);
  return out;
}

bool lost(const ForgedHeap& forged, const std::string& cause) {
  for (auto& line : forged.diagnostics.warnings())
    if (line.find(cause) != std::string::npos) return true;
  return false;
}

TEST(Spans, ReadsEveryFieldOfASpan) {
  ForgedHeap forged;
  ForgedSpan in;
  in.pages = 2;
  in.elem_size = 1024;
  in.span_class = 31 << 1 | 1;
  in.slots = 15;
  in.free_index = 9;
  in.free_index_for_scan = 8;
  in.sweepgen = 8;
  in.large_type = 0x1234;
  auto base = forged.add_span(in);
  forged.memory.store<std::uint64_t>(
      forged.mspan(base) + static_cast<std::uint64_t>(forged.layout().mspan_specials), 0x4321);
  forged.finish();
  auto heap = forged.spans();
  ASSERT_EQ(heap.spans.size(), 1u);
  EXPECT_EQ(heap.sweepgen, ForgedHeap::kSweepgen);
  auto& out = heap.spans[0];
  EXPECT_EQ(out.base, base);
  EXPECT_EQ(out.limit, base + 15 * 1024);
  EXPECT_EQ(out.bytes(), 16384u);
  EXPECT_EQ(out.elem_size, 1024u);
  EXPECT_EQ(out.slots, 15u);
  EXPECT_EQ(out.free_index, 9u);
  EXPECT_EQ(out.free_index_for_scan, 8u);
  EXPECT_EQ(out.sweepgen, 8u);
  EXPECT_EQ(out.span_class, 63);
  EXPECT_TRUE(out.noscan());
  EXPECT_EQ(out.size_class(), 31);
  EXPECT_FALSE(out.user_arena);
  EXPECT_FALSE(out.inline_marks);
  EXPECT_EQ(out.alloc_bits, forged.alloc_bits(base));
  EXPECT_EQ(out.gcmark_bits, forged.gcmark_bits(base));
  EXPECT_EQ(out.specials, 0x4321u);
  EXPECT_EQ(out.large_type, 0x1234u);
}

TEST(Spans, SortsAndKeepsOnlySpansInUse) {
  ForgedHeap forged;
  ForgedSpan manual, dead;
  manual.state = 2;
  dead.state = 0;
  auto high = forged.add_span({}, ForgedHeap::kHeapBase + (200u << 20));
  forged.add_span(manual);
  auto low = forged.add_span({});
  forged.add_span(dead);
  forged.finish();
  EXPECT_EQ(bases(forged.spans()), (std::vector<Address>{low, high}));
  EXPECT_TRUE(forged.diagnostics.warnings().empty());
}

TEST(Spans, TellsInlineMarksByTheArenasBit) {
  ForgedHeap forged;
  ForgedSpan marked;
  marked.inline_marks = true;
  forged.add_span(marked);
  forged.add_span({});
  forged.finish();
  auto heap = forged.spans();
  ASSERT_EQ(heap.spans.size(), 2u);
  EXPECT_TRUE(heap.spans[0].inline_marks);
  EXPECT_EQ(heap.spans[0].slots, (8192u - 128 - 128) / 64);
  EXPECT_FALSE(heap.spans[1].inline_marks);
}

TEST(Spans, NoInlineMarksBeforeGreenTea) {
  ForgedHeap forged(24);
  forged.add_span({});
  forged.finish();
  EXPECT_FALSE(forged.spans().spans.at(0).inline_marks);
}

// Each row spoils one field in a way that would make a later reader leave the span.
TEST(Spans, LeavesOutSpansThatContradictThemselves) {
  auto& layout = ForgedHeap().layout();
  struct {
    std::int64_t field;
    std::uint64_t value;
    unsigned size;
  } const rows[] = {
      {layout.mspan_elemsize, 0, 8},
      {layout.mspan_elemsize, 63, 8},
      {layout.mspan_elemsize, 8200, 8},
      {layout.mspan_nelems, 0, 2},
      {layout.mspan_nelems, 127, 2},  // would reach into the pointer bitmap
      {layout.mspan_freeindex, 200, 2},
      {layout.mspan_freeIndexForScan, 200, 2},
      {layout.mspan_npages, 0, 8},
      {layout.mspan_npages, UINT64_MAX, 8},
      {layout.mspan_npages, 2, 8},  // the second page is another span's
      {layout.mspan_startAddr, ForgedHeap::kHeapBase + 8, 8},
      {layout.mspan_startAddr, UINT64_MAX - 8191, 8},
      {layout.mspan_limit, ForgedHeap::kHeapBase + 8193, 8},
      {layout.mspan_limit, ForgedHeap::kHeapBase - 1, 8},
      {layout.mspan_spanclass, 68 << 1, 1},
      {layout.mspan_spanclass, 0, 1},  // a large object, but many slots
  };
  for (auto& row : rows) {
    ForgedHeap forged;
    ForgedSpan in_use;
    in_use.free_index = 1;
    auto bad = forged.add_span(in_use);
    auto good = forged.add_span({});
    auto at = forged.mspan(bad) + static_cast<std::uint64_t>(row.field);
    for (unsigned i = 0; i < row.size; i++)
      forged.memory.store<std::uint8_t>(at + i, static_cast<std::uint8_t>(row.value >> (8 * i)));
    forged.finish();
    EXPECT_EQ(bases(forged.spans()), std::vector<Address>{good})
        << "field at " << row.field << " = " << row.value;
    EXPECT_TRUE(lost(forged, "heap span"));
  }
}

TEST(Spans, AFreshSpanMayHaveItsPredecessorsLimit) {
  ForgedHeap forged;
  auto at_limit = [&](Address base) {
    return forged.mspan(base) + static_cast<std::uint64_t>(forged.layout().mspan_limit);
  };
  ForgedSpan unused, used;
  unused.free_index = unused.free_index_for_scan = 0;
  used.free_index = used.free_index_for_scan = 3;
  auto fresh = forged.add_span(unused), filled = forged.add_span(used);
  forged.memory.store<std::uint64_t>(at_limit(fresh), 0x1000);
  forged.memory.store<std::uint64_t>(at_limit(filled), 0x1000);
  forged.add_span({});
  forged.finish();
  auto heap = forged.spans();
  ASSERT_EQ(heap.spans.size(), 2u);
  EXPECT_EQ(heap.spans[0].base, fresh);
  EXPECT_EQ(heap.spans[0].limit, fresh);
  EXPECT_TRUE(lost(forged, "heap span inconsistent")) << "the one with objects";
}

TEST(Spans, LeavesOutSpansThatNoArenaLeadsTo) {
  ForgedHeap forged;
  ForgedSpan stray;
  stray.in_arena = false;
  stray.free_index = stray.free_index_for_scan = 3;
  forged.add_span(stray);
  auto good = forged.add_span({});
  forged.finish();
  EXPECT_EQ(bases(forged.spans()), std::vector<Address>{good});
  EXPECT_TRUE(lost(forged, "not in its arena"));
}

// mheap.go: initSpan publishes a span there after it is in use.
TEST(Spans, PassesOverSpansThatAreJustBeingMade) {
  ForgedHeap forged;
  ForgedSpan fresh;
  fresh.in_arena = false;
  forged.add_span(fresh);
  auto good = forged.add_span({});
  forged.finish();
  auto spans = forged.spans();
  EXPECT_EQ(bases(spans), std::vector<Address>{good});
  EXPECT_EQ(spans.rejected, 0u);
  EXPECT_FALSE(lost(forged, "not in its arena"));
}

TEST(Spans, LeavesOutTheSecondOfTwoThatOverlap) {
  ForgedHeap forged;
  ForgedSpan wide;
  wide.pages = 3;
  wide.elem_size = 1024;
  wide.span_class = 31 << 1;
  auto base = forged.add_span(wide);
  auto inner = forged.add_span({}, base + kHeapPageSize);  // the ends of `wide` are still its own
  auto good = forged.add_span({});
  forged.finish();
  EXPECT_EQ(bases(forged.spans()), (std::vector<Address>{base, good})) << inner;
  EXPECT_TRUE(lost(forged, "overlaps"));
}

TEST(Spans, FailsWhereTheListIsNotInTheImage) {
  ForgedHeap forged;
  auto header = 0x10000000 + static_cast<std::uint64_t>(forged.layout().mheap_allspans);
  forged.memory.store<std::uint64_t>(header, 0x7000000);
  forged.memory.store<std::uint64_t>(header + 8, 4);
  forged.memory.store<std::uint64_t>(header + 16, 4);
  forged.finish_without_allspans();
  auto spans = read_spans(forged.runtime());
  ASSERT_FALSE(spans);
  EXPECT_EQ(spans.error().kind, ErrorKind::BadInput);
  EXPECT_NE(spans.error().message.find("allspans"), std::string::npos);
}

TEST(Spans, FailsWhereMostSpansMakeNoSense) {
  ForgedHeap forged;
  ForgedSpan bad;
  bad.in_arena = false;
  bad.free_index = bad.free_index_for_scan = 1;
  forged.add_span({});
  forged.add_span(bad);
  forged.add_span(bad);
  forged.finish();
  auto spans = read_spans(forged.runtime());
  ASSERT_FALSE(spans);
  EXPECT_EQ(spans.error().kind, ErrorKind::BadInput);
}

}  // namespace
}  // namespace overhang::test
