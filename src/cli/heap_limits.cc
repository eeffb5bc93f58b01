#include "cli/heap_limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/checked.h"
#include "graph/views.h"
#include "text/units.h"

namespace overhang {
namespace {

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
// Views' table and a label of two bytes; seven bits in bitmaps.
constexpr std::uint64_t kBytesPerObject = sizeof(ObjectInfo) + 3;

std::uint64_t machine_memory() {
  auto pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || size <= 0) return kNoLimit;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size);
}

std::uint64_t address_space_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kNoLimit;
  return limit.rlim_cur;
}

// A container's own, which stands at the root of what it sees; "max" where there is none.
std::uint64_t cgroup_limit() {
  std::uint64_t bytes = 0;
  std::ifstream file("/sys/fs/cgroup/memory.max");
  return file >> bytes ? bytes : kNoLimit;
}

}  // namespace

std::uint64_t memory_limit() {
  return std::min({machine_memory(), address_space_limit(), cgroup_limit()});
}

std::uint64_t slots_of(const HeapSpans& spans) {
  std::uint64_t out = 0;
  for (const Span& span : spans.spans) out += std::min<std::uint64_t>(span.slots, kNoLimit - out);
  return out;
}

Result<void> check_tables_fit(std::uint64_t objects, std::uint64_t memory) {
  auto bytes = checked_mul(objects, kBytesPerObject);
  if (bytes && *bytes <= memory) return {};
  return fail(
      ErrorKind::Unsupported,
      "the heap claims room for {} objects, whose tables alone take {}: more than the {} of "
      "memory that overhang has here; use a larger machine, or see whether the core is broken",
      format_count(objects), bytes ? format_bytes(*bytes) : "more than 16 EB",
      format_bytes(memory));
}

}  // namespace overhang
