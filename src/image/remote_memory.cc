#include "image/remote_memory.h"

#include <sys/mman.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "image/pages.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace overhang {

bool RemoteMemory::read(Address address, std::byte* to, std::uint64_t size) {
  std::uint64_t done = 0;
  while (done < size) {
    iovec local{to + done, size - done};
    iovec remote{reinterpret_cast<void*>(address + done), size - done};
    auto got = process_vm_readv(stopper_->frozen(), &local, 1, &remote, 1, 0);
    if (got <= 0) break;
    done += static_cast<std::uint64_t>(got);
  }
  // Asked afterwards: the process id was the frozen process's all the time until now.
  if (!stopper_->still_frozen()) {
    lost_.fetch_add(size, std::memory_order_relaxed);
    return false;
  }
  return done == size;
}

namespace {

constexpr std::uint64_t kPage = Image::kPageSize;

// Gives back the pages that are all zero, if they are many. True if there are no others.
bool drop_zero_pages(std::byte* to, std::uint64_t size) {
  std::uint64_t pages = size / kPage, zero = 0;
  for (std::uint64_t i = 0; i < pages; i++) zero += is_zero_page(to + i * kPage);
  if (zero * 4 < pages || zero == 0) return false;
  if (zero == pages) return madvise(to, size, MADV_DONTNEED) == 0;
  for (std::uint64_t i = 0; i < pages; i++) {
    auto first = i;
    while (i < pages && is_zero_page(to + i * kPage)) i++;
    if (i > first) madvise(to + first * kPage, (i - first) * kPage, MADV_DONTNEED);
  }
  return false;
}

}  // namespace

bool RemoteMemory::fill(Address address, std::byte* to, std::uint64_t size) {
  // Untouched stretches are long: after one, the next is tried in a buffer first, so that no page
  // of ours is made only to be given back.
  thread_local bool expect_zero = false;
  thread_local std::array<std::byte, Image::kChunkSize> buffer;
  if (expect_zero && size <= buffer.size()) {
    if (!read(address, buffer.data(), size)) return false;
    for (std::uint64_t at = 0; at + kPage <= size; at += kPage) {
      if (is_zero_page(buffer.data() + at)) continue;
      expect_zero = false;
      std::memcpy(to + at, buffer.data() + at, kPage);
    }
    return true;
  }
  // One call instead of a page fault each; halves the time. Not on kernels before 5.14.
  madvise(to, size, MADV_POPULATE_WRITE);
  if (!read(address, to, size)) return false;
  expect_zero = drop_zero_pages(to, size);
  return true;
}

bool is_memory(const Mapping& mapping) {
  std::string_view path = mapping.path;
  if (!mapping.readable) return false;
  if (path.starts_with("[vvar") || path == "[vsyscall]") return false;
  // perf, io_uring and the like
  if (path.starts_with("anon_inode:")) return false;
  return !path.starts_with("/dev/") || path.starts_with("/dev/zero") ||
         path.starts_with("/dev/shm/");
}

std::uint64_t add_remote_segments(Image& image, const std::vector<Mapping>& mappings,
                                  const std::shared_ptr<RemoteMemory>& memory) {
  struct Run {
    Address start;
    Address end;
    bool writable;
  };
  std::vector<Run> runs;
  for (auto& mapping : mappings) {
    if (!is_memory(mapping)) continue;
    if (!runs.empty() && runs.back().end == mapping.start &&
        runs.back().writable == mapping.writable)
      runs.back().end = mapping.end;
    else
      runs.push_back({mapping.start, mapping.end, mapping.writable});
  }
  std::uint64_t left_out = 0;
  for (auto& run : runs) {
    auto size = run.end - run.start;
    auto* mirror = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mirror == MAP_FAILED) {
      left_out += size;
      continue;
    }
    image.keep(std::shared_ptr<void>(mirror, [size](void* at) { munmap(at, size); }));
    Image::Segment segment;
    segment.start = run.start;
    segment.size = size;
    segment.data = static_cast<std::byte*>(mirror);
    segment.writable_in_target = run.writable;
    segment.fill = [memory, start = run.start, data = segment.data](std::uint64_t offset,
                                                                    std::uint64_t length) {
      return memory->fill(start + offset, data + offset, length);
    };
    image.add_segment(std::move(segment));
  }
  return left_out;
}

}  // namespace overhang
