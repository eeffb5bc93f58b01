#include "cli/own_memory.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>

namespace overhang {
namespace {

std::uint64_t anonymous_bytes() {
  std::ifstream status("/proc/self/status");
  std::string field;
  while (status >> field) {
    if (field == "RssAnon:") {
      std::uint64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  }
  return 0;
}

}  // namespace

OwnMemory::OwnMemory()
    : sampler_([this] {
        std::unique_lock lock(mutex_);
        while (!wake_.wait_for(lock, std::chrono::milliseconds(5), [this] { return done_; }))
          sample();
      }) {}

OwnMemory::~OwnMemory() {
  {
    std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_one();
  sampler_.join();
}

void OwnMemory::sample() { peak_ = std::max(peak_, anonymous_bytes()); }

std::uint64_t OwnMemory::peak_bytes() {
  std::lock_guard lock(mutex_);
  sample();
  return peak_;
}

}  // namespace overhang
