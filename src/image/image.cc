#include "image/image.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <new>
#include <unordered_map>

#include "base/checked.h"

namespace overhang {

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kPagesPerChunk = Image::kChunkSize / kPage;

}  // namespace

// A lazy chunk is filled under one of a few locks, and its bit published after it: a reader that
// sees the bit sees the bytes. A chunk that cannot be filled whole is filled page by page, its bit
// stays clear, and `partial` says which pages came; so holes cost a lock, memory does not.
struct Image::Lazy {
  struct Chunks {
    explicit Chunks(std::uint64_t size)
        : present(
              new std::atomic<std::uint64_t>[(size + kChunkSize * 64 - 1) / (kChunkSize * 64)]()) {}
    std::unique_ptr<std::atomic<std::uint64_t>[]> present;
    std::mutex partial_mutex;
    std::unordered_map<std::uint64_t, std::uint16_t> partial;  // chunk -> pages that are there
  };
  static_assert(kPagesPerChunk == 16);

  std::vector<std::unique_ptr<Chunks>> chunks;  // beside segments_; null for one without fill
  std::array<std::mutex, 64> filling;           // by chunk number

  std::mutex stitch_mutex;
  struct Stitched {
    std::uint64_t size;
    std::unique_ptr<std::byte[]> bytes;
  };
  std::multimap<Address, Stitched> stitched;
  std::uint64_t stitched_bytes = 0;
  std::uint64_t segment_bytes = 0;
};

Image::Image(Architecture architecture, TargetIdentity identity)
    : architecture_(architecture), identity_(std::move(identity)), lazy_(new Lazy) {}

Image::~Image() = default;

void Image::insert(std::size_t index, Segment segment) {
  std::unique_ptr<Lazy::Chunks> chunks;
  if (segment.fill) chunks = std::make_unique<Lazy::Chunks>(segment.size);
  auto at = static_cast<std::ptrdiff_t>(index);
  runs_.insert(runs_.begin() + at, {segment.start, segment.size, segment.data,
                                    chunks ? chunks->present.get() : nullptr});
  lazy_->chunks.insert(lazy_->chunks.begin() + at, std::move(chunks));
  lazy_->segment_bytes += segment.size;
  segments_.insert(segments_.begin() + at, std::move(segment));
}

void Image::add_segment(Segment segment) {
  if (!segment.data) return;
  auto end = checked_add(segment.start, segment.size).value_or(UINT64_MAX);
  // Walks the gaps between what is there, from the first segment that ends after our start.
  auto next = static_cast<std::size_t>(
      std::partition_point(segments_.begin(), segments_.end(),
                           [&](auto& s) { return s.start + s.size <= segment.start; }) -
      segments_.begin());
  for (auto from = segment.start; from < end;) {
    auto gap_end = next < segments_.size() ? std::min(end, segments_[next].start) : end;
    if (from < gap_end) {
      Segment piece = segment;
      auto skip = from - segment.start;
      piece.start = from;
      piece.size = gap_end - from;
      piece.data = segment.data + skip;
      if (segment.fill && skip)
        piece.fill = [fill = segment.fill, skip](std::uint64_t offset, std::uint64_t size) {
          return fill(skip + offset, size);
        };
      insert(next++, std::move(piece));
    }
    if (next == segments_.size() || gap_end == end) return;
    from = segments_[next].start + segments_[next].size;
    next++;
  }
}

// The index of the run that holds `address`, or runs_.size().
std::size_t Image::run_at(Address address) const {
  auto after = std::upper_bound(runs_.begin(), runs_.end(), address,
                                [](Address a, const Run& run) { return a < run.start; });
  if (after == runs_.begin()) return runs_.size();
  auto index = static_cast<std::size_t>(after - runs_.begin()) - 1;
  return address - runs_[index].start < runs_[index].size ? index : runs_.size();
}

