#include "goruntime/memory_stats.h"

#include <algorithm>

namespace overhang {
namespace {

constexpr int kGenerations = 3;                          // consistentHeapStats.stats
constexpr std::uint64_t kMost = std::uint64_t{1} << 48;  // bytes of an address space

class Reader {
 public:
  explicit Reader(const Runtime& runtime)
      : image_(runtime.image()), layout_(runtime.layout()), variables_(runtime.variables()) {}

  std::uint64_t of_mstats(std::int64_t offset) { return word(variables_.memstats, offset); }
  std::uint64_t of_mheap(std::int64_t offset) { return word(variables_.mheap, offset); }
  // consistentHeapStats.unsafeRead: what all generations add up to. 0 for a field that the release
  // does not have.
  std::uint64_t delta(std::int64_t offset) {
    if (!layout_.has(offset)) return 0;
    std::uint64_t sum = 0;  // of numbers that may be negative
    for (int i = 0; i < kGenerations; i++)
      sum += read(variables_.memstats,
                  layout_.mstats_heapStats + i * layout_.heapStatsDelta_size + offset);
    return checked(sum);
  }
  bool good() const { return good_; }
  std::uint64_t checked(std::uint64_t bytes) {
    good_ &= bytes < kMost;
    return good_ ? bytes : 0;
  }

 private:
  std::uint64_t read(Address base, std::int64_t offset) {
    auto value = image_.word(base + static_cast<std::uint64_t>(offset));
    good_ &= value.has_value();
    return value.value_or(0);
  }
  std::uint64_t word(Address base, std::int64_t offset) { return checked(read(base, offset)); }

  const Image& image_;
  const Layout& layout_;
  const RuntimeVariables& variables_;
  bool good_ = true;
};

}  // namespace

std::optional<MemoryStats> read_memory_stats(const Runtime& runtime) {
  if (runtime.variables().memstats == 0) return std::nullopt;
  const Layout& layout = runtime.layout();
  Reader reader(runtime);
  MemoryStats out;
  auto work_bufs = reader.delta(layout.heapStatsDelta_inWorkBufs) +
                   reader.delta(layout.heapStatsDelta_inPtrScalarBits);
  out.heap_inuse = reader.delta(layout.heapStatsDelta_inHeap);
  out.heap_released = reader.delta(layout.heapStatsDelta_released);
  out.stack_inuse = reader.delta(layout.heapStatsDelta_inStacks);
  // What is committed is in use by heap, stacks or the collector, or free.
  auto committed = reader.delta(layout.heapStatsDelta_committed);
  auto used = out.heap_inuse + out.stack_inuse + work_bufs;
  out.heap_free = committed - std::min(committed, used);
  out.thread_stacks = reader.of_mstats(layout.mstats_stacks_sys);
  out.mspan_sys = reader.of_mstats(layout.mstats_mspan_sys);
  out.mspan_inuse = reader.of_mheap(layout.mheap_spanalloc_inuse);
  out.mcache_sys = reader.of_mstats(layout.mstats_mcache_sys);
  out.mcache_inuse = reader.of_mheap(layout.mheap_cachealloc_inuse);
  out.buck_hash_sys = reader.of_mstats(layout.mstats_buckhash_sys);
  out.gc_sys = reader.of_mstats(layout.mstats_gcMiscSys) + work_bufs;
  out.other_sys = reader.of_mstats(layout.mstats_other_sys);
  if (reader.good()) return out;
  runtime.diagnostics().lose("the runtime's memory statistics unreadable");
  return std::nullopt;
}

}  // namespace overhang
