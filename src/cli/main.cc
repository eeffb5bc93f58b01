// overhang: parses the command line, runs the pipeline, writes the report.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>

#include "cli/hand_over.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/own_memory.h"
#include "cli/pipeline.h"
#include "cli/progress.h"
#include "report/render.h"
#include "text/columns.h"

namespace overhang {
namespace {

bool colour_wanted(const Options& options) {
  auto* no_colour = std::getenv("NO_COLOR");
  return options.output.empty() && isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}

std::string render(const LeakReport& report, const Options& options) {
  if (options.format == Format::Json) {
    Selection selection{.min_bytes = options.min_bytes};
    if (options.top) selection.top = *options.top;
    return render_json(report, selection);
  }
  TextOptions text;
  text.colour = colour_wanted(options);
  text.stats = options.stats;
  text.spare = options.spare;
  text.selection.min_bytes = options.min_bytes;
  if (options.top) text.selection.top = *options.top;
  return render_text(report, text);
}

ExitStatus failed(const Error& error) {
  fmt::print(stderr, "overhang: {}\n", printable(error.message));  // names may be hostile
  return error.kind == ErrorKind::Usage ? kExitUsage : kExitFailed;
}

// The patch alone goes to standard output.
ExitStatus write_fix(const Outcome& outcome, const Options& options) {
  if (outcome.report.sites.empty()) fmt::print(stderr, "overhang: nothing is hidden\n");
  for (const auto& line : outcome.fix.advice) fmt::print(stderr, "overhang: {}\n", printable(line));
  auto written = write_output(options.output, outcome.fix.diff);
  return written ? kExitDone : failed(written.error());
}

ExitStatus run(const Options& options, char** argv) {
  auto start = std::chrono::steady_clock::now();
  std::optional<OwnMemory> memory;
  if (options.stats) memory.emplace();
  Progress progress(!options.quiet && isatty(STDERR_FILENO));
  Diagnostics diagnostics([&](std::string_view phase) { progress.show(phase); });
  auto outcome = run_leaks(options.leaks, diagnostics);
  progress.clear();
  if (!outcome) return failed(hand_over(outcome.error(), argv));
  if (options.leaks.fix.wanted) return write_fix(*outcome, options);
  LeakReport* report = &outcome->report;

  std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  report->elapsed_ms = elapsed.count();
  if (memory) report->peak_anonymous_bytes = memory->peak_bytes();
  if (auto written = write_output(options.output, render(*report, options)); !written)
    return failed(written.error());
  bool over = options.fail_over && report->heap.overhang_bytes > *options.fail_over;
  return over ? kExitOverLimit : kExitDone;
}

ExitStatus run_script(const Options& options) {
  auto model = *options.model;
  model.colour = colour_wanted(options);
  auto story = run_model(model);
  if (!story) return failed(story.error());
  if (auto written = write_output(options.output, *story); !written) return failed(written.error());
  return kExitDone;
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
    options->leaks.max_objects = OVERHANG_MAX_OBJECTS;  // tests/e2e/hand_over_test.cc
#endif
    return options->model ? run_script(*options) : run(*options, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("overhang: out of memory\n", stderr);
  } catch (const std::exception& error) {
    fmt::print(stderr, "overhang: unexpected: {}\n", error.what());
  }
  return kExitFailed;
}
