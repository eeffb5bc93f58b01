// A frozen picture of a process: its memory, its threads' registers, and what was mapped where.
// Where the bytes come from (a core file, a live process's snapshot) is the makers' business; all
// later layers see this class alone.
//
// Memory is a sorted set of segments. A segment's bytes stand in our address space: mapped from a
// core, or in a mirror that is filled from the snapshot as it is asked for (the missing pages of
// 64 KiB at a time, or just those that load() names).
// Holes are explicit: a read that touches one gives nothing.
//
// Threads: add_segment, keep and set_* come before any reading; reading is safe from all threads.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/diagnostics.h"
#include "base/result.h"

namespace overhang {

enum class Architecture : std::uint8_t { Amd64, Arm64, Other };

// General registers of a stopped thread, in the order of struct user_regs_struct (27 words on
// amd64).
struct ThreadState {
  std::uint32_t tid = 0;
  std::array<std::uint64_t, 34> registers{};
  std::uint32_t register_count = 0;
  Address sp = 0;
  Address pc = 0;
};

// A file-backed mapping of the target (NT_FILE; /proc/PID/maps).
struct FileMapping {
  Address start = 0;
  Address end = 0;
  std::uint64_t file_offset = 0;  // bytes
  std::string path;
};

using Auxv = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

// The mapping of the executable: the process's first instruction (AT_ENTRY) stands in it. nullptr
// where that is not told.
const FileMapping* mapping_of_entry(const std::vector<FileMapping>& files, const Auxv& auxv);

// Where the picture comes from, for the report.
struct TargetIdentity {
  bool live = false;
  std::uint32_t pid = 0;                // 0 where a core does not say
  std::string path;                     // the core file, or empty
  std::string executable;               // path that opens the executable from here; may be empty
  std::optional<double> pause_ms;       // how long the process stood still
  std::optional<std::string> taken_at;  // RFC 3339, UTC
  // CLOCK_MONOTONIC then, which runtime.nanotime reads; nothing of a core that does not tell.
  std::optional<std::int64_t> clock_ns;
  std::uint64_t missing_bytes = 0;  // that a core's headers promise past the file's end
};

class Image {
 public:
  // One run of target memory whose bytes are contiguous on our side. `fill`, where set, brings
  // [offset, offset+size) of the segment into `data` before its first use; false: a hole.
  struct Segment {
    Address start = 0;
    std::uint64_t size = 0;  // bytes
    std::byte* data = nullptr;
    bool writable_in_target = false;
    std::function<bool(std::uint64_t offset, std::uint64_t size)> fill;
  };

  Image(Architecture architecture, TargetIdentity identity);
  ~Image();
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  // --- for the makers (core.cc, live.cc) and for tests that forge an image ---
  // Segments must not overlap; a later one that does is cut to what is new (so that executables
  // can be laid under a core's holes). Cheapest in address order.
  void add_segment(Segment segment);
  // Keeps a resource (a mapping, a child process) alive as long as the image.
  void keep(std::shared_ptr<void> resource) { kept_.push_back(std::move(resource)); }
  void set_threads(std::vector<ThreadState> threads) { threads_ = std::move(threads); }
  void set_file_mappings(std::vector<FileMapping> mappings) { files_ = std::move(mappings); }
  void set_auxv(Auxv auxv) { auxv_ = std::move(auxv); }

  // --- reading; all thread-safe ---
  // The `size` bytes at `address` as one run of our memory, valid as long as the image; nullptr
  // where any of them is missing. A run that crosses segments is stitched into a copy, once; the
  // copies kept never sum to more than the segments do. With size 0: where `address` stands, if it
  // stands in a segment.
  const std::byte* at(Address address, std::uint64_t size) const {
    if (last_run_ < runs_.size()) {
      auto& run = runs_[last_run_];
      auto offset = address - run.start;  // huge where the address lies before the run
      if (offset < run.size && size <= run.size - offset && run.has(offset, size))
        return run.data + offset;
    }
    return find(address, size);
  }
  std::optional<ByteSpan> bytes(Address address, std::uint64_t size) const {
    auto* data = at(address, size);
    if (!data) return std::nullopt;
    return ByteSpan(data, size);
  }
  // Fills the pages of these ranges and none beside them, for readers that know what they will need
  // and that its neighbours are of no use. Sorted by start; what is missing stays a hole.
  struct Range {
    Address start = 0;
    std::uint64_t size = 0;  // bytes
  };
  void load(std::span<const Range> ranges) const;
  template <class T>
  std::optional<T> read(Address address) const {
    auto* data = at(address, sizeof(T));
    if (!data) return std::nullopt;
    return load_unchecked<T>(data);
  }
  std::optional<std::uint64_t> word(Address address) const { return read<std::uint64_t>(address); }

