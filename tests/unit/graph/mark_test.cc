// Marking against a naive reference, on random forged heaps and with one thread against many.
#include "graph/mark.h"

#include <gtest/gtest.h>

#include <random>

#include "reference/naive_mark.h"
#include "unit/goruntime/forged_heap.h"

namespace overhang::test {
namespace {

// A heap of every kind of span, with random types, free slots and pointers.
class RandomHeap {
 public:
  explicit RandomHeap(unsigned seed) : random_(seed), forged(seed % 2 ? 26 : 24) {
    add_types();
    for (int i = 0; i < 40; i++) add_span();
    for (auto& span : spans_) fill(span);
    for (int i = 0; i < 12; i++) {
      auto kind = below(4) ? RootKind::Data : RootKind::FinalizerObject;
      // What read_roots gives for FinalizerObject is an object's base.
      auto value = kind == RootKind::Data ? some_address() : some_slot();
      roots.roots.push_back({kind, 0x1000, value, 0});
    }
    roots.goroutines.resize(2);
    for (auto& goroutine : roots.goroutines)
      for (int i = 0; i < 3; i++) goroutine.roots.push_back({0x2000, some_address(), -1, false});
    forged.finish();
  }

 private:
  std::mt19937 random_;

 public:
  ForgedHeap forged;
  RootSet roots;

 private:
  struct Made {
    ForgedSpan spec;
    Address base = 0;
    std::uint32_t slots = 0;
  };
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  std::vector<bool> random_mask(std::uint64_t words) {
    std::vector<bool> mask(words);
    for (auto&& bit : mask) bit = below(3) != 0;
    mask.back() = true;
    return mask;
  }
  void add_types() {
    types_.push_back(0);
    types_.push_back(forged.add_type(8, {true}));
    types_.push_back(forged.add_type(24, {true, false, true}));
    types_.push_back(forged.add_type(64, random_mask(5)));
    types_.push_back(forged.add_type(512, random_mask(64)));
    types_.push_back(forged.add_type(1016, random_mask(100)));
    types_.push_back(forged.add_type(1600, random_mask(130)));
    types_.push_back(forged.add_type(200000, random_mask(20000)));
  }
  void add_span() {
    static constexpr struct {
      std::uint64_t elem_size, pages;
      std::uint8_t size_class;
    } kShapes[] = {{8, 1, 1},      {16, 1, 2},    {48, 1, 4},     {112, 1, 10},
                   {512, 1, 28},   {576, 1, 29},  {1152, 1, 35},  {6784, 5, 51},
                   {32768, 4, 67}, {24576, 3, 0}, {303104, 37, 0}};
    auto& shape = kShapes[below(std::size(kShapes))];
    ForgedSpan s;
    s.elem_size = shape.elem_size;
    s.pages = shape.pages;
    s.span_class = static_cast<std::uint8_t>(shape.size_class << 1 | (below(4) == 0));
    bool green_tea = forged.layout().minor == 26;
    s.inline_marks = green_tea && s.elem_size >= 16 && s.elem_size <= 512;
    if (shape.size_class == 0) {
      s.large_type = types_[below(types_.size())];
      s.limit = 0;
    }
    auto bytes = s.pages * kHeapPageSize;
    bool bitmap = !(s.span_class & 1) && s.elem_size <= 512;
    s.slots = static_cast<std::uint32_t>(
        (bytes - (s.inline_marks ? 128 : 0) - (bitmap ? bytes / 64 : 0)) / s.elem_size);
    s.free_index_for_scan = static_cast<std::uint32_t>(below(s.slots + 1));
    s.free_index = s.free_index_for_scan;
    Made made{s, 0, s.slots};
    // Some spans stand far away, in another arena.
    auto at = below(5) ? 0 : ForgedHeap::kHeapBase + (++far_ << 28);
    made.base = forged.add_span(s, at);
    spans_.push_back(made);
  }
  void fill(const Made& span) {
    for (std::uint32_t slot = 0; slot < span.slots; slot++)
      if (below(2)) forged.set_allocated(span.base, slot);
    if (span.spec.span_class & 1) return;
    if (span.spec.elem_size <= 512) {
      auto bytes = span.spec.pages * kHeapPageSize;
      auto bitmap = span.base + bytes - bytes / 64 - (span.spec.inline_marks ? 128 : 0);
      for (std::uint64_t i = 0; i < span.slots * span.spec.elem_size / 8; i++)
        if (below(2)) forged.memory.set_bit(bitmap, i);
    }
    bool header = span.spec.elem_size > 512 && (span.spec.span_class >> 1);
    for (std::uint32_t slot = 0; slot < span.slots; slot++) {
      auto base = span.base + slot * span.spec.elem_size;
      for (std::uint64_t offset = 0; offset < span.spec.elem_size; offset += 8)
        if (below(8) == 0) forged.memory.store<std::uint64_t>(base + offset, some_address());
      if (header) forged.memory.store<std::uint64_t>(base, types_[below(types_.size())]);
    }
  }
  Address some_slot() {
    auto& span = spans_[below(spans_.size())];
    return span.base + below(span.slots) * span.spec.elem_size;
  }
  // Mostly into objects, at their start or within; now and then elsewhere.
  Address some_address() {
    switch (below(10)) {
      case 0:
        return ForgedHeap::kHeapBase + below(std::uint64_t{1} << 36);
      case 1:
        return below(2) ? random_() : ~Address{0} - below(100);
      default: {
        auto& span = spans_[below(spans_.size())];
        return span.base + below(span.spec.pages * kHeapPageSize);
      }
    }
  }
  std::vector<Address> types_;
  std::vector<Made> spans_;
  std::uint64_t far_ = 0;
};

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
  constexpr std::uint32_t kSpans = 200;
  ForgedSpan s;
  s.elem_size = 16;
  s.span_class = 2 << 1;
  Address previous = 0;
  std::uint64_t count = 0;
  for (std::uint32_t n = 0; n < kSpans; n++) {
    auto base = forged.add_span(s);
    auto slots = static_cast<std::uint32_t>((kHeapPageSize - 128) / 16);
    forged.set_all_allocated(base, slots);
    for (std::uint32_t slot = 0; slot < slots; slot++) {
      forged.memory.store<std::uint64_t>(base + slot * 16, previous);
      forged.memory.set_bit(base + kHeapPageSize - 128, slot * 2);
      previous = base + slot * 16;
      count++;
    }
  }
  forged.finish();
  auto spans = forged.spans();
  auto heap = open(forged.runtime(), spans);
  RootSet roots;
  roots.roots.push_back({RootKind::Data, 0x1000, previous, 0});
  for (unsigned threads : {1u, 3u}) EXPECT_EQ(mark(heap, roots, threads).objects, count);
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
