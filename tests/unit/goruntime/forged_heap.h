// Heaps written by hand: an image whose memory holds the runtime's heap structures, as tests state
// them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "goruntime/spans.h"

namespace overhang::test {

// Sparse memory that becomes the image's segments.
class ForgedMemory {
 public:
  template <class T>
  void store(Address at, T value) {
    for (std::size_t i = 0; i < sizeof value; i++) {
      auto& page = pages_[(at + i) / kPage];
      page.resize(kPage);
      page[(at + i) % kPage] = reinterpret_cast<const std::byte*>(&value)[i];
    }
  }
  template <class T>
  T load(Address at) {
    T value{};
    for (std::size_t i = 0; i < sizeof value; i++) {
      auto page = pages_.find((at + i) / kPage);
      if (page != pages_.end())
        reinterpret_cast<std::byte*>(&value)[i] = page->second[(at + i) % kPage];
    }
    return value;
  }
  void set_bit(Address bits, std::uint64_t i) {
    store<std::uint8_t>(bits + i / 8, load<std::uint8_t>(bits + i / 8) | 1u << (i % 8));
  }
  // Makes [at, at + size) exist, with zeros where nothing was stored.
  void reserve(Address at, std::uint64_t size) {
    for (auto page = at / kPage; page <= (at + size - 1) / kPage; page++)
      pages_[page].resize(kPage);
  }
  void forget(Address at) { pages_.erase(at / kPage); }
  // Runs of neighbouring pages become one segment each.
  void add_to(Image& image) const {
    for (auto it = pages_.begin(); it != pages_.end();) {
      auto first = it->first;
      auto run = std::make_shared<std::vector<std::byte>>();
      for (; it != pages_.end() && it->first == first + run->size() / kPage; ++it)
        run->insert(run->end(), it->second.begin(), it->second.end());
      Image::Segment segment;
      segment.start = first * kPage;
      segment.size = run->size();
      segment.data = run->data();
      segment.writable_in_target = true;
      image.add_segment(std::move(segment));
      image.keep(run);
    }
  }

 private:
  static constexpr std::uint64_t kPage = 4096;
  std::map<std::uint64_t, std::vector<std::byte>> pages_;
};

struct ForgedSpan {
  std::uint64_t pages = 1;
  std::uint64_t elem_size = 64;
  std::uint8_t span_class = 2 << 1;  // bit 0: noscan
  std::uint32_t slots = 0;           // 0: as many as fit (mheap.go: initSpan)
  std::uint32_t free_index = 0;
  std::uint32_t free_index_for_scan = 0;
  std::uint32_t sweepgen = 10;
  std::uint8_t state = 1;  // mSpanInUse
  bool inline_marks = false;
  bool user_arena = false;
  bool in_arena = true;  // heapArena.spans leads to it
  Address large_type = 0;
  Address limit = 0;  // 0: base + slots * elem_size
};

class ForgedHeap {
 public:
  static constexpr Address kHeapBase = 0xc000000000;
  static constexpr std::uint32_t kSweepgen = 10;

  explicit ForgedHeap(int minor = 26) {
    GoVersion version;
    version.minor = minor;
    version.text = "go1." + std::to_string(minor);
    layout_ = *layout_for(version, Architecture::Amd64);
    parts_.layout = layout_;
    parts_.version = version;
    parts_.variables.mheap = kMheap;
    memory.reserve(kMheap, 0x20000);
    memory.store<std::uint32_t>(kMheap + u(layout_->mheap_sweepgen), kSweepgen);
    memory.store<std::uint64_t>(kMheap + u(layout_->mheap_arenas), kArenaTable);
    Module module;
    module.noptrbss = kNoptrbss;
    module.enoptrbss = kNoptrbss + 0x1000;
    parts_.modules.push_back(module);
  }

  ForgedMemory memory;
  const Layout& layout() const { return *layout_; }
  const Runtime& runtime() { return *runtime_; }
  Diagnostics diagnostics;

  // Adds a span after those before it, or at `at`; gives its base. Its bytes exist and are zero
  // unless it is noscan.
  Address add_span(ForgedSpan s, Address at = 0) {
    auto base = at ? at : next_span_;
    if (!at) next_span_ = base + s.pages * kHeapPageSize;
    auto bytes = s.pages * kHeapPageSize;
    bool noscan = s.span_class & 1;
    auto reserved = (s.inline_marks ? 128 : 0) +
                    ((!noscan && s.elem_size <= 512) || s.user_arena ? bytes / 64 : 0);
    if (!s.slots) s.slots = static_cast<std::uint32_t>((bytes - reserved) / s.elem_size);
    auto m = kMspans + spans_.size() * 0x100;
    auto bits = kBits + spans_.size() * 0x1000;
    memory.store<std::uint64_t>(m + u(layout_->mspan_startAddr), base);
    memory.store<std::uint64_t>(m + u(layout_->mspan_npages), s.pages);
    memory.store<std::uint16_t>(m + u(layout_->mspan_freeindex), narrow(s.free_index));
    memory.store<std::uint16_t>(m + u(layout_->mspan_nelems), narrow(s.slots));
    memory.store<std::uint16_t>(m + u(layout_->mspan_freeIndexForScan),
                                narrow(s.free_index_for_scan));
    memory.store<std::uint64_t>(m + u(layout_->mspan_allocBits), bits);
    memory.store<std::uint64_t>(m + u(layout_->mspan_gcmarkBits), bits + 0x800);
    memory.store<std::uint32_t>(m + u(layout_->mspan_sweepgen), s.sweepgen);
    memory.store<std::uint8_t>(m + u(layout_->mspan_spanclass), s.span_class);
    memory.store<std::uint8_t>(m + u(layout_->mspan_state), s.state);
    memory.store<std::uint8_t>(m + u(layout_->mspan_isUserArenaChunk), s.user_arena);
    memory.store<std::uint64_t>(m + u(layout_->mspan_elemsize), s.elem_size);
    memory.store<std::uint64_t>(m + u(layout_->mspan_limit),
                                s.limit ? s.limit : base + s.slots * s.elem_size);
    memory.store<std::uint64_t>(m + u(layout_->mspan_largeType), s.large_type);
    memory.reserve(bits, 0x1000);
    if (!noscan) memory.reserve(base, bytes);
    if (s.in_arena)
      for (std::uint64_t page = 0; page < s.pages; page++)
        set_arena_page(base + page * kHeapPageSize, m, page == 0 && s.inline_marks);
    spans_.push_back({base, m, bits});
    return base;
  }
  Address mspan(Address base) const { return record(base).mspan; }
  Address alloc_bits(Address base) const { return record(base).bits; }
  Address gcmark_bits(Address base) const { return record(base).bits + 0x800; }
  void set_allocated(Address base, std::uint32_t slot) { memory.set_bit(alloc_bits(base), slot); }
  void set_all_allocated(Address base, std::uint32_t slots) {
    for (std::uint32_t i = 0; i < slots; i++) set_allocated(base, i);
  }