  Architecture architecture() const { return architecture_; }
  const TargetIdentity& identity() const { return identity_; }
  TargetIdentity& identity() { return identity_; }
  const std::vector<ThreadState>& threads() const { return threads_; }
  const std::vector<FileMapping>& file_mappings() const { return files_; }
  // The value of an auxv entry (AT_ENTRY, AT_PHDR, …).
  std::optional<std::uint64_t> auxv(std::uint64_t type) const;
  const FileMapping* executable_mapping() const { return mapping_of_entry(files_, auxv_); }
  // Segments in address order, without overlaps.
  const std::vector<Segment>& segments() const { return segments_; }

  // Bytes that turned out to be gone only while they were read: the file shrank under its map, the
  // snapshot was killed. They read as zero or as holes. Ask when all reading is done.
  std::uint64_t lost_bytes() const;
  // For the makers: adds a counter to what lost_bytes sums up.
  void count_losses(std::function<std::uint64_t()> counter) {
    losses_.push_back(std::move(counter));
  }

  // Lazy segments are filled by pages, counted from the segment's start; a read that misses one
  // fills what is missing of its chunk.
  static constexpr unsigned kPageShift = 12;
  static constexpr std::uint64_t kPageSize = std::uint64_t{1} << kPageShift;
  static constexpr unsigned kPagesPerChunk = 16;
  static constexpr std::uint64_t kChunkSize = kPageSize * kPagesPerChunk;

 private:
  // What at() needs of a segment, beside it in the same order.
  struct Run {
    Address start;
    std::uint64_t size;
    std::byte* data;
    const std::atomic<std::uint64_t>* present;  // a bit a page; null: all of it is there

    // Whether at() may hand it out at once: pages that are there, of one word of the bitmap.
    bool has(std::uint64_t offset, std::uint64_t size_wanted) const {
      if (!present) return true;
      auto first = offset >> kPageShift;
      auto last = size_wanted == 0 ? first : (offset + size_wanted - 1) >> kPageShift;
      if (first / 64 != last / 64) return false;
      auto mask = ~std::uint64_t{0} >> (63 - (last - first)) << (first % 64);
      return (present[first / 64].load(std::memory_order_acquire) & mask) == mask;
    }
  };
  struct Lazy;  // which pages are filled, and stitched runs

  const std::byte* find(Address address, std::uint64_t size) const;
  const std::byte* stitched(Address address, std::uint64_t size) const;
  enum class Extent : std::uint8_t { Exact, WholeChunk };
  bool ensure(std::size_t index, std::uint64_t offset, std::uint64_t size) const;
  bool ensure_pages(std::size_t index, std::uint64_t chunk, std::uint64_t wanted,
                    Extent extent) const;
  void fill_pages(std::size_t index, std::uint64_t chunk, std::uint64_t pages) const;
  std::size_t run_at(Address address) const;
  void insert(std::size_t index, Segment segment);

  Architecture architecture_;
  TargetIdentity identity_;
  std::vector<Segment> segments_;
  std::vector<ThreadState> threads_;
  std::vector<FileMapping> files_;
  Auxv auxv_;
  std::vector<Run> runs_;
  std::vector<std::function<std::uint64_t()>> losses_;
  std::vector<std::shared_ptr<void>> kept_;
  std::unique_ptr<Lazy> lazy_;

  // The run that this thread hit last, in whichever image: a guess that at() checks, never a fact.
  static inline thread_local constinit std::size_t last_run_ = 0;
};

// image/core.h and image/live.h make images.

}  // namespace overhang
