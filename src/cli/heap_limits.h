// Whether a heap's tables fit the machine: a core may claim any number of objects, and each takes a
// few bytes of ours, whether its memory is in the image or not.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "goruntime/spans.h"

namespace overhang {

// What this process may have: the machine's memory, less where its limit (RLIMIT_AS) or its cgroup
// allows less; the largest number where the system does not tell.
std::uint64_t memory_limit();

// The slots of all spans, allocated or not; the largest number where they are more.
std::uint64_t slots_of(const HeapSpans& spans);

// Errors: Unsupported, where the tables of so many objects take more than `memory` bytes.
Result<void> check_tables_fit(std::uint64_t objects, std::uint64_t memory);

}  // namespace overhang
