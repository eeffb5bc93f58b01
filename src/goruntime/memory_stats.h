// What the runtime counts of the memory that it has from the system (mstats.go: readmemstats_m).
#pragma once

#include <cstdint>
#include <optional>

#include "goruntime/runtime.h"

namespace overhang {

// Bytes, each as the field of runtime.MemStats that is named so; the parts of `sys()`.
struct MemoryStats {
  std::uint64_t heap_inuse = 0;
  std::uint64_t heap_free = 0;      // HeapIdle - HeapReleased
  std::uint64_t heap_released = 0;  // given back to the system
  std::uint64_t stack_inuse = 0;
  std::uint64_t thread_stacks = 0;  // StackSys - StackInuse: of threads that the system started
  std::uint64_t mspan_sys = 0, mspan_inuse = 0;
  std::uint64_t mcache_sys = 0, mcache_inuse = 0;
  std::uint64_t buck_hash_sys = 0;
  std::uint64_t gc_sys = 0;
  std::uint64_t other_sys = 0;

  std::uint64_t runtime_sys() const {
    return thread_stacks + mspan_sys + mcache_sys + buck_hash_sys + gc_sys + other_sys;
  }
  std::uint64_t sys() const {
    return heap_inuse + heap_free + heap_released + stack_inuse + runtime_sys();
  }
};

// Nothing where they were not found, or make no sense (counted in the runtime's diagnostics). They
// are exact where the world stood still; else single numbers may be ahead of others by what was
// being allocated.
std::optional<MemoryStats> read_memory_stats(const Runtime& runtime);

}  // namespace overhang
