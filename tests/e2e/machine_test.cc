// The slice machine (src/model) against the real runtime and the real analysis: random programs,
// run on the machine and, as Go, for real (docs/MODEL.md).
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/machine_batch.h"
#include "support/machine_check.h"
#include "support/machine_shrink.h"

namespace overhang::test {
namespace {

// Programs of a batch; there are three. Where a release of Go is chosen, this is one run of many.
std::uint64_t batch_size() {
  const char* chosen = std::getenv("GOTOOLCHAIN");
  return (chosen && *chosen) || std::getenv("OVERHANG_GO") ? 40 : 110;
}

class SliceMachine : public testing::TestWithParam<int> {};

TEST_P(SliceMachine, SaysWhatTheRuntimeAndTheReportSay) {
  auto first = static_cast<std::uint64_t>(1 + 1000 * GetParam());
  auto result = check_batch(first, batch_size(), "batch" + std::to_string(GetParam()));
  for (auto& failure : result.failures) ADD_FAILURE() << failure;
  // Programs that hide nothing prove little.
  EXPECT_GT(result.sites, result.programs);
  EXPECT_GT(result.cures, result.programs / 2);
}

INSTANTIATE_TEST_SUITE_P(Batches, SliceMachine, testing::Range(0, 3));

MachineProgram program_of(const std::string& source) {
  auto script = model::parse(source);
  if (!script) throw std::runtime_error(script.error().message);
  return MachineProgram::run(std::move(script->statements), script->types,
                             static_cast<unsigned>(go_minor()));
}

// What the random programs have found, made small.
TEST(SliceMachineCases, AreAsTheMachineSays) {
  const std::string conns = R"(
type Conn struct { id int; peer *Conn }
var s []*Conn
for range 16 {
	s = append(s, new(Conn))
}
)";
  std::vector<MachineProgram> programs;
  // A window of no length has a head and a tail. 15 pointers would get the slot that 16 have got.
  for (auto* cut : {"s = s[4:4]", "s = s[:15:15]", "s = s[2:15:15]", "t := s[:15:15]\ns = s[:1]"})
    programs.push_back(program_of(conns + cut));
  // An array of which a pointer to its first element is met before the slice.
  programs.push_back(program_of(R"(
type Point struct { x, y, z float64 }
type Entry struct { id int; marks []Point }
var entries []Entry
var one *Entry
entries = make([]Entry, 5)
entries[4].marks = make([]Point, 3, 8)
one = &entries[0]
)"));
  for (auto& difference : differences(programs, "cases")) EXPECT_EQ(difference, "");
}

TEST(Shrinking, LeavesWhatMatters) {
  auto program = program_of(R"(
type Conn struct { id int }
type Other struct { id int }
var a, b []*Conn
var other []*Other
for range 100 {
	a = append(a, new(Conn))
	other = append(other, nil)
}
b = a[:7]
for range 3 {
	b = append(b, nil)
}
clear(a[2:])
b = nil
a = a[:6]
)");
  // The difference is there while the last slice that was assigned is one of Conns with cap 8.
  Judge judge = [](const std::vector<MachineProgram>& some) {
    std::vector<std::string> out;
    for (auto& one : some) {
      const auto& trace = one.trace;
      bool differs = !trace.empty() && trace.back().cap >= 8 &&
                     one.machine.memory()[trace.back().object].elem->name == "*Conn";
      out.emplace_back(differs ? "differs" : "");
    }
    return out;
  };
  program.placements = {{"a", Placement::Local}, {"other", Placement::Captured}};
  // Where the variables stand plays no part: in the end they are package-level.
  auto small = shrink(std::move(program), "differs", 26, judge, 1000);
  EXPECT_EQ(small.program.text(), R"(type Conn struct { id int }
var a, b []*Conn
for range 5 {
	a = append(a, new(Conn))
}
)");
}

// Where it does play a part, it stays.
TEST(Shrinking, LeavesThePlacementThatMatters) {
  auto program = program_of("var a, b []int\na = make([]int, 3)\n");
  program.placements = {{"a", Placement::InChannel}, {"b", Placement::Local}};
  Judge judge = [](const std::vector<MachineProgram>& some) {
    std::vector<std::string> out;
    for (auto& one : some) out.emplace_back(one.placements.contains("a") ? "differs" : "");
    return out;
  };
  auto small = shrink(std::move(program), "differs", 26, judge, 1000);
  EXPECT_EQ(small.program.placements, (Placements{{"a", Placement::InChannel}}));
  EXPECT_TRUE(small.program.text().starts_with("// a: in a channel\n")) << small.program.text();
}

}  // namespace
}  // namespace overhang::test
