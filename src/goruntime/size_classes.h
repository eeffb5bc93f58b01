// The allocator's size classes: which slot an allocation of n bytes gets (runtime/msize.go:
// roundupsize; internal/runtime/gc/sizeclasses.go). The table has not changed since Go 1.16.
#pragma once

#include <cstdint>

#include "goruntime/layout.h"

namespace overhang {

// The tiny allocator packs pointer-free values of fewer bytes into one slot of this many
// (maxTinySize).
inline constexpr std::uint64_t kTinySlot = 16;

// Bytes of the slot that mallocgc gives an allocation of `bytes` bytes; the malloc header of
// objects with pointers over 512 bytes (Go 1.22+) included. 0 for 0.
std::uint64_t slot_size_for(std::uint64_t bytes, bool may_have_header);
// The same of an object of a program of this release.
inline std::uint64_t slot_size_for(const Layout& layout, std::uint64_t bytes, bool has_pointers) {
  return slot_size_for(bytes, has_pointers && layout.malloc_headers());
}

}  // namespace overhang
