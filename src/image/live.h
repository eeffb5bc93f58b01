// Images of running processes, by a forked copy-on-write snapshot (DESIGN.md §6).
#pragma once

#include <cstdint>
#include <memory>

#include "image/image.h"

namespace overhang {

struct LiveOptions {
  // Stop the process for the length of the read instead of forking it (the fallback, forced).
  bool without_fork = false;
};

// Takes an image of process `pid`. The process runs on when this returns, unless the fallback was
// needed (diagnostics.warn says so): then it runs on when the image is destroyed.
// Errors: NotFound, NotPermitted (says what to grant), Unsupported (32-bit), Gone.
Result<std::unique_ptr<Image>> snapshot_process(std::uint32_t pid, const LiveOptions& options,
                                                Diagnostics& diagnostics);

}  // namespace overhang
