// A process stopped in time: forked, or held for as long as this is there (DESIGN.md §6).
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "image/image.h"
#include "image/process_files.h"
#include "image/stopper.h"

namespace overhang {

struct LiveOptions {
  // Stop the process for the length of the read instead of forking it (the fallback, forced).
  bool without_fork = false;
};

struct FrozenProcess {
  std::shared_ptr<Stopper> stopper;
  TargetIdentity identity;
  std::vector<Mapping> mappings;  // all of them, in address order
  std::vector<FileMapping> files;
  std::vector<ThreadState> threads;
  Auxv auxv;
};

// Freezes process `pid`: it is forked and runs on when this returns; where the fallback was needed,
// it runs on when the stopper is destroyed. Errors: as snapshot_process.
Result<FrozenProcess> freeze_process(std::uint32_t pid, const LiveOptions& options,
                                     Diagnostics& diagnostics);

}  // namespace overhang
