#include "cli/command.h"

#include <unistd.h>

#include <cstdlib>

namespace overhang {

void finish(const Run& run, ReportHead& head) {
  head.timings = run.diagnostics.times();
  head.warnings = run.diagnostics.warnings();
  std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - run.start;
  head.elapsed_ms = elapsed.count();
  if (run.memory) head.peak_anonymous_bytes = run.memory->peak_bytes();
}

Selection selection_of(const Options& options) {
  Selection out{.min_bytes = options.min_bytes};
  if (options.top) out.top = *options.top;
  return out;
}

bool colour_wanted(const Options& options) {
  auto* no_colour = std::getenv("NO_COLOR");
  return options.output.empty() && isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}

}  // namespace overhang
