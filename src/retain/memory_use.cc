#include "retain/memory_use.h"

#include <algorithm>

#include "goruntime/arenas.h"

namespace overhang {
namespace {

class Segments {
 public:
  explicit Segments(const Runtime& runtime)
      : runtime_(runtime),
        arenas_(runtime.image(), runtime.layout(), runtime.variables().mheap),
        arena_bytes_(static_cast<std::uint64_t>(runtime.layout().heapArenaBytes)) {}

  void add(const Image::Segment& segment, MemoryUse& use) {
    for (std::uint64_t done = 0; done < segment.size;) {
      auto at = segment.start + done;
      auto piece = std::min(segment.size - done, arena_bytes_ - at % arena_bytes_);
      done += piece;
      auto program = in_modules(at, at + piece);
      use.program += program;
      // Address space that is only set aside is in some cores too, without leave to write.
      if (segment.writable_in_target && !arenas_.arena_of(at)) use.outside += piece - program;
    }
  }
  // mheap_.arenas: tables that the runtime does not count (mheap.sysAlloc: "heap index").
  std::uint64_t arena_index_bytes() const {
    const Layout& layout = runtime_.layout();
    auto table = runtime_.variables().mheap + static_cast<std::uint64_t>(layout.mheap_arenas);
    std::uint64_t tables = 0;
    for (std::uint64_t i = 0; i < std::uint64_t{1} << layout.arenaL1Bits; i++)
      tables += runtime_.image().word(table + i * 8).value_or(0) != 0;
    return tables * 8 << layout.arenaL2Bits;
  }

 private:
  // Bytes of [begin, end) that are a module's.
  std::uint64_t in_modules(Address begin, Address end) const {
    std::uint64_t out = 0;
    for (const Module& module : runtime_.modules()) {
      auto first = std::max(begin, module.text), last = std::min(end, end_of(module));
      if (first < last) out += last - first;
    }
    return std::min(out, end - begin);
  }
  static Address end_of(const Module& module) {
    return std::max({module.etext, module.etypes, module.enoptrdata, module.edata, module.ebss,
                     module.enoptrbss});
  }
  const Runtime& runtime_;
  ArenaMap arenas_;
  std::uint64_t arena_bytes_;
};

}  // namespace

MemoryUse find_memory_use(const Heap& heap, const LiveSet& live, const MemoryStats* stats) {
  MemoryUse use;
  std::uint64_t allocated = 0, slots = 0;
  for (const HeapSpan& span : heap.spans()) {
    auto bytes = span.span.slots * span.span.elem_size;
    slots += bytes;
    use.overhead += span.span.bytes() - bytes;
    for (std::uint32_t i = 0; i < span.span.slots; i++)
      if (heap.allocated(ObjectId(span.first.value + i))) allocated += span.span.elem_size;
  }
  use.live = live.bytes;
  use.garbage = allocated - live.bytes;  // what lives is allocated
  use.free = slots - allocated;
  Segments segments(heap.runtime());
  for (const Image::Segment& segment : heap.image().segments()) segments.add(segment, use);
  auto structures = segments.arena_index_bytes() + (stats ? stats->runtime_sys() : 0);
  use.outside -= std::min(use.outside, structures);
  return use;
}

}  // namespace overhang
