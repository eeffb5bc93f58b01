// overhang refs TARGET: the live heap by reference path.
#pragma once

#include "cli/analysis.h"
#include "cli/command.h"
#include "report/refs_report.h"

namespace overhang {

// The tree, with the statements of the sites that describe_leaks() knows. `leaks` is what it gave,
// and describe_sources() after it.
RefsReport describe_refs(Analysis& analysis, const LeakReport& leaks, Diagnostics& diagnostics);

// Errors: those of run_leaks.
Result<Outcome> run_refs(const Run& run);

}  // namespace overhang
