// How far long work has come, for whoever watches it from another thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace overhang {

// Thread-safe. Counting costs one relaxed addition; count in steps of kStep or so.
class Meter {
 public:
  static constexpr std::uint64_t kStep = 4096;

  struct Reading {
    std::uint64_t done = 0, total = 0;  // total 0: nothing is measured
    const char* unit = "";              // "object", or "bytes"
    double elapsed_ms = 0;              // since begin()
  };

  // Work of `total` units lies ahead. `unit` must be a literal.
  void begin(std::uint64_t total, const char* unit) {
    total_ = 0;
    done_ = 0;
    unit_ = unit;
    begun_ = Clock::now().time_since_epoch().count();
    total_ = total;
  }
  void end() { total_ = 0; }
  // There is more, or less, to do than begin() said.
  void more(std::uint64_t units) { total_ += units; }
  void less(std::uint64_t units) {
    auto total = total_.load();
    while (!total_.compare_exchange_weak(total, total - (units < total ? units : total))) {
    }
  }
  void advance(std::uint64_t units) { done_.fetch_add(units, std::memory_order_relaxed); }

  Reading read() const {
    Clock::duration begun(begun_.load());
    std::chrono::duration<double, std::milli> elapsed = Clock::now().time_since_epoch() - begun;
    return {done_, total_, unit_, elapsed.count()};
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::atomic<std::uint64_t> done_{0}, total_{0};
  std::atomic<const char*> unit_{""};
  std::atomic<Clock::rep> begun_{0};
};

}  // namespace overhang
