// How much anonymous memory overhang itself holds at most (--stats): files that are mapped, such as
// the core, are the page cache's and do not count.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace overhang {

// Samples RssAnon of /proc/self/status every few milliseconds for as long as it lives.
class OwnMemory {
 public:
  OwnMemory();
  ~OwnMemory();
  OwnMemory(const OwnMemory&) = delete;
  OwnMemory& operator=(const OwnMemory&) = delete;

  std::uint64_t peak_bytes();

 private:
  void sample();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t peak_ = 0;
  bool done_ = false;
  std::thread sampler_;
};

}  // namespace overhang
