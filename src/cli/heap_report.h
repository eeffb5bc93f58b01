// From what is known of a heap to the plain rows of its report.
#pragma once

#include <vector>

#include "cli/analysis.h"
#include "report/heap.h"

namespace overhang {

// Types alone, most bytes first.
std::vector<HeapTypeRow> describe_types(Analysis& analysis, const Dominators& dominators,
                                        Diagnostics& diagnostics);

// Types, roots and memory; all but the dominator tree. The analysis was made with dominators.
HeapReport describe_heap(Analysis& analysis, const Dominators& dominators,
                         Diagnostics& diagnostics);

// The dominator tree by type, without rows that retain less than `min_bytes` (reduced()).
TreeRows dominator_rows(Analysis& analysis, const Dominators& dominators, std::uint64_t min_bytes,
                        Diagnostics& diagnostics);

}  // namespace overhang
