// What a command is given, and what it answers.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/result.h"
#include "cli/options.h"
#include "cli/own_memory.h"
#include "report/head.h"
#include "report/options.h"

namespace overhang {

struct Run {
  const Options& options;
  Diagnostics& diagnostics;
  std::chrono::steady_clock::time_point start;
  OwnMemory* memory;  // with --stats, else null
};

struct Outcome {
  std::string output;  // for -o, or standard output
  ExitStatus status = kExitDone;
  std::vector<std::string> notes;  // a line each, for standard error
  // Of a command that wrote its file itself: what to say of it on standard output. Then `output`
  // counts for nothing.
  std::optional<std::string> message{};
};

// Fills in what is known at the end of a run: times, own memory, warnings.
void finish(const Run& run, ReportHead& head);

// Colours are wanted on standard output: a terminal, and no NO_COLOR.
bool colour_wanted(const Options& options);
// The rows that the command line chooses: all, unless it says otherwise.
Selection selection_of(const Options& options);
// How a person sees them; `Text` has TextOptions' members, as far as its report has use for them.
template <class Text = TextOptions>
Text text_options_of(const Options& options) {
  Text out;
  out.colour = colour_wanted(options);
  out.stats = options.stats;
  if (options.top) out.selection.top = *options.top;
  out.selection.min_bytes = options.min_bytes;
  return out;
}

}  // namespace overhang
