// overhang goroutines TARGET.
#pragma once

#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "goruntime/goroutines.h"
#include "report/goroutines.h"

namespace overhang {

// Groups goroutines by stack and words what is known of each; head, and retained bytes (indexed as
// `goroutines`), are the caller's.
GoroutinesReport describe_goroutines(const Runtime& runtime,
                                     const std::vector<Goroutine>& goroutines,
                                     const std::vector<std::uint64_t>& retained_bytes);

// Errors: those of open_heap and Dominators::find.
Result<Outcome> run_goroutines(const Run& run);

}  // namespace overhang
