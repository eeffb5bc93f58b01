#include "support/machine_batch.h"

#include <fmt/format.h>

#include "support/machine_check.h"
#include "support/machine_generator.h"
#include "support/machine_shrink.h"

namespace overhang::test {
namespace {

constexpr std::size_t kMostShrunk = 2;

}  // namespace

BatchResult check_batch(std::uint64_t first, std::uint64_t count, const std::string& variant) {
  const auto minor = static_cast<unsigned>(go_minor());
  BatchResult result;
  // Those with a known difference run apart, so that the others' totals can be compared.
  std::vector<MachineProgram> programs[2];
  std::vector<std::uint64_t> seeds[2];
  for (auto seed = first; seed < first + count; seed++) {
    auto program = random_program(seed, minor);
    bool known = !known_difference(program.machine.memory()).empty();
    result.programs++;
    result.known += known;
    result.sites += program.findings.sites.size();
    result.cures += program.cure.has_value();
    seeds[known].push_back(seed);
    programs[known].push_back(std::move(program));
  }
  for (int known : {0, 1}) {
    if (programs[known].empty()) continue;
    auto found = differences(programs[known], variant);
    auto judge = [&](const std::vector<MachineProgram>& some) {
      return differences(some, variant + "-shrink");
    };
    for (std::size_t i = 0; i < found.size(); i++) {
      if (found[i].empty()) continue;
      if (i == programs[known].size()) {
        result.failures.push_back(
            fmt::format("seeds {} to {}, all together:\n{}", first, first + count - 1, found[i]));
      } else if (result.failures.size() < kMostShrunk) {
        auto small = shrink(std::move(programs[known][i]), found[i], minor, judge);
        result.failures.push_back(fmt::format("seed {}:\n{}\n{}", seeds[known][i], small.difference,
                                              small.program.text()));
      } else {
        result.failures.push_back(fmt::format("seed {}:\n{}", seeds[known][i], found[i]));
      }
    }
  }
  return result;
}

}  // namespace overhang::test
