// The records that runtime.mspan.specials attaches to objects (mheap.go: special).
#pragma once

#include <cstdint>
#include <functional>

#include "goruntime/spans.h"

namespace overhang {

struct Special {
  Address address = 0;
  std::uint64_t offset = 0;  // of what it is attached to, bytes from the span's base
  std::uint8_t kind = 0;     // runtime._KindSpecial…, which shift between releases
};

// Calls visit for each special of the spans, in list order (by offset within a span). Broken lists
// are counted in the runtime's diagnostics and left where they break.
void for_each_special(const Runtime& runtime, const HeapSpans& heap,
                      const std::function<void(const Span&, const Special&)>& visit);

}  // namespace overhang
