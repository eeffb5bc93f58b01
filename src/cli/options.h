// The command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/result.h"
#include "cli/analysis.h"
#include "cli/commands.h"
#include "cli/fix.h"
#include "cli/model_command.h"

namespace overhang {

// What the process says when it ends; scripts rely on it.
enum ExitStatus : int {
  kExitDone = 0,
  kExitFailed = 1,     // the analysis failed; one line says why
  kExitUsage = 2,      // the command line is wrong
  kExitOverLimit = 3,  // --fail-over was exceeded
};

struct Options {
  Command command = Command::Leaks;
  AnalysisOptions analysis;  // of the target; diff: of OLD
  std::string newer;         // diff: NEW, a process id or core file
  std::string object;        // path: ADDR or TYPE
  std::string source;  // --source: the folder of the program's sources; "": where it was built
  FixOptions fix;
  ModelOptions model;
  Format format = Format::Text;
  std::string output;                      // -o; empty: standard output
  std::optional<std::size_t> top;          // rows shown; nothing: the renderer's own choice
  std::uint64_t min_bytes = 0;             // rows that weigh less are not shown
  std::optional<std::uint64_t> fail_over;  // bytes of certain overhang that are still accepted
  bool stats = false;
  bool quiet = false;
  bool spare = false;
  bool dominators = false;  // heap: the dominator tree
};

// Why there is nothing to run: --help and --version (status 0, text for standard output), or a
// wrong command line (status 2, one line for standard error).
struct Answer {
  ExitStatus status;
  std::string text;
};

// `arguments` without the program's name.
tl::expected<Options, Answer> parse_command_line(std::vector<std::string> arguments);

// "512", "1K", "1.5MB", "64KiB": bytes; K, M, G, T are powers of 1000, Ki, Mi, Gi, Ti of 1024.
// Errors: Usage.
Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace overhang
