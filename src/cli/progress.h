// The running phase, on one line of a terminal that is gone when the work is done.
#pragma once

#include <mutex>
#include <string_view>

namespace overhang {

class Progress {
 public:
  explicit Progress(bool enabled) : enabled_(enabled) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::string_view phase);  // thread-safe
  void clear();

 private:
  std::mutex mutex_;
  bool enabled_;
  bool shown_ = false;
};

}  // namespace overhang
