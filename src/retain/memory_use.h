// Where a process's memory is, beside what lives on its heap.
#pragma once

#include <cstdint>

#include "goruntime/memory_stats.h"
#include "graph/mark.h"

namespace overhang {

// Bytes.
struct MemoryUse {
  // Of the heap's spans in use.
  std::uint64_t live = 0;
  std::uint64_t garbage = 0;   // allocated and not live
  std::uint64_t free = 0;      // slots that are free, or that the last cycle found dead
  std::uint64_t overhead = 0;  // bitmaps and marks in spans, and what is left past the last slot
  // Of the image's segments.
  std::uint64_t program = 0;  // modules: code and data
  // Writable, and neither modules' nor arenas'; less the runtime's own structures.
  std::uint64_t outside = 0;
};

// `stats` may be nullptr: nothing is known of the runtime's structures.
MemoryUse find_memory_use(const Heap& heap, const LiveSet& live, const MemoryStats* stats);

}  // namespace overhang
