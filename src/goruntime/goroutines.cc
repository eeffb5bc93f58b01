#include "goruntime/goroutines.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <unordered_set>

#include "base/parallel.h"
#include "goruntime/goroutine_position.h"
#include "goruntime/goroutine_stack.h"

namespace overhang {
namespace {

constexpr std::size_t kGrain = 64;  // goroutines per piece of work
constexpr std::size_t kMaxThreads = 1 << 20;
constexpr std::uint64_t kMaxStack = std::uint64_t{1} << 32;  // bytes; Go's own limit is 1 GB

// Fields of runtime.g. Nothing for a g that the collector does not scan.
std::optional<Goroutine> read_g(const Runtime& runtime, const GoroutinePositions& positions,
                                Address g) {
  const Image& image = runtime.image();
  const Layout& layout = runtime.layout();
  bool readable = true;
  auto read = [&]<class T>(std::int64_t offset, T) {
    auto value = image.read<T>(g + static_cast<std::uint64_t>(offset));
    readable = readable && value;
    return value.value_or(T{});
  };
  Goroutine out;
  out.g = g;
  out.status = read(layout.g_atomicstatus, std::uint32_t{}) & ~kGscan;
  out.id = read(layout.g_goid, std::uint64_t{});
  out.wait_reason = read(layout.g_waitreason, std::uint8_t{});
  out.wait_since = read(layout.g_waitsince, std::int64_t{});
  out.go_pc = read(layout.g_gopc, Address{});
  out.start_pc = read(layout.g_startpc, Address{});
  out.stack_lo = read(layout.g_stack_lo, Address{});
  out.stack_hi = read(layout.g_stack_hi, Address{});
  if (!readable) {
    runtime.diagnostics().lose("goroutine unreadable", fmt::format("{:#x}", g));
    return std::nullopt;
  }
  switch (static_cast<GoroutineStatus>(out.status)) {
    case GoroutineStatus::Idle:
    case GoroutineStatus::Dead:
    case GoroutineStatus::DeadExtra:
      return std::nullopt;
    case GoroutineStatus::Runnable:
    case GoroutineStatus::Running:
    case GoroutineStatus::Syscall:
    case GoroutineStatus::Waiting:
    case GoroutineStatus::CopyStack:
    case GoroutineStatus::Preempted:
    case GoroutineStatus::Leaked:
      if (auto bounds = positions.stack_being_left(g, {out.stack_lo, out.stack_hi})) {
        out.stack_lo = bounds->lo;
        out.stack_hi = bounds->hi;
      }
      if (out.stack_lo < out.stack_hi && out.stack_hi - out.stack_lo <= kMaxStack) return out;
  }
  runtime.diagnostics().lose("goroutine of unknown state or without a stack",
                             fmt::format("{:#x}", g));
  return std::nullopt;
}

std::vector<Goroutine> read_headers(const Runtime& runtime, const GoroutinePositions& positions) {
  std::vector<Goroutine> out;
  const Image& image = runtime.image();
  auto list = read_slice(image, runtime.variables().allgs);
  const std::byte* pointers = nullptr;
  if (list && list->len <= UINT64_MAX / 8) pointers = image.at(list->data, list->len * 8);
  if (!pointers) {
    runtime.diagnostics().lose("list of goroutines unreadable");
    return out;
  }
  for (std::uint64_t i = 0; i < list->len; i++) {
    auto address = load_unchecked<Address>(pointers + i * 8);
    // proc.go: allgadd: the append has counted the new g, a dead one yet, and not stored it.
    if (address == 0 && i + 1 == list->len) continue;
    if (auto g = read_g(runtime, positions, address)) out.push_back(std::move(*g));
  }
  return out;
}

// The system stack that a thread is on, if what stands there counts (read_goroutines).
std::optional<Goroutine> read_system_stack(const Runtime& runtime,
                                           const GoroutinePositions& positions, PcCache& cache,
                                           Address m) {
  const Image& image = runtime.image();
  const Layout& layout = runtime.layout();
  auto word = [&](Address base, std::int64_t offset) {
    return image.word(base + static_cast<std::uint64_t>(offset)).value_or(0);
  };
  if (word(m, layout.m_p) == 0) return std::nullopt;
  // Who marks or stops the world for the collector waits (proc.go: casGToWaitingForGC): what it
  // holds, it looks at, be it garbage.
  if (auto curg = word(m, layout.m_curg)) {
    auto word_of_status =
        image.read<std::uint32_t>(curg + static_cast<std::uint64_t>(layout.g_atomicstatus));
    auto status = static_cast<GoroutineStatus>(word_of_status.value_or(0) & ~kGscan);
    bool works = status == GoroutineStatus::Running ||
                 (status == GoroutineStatus::Syscall && layout.hands_off_in_syscall());
    if (!works) return std::nullopt;
  }
  Goroutine out;
  out.system_stack = true;
  out.g = word(m, layout.m_g0);
  out.stack_lo = word(out.g, layout.g_stack_lo);
  out.stack_hi = word(out.g, layout.g_stack_hi);
  if (out.stack_lo >= out.stack_hi || out.stack_hi - out.stack_lo > kMaxStack ||
      !positions.find(out, cache))
    return std::nullopt;
  return out;
}

void add_system_stacks(const Runtime& runtime, const GoroutinePositions& positions,
                       std::vector<Goroutine>& goroutines) {
  const Image& image = runtime.image();
  PcCache cache([&runtime](Address pc) { return pc_facts(runtime, pc); });
  const Layout& layout = runtime.layout();
  auto word = [&](Address base, std::int64_t offset) {
    return image.word(base + static_cast<std::uint64_t>(offset)).value_or(0);
  };
  // Each thread is looked at once, also where the list runs in a circle.
  std::unordered_set<std::uint64_t> ids;
  auto m = word(runtime.variables().allm, 0);
  for (std::size_t count = 0; m != 0; m = word(m, layout.m_alllink)) {
    if (count++ == kMaxThreads) {
      runtime.diagnostics().lose("list of threads broken", fmt::format("{:#x}", m));
      return;
    }
    auto id = word(m, layout.m_procid);  // 0: no thread yet, or C's
    if (id == 0 || !ids.insert(id).second) continue;
    if (auto stack = read_system_stack(runtime, positions, cache, m))
      goroutines.push_back(std::move(*stack));
  }
}

// No two goroutines share stack memory; where they seem to, one is left out: a system stack, whose
// bounds are guessed where C made it (proc.go: callbackUpdateSystemStack), else the later one. So
// the work on stacks is bounded by the image's size.
void drop_overlapping(const Runtime& runtime, std::vector<Goroutine>& goroutines) {
  std::vector<std::size_t> order(goroutines.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return goroutines[i].stack_lo; });
  Goroutine* before = nullptr;
  for (auto i : order) {
    auto& goroutine = goroutines[i];
    if (before && goroutine.stack_lo < before->stack_hi) {
      auto& dropped = before->system_stack ? *before : goroutine;
      runtime.diagnostics().lose("goroutine stacks overlap", fmt::format("{:#x}", dropped.g));
      dropped.g = 0;
      if (&dropped == &goroutine) continue;
    }
    before = &goroutine;
  }
  std::erase_if(goroutines, [](const Goroutine& g) { return g.g == 0; });
}

}  // namespace

std::vector<Goroutine> read_goroutines(const Runtime& runtime,
                                       const std::function<bool(Address)>& in_heap,
                                       unsigned threads) {
  GoroutinePositions positions(runtime);
  auto goroutines = read_headers(runtime, positions);
  add_system_stacks(runtime, positions, goroutines);
  drop_overlapping(runtime, goroutines);

  std::uint64_t image_bytes = 0;
  for (auto& segment : runtime.image().segments()) image_bytes += segment.size;
  // A record takes some words, and stands in one list only.
  std::atomic<std::int64_t> defers_left(static_cast<std::int64_t>(image_bytes / 32));

  std::vector<std::unique_ptr<GoroutineStack>> workers(std::max(threads, 1u));
  parallel_chunks(
      threads, goroutines.size(), kGrain, [&](unsigned worker, std::size_t begin, std::size_t end) {
        auto& stack = workers[worker];
        if (!stack)
          stack = std::make_unique<GoroutineStack>(runtime, positions, in_heap, defers_left);
        for (auto i = begin; i < end; i++) stack->read(goroutines[i]);
      });
  return goroutines;
}

}  // namespace overhang
