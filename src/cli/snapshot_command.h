// overhang snapshot PID -o FILE.
#pragma once

#include "base/result.h"
#include "cli/command.h"

namespace overhang {

// Writes a core of the process to the file. Errors: those of freeze_process and write_process_core;
// BadInput where the target is no process id.
Result<Outcome> run_snapshot(const Run& run);

}  // namespace overhang
