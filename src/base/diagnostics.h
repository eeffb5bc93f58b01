// What a run says about itself: how long its phases took, and what it could not read. Nothing is
// lost silently: every skipped piece of input is counted under a cause and reaches the report.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/meter.h"

namespace overhang {

struct PhaseTime {
  std::string phase;
  double ms;
};

// Thread-safe. One per run, passed by reference.
class Diagnostics {
 public:
  // Counts one piece of input that was passed over. `cause` is a short fixed phrase ("map
  // directory out of bounds"); `example` (first one kept) says where.
  void lose(std::string_view cause, std::string_view example = {}) {
    std::lock_guard lock(mutex_);
    auto& loss = losses_[std::string(cause)];
    if (loss.count++ == 0) loss.example = example;
  }
  // A sentence for the report's warnings.
  void warn(std::string text) {
    std::lock_guard lock(mutex_);
    warnings_.push_back(std::move(text));
  }
  void phase_started(std::string_view name) {
    std::lock_guard lock(mutex_);
    running_.push_back({std::string(name), Clock::now()});
  }
  void phase_ended(std::string_view name, double ms) {
    std::lock_guard lock(mutex_);
    times_.push_back({std::string(name), ms});
    auto last = std::ranges::find(running_.rbegin(), running_.rend(), name, &Running::phase);
    if (last != running_.rend()) running_.erase(std::next(last).base());
  }
  // Of the phases that are under way, the one that started last, and for how long it has run.
  std::optional<PhaseTime> underway() const {
    std::lock_guard lock(mutex_);
    if (running_.empty()) return std::nullopt;
    std::chrono::duration<double, std::milli> elapsed = Clock::now() - running_.back().since;
    return PhaseTime{running_.back().phase, elapsed.count()};
  }
  // How far the work of the phases under way has come.
  Meter& meter() { return meter_; }
  const Meter& meter() const { return meter_; }

  // The warnings, then a line per cause of loss.
  std::vector<std::string> warnings() const {
    std::lock_guard lock(mutex_);
    auto out = warnings_;
    for (auto& [cause, loss] : losses_)
      out.push_back(cause + ": " + std::to_string(loss.count) +
                    (loss.example.empty() ? "" : " (first: " + loss.example + ")"));
    return out;
  }
  std::vector<PhaseTime> times() const {
    std::lock_guard lock(mutex_);
    return times_;
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Running {
    std::string phase;
    Clock::time_point since;
  };
  struct Loss {
    std::uint64_t count = 0;
    std::string example;
  };
  mutable std::mutex mutex_;
  std::vector<Running> running_;
  Meter meter_;
  std::map<std::string, Loss> losses_;
  std::vector<std::string> warnings_;
  std::vector<PhaseTime> times_;
};

// Times a scope as a phase.
class Phase {
 public:
  Phase(Diagnostics& diagnostics, std::string_view name)
      : diagnostics_(diagnostics), name_(name), start_(std::chrono::steady_clock::now()) {
    diagnostics_.phase_started(name_);
  }
  ~Phase() {
    std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start_;
    diagnostics_.phase_ended(name_, elapsed.count());
  }
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

 private:
  Diagnostics& diagnostics_;
  std::string name_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace overhang
