// A long list, to see that nothing recurses along it.
#pragma once

#include <vector>

#include "unit/goruntime/forged_heap.h"

namespace overhang::test {

// 200 spans of elements of 16 bytes, each of which refers to the one before. The heap is finished.
inline std::vector<Address> forge_list(ForgedHeap& forged) {
  ForgedSpan s;
  s.elem_size = 16;
  s.span_class = 2 << 1;
  Address previous = 0;
  std::vector<Address> elements;
  for (int n = 0; n < 200; n++) {
    auto base = forged.add_span(s);
    auto slots = static_cast<std::uint32_t>((kHeapPageSize - 128) / 16);
    forged.set_all_allocated(base, slots);
    for (std::uint32_t slot = 0; slot < slots; slot++) {
      forged.memory.store<std::uint64_t>(base + slot * 16, previous);
      forged.memory.set_bit(base + kHeapPageSize - 128, slot * 2);
      previous = base + slot * 16;
      elements.push_back(previous);
    }
  }
  forged.finish();
  return elements;
}

}  // namespace overhang::test
