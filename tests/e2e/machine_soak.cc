// Thousands of the slice machine's random programs: machine_soak [PROGRAMS [FIRST_SEED]]. Prints
// what differs, shrunk, with its seed. Exit status 1 where anything does.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>

#include "support/machine_batch.h"

namespace overhang::test {
namespace {

constexpr std::uint64_t kBatch = 200;

int soak(std::uint64_t programs, std::uint64_t seed) {
  BatchResult sum;
  for (std::uint64_t done = 0; done < programs; done += kBatch) {
    auto count = std::min(kBatch, programs - done);
    auto result = check_batch(seed + done, count, "soak");
    for (auto& failure : result.failures) fmt::print("{}\n", failure);
    sum.programs += result.programs;
    sum.sites += result.sites;
    sum.cures += result.cures;
    sum.failures.insert(sum.failures.end(), result.failures.begin(), result.failures.end());
    fmt::print("{}: {} programs from seed {}: {} sites, {} remedies carried out, {} failures\n",
               go_version(), sum.programs, seed, sum.sites, sum.cures, sum.failures.size());
    std::fflush(stdout);
  }
  return sum.failures.empty() ? 0 : 1;
}

}  // namespace
}  // namespace overhang::test

int main(int argc, char** argv) {
  try {
    std::uint64_t programs = argc > 1 ? std::stoull(argv[1]) : 2000;
    // Seeds below 2^32 read well.
    std::uint64_t seed = argc > 2 ? std::stoull(argv[2]) : std::random_device{}();
    return overhang::test::soak(programs, seed);
  } catch (const std::exception& error) {
    fmt::print(stderr, "machine_soak: {}\n", error.what());
    return 1;
  }
}
