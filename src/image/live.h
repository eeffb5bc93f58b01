// Images of running processes, by a forked copy-on-write snapshot (DESIGN.md §6).
#pragma once

#include <cstdint>
#include <memory>

#include "image/frozen_process.h"
#include "image/image.h"

namespace overhang {

// Takes an image of process `pid`. The process runs on when this returns, unless the fallback was
// needed (diagnostics.warn says so): then it runs on when the image is destroyed. Memory is copied
// as it is read; should the snapshot be killed (out of memory), what was not read yet is a hole and
// Image::lost_bytes counts it.
//
// The program notices the pause alone: its interrupted system calls restart. Waits with a time
// limit that Linux ends with EINTR on any stop (epoll_wait; signal(7) lists them) do so here too.
// Errors: NotFound, NotPermitted (says what to grant), Unsupported (32-bit), Gone.
Result<std::unique_ptr<Image>> snapshot_process(std::uint32_t pid, const LiveOptions& options,
                                                Diagnostics& diagnostics);

}  // namespace overhang
