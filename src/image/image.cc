#include "image/image.h"

#include <elf.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>

#include "base/checked.h"

namespace overhang {

// Pages are filled under one of a few locks, and their bits published after it: a reader that sees
// the bit sees the bytes. Pages that cannot be filled are `gone` and not tried again; so holes cost
// a lock, memory does not.
struct Image::Lazy {
  // Zeros that the system makes on demand: a mapping of terabytes that nobody reads costs nothing.
  struct Free {
    void operator()(std::atomic<std::uint64_t>* words) const { std::free(words); }
  };
  using Words = std::unique_ptr<std::atomic<std::uint64_t>[], Free>;
  static Words make_words(std::uint64_t count) {
    auto* words = static_cast<std::atomic<std::uint64_t>*>(
        std::calloc(count, sizeof(std::atomic<std::uint64_t>)));
    if (!words) throw std::bad_alloc();
    return Words(words);
  }
  // Bitmaps over a segment's pages. A chunk's bits stand in one word.
  struct Pages {
    explicit Pages(std::uint64_t size)
        : count((size + kPageSize - 1) / kPageSize),
          present(make_words((count + 63) / 64)),
          gone(make_words((count + 63) / 64)) {}
    std::uint64_t count;
    Words present, gone;
  };
  static_assert(64 % kPagesPerChunk == 0);

  std::vector<std::unique_ptr<Pages>> pages;  // beside segments_; null for one without fill
  std::array<std::mutex, 64> filling;         // by chunk number

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
  std::unique_ptr<Lazy::Pages> pages;
  if (segment.fill) pages = std::make_unique<Lazy::Pages>(segment.size);
  auto at = static_cast<std::ptrdiff_t>(index);
  runs_.insert(runs_.begin() + at,
               {segment.start, segment.size, segment.data, pages ? pages->present.get() : nullptr});
  lazy_->pages.insert(lazy_->pages.begin() + at, std::move(pages));
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
  auto first = offset >> kPageShift;
  auto last = (offset + std::max<std::uint64_t>(size, 1) - 1) >> kPageShift;
  for (auto chunk = first / kPagesPerChunk; chunk <= last / kPagesPerChunk; chunk++) {
    auto from = std::max(first, chunk * kPagesPerChunk) % kPagesPerChunk;
    auto to = std::min(last, chunk * kPagesPerChunk + kPagesPerChunk - 1) % kPagesPerChunk;
    auto wanted = (std::uint64_t{2} << to) - (std::uint64_t{1} << from);
    if (!ensure_pages(index, chunk, wanted, Extent::WholeChunk)) return false;
  }
  return true;
}

// `wanted`: bits of the chunk's pages. False where one of them is a hole.
bool Image::ensure_pages(std::size_t index, std::uint64_t chunk, std::uint64_t wanted,
                         Extent extent) const {
  constexpr std::uint64_t kAll = (std::uint64_t{1} << kPagesPerChunk) - 1;
  auto& pages = *lazy_->pages[index];
  auto word = chunk * kPagesPerChunk / 64, shift = chunk * kPagesPerChunk % 64;
  auto missing = [&](std::uint64_t of) {
    return of & ~(pages.present[word].load(std::memory_order_acquire) >> shift);
  };
  if (!missing(wanted)) return true;
  std::lock_guard lock(lazy_->filling[chunk % lazy_->filling.size()]);
  auto gone = pages.gone[word].load(std::memory_order_relaxed) >> shift;
  if (extent == Extent::WholeChunk && (wanted & gone)) return false;
  auto in_segment = pages.count - chunk * kPagesPerChunk;
  auto possible = in_segment >= kPagesPerChunk ? kAll : (std::uint64_t{1} << in_segment) - 1;
  possible &= ~gone;
  fill_pages(index, chunk, missing(extent == Extent::Exact ? wanted & possible : possible));
  return !missing(wanted);
}

// Fills these pages of the chunk, whose lock is held, runs of pages in one piece where that can be.
void Image::fill_pages(std::size_t index, std::uint64_t chunk, std::uint64_t pages) const {
  auto& segment = segments_[index];
  auto fill = [&](std::uint64_t first, std::uint64_t count) {
    auto begin = (chunk * kPagesPerChunk + first) << kPageShift;
    return segment.fill(begin, std::min(count << kPageShift, segment.size - begin));
  };
  std::uint64_t filled = 0, gone = 0;
  while (pages) {
    auto first = static_cast<std::uint64_t>(std::countr_zero(pages));
    auto count = static_cast<std::uint64_t>(std::countr_one(pages >> first));
    auto run = ((std::uint64_t{1} << count) - 1) << first;
    if (fill(first, count)) {
      filled |= run;
    } else {
      for (auto page = first; page < first + count; page++)
        (fill(page, 1) ? filled : gone) |= std::uint64_t{1} << page;
    }
    pages &= ~run;
  }
  auto word = chunk * kPagesPerChunk / 64, shift = chunk * kPagesPerChunk % 64;
  lazy_->pages[index]->gone[word].fetch_or(gone << shift, std::memory_order_relaxed);
  lazy_->pages[index]->present[word].fetch_or(filled << shift, std::memory_order_release);
}

void Image::load(std::span<const Range> ranges) const {
  // Pages are gathered by chunk, so that neighbours come in one piece.
  std::size_t index = runs_.size();
  std::uint64_t chunk = 0, wanted = 0;
  auto flush = [&] {
    if (wanted) ensure_pages(index, chunk, wanted, Extent::Exact);
    wanted = 0;
  };
  for (auto& range : ranges) {
    auto at = run_at(range.start);
    if (at == runs_.size() || !runs_[at].present || range.size == 0) continue;
    auto offset = range.start - runs_[at].start;
    auto size = std::min(range.size, runs_[at].size - offset);
    for (auto page = offset >> kPageShift; page <= (offset + size - 1) >> kPageShift; page++) {
      if (at != index || page / kPagesPerChunk != chunk) {
        flush();
        index = at;
        chunk = page / kPagesPerChunk;
      }
      wanted |= std::uint64_t{1} << page % kPagesPerChunk;
    }
  }
  flush();
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

const FileMapping* mapping_of_entry(const std::vector<FileMapping>& files, const Auxv& auxv) {
  auto entry = std::ranges::find(auxv, std::uint64_t{AT_ENTRY}, &Auxv::value_type::first);
  if (entry == auxv.end()) return nullptr;
  auto holds = [&](const FileMapping& f) {
    return f.start <= entry->second && entry->second < f.end;
  };
  auto mapping = std::ranges::find_if(files, holds);
  return mapping == files.end() ? nullptr : &*mapping;
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
