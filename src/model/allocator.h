// What Go's allocator and append give: slot sizes and capacities. Sizes are in bytes.
#pragma once

#include <cstdint>

namespace overhang::model {

class Allocator {
 public:
  // Of Go 1.`minor`, 64 bits.
  explicit Allocator(unsigned minor) : headers_(minor >= 22) {}

  // The slot of an allocation of that size (malloc.go: mallocgc); 0 for 0, which gets no memory.
  std::uint64_t slot_size(std::uint64_t bytes, bool pointers) const;
  // The header before the data (mbitmap.go: heapBitsInSpan, mallocHeaderSize).
  std::uint64_t header_size(std::uint64_t bytes, bool pointers) const;
  // The allocator notes the type of what it gives: of an array that of its elements.
  bool records_type(std::uint64_t bytes, bool pointers) const;
  // Elements that fit once append must grow an array of `capacity` elements to hold `wanted`
  // (slice.go: nextslicecap, growslice; msize.go: roundupsize).
  std::uint64_t grown_capacity(std::uint64_t capacity, std::uint64_t wanted,
                               std::uint64_t elem_size, bool pointers) const;

 private:
  bool headers_;  // objects with pointers over 512 bytes carry their type (since Go 1.22)
};

}  // namespace overhang::model
