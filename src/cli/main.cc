// overhang: parses the command line, runs the command, writes what it answers.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>

#include "cli/diff_command.h"
#include "cli/goroutines_command.h"
#include "cli/hand_over.h"
#include "cli/heap_command.h"
#include "cli/leaks_command.h"
#include "cli/output.h"
#include "cli/path_command.h"
#include "cli/progress.h"
#include "cli/refs_command.h"
#include "cli/snapshot_command.h"
#include "text/columns.h"

namespace overhang {
namespace {

Result<Outcome> run_command(const Run& run) {
  if (run.options.format == Format::Html && run.options.output.empty() && isatty(STDOUT_FILENO))
    return fail(ErrorKind::Usage, "a page is for a file, not for a terminal: add -o report.html");
  switch (run.options.command) {
    case Command::Leaks:
      return run_leaks(run);
    case Command::Diff:
      return run_diff(run);
    case Command::Heap:
      return run_heap(run);
    case Command::Fix:
      return run_fix(run);
    case Command::Path:
      return run_path(run);
    case Command::Refs:
      return run_refs(run);
    case Command::Goroutines:
      return run_goroutines(run);
    case Command::Snapshot:
      return run_snapshot(run);
    case Command::Model: {
      auto model = run.options.model;
      model.colour = colour_wanted(run.options);
      OVERHANG_TRY(auto story, run_model(model));
      return Outcome{std::move(story), kExitDone, {}};
    }
  }
  return fail(ErrorKind::Usage, "no such command");
}

ExitStatus failed(const Error& error) {
  fmt::print(stderr, "overhang: {}\n", printable(error.message));  // names may be hostile
  return error.kind == ErrorKind::Usage ? kExitUsage : kExitFailed;
}

ExitStatus run(const Options& options, char** argv) {
  auto start = std::chrono::steady_clock::now();
  std::optional<OwnMemory> memory;
  if (options.stats) memory.emplace();
  Diagnostics diagnostics;
  Progress progress(diagnostics, !options.quiet && isatty(STDERR_FILENO));
  auto outcome = run_command({options, diagnostics, start, memory ? &*memory : nullptr});
  progress.clear();
  if (!outcome) return failed(hand_over(outcome.error(), argv));
  for (const auto& line : outcome->notes) fmt::print(stderr, "overhang: {}\n", printable(line));
  auto written = outcome->message ? write_output("", *outcome->message)
                                  : write_output(options.output, outcome->output);
  return written ? outcome->status : failed(written.error());
}

ExitStatus answer(const Answer& answer) {
  std::fputs(answer.text.c_str(), answer.status == kExitDone ? stdout : stderr);
  return answer.status;
}

}  // namespace
}  // namespace overhang

int main(int argc, char** argv) {
  using namespace overhang;
  try {
    auto options = parse_command_line({argv + (argc > 0 ? 1 : 0), argv + argc});
    if (!options) return answer(options.error());
#ifdef OVERHANG_MAX_OBJECTS
    options->analysis.max_objects = OVERHANG_MAX_OBJECTS;  // tests/e2e/hand_over_test.cc
#endif
    return run(*options, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("overhang: out of memory\n", stderr);
  } catch (const std::exception& error) {
    fmt::print(stderr, "overhang: unexpected: {}\n", error.what());
  }
  return kExitFailed;
}
