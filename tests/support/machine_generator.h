// Random scripts for the slice machine.
#pragma once

#include <cstdint>

#include "support/machine_go.h"

namespace overhang::test {

// The program of that seed: some statements over slices of pointers, structs, slices and plain
// data, in variables, fields, elements and map values; with a remedy to try, if it hides anything.
// The same for the same seed and release of Go.
MachineProgram random_program(std::uint64_t seed, unsigned minor);
// Chooses a remedy and a site by the seed.
void choose_cure(MachineProgram& program, std::uint64_t seed);

}  // namespace overhang::test