const std::byte* Image::find(Address address, std::uint64_t size) const {
  auto index = run_at(address);
  if (index == runs_.size()) return nullptr;
  last_run_ = index;
  auto& run = runs_[index];
  auto offset = address - run.start;
  if (size > run.size - offset) return stitched(address, size);
  if (run.present && !ensure(index, offset, size)) return nullptr;
  return run.data + offset;
}

bool Image::ensure(std::size_t index, std::uint64_t offset, std::uint64_t size) const {
  auto& segment = segments_[index];
  auto& chunks = *lazy_->chunks[index];
  auto end = offset + std::max<std::uint64_t>(size, 1);
  for (auto chunk = offset >> kChunkShift; chunk <= (end - 1) >> kChunkShift; chunk++) {
    auto& word = chunks.present[chunk / 64];
    auto bit = std::uint64_t{1} << (chunk % 64);
    if (word.load(std::memory_order_acquire) & bit) continue;

    std::lock_guard lock(lazy_->filling[chunk % lazy_->filling.size()]);
    if (word.load(std::memory_order_acquire) & bit) continue;
    auto begin = chunk << kChunkShift;
    auto length = std::min(kChunkSize, segment.size - begin);
    std::optional<std::uint16_t> pages;
    {
      std::lock_guard partial_lock(chunks.partial_mutex);
      if (auto known = chunks.partial.find(chunk); known != chunks.partial.end())
        pages = known->second;
    }
    if (!pages) {
      if (segment.fill(begin, length)) {
        word.fetch_or(bit, std::memory_order_release);
        continue;
      }
      pages = 0;
      for (std::uint64_t at = 0; at < length; at += kPage)
        if (segment.fill(begin + at, std::min(kPage, length - at)))
          pages = static_cast<std::uint16_t>(*pages | 1u << (at / kPage));
      std::lock_guard partial_lock(chunks.partial_mutex);
      chunks.partial.emplace(chunk, *pages);
    }
    auto first = (std::max(offset, begin) - begin) / kPage;
    auto last = (std::min(end, begin + length) - 1 - begin) / kPage;
    for (auto page = first; page <= last; page++)
      if (!(*pages >> page & 1)) return false;
  }
  return true;
}

const std::byte* Image::stitched(Address address, std::uint64_t size) const {
  std::lock_guard lock(lazy_->stitch_mutex);
  auto [known, known_end] = lazy_->stitched.equal_range(address);
  for (; known != known_end; ++known)
    if (known->second.size >= size) return known->second.bytes.get();

  // First that all of it is there, so that a hostile size allocates nothing.
  if (size > lazy_->segment_bytes - lazy_->stitched_bytes) return nullptr;
  auto first = run_at(address);
  auto left = size;
  auto expected = address;
  for (auto index = first; left > 0; index++) {
    if (index >= runs_.size() || (index != first && runs_[index].start != expected)) return nullptr;
    auto offset = expected - runs_[index].start;
    auto part = std::min(left, runs_[index].size - offset);
    if (runs_[index].present && !ensure(index, offset, part)) return nullptr;
    expected += part;
    left -= part;
  }
  std::unique_ptr<std::byte[]> bytes(new (std::nothrow) std::byte[size]);
  if (!bytes) return nullptr;
  std::uint64_t done = 0;
  for (auto index = first; done < size; index++) {
    auto offset = address + done - runs_[index].start;
    auto part = std::min(size - done, runs_[index].size - offset);
    std::memcpy(bytes.get() + done, runs_[index].data + offset, part);
    done += part;
  }
  lazy_->stitched_bytes += size;
  return lazy_->stitched.emplace(address, Lazy::Stitched{size, std::move(bytes)})
      ->second.bytes.get();
}

std::optional<std::uint64_t> Image::auxv(std::uint64_t type) const {
  for (auto& [key, value] : auxv_)
    if (key == type) return value;
  return std::nullopt;
}

std::uint64_t Image::lost_bytes() const {
  std::uint64_t sum = 0;
  for (auto& counter : losses_) sum += counter();
  return sum;
}

}  // namespace overhang
