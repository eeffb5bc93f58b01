// What a run says about itself: how long its phases took, and what it could not read. Nothing is
// lost silently: every skipped piece of input is counted under a cause and reaches the report.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace overhang {

struct PhaseTime {
  std::string phase;
  double ms;
};

// Thread-safe. One per run, passed by reference.
class Diagnostics {
 public:
  // `on_phase` hears each phase's name as it starts (progress on a terminal).
  explicit Diagnostics(std::function<void(std::string_view)> on_phase = {})
      : on_phase_(std::move(on_phase)) {}

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
    if (on_phase_) on_phase_(name);
  }
  void phase_ended(std::string_view name, double ms) {
    std::lock_guard lock(mutex_);
    times_.push_back({std::string(name), ms});
  }

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
  struct Loss {
    std::uint64_t count = 0;
    std::string example;
  };
  mutable std::mutex mutex_;
  std::function<void(std::string_view)> on_phase_;
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
