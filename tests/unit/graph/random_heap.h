// Random forged heaps with the roots to search them from.
#pragma once

#include <random>
#include <vector>

#include "graph/mark.h"
#include "unit/goruntime/forged_heap.h"

namespace overhang::test {

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

}  // namespace overhang::test
