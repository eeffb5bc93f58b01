// The heap layer on forged heaps. Expectations are computed by hand or by division, not by its
// tables.
#include "heap/heap.h"

#include <gtest/gtest.h>

#include <random>

#include "heap/pointer_map.h"
#include "unit/goruntime/forged_heap.h"

namespace overhang::test {
namespace {

using Found = std::vector<std::pair<std::uint64_t, Address>>;  // offset in the slot, value

Heap open(ForgedHeap& forged) {
  forged.finish();
  auto heap = Heap::open(forged.runtime(), forged.spans());
  if (!heap) throw std::runtime_error(heap.error().message);
  return std::move(*heap);
}

Found pointers(const Heap& heap, Address object, std::uint64_t begin = 0,
               std::uint64_t end = UINT64_MAX) {
  Found out;
  auto ref = heap.find(object);
  EXPECT_TRUE(ref);
  if (ref)
    heap.for_each_pointer(ref->id, begin, end, [&](std::uint64_t offset, Address value) {
      out.push_back({offset, value});
    });
  return out;
}

// Stores base + offset + 1 in every word, so that a visit shows what it read.
void fill(ForgedHeap& forged, Address base, std::uint64_t bytes) {
  for (std::uint64_t offset = 0; offset < bytes; offset += 8)
    forged.memory.store<std::uint64_t>(base + offset, base + offset + 1);
}

Found at_offsets(Address base, const std::vector<std::uint64_t>& offsets) {
  Found out;
  for (auto offset : offsets) out.push_back({offset, base + offset + 1});
  return out;
}

TEST(Heap, FindsTheSlotOfEveryAddress) {
  ForgedHeap forged;
  struct Shape {
    std::uint64_t elem_size, pages;
    std::uint8_t span_class;
    std::uint32_t slots;
  };
  // The last three are nothing that a runtime makes: odd sizes over many pages.
  std::vector<Shape> const shapes{{8, 1, 3, 0},
                                  {16, 1, 4, 500},
                                  {48, 1, 8, 0},
                                  {6784, 5, 102, 0},
                                  {32768, 4, 134, 0},
                                  {81920, 10, 1, 1},
                                  {1 << 27, 1 << 14, 1, 1},
                                  {24, 300, 9, 65535},
                                  {40, 255, 9, 52000},
                                  {11176, 200, 9, 0}};
  struct Made {
    Shape shape;
    Address base;
  };
  std::vector<Made> made;
  for (auto& shape : shapes) {
    ForgedSpan s;
    s.elem_size = shape.elem_size;
    s.pages = shape.pages;
    s.span_class = shape.span_class;
    s.slots = shape.slots;
    if (shape.elem_size == 81920) s.limit = 0;
    auto base = forged.add_span(s);
    made.push_back({shape, base});
  }
  forged.finish();
  auto spans = forged.spans();
  ASSERT_EQ(spans.spans.size(), shapes.size());
  for (auto& span : spans.spans) span.free_index_for_scan = span.slots;  // all allocated
  auto heap = Heap::open(forged.runtime(), spans);
  ASSERT_TRUE(heap);
  std::mt19937_64 random(7);
  std::uint32_t first = 0;
  for (auto& span : spans.spans) {
    std::vector<std::uint64_t> offsets{0,
                                       1,
                                       span.elem_size - 1,
                                       span.elem_size,
                                       span.slots * span.elem_size - 1,
                                       span.slots * span.elem_size,
                                       span.bytes() - 1};
    for (int i = 0; i < 2000; i++) offsets.push_back(random() % span.bytes());
    for (auto offset : offsets) {
      if (offset >= span.bytes()) continue;
      auto found = heap->find(span.base + offset);
      ASSERT_TRUE(heap->contains(span.base + offset));
      auto slot = offset / span.elem_size;
      ASSERT_EQ(found.has_value(), slot < span.slots) << span.elem_size << " at " << offset;
      if (!found) continue;
      EXPECT_EQ(found->id.value, first + slot);
      EXPECT_EQ(found->offset, offset % span.elem_size);
      EXPECT_EQ(heap->base(found->id), span.base + slot * span.elem_size);
      EXPECT_EQ(heap->spans()[found->span].span.base, span.base);
      EXPECT_EQ(heap->span_index_of(found->id), found->span);
      EXPECT_EQ(heap->slot_size(found->id), span.elem_size);
    }
    first += span.slots;
  }
  EXPECT_EQ(heap->object_count(), first);
  auto end = spans.spans.back().base + spans.spans.back().bytes();
  for (Address outside :
       {Address{0}, ForgedHeap::kHeapBase - 1, end, ~Address{0}, Address{0x8000000000000000}}) {
    EXPECT_FALSE(heap->find(outside));
    EXPECT_FALSE(heap->contains(outside));
  }
}

TEST(Heap, AddressesPastALargeObjectsLimitAreInNoSlot) {
  ForgedHeap forged;
  ForgedSpan s;
  s.pages = 5;
  s.elem_size = 5 * 8192;
  s.span_class = 1;
  s.limit = ForgedHeap::kHeapBase + 33000;  // mcache.go: allocLarge
  s.free_index_for_scan = 1;
  auto base = forged.add_span(s);
  auto heap = open(forged);
  EXPECT_TRUE(heap.find(base + 32999));
  EXPECT_FALSE(heap.find(base + 33000));
  EXPECT_TRUE(heap.contains(base + 33000));
}

TEST(Heap, SlotsAreAllocatedBelowFreeIndexForScanOrByTheirBit) {
  ForgedHeap forged;
  ForgedSpan s;
  s.slots = 100;
  s.free_index = 80;
  s.free_index_for_scan = 70;
  auto base = forged.add_span(s);
  forged.set_allocated(base, 3);
  forged.set_allocated(base, 75);
  forged.set_allocated(base, 99);
  forged.set_allocated(base, 100);  // no such slot: must not leak into the next span
  auto next = forged.add_span(s);
  auto heap = open(forged);
  for (std::uint32_t slot = 0; slot < 100; slot++)
    EXPECT_EQ(heap.find(base + slot * 64).has_value(), slot < 70 || slot == 75 || slot == 99)
        << slot;
  EXPECT_EQ(heap.allocated().count(), 72u + 70u);
  EXPECT_FALSE(heap.find(next + 99 * 64));
}

// While the collector marks, what is allocated is marked, and freeIndexForScan stands still.
TEST(Heap, SlotsTakenWhileTheCollectorMarksAreAllocatedOnceTheyAreMarked) {
  ForgedHeap forged;
  ForgedSpan s;
  s.inline_marks = true;
  s.free_index = 20;
  s.free_index_for_scan = 10;
  auto base = forged.add_span(s);
  forged.memory.set_bit(forged.gcmark_bits(base), 12);
  forged.memory.set_bit(base + 8192 - 64, 15);          // spanInlineMarkBits.marks
  forged.memory.set_bit(forged.gcmark_bits(base), 30);  // nobody has taken this slot
  auto heap = open(forged);
  for (std::uint32_t slot = 0; slot < 40; slot++)
    EXPECT_EQ(heap.allocated(ObjectId(slot)), slot < 10 || slot == 12 || slot == 15) << slot;
}

// What the last cycle did not mark is free, swept or not.
TEST(Heap, SlotsOfSpansThatWaitForTheSweeperAreAllocatedIfMarked) {
  for (auto sweepgen :
       {ForgedHeap::kSweepgen - 2, ForgedHeap::kSweepgen - 1, ForgedHeap::kSweepgen + 1}) {
    ForgedHeap forged;
    ForgedSpan s;
    s.sweepgen = sweepgen;
    s.free_index = s.free_index_for_scan = 20;
    auto base = forged.add_span(s);
    forged.set_allocated(base, 30);
    forged.memory.set_bit(forged.gcmark_bits(base), 3);
    forged.memory.set_bit(forged.gcmark_bits(base), 30);
    auto heap = open(forged);
    for (std::uint32_t slot = 0; slot < 40; slot++)
      EXPECT_EQ(heap.allocated(ObjectId(slot)), slot == 3 || slot == 30) << slot;
  }
  // In the sweeper's hands, the marks having become the allocation bits.
  ForgedHeap forged;
  ForgedSpan s;
  s.sweepgen = ForgedHeap::kSweepgen - 1;
  auto base = forged.add_span(s);
  forged.set_allocated(base, 30);
  auto heap = open(forged);
  for (std::uint32_t slot = 0; slot < 40; slot++)
    EXPECT_EQ(heap.allocated(ObjectId(slot)), slot == 30) << slot;
}

class InlineBitmap : public testing::TestWithParam<bool> {};

TEST_P(InlineBitmap, StandsAtTheSpansEndBeforeTheInlineMarks) {
  bool inline_marks = GetParam();
  ForgedHeap forged;
  ForgedSpan s;
  s.elem_size = 112;  // 14 words: slots straddle the bitmap's words
  s.span_class = 10 << 1;
  s.inline_marks = inline_marks;
  s.free_index_for_scan = 60;
  auto base = forged.add_span(s);
  fill(forged, base, 60 * 112);
  auto bitmap = base + 8192 - 128 - (inline_marks ? 128 : 0);
  // Slot 4 has words 56 to 69, slot 9 words 126 to 139.
  for (auto word : {55, 56, 63, 64, 69, 70, 127, 128, 139}) forged.memory.set_bit(bitmap, word);
  auto heap = open(forged);
  EXPECT_EQ(pointers(heap, base + 4 * 112),
            (Found{{0, base + 449}, {56, base + 505}, {64, base + 513}, {104, base + 553}}));
  EXPECT_EQ(pointers(heap, base + 9 * 112).size(), 3u);
  EXPECT_EQ(pointers(heap, base + 4 * 112, 8, 64), (Found{{56, base + 505}}));
  EXPECT_EQ(pointers(heap, base + 4 * 112, 57, 105), (Found{{64, base + 513}}));
  EXPECT_TRUE(pointers(heap, base + 6 * 112).empty());
  auto id = heap.find(base + 4 * 112)->id;
  EXPECT_TRUE(heap.is_pointer_word(id, 56));
  EXPECT_FALSE(heap.is_pointer_word(id, 48));
  EXPECT_FALSE(heap.is_pointer_word(id, 57));
  EXPECT_FALSE(heap.is_pointer_word(id, 112));
  EXPECT_EQ(heap.allocation_type(id), 0u);
}

INSTANTIATE_TEST_SUITE_P(Marks, InlineBitmap, testing::Bool());

TEST(PointerMap, SkipsNullWordsAndReadsAllOfA512ByteSlot) {
  ForgedHeap forged;
  ForgedSpan s;
  s.elem_size = 512;
  s.span_class = 28 << 1;
  s.free_index_for_scan = 3;
  auto base = forged.add_span(s);
  for (std::uint64_t i = 0; i < 192; i++) forged.memory.set_bit(base + 8192 - 128, i);
  forged.memory.store<std::uint64_t>(base + 512, 1);
  forged.memory.store<std::uint64_t>(base + 1016, 2);
  auto heap = open(forged);
  EXPECT_EQ(pointers(heap, base + 512), (Found{{0, 1}, {504, 2}}));
}

// Trap 1 of GO_RUNTIME.md: the type in the header is the element's.
TEST(PointerMap, TilesTheHeadersTypeOverTheSlot) {
  ForgedHeap forged;
  auto type = forged.add_type(24, {true, false, true});
  ForgedSpan s;
  s.elem_size = 1024;
  s.pages = 1;
  s.span_class = 31 << 1;
  s.free_index_for_scan = 8;
  auto base = forged.add_span(s);
  auto object = base + 1024;
  fill(forged, object, 1024);
  forged.memory.store<std::uint64_t>(object, type);
  auto heap = open(forged);
  std::vector<std::uint64_t> expected;
  for (std::uint64_t elem = 8; elem < 1024; elem += 24)
    for (auto offset : {elem, elem + 16})
      if (offset < 1024) expected.push_back(offset);
  EXPECT_EQ(pointers(heap, object), at_offsets(object, expected));
  EXPECT_EQ(pointers(heap, object, 48, 80), at_offsets(object, {48, 56, 72}));
  EXPECT_EQ(pointers(heap, object, 1016), at_offsets(object, {1016}));
  auto id = heap.find(object)->id;
  EXPECT_EQ(heap.allocation_type(id), type);
  EXPECT_EQ(heap.header_size(id), 8u);
  EXPECT_FALSE(heap.is_pointer_word(id, 0));
  EXPECT_TRUE(heap.is_pointer_word(id, 8));
  EXPECT_FALSE(heap.is_pointer_word(id, 16));
  EXPECT_TRUE(heap.is_pointer_word(id, 24));
  // A header that is still nil: nothing to see yet, and nothing wrong.
  EXPECT_TRUE(pointers(heap, base).empty());
  EXPECT_TRUE(forged.diagnostics.warnings().empty());
}

// Trap 2: the largest size class has headers, it is no large object.
TEST(PointerMap, TheLargestSizeClassHasAHeader) {
  ForgedHeap forged;
  auto type = forged.add_type(8, {true});
  ForgedSpan s;
  s.elem_size = 32768;
  s.pages = 4;
  s.span_class = 67 << 1;
  s.free_index_for_scan = 1;
  auto base = forged.add_span(s);
  fill(forged, base, 32768);
  forged.memory.store<std::uint64_t>(base, type);
  auto heap = open(forged);
  EXPECT_EQ(pointers(heap, base).size(), 4095u);
}

TEST(PointerMap, TilesLongMasksAndCutsThemAtPtrBytes) {
  ForgedHeap forged;
  std::vector<bool> mask(100);
  for (std::size_t i : {0, 63, 64, 99}) mask[i] = true;
  auto type = forged.add_type(1000, mask);
  // Bits past PtrBytes mean nothing.
  auto gcdata = forged.memory.load<std::uint64_t>(
      type + static_cast<std::uint64_t>(forged.layout().abiType_gcdata));
  forged.memory.set_bit(gcdata, 110);
  ForgedSpan s;
  s.span_class = 0;
  s.pages = 1;
  s.elem_size = 8192;
  s.large_type = type;
  s.free_index_for_scan = 1;
  auto base = forged.add_span(s);
  fill(forged, base, 8192);
  auto heap = open(forged);
  std::vector<std::uint64_t> expected;
  for (std::uint64_t elem = 0; elem < 8192; elem += 1000)
    for (std::uint64_t word : {0, 63, 64, 99})
      if (elem + word * 8 < 8192) expected.push_back(elem + word * 8);
  EXPECT_EQ(pointers(heap, base), at_offsets(base, expected));
  for (auto& [begin, end] : {std::pair{504, 4500}, {1792, 1793}, {1000, 1008}, {999, 1001}}) {
    std::vector<std::uint64_t> some;
    for (auto offset : expected)  // whole words within [begin, end)
      if (offset >= static_cast<std::uint64_t>(begin) &&
          offset + 8 <= static_cast<std::uint64_t>(end))
        some.push_back(offset);
    EXPECT_EQ(pointers(heap, base, begin, end), at_offsets(base, some)) << begin;
  }
  auto id = heap.find(base)->id;
  EXPECT_EQ(heap.allocation_type(id), type);
  for (std::uint64_t offset = 0; offset < 8192; offset += 8)
    EXPECT_EQ(heap.is_pointer_word(id, offset),
              std::find(expected.begin(), expected.end(), offset) != expected.end())
        << offset;
}

TEST(PointerMap, LargeObjectsThatAreStillBeingZeroedHaveNoPointers) {
  ForgedHeap forged;
  ForgedSpan s;
  s.span_class = 0;
  s.pages = 1;
  s.elem_size = 8192;
  s.free_index_for_scan = 1;
  auto base = forged.add_span(s);
  fill(forged, base, 8192);
  auto heap = open(forged);
  EXPECT_TRUE(pointers(heap, base).empty());
  EXPECT_TRUE(forged.diagnostics.warnings().empty());
}

// arena.go: newUserArenaChunk. The chunk's own type and bitmap stand behind its data.
TEST(PointerMap, UserArenaChunksCarryTheirType) {
  ForgedHeap forged;
  ForgedSpan s;
  s.span_class = 0;
  s.pages = 16;
  auto bytes = s.pages * 8192;
  s.elem_size = bytes - bytes / 64 - 48;
  s.user_arena = true;
  s.large_type = ForgedHeap::kHeapBase + s.elem_size;
  s.free_index_for_scan = 1;
  auto base = forged.add_span(s);
  fill(forged, base, 64);
  auto& layout = forged.layout();
  auto store = [&](std::int64_t field, std::uint64_t value) {
    forged.memory.store<std::uint64_t>(s.large_type + static_cast<std::uint64_t>(field), value);
  };
  store(layout.abiType_size, s.elem_size);
  store(layout.abiType_ptrBytes, 40);
  store(layout.abiType_gcdata, s.large_type + 48);
  for (int word : {0, 2, 4, 6}) forged.memory.set_bit(s.large_type + 48, word);
  auto heap = open(forged);
  EXPECT_EQ(pointers(heap, base), at_offsets(base, {0, 16, 32}));
  EXPECT_EQ(heap.allocation_type(heap.find(base)->id), 0u);
}

// Trap 3: masks that the program builds on demand.
class OnDemand : public testing::Test {
 protected:
  // struct { head *T; rest [100][2]struct{ x uintptr; p *T }; tail uintptr }
  Address make_type(Address mask) {
    auto& layout = forged.layout();
    auto tflag = static_cast<std::uint8_t>(layout.tflagGCMaskOnDemand);
    auto array_kind = static_cast<std::uint8_t>(layout.kindArray);
    auto slot = [&](Address value) {
      auto at = forged.next_data(8);
      forged.memory.store<std::uint64_t>(at, value);
      return at;
    };
    auto pointer = forged.add_type(8, {true});
    auto number = forged.add_type_header(8, 0, 0, 0, 12);
    auto element = forged.add_type(16, {false, true});
    auto array = [&](Address elem, std::uint64_t len, std::uint64_t size) {
      auto inner = forged.add_type_header(size, size, slot(0), tflag, array_kind);
      forged.memory.store<std::uint64_t>(inner + u(layout.abiArrayType_elem), elem);
      forged.memory.store<std::uint64_t>(inner + u(layout.abiArrayType_len), len);
      return inner;
    };
    auto pair = array(element, 2, 32);
    auto rest = array(pair, 100, 3200);
    type = forged.add_type_header(3216, 3208, slot(mask), tflag,
                                  static_cast<std::uint8_t>(layout.kindStruct));
    auto fields = forged.next_data(3 * u(layout.abiStructField_size));
    auto header = type + u(layout.abiStructType_fields);
    forged.memory.store<std::uint64_t>(header, fields);
    forged.memory.store<std::uint64_t>(header + 8, 3);
    forged.memory.store<std::uint64_t>(header + 16, 3);
    std::pair<Address, std::uint64_t> const parts[] = {{pointer, 0}, {rest, 8}, {number, 3208}};
    for (std::uint64_t i = 0; i < 3; i++) {
      auto field = fields + i * u(layout.abiStructField_size);
      forged.memory.store<std::uint64_t>(field + u(layout.abiStructField_typ), parts[i].first);
      forged.memory.store<std::uint64_t>(field + u(layout.abiStructField_offset), parts[i].second);
    }
    return type;
  }
  Address add_object(Address large_type) {
    ForgedSpan s;
    s.span_class = 0;
    s.pages = 1;
    s.elem_size = 8192;
    s.large_type = large_type;
    s.free_index_for_scan = 1;
    auto base = forged.add_span(s);
    fill(forged, base, 8192);
    return base;
  }
  // Two whole values and the start of a third.
  static std::vector<std::uint64_t> expected() {
    std::vector<std::uint64_t> out;
    for (std::uint64_t value = 0; value < 8192; value += 3216) {
      out.push_back(value);
      for (std::uint64_t i = 0; i < 200; i++)
        if (value + 16 + i * 16 < 8192) out.push_back(value + 16 + i * 16);
    }
    return out;
  }
  static std::uint64_t u(std::int64_t n) { return static_cast<std::uint64_t>(n); }
  ForgedHeap forged;
  Address type = 0;
};

TEST_F(OnDemand, AMaskThatIsNotBuiltYetIsMadeFromTheType) {
  auto base = add_object(make_type(0));
  EXPECT_EQ(pointers(open(forged), base), at_offsets(base, expected()));
  EXPECT_TRUE(forged.diagnostics.warnings().empty());
}

TEST_F(OnDemand, AMaskThatIsBeingBuiltIsMadeFromTheType) {
  auto base = add_object(make_type(ForgedHeap::kNoptrbss + 0x123));  // runtime.inProgress
  EXPECT_EQ(pointers(open(forged), base), at_offsets(base, expected()));
}

TEST_F(OnDemand, AMaskThatIsThereIsUsed) {
  auto mask = forged.next_data(64);
  forged.memory.reserve(mask, 64);
  forged.memory.set_bit(mask, 5);
  auto base = add_object(make_type(mask));
  EXPECT_EQ(pointers(open(forged), base), at_offsets(base, {40, 3216 + 40, 2 * 3216 + 40}));
}

TEST_F(OnDemand, ATypeThatContainsItselfIsRefused) {
  auto base = add_object(make_type(0));
  auto& layout = forged.layout();
  auto fields = forged.memory.load<std::uint64_t>(type + u(layout.abiStructType_fields));
  forged.memory.store<std::uint64_t>(fields + u(layout.abiStructField_typ), type);
  EXPECT_TRUE(pointers(open(forged), base).empty());
  EXPECT_EQ(forged.diagnostics.warnings().size(), 1u);
}

TEST(PointerMap, UnreadableTypesAreCountedOncePerType) {
  ForgedHeap forged;
  auto& layout = forged.layout();
  // Mask nowhere; size not of words; more pointers than bytes; no type at all.
  std::vector<Address> const types{forged.add_type_header(64, 64, 0x123456789000, 0, 0),
                                   forged.add_type_header(63, 8, 0x1000, 0, 0),
                                   forged.add_type_header(64, 72, 0x1000, 0, 0), 0x77777777,
                                   ~Address{0}};
  ASSERT_GT(layout.abiType_size_of, 0);
  ForgedSpan s;
  s.elem_size = 1024;
  s.span_class = 31 << 1;
  s.free_index_for_scan = 5;
  auto base = forged.add_span(s);
  for (std::uint64_t i = 0; i < types.size(); i++) {
    fill(forged, base + i * 1024, 1024);
    forged.memory.store<std::uint64_t>(base + i * 1024, types[i]);
  }
  auto heap = open(forged);
  for (int round = 0; round < 2; round++)
    for (std::uint64_t i = 0; i < types.size(); i++)
      EXPECT_TRUE(pointers(heap, base + i * 1024).empty()) << i;
  ASSERT_EQ(forged.diagnostics.warnings().size(), 1u);
  EXPECT_NE(forged.diagnostics.warnings()[0].find(": 4 "), std::string::npos)
      << forged.diagnostics.warnings()[0];
}

TEST(PointerMap, ManyTypesOutgrowTheTable) {
  ForgedHeap forged;
  std::vector<std::pair<Address, std::uint64_t>> objects;  // and the word that is a pointer
  for (std::uint64_t span = 0; span < 300; span++) {
    ForgedSpan s;
    s.elem_size = 1024;
    s.span_class = 31 << 1;
    s.free_index_for_scan = 8;
    auto base = forged.add_span(s);
    for (std::uint64_t i = 0; i < 8; i++) {
      std::vector<bool> mask(objects.size() % 60 + 1);
      mask.back() = true;
      auto object = base + i * 1024;
      fill(forged, object, 1024);
      forged.memory.store<std::uint64_t>(object, forged.add_type(1016, mask));
      objects.push_back({object, 8 * mask.size()});
    }
  }
  auto heap = open(forged);
  for (int round = 0; round < 2; round++)
    for (auto& [object, offset] : objects)
      ASSERT_EQ(pointers(heap, object), at_offsets(object, {offset}));
}

TEST(Heap, SpansWhoseBytesAreMissingHaveNoPointers) {
  ForgedHeap forged;
  ForgedSpan s;
  s.free_index_for_scan = 10;
  auto base = forged.add_span(s);
  fill(forged, base, 640);
  forged.memory.set_bit(base + 8192 - 128, 0);
  forged.memory.forget(base + 4096);
  auto heap = open(forged);
  EXPECT_TRUE(pointers(heap, base).empty());
  EXPECT_TRUE(heap.slot_bytes(heap.find(base)->id));  // what is there can be read
  EXPECT_EQ(heap.slot_bytes(ObjectId(64)), nullptr);
  EXPECT_EQ(forged.diagnostics.warnings().size(), 1u);
}

// 2^32 slots of 8 bytes are 34 GB of heap: nothing of that size is made here, and nothing of it may
// be made before the refusal.
TEST(Heap, RefusesMoreSlotsThanItNumbers) {
  ForgedHeap forged;
  forged.finish();
  HeapSpans spans;
  constexpr std::uint32_t kSlots = 65535;
  auto add = [&](std::uint64_t slots) {
    Span span;
    span.npages = (slots * 8 + kHeapPageSize - 1) / kHeapPageSize;
    span.base = spans.spans.empty() ? ForgedHeap::kHeapBase
                                    : spans.spans.back().base + spans.spans.back().bytes();
    span.elem_size = 8;
    span.slots = static_cast<std::uint32_t>(slots);
    span.limit = span.base + slots * 8;
    span.span_class = 3;
    spans.spans.push_back(span);
  };
  for (std::uint64_t sum = 0; sum < std::uint64_t{kMaxObjects} + 1;) {
    auto slots = std::min<std::uint64_t>(kSlots, std::uint64_t{kMaxObjects} + 1 - sum);
    add(slots);
    sum += slots;
  }
  auto heap = Heap::open(forged.runtime(), spans);
  ASSERT_FALSE(heap);
  EXPECT_EQ(heap.error().kind, ErrorKind::TooMany);
  EXPECT_EQ(heap.error().message,
            "the heap has room for 4160749569 objects; overhang numbers up to 4160749568 of them");
  // Past 2^32 just as well.
  for (int i = 0; i < 5000; i++) add(kSlots);
  heap = Heap::open(forged.runtime(), spans);
  ASSERT_FALSE(heap);
  EXPECT_EQ(heap.error().kind, ErrorKind::TooMany);
}

TEST(Heap, RefusesSpansThatClaimMoreThanAnyImage) {
  ForgedHeap forged;
  forged.add_span({});
  forged.finish();
  auto spans = forged.spans();
  Span huge;
  huge.base = ForgedHeap::kHeapBase + 8192;
  huge.npages = std::uint64_t{1} << 26;  // 512 GiB
  huge.elem_size = huge.bytes();
  huge.slots = 1;
  huge.limit = huge.base + huge.bytes();
  huge.span_class = 1;
  spans.spans.push_back(huge);
  auto heap = Heap::open(forged.runtime(), spans);
  ASSERT_FALSE(heap);
  EXPECT_EQ(heap.error().kind, ErrorKind::BadInput);
}

// The collector's verdict by where the sweeper has got to (mheap.go, at mspan.sweepgen).
TEST(CollectorMarks, AreInTheAllocationBitsOnceASpanIsSwept) {
  for (std::uint32_t sweepgen : {ForgedHeap::kSweepgen, ForgedHeap::kSweepgen + 3}) {
    ForgedHeap forged;
    ForgedSpan s;
    s.sweepgen = sweepgen;
    s.free_index = s.free_index_for_scan = 3;
    auto base = forged.add_span(s);
    forged.set_allocated(base, 1);
    forged.set_allocated(base, 7);
    forged.memory.set_bit(forged.gcmark_bits(base), 4);  // of a cycle to come
    auto heap = open(forged);
    for (std::uint32_t slot = 0; slot < 10; slot++) {
      EXPECT_EQ(heap.marked_by_collector(ObjectId(slot)), slot == 1 || slot == 7) << slot;
      EXPECT_EQ(heap.allocated_since_cycle(ObjectId(slot)), slot == 0 || slot == 2) << slot;
    }
  }
}

TEST(CollectorMarks, AreInTheMarkBitsAndInlineMarksBeforeASpanIsSwept) {
  for (std::uint32_t sweepgen :
       {ForgedHeap::kSweepgen - 2, ForgedHeap::kSweepgen - 1, ForgedHeap::kSweepgen + 1}) {
    ForgedHeap forged;
    ForgedSpan s;
    s.sweepgen = sweepgen;
    s.inline_marks = true;
    s.free_index = s.free_index_for_scan = 100;
    auto base = forged.add_span(s);
    forged.set_allocated(base, 1);
    forged.memory.set_bit(forged.gcmark_bits(base), 4);
    forged.memory.set_bit(base + 8192 - 64, 9);   // spanInlineMarkBits.marks
    forged.memory.set_bit(base + 8192 - 128, 5);  // spanInlineMarkBits.scans
    auto heap = open(forged);
    for (std::uint32_t slot = 0; slot < 100; slot++) {
      EXPECT_EQ(heap.marked_by_collector(ObjectId(slot)), slot == 4 || slot == 9) << slot;
      EXPECT_FALSE(heap.allocated_since_cycle(ObjectId(slot)));
    }
  }
}

}  // namespace
}  // namespace overhang::test
