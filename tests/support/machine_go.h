// Scripts of the slice machine (src/model) written as Go: parts of subjects/machine.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/machine.h"
#include "model/remedies.h"

namespace overhang::test {

// Where the Go program has a variable of the script: all read and set it alike.
enum class Placement : std::uint8_t {
  Captured,   // in a closure
  InChannel,  // the only element in a channel
  Local,      // of a goroutine
};
using Placements = std::map<std::string, Placement>;  // by variable; others are package-level

// A script that has been run on the machine.
struct MachineProgram {
  std::vector<model::Statement> statements;
  model::Machine machine;
  std::vector<model::Ref> trace;  // the slices that were assigned, as in Machine::on_slice
  model::Findings findings;       // as they are seen from outside: Knowledge::Observed

  // What the Go program is to do to itself: one remedy at one site.
  struct Cure {
    model::RemedyWithFactor remedy;
    std::size_t site = 0;
  };
  std::optional<Cure> cure{};

  Placements placements{};  // of variables that hold slices

  // Runs it. Throws std::runtime_error with the script's error.
  static MachineProgram run(std::vector<model::Statement> statements,
                            const std::shared_ptr<model::Types>& types, unsigned minor,
                            Placements placements = {});
  std::string text() const;
};

// What stands before each name that program `index` declares: "p17_".
std::string name_prefix(std::size_t index);
// programs.go of subjects/machine.
std::string go_source(const std::vector<MachineProgram>& programs);

}  // namespace overhang::test
