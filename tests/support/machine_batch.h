// Batches of random programs for the slice machine: made, checked, and what differs made small.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/go_program.h"

namespace overhang::test {

struct BatchResult {
  std::uint64_t programs = 0, sites = 0;
  std::uint64_t cures = 0;            // remedies that programs carried out themselves
  std::vector<std::string> failures;  // a seed, what differs and the shrunk script each
};

// Programs of the seeds [first, first + count), for the release of Go at hand. At most two failures
// are shrunk; of the others the seed alone is told. `variant` names the builds.
BatchResult check_batch(std::uint64_t first, std::uint64_t count, const std::string& variant);

}  // namespace overhang::test
