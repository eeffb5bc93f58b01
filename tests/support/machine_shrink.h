// Makes a program that shows a difference smaller.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/machine_go.h"

namespace overhang::test {

// What differs about each of some programs; "" for one of which nothing does.
using Judge = std::function<std::vector<std::string>(const std::vector<MachineProgram>&)>;

struct Shrunk {
  MachineProgram program;
  std::string difference;
};

// Leaves statements out, and takes loops fewer times, as long as some difference persists. Asks
// `judge` about many programs at a time, and at most `rounds` times.
Shrunk shrink(MachineProgram program, std::string difference, unsigned minor, const Judge& judge,
              unsigned rounds = 30);

}  // namespace overhang::test
