// The slice machine's programs under the real runtime: what the program, the report on it and its
// collector say, against what the machine says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/machine_go.h"

namespace overhang::test {

// Emits the programs as one Go program, runs it, images it, and has it apply the remedies to
// itself. Returns what differs, by program; an empty string where nothing does, and one more at the
// end for what no single program explains. `variant` names the build. Throws std::runtime_error
// where there is nothing to compare.
std::vector<std::string> differences(const std::vector<MachineProgram>& programs,
                                     const std::string& variant);

}  // namespace overhang::test