  // An abi.Type whose word i is a pointer if pointers[i]; `pointers` ends at PtrBytes.
  Address add_type(std::uint64_t size, const std::vector<bool>& pointers, std::uint8_t tflag = 0,
                   std::uint8_t kind = 0) {
    auto mask = next_data(pointers.size() / 8 + 16);
    memory.reserve(mask, pointers.size() / 8 + 16);
    for (std::size_t i = 0; i < pointers.size(); i++)
      if (pointers[i]) memory.set_bit(mask, i);
    return add_type_header(size, pointers.size() * 8, mask, tflag, kind);
  }
  Address add_type_header(std::uint64_t size, std::uint64_t ptr_bytes, Address gcdata,
                          std::uint8_t tflag, std::uint8_t kind) {
    auto at = next_data(128);
    memory.reserve(at, 128);
    memory.store<std::uint64_t>(at + u(layout_->abiType_size), size);
    memory.store<std::uint64_t>(at + u(layout_->abiType_ptrBytes), ptr_bytes);
    memory.store<std::uint8_t>(at + u(layout_->abiType_tflag), tflag);
    memory.store<std::uint8_t>(at + u(layout_->abiType_kind), kind);
    memory.store<std::uint64_t>(at + u(layout_->abiType_gcdata), gcdata);
    return at;
  }
  // Room for `size` bytes of runtime data.
  Address next_data(std::uint64_t size) {
    auto at = next_data_;
    next_data_ += (size + 15) / 16 * 16;
    return at;
  }

  // From here on the memory is fixed.
  void finish() {
    auto all = next_data(spans_.size() * 8 + 8);
    for (std::size_t i = 0; i < spans_.size(); i++)
      memory.store<std::uint64_t>(all + i * 8, spans_[i].mspan);
    auto header = kMheap + u(layout_->mheap_allspans);
    memory.store<std::uint64_t>(header, all);
    memory.store<std::uint64_t>(header + 8, spans_.size());
    memory.store<std::uint64_t>(header + 16, spans_.size());
    finish_without_allspans();
  }
  void finish_without_allspans() {
    image_ = std::make_unique<Image>(Architecture::Amd64, TargetIdentity{});
    memory.add_to(*image_);
    file_ = std::move(*ElfFile::open("/proc/self/exe"));  // unused, but there has to be one
    runtime_ = std::make_unique<Runtime>(*image_, *file_, diagnostics, parts_);
  }
  HeapSpans spans() {
    auto spans = read_spans(*runtime_);
    EXPECT_TRUE(spans) << spans.error().message;
    return spans ? *spans : HeapSpans{};
  }
  static constexpr Address kNoptrbss = 0x5000000;

 private:
  struct Record {
    Address base, mspan, bits;
  };
  static constexpr Address kMheap = 0x10000000;
  static constexpr Address kArenaTable = 0x20000000;
  static constexpr Address kArenas = 0x30000000;
  static constexpr Address kMspans = 0x40000000;
  static constexpr Address kBits = 0x50000000;

  static std::uint64_t u(std::int64_t offset) { return static_cast<std::uint64_t>(offset); }
  static std::uint16_t narrow(std::uint32_t n) { return static_cast<std::uint16_t>(n); }
  const Record& record(Address base) const {
    for (auto& r : spans_)
      if (r.base == base) return r;
    throw std::out_of_range("no such span");
  }
  void set_arena_page(Address at, Address mspan, bool inline_marks) {
    auto index = (at - u(layout_->arenaBaseOffset)) / (64 << 20);
    auto [arena, added] = arenas_.try_emplace(index, kArenas + arenas_.size() * 0x20000);
    if (added) {
      memory.store<std::uint64_t>(kArenaTable + index * 8, arena->second);
      memory.reserve(arena->second, 0x12000);
    }
    auto page = at / kHeapPageSize % 8192;
    memory.store<std::uint64_t>(arena->second + u(layout_->heapArena_spans) + page * 8, mspan);
    if (inline_marks)
      memory.set_bit(arena->second + u(layout_->heapArena_pageUseSpanInlineMarkBits), page);
  }

  const Layout* layout_ = nullptr;
  Runtime::Parts parts_;
  Address next_span_ = kHeapBase;
  Address next_data_ = 0x60000000;
  std::vector<Record> spans_;
  std::map<std::uint64_t, Address> arenas_;
  std::unique_ptr<Image> image_;
  std::unique_ptr<ElfFile> file_;
  std::unique_ptr<Runtime> runtime_;
};

}  // namespace overhang::test
