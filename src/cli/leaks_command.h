// overhang leaks TARGET, and overhang fix TARGET: the leak report, and the patch of the sources
// that make what it shows.
#pragma once

#include "cli/command.h"

namespace overhang {

// Errors: those of open_heap; among them TooMany, where the heap has room for more than
// max_objects.
Result<Outcome> run_leaks(const Run& run);
// The patch; what it leaves to a person is in the notes.
Result<Outcome> run_fix(const Run& run);

}  // namespace overhang
