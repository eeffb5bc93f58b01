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
  std::vector<MachineProgram> programs;
  for (auto seed = first; seed < first + count; seed++) {
    programs.push_back(random_program(seed, minor));
    result.programs++;
    result.sites += programs.back().findings.sites.size();
    result.cures += programs.back().cure.has_value();
  }
  auto found = differences(programs, variant);
  auto judge = [&](const std::vector<MachineProgram>& some) {
    return differences(some, variant + "-shrink");
  };
  for (std::size_t i = 0; i < found.size(); i++) {
    if (found[i].empty()) continue;
    if (i == programs.size()) {
      result.failures.push_back(
          fmt::format("seeds {} to {}, all together:\n{}", first, first + count - 1, found[i]));
    } else if (result.failures.size() < kMostShrunk) {
      auto small = shrink(std::move(programs[i]), found[i], minor, judge);
      result.failures.push_back(
          fmt::format("seed {}:\n{}\n{}", first + i, small.difference, small.program.text()));
    } else {
      result.failures.push_back(fmt::format("seed {}:\n{}", first + i, found[i]));
    }
  }
  return result;
}

}  // namespace overhang::test
