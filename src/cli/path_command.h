// overhang path TARGET ADDR|TYPE: why an object, or any of a type, is alive.
#pragma once

#include "cli/command.h"

namespace overhang {

// The shortest way from a root and, up to --top (5), others. Errors: those of open_heap; NotFound
// where no live object is at the address, or of the type, with what is there instead.
Result<Outcome> run_path(const Run& run);

}  // namespace overhang
