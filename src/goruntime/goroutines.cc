#include "goruntime/goroutines.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <numeric>

#include "base/parallel.h"
#include "goruntime/goroutine_position.h"
#include "goruntime/goroutine_stack.h"

namespace overhang {
namespace {

constexpr std::size_t kGrain = 64;                           // goroutines per piece of work
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

// No two goroutines share stack memory; where they seem to, the later one is left out. So the work
// on stacks is bounded by the image's size.
void drop_overlapping(const Runtime& runtime, std::vector<Goroutine>& goroutines) {
  std::vector<std::size_t> order(goroutines.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return goroutines[i].stack_lo; });
  Address end = 0;
  for (auto i : order) {
    auto& goroutine = goroutines[i];
    if (goroutine.stack_lo < end) {
      runtime.diagnostics().lose("goroutine stacks overlap", fmt::format("{:#x}", goroutine.g));
      goroutine.g = 0;
    } else {
      end = goroutine.stack_hi;
    }
  }
  std::erase_if(goroutines, [](const Goroutine& g) { return g.g == 0; });
}

}  // namespace

std::vector<Goroutine> read_goroutines(const Runtime& runtime,
                                       const std::function<bool(Address)>& in_heap,
                                       unsigned threads) {
  GoroutinePositions positions(runtime);
  auto goroutines = read_headers(runtime, positions);
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
