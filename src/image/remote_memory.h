// Memory of a frozen process, copied on demand into a mirror of ours.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "image/image.h"
#include "image/process_files.h"
#include "image/stopper.h"

namespace overhang {

// Reads the memory of a process that `stopper` keeps frozen. Thread-safe.
class RemoteMemory {
 public:
  explicit RemoteMemory(std::shared_ptr<Stopper> stopper) : stopper_(std::move(stopper)) {}

  // False where any of the bytes cannot be read, or where the process was not frozen to the end of
  // the read (somebody killed it or its guard): those count as lost.
  bool read(Address address, std::byte* to, std::uint64_t size);
  // The same into fresh anonymous memory of ours (whole pages). Pages that are all zero, as in
  // arrays that nobody has touched, take none of it.
  bool fill(Address address, std::byte* to, std::uint64_t size);
  std::uint64_t lost_bytes() const { return lost_.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<Stopper> stopper_;
  std::atomic<std::uint64_t> lost_{0};
};

// Whether reading the mapping gives memory of the program: not of a device or of the kernel.
bool is_memory(const Mapping& mapping);

// Adds the readable mappings to `image` as lazy segments, adjacent ones as one. The bytes that
// could not be mirrored for want of address space are returned.
std::uint64_t add_remote_segments(Image& image, const std::vector<Mapping>& mappings,
                                  const std::shared_ptr<RemoteMemory>& memory);

}  // namespace overhang
