// overhang heap TARGET: live objects by type, who keeps them, and where the process's memory is.
#pragma once

#include "cli/command.h"

namespace overhang {

// Errors: those of open_heap and Dominators::find.
Result<Outcome> run_heap(const Run& run);

}  // namespace overhang
