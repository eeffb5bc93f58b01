// The collector as oracle of the what-ifs: a subject hides memory, the report says what each remedy
// would free at each holder and at all of them, the subject applies it to itself, and what its own
// collector then frees must be just that.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

const std::vector<std::string> kScenarios = {"finalizers",
                                             "finalizers_of_two_holders",
                                             "finalizers_that_survive",
                                             "finalizers_around_their_array",
                                             "tail",
                                             "tail_of_an_empty_slice",
                                             "head",
                                             "clipped",
                                             "head_and_tail",
                                             "two_holders_of_one_array",
                                             "two_windows_of_one_array",
                                             "a_pointer_to_an_element",
                                             "a_hidden_pointer_to_an_element",
                                             "a_pointer_hidden_elsewhere",
                                             "a_slice_hidden_elsewhere",
                                             "two_sites_hold_the_same",
                                             "many_fields",
                                             "many_fields_that_refer_to_each_other",
                                             "values_of_a_map",
                                             "elements",
                                             "in_a_channel",
                                             "in_an_interface",
                                             "behind_a_pointer",
                                             "a_local_variable",
                                             "captured",
                                             "points",
                                             "bytes",
                                             "substrings",
                                             "substrings_of_two_holders",
                                             "substrings_of_a_few_bytes",
                                             "a_slice_of_nothing",
                                             "fields_that_a_doubt_shows"};

TEST(RemedyScenarios, AreAllListedHere) {
  auto list = run(command_line({build_subject("remedies"), "list"})).out;
  std::string ours;
  for (auto& name : kScenarios) ours += name + "\n";
  EXPECT_EQ(ours + "a_map_that_shrunk\n", list);
}

TEST(MapRoom, IsWhatANewMapLetsGo) {
  Subject subject("remedies", {"a_map_that_shrunk"});
  auto maps = leaks_json(subject.target()).at("heap").at("maps");
  ASSERT_EQ(maps.size(), 2u) << maps;
  EXPECT_EQ(maps.at(1).at("site"), "main.hinted");
  EXPECT_EQ(maps.at(1).at("entries"), 1u);
  EXPECT_EQ(maps.at(1).at("shrunk_maps"), 0u);
  auto& row = maps.at(0);
  EXPECT_EQ(row.at("shrunk_maps"), go_minor() < 24 ? 0u : 1u) << "before Go 1.24 nothing tells";
  EXPECT_EQ(row.at("site"), "main.index");
  EXPECT_EQ(row.at("type"), "map[string][]*main.Conn");
  EXPECT_EQ(row.at("maps"), 1u);
  EXPECT_EQ(row.at("entries"), 10u);
  subject.revive();
  auto before = subject.heap_alloc();
  subject.command("copy all");
  // The directory goes as well, and the new map has two groups, or buckets.
  auto freed = static_cast<double>(before - subject.heap_alloc());
  EXPECT_NEAR(freed, row.at("storage_bytes").get<double>(), 0.01 * freed);
  EXPECT_NEAR(freed, row.at("spare_bytes").get<double>(), 0.01 * freed);
}

class Remedies : public testing::TestWithParam<std::string> {};

// "copy4" is the row copy_if_cap_exceeds with the factor 4.
const json& row_of(const json& remedies, const std::string& command) {
  auto name = command == "nil"     ? "nil_when_empty"
              : command == "clear" ? "clear"
              : command == "three" ? "three_index"
              : command == "copy"  ? "copy"
                                   : "copy_if_cap_exceeds";
  auto factor = std::isdigit(command.back()) ? json(command.back() - '0') : json(nullptr);
  auto row = std::find_if(remedies.begin(), remedies.end(), [&](const json& remedy) {
    return remedy.at("name") == name && remedy.at("factor") == factor;
  });
  if (row == remedies.end()) throw std::runtime_error("no row for " + command);
  return *row;
}

void expect_near(const json& predicted, std::uint64_t before, std::uint64_t after,
                 std::int64_t slack, const char* what) {
  auto real = static_cast<std::int64_t>(before) - static_cast<std::int64_t>(after);
  auto ours = predicted.get<std::int64_t>();
  // A remedy that costs more than it frees is predicted to free nothing.
  if (ours == 0 && real < 0) return;
  EXPECT_LE(std::abs(real - ours), std::max<std::int64_t>(real / 1000, slack))
      << what << ": predicted " << ours << ", real " << real;
}

// At holder `who`, or at all (-1). False if the report has no such site.
bool try_remedy(const std::string& scenario, const std::string& remedy, int who) {
  SCOPED_TRACE(remedy + " at " + (who < 0 ? "all" : std::to_string(who)));
  Subject subject("remedies", {scenario});
  auto report = leaks_json(subject.target());
  EXPECT_EQ(report.at("warnings"), json::array());
  const json* remedies = &report.at("remedies");
  std::string trace = remedies->dump();
  if (who >= 0) {
    auto& name = subject.facts().at("sites").at(static_cast<std::size_t>(who));
    auto& sites = report.at("sites");
    auto site = std::find_if(sites.begin(), sites.end(),
                             [&](const json& row) { return row.at("site") == name; });
    // An array with several holders has the name of one.
    if (site == sites.end()) return false;
    remedies = &site->at("remedies");
    trace = site->dump(1);
  }
  SCOPED_TRACE(trace);
  // The subject clears what is past len, whoever else sees it.
  auto clears = [](const json& site) {
    return site.at("category") == "tail" && site.at("shared_with").empty();
  };
  auto& sites = report.at("sites");
  if (remedy == "clear" && !std::all_of(sites.begin(), sites.end(), clears)) return true;
  auto& row = row_of(*remedies, remedy);
  subject.revive();
  auto bytes = subject.heap_alloc(), objects = subject.heap_objects();
  subject.command(remedy + " " + (who < 0 ? "all" : std::to_string(who)));
  expect_near(row.at("frees_bytes"), bytes, subject.heap_alloc(), emulating_arm64() ? 8192 : 1024,
              "bytes");
  expect_near(row.at("frees_objects"), objects, subject.heap_objects(), 16, "objects");
  return true;
}

TEST_P(Remedies, FreeWhatWasPredicted) {
  if (GetParam() == "a_local_variable" && go_minor() < 22)
    GTEST_SKIP() << "up to Go 1.21 DWARF has a gap where the len of the variable should be";
  auto sites = Subject("remedies", {GetParam()}).facts().at("sites");
  for (std::string remedy : {"clear", "nil", "copy", "copy2", "copy4", "copy8"}) {
    try_remedy(GetParam(), remedy, -1);
    bool any = false;
    for (int i = 0; i < static_cast<int>(sites.size()); i++)
      any |= try_remedy(GetParam(), remedy, i);
    EXPECT_TRUE(any) << "none of the sites was found";
  }
  try_remedy(GetParam(), "three", -1);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Remedies, testing::ValuesIn(kScenarios),
                         [](auto& instance) { return instance.param; });

}  // namespace
}  // namespace overhang::test
