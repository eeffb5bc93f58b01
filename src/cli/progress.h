// The running phase on one line of a terminal, with how far it has come and what is left. The line
// is gone when the work is done.
#pragma once

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/diagnostics.h"

namespace overhang {

// "views: 43 % of 6,187,857 objects, about 3 s left"; where nothing is measured "open: 2 s".
// At most 78 columns.
std::string progress_line(const PhaseTime& phase, const Meter::Reading& work);

// Watches the diagnostics from a thread of its own; the work itself only counts.
class Progress {
 public:
  struct Pace {
    std::chrono::milliseconds first{500};  // shorter work shows nothing
    std::chrono::milliseconds next{100};
  };
  // `diagnostics` must outlive it. Not enabled, it does nothing.
  Progress(const Diagnostics& diagnostics, bool enabled, int terminal = STDERR_FILENO)
      : Progress(diagnostics, enabled, terminal, Pace()) {}
  Progress(const Diagnostics& diagnostics, bool enabled, int terminal, Pace pace);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Ends it, and takes the line away.
  void clear();

 private:
  void watch();
  const Diagnostics& diagnostics_;
  const int terminal_;
  const Pace pace_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace overhang
