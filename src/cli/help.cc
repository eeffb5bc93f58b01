#include "cli/help.h"

#include <fmt/format.h>

#include "text/columns.h"

namespace overhang {

std::string overview() {
  std::string out =
      "overhang finds the memory that a Go program keeps but can no longer see: what hangs on the "
      "slots\nof a slice's array that no slice shows (past its length, before its start, ...).\n\n";
  out += row_of(Command::Leaks).about;
  out += "\nUsage: overhang [COMMAND] TARGET [options]\n";
  out += "TARGET is a process id or a core file. COMMAND is\n";
  for (const CommandRow& command : commands())
    out += fmt::format("  {:<11} {:<17} {}\n", command.name, command.words, command.summary);
  out += "overhang COMMAND --help has examples of each, and its options. Those of leaks:\n";
  return out;
}

std::string about(const CommandRow& command) {
  return fmt::format("overhang {}: {}\n\n{}\nUsage: overhang {} {} [options]\n", command.name,
                     command.summary, command.about, command.name, command.words);
}

}  // namespace overhang
