#include "cli/progress.h"

#include <algorithm>
#include <string_view>

#include "text/columns.h"
#include "text/units.h"

namespace overhang {
namespace {

constexpr std::size_t kColumns = 78;
// Below this an estimate is worth nothing.
constexpr double kEnoughMs = 300, kEnoughShare = 0.02;

// Whole seconds, or minutes from two on.
std::string roughly(double ms) {
  auto seconds = static_cast<std::uint64_t>(std::max(1.0, ms / 1000 + 0.5));
  return seconds < 120 ? format_count(seconds) + " s" : format_count((seconds + 30) / 60) + " min";
}

// A terminal that does not take it is no reason to fail.
void put(int terminal, std::string_view text) {
  [[maybe_unused]] auto written = write(terminal, text.data(), text.size());
}

}  // namespace

std::string progress_line(const PhaseTime& phase, const Meter::Reading& work) {
  auto line = cut_middle(printable(phase.phase), 24);
  if (work.total == 0 || work.done >= work.total) {
    if (phase.ms >= 1000) line += ": " + roughly(phase.ms);
    return line;
  }
  line += ": " + format_share(work.done, work.total) + " of ";
  line += work.unit == std::string_view("bytes") ? format_bytes(work.total)
                                                 : format_number_of(work.total, work.unit);
  auto share = static_cast<double>(work.done) / static_cast<double>(work.total);
  if (work.elapsed_ms >= kEnoughMs && share >= kEnoughShare)
    line += ", about " + roughly(work.elapsed_ms * (1 - share) / share) + " left";
  return cut_middle(line, kColumns);
}

Progress::Progress(const Diagnostics& diagnostics, bool enabled, int terminal, Pace pace)
    : diagnostics_(diagnostics), terminal_(terminal), pace_(pace) {
  if (enabled) thread_ = std::thread([this] { watch(); });
}

void Progress::watch() {
  std::unique_lock lock(mutex_);
  bool shown = false;
  for (auto wait = pace_.first; !ended_.wait_for(lock, wait, [this] { return end_; });
       wait = pace_.next) {
    auto phase = diagnostics_.underway();
    if (!phase) continue;
    // Carriage return, the phase, erase to the end of the line.
    put(terminal_, "\r" + progress_line(*phase, diagnostics_.meter().read()) + "\x1b[K");
    shown = true;
  }
  if (shown) put(terminal_, "\r\x1b[K");
}

void Progress::clear() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

}  // namespace overhang
