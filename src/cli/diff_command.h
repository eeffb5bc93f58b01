// overhang diff OLD NEW: growth between two images, by site and by type.
#pragma once

#include "cli/command.h"

namespace overhang {

// With --fail-over, exit status 3 where the certain overhang has grown by more. Errors: those of
// open_heap, for either image.
Result<Outcome> run_diff(const Run& run);

}  // namespace overhang
