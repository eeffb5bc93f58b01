// The collector as oracle: a subject hides memory, overhang says what would be freed, the subject
// applies the remedy to itself, and what its own collector then frees must be just that.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

struct Freed {
  std::uint64_t bytes = 0, objects = 0;
};

const std::vector<std::string> kScenarios = {"head",
                                             "clipped",
                                             "gap",
                                             "head_and_tail",
                                             "window_string",
                                             "window_bytes",
                                             "window_points",
                                             "window_substrings",
                                             "window_short",
                                             "window_of_a_buffer",
                                             "window_two_of_one_string",
                                             "interior",
                                             "interior_of_a_receiver",
                                             "interior_of_a_loaded_receiver",
                                             "interior_of_a_field",
                                             "interior_with_slices_of_themselves",
                                             "optin_interior_from_the_first",
                                             "optin_interior_of_plain_data",
                                             "tail_global_field",
                                             "tail_behind_global_pointer",
                                             "tail_to_zero",
                                             "tail_global_slice",
                                             "tail_small",
                                             "tail_mostly_nil",
                                             "tail_structs",
                                             "tail_generic",
                                             "tail_behind_pointer_to_slice",
                                             "tail_atomic",
                                             "tail_interface",
                                             "tail_many_fields",
                                             "tail_beside_a_part",
                                             "tail_of_elements_beside_a_part",
                                             "tail_beside_an_array",
                                             "tail_behind_unsafe_pointer",
                                             "tail_list_nodes",
                                             "tail_many_generics",
                                             "tail_map_values",
                                             "tail_map_of_structs",
                                             "tail_elements",
                                             "tail_array_elements",
                                             "tail_in_channel",
                                             "tail_local",
                                             "tail_local_batch",
                                             "tail_local_of_a_call",
                                             "tail_of_values_in_use",
                                             "tail_local_interfaces",
                                             "head_local",
                                             "tail_escaped_locals",
                                             "tail_captured",
                                             "tail_captured_by_reference",
                                             "tail_of_interfaces",
                                             "tail_of_closers",
                                             "tail_of_strings",
                                             "tail_of_funcs",
                                             "tail_of_buffers",
                                             "tail_of_maps",
                                             "tail_of_chans",
                                             "tail_of_arrays",
                                             "shared_array",
                                             "two_sites_hold_the_same",
                                             "hidden_but_visible_elsewhere",
                                             "hidden_cycle",
                                             "hidden_within_hidden",
                                             "stack_object"};

TEST(OracleScenarios, AreAllListedHere) {
  auto list = run(command_line({build_subject("oracle"), "list"})).out;
  std::string ours;
  for (auto& name : kScenarios) ours += name + "\n";
  EXPECT_EQ(ours, list);
}

class Oracle : public testing::TestWithParam<std::string> {};

bool matches(const json& row, const json& expected) {
  auto same = [&](const char* key) {
    return expected.at(key) == "" || row.at(key) == expected.at(key);
  };
  return same("site") && same("category");
}

// A row of the report against what the scenario's construction says.
void expect_row(const json& row, const json& expected) {
  for (const char* key : {"site", "kind"})
    if (expected.at(key) != "") {
      EXPECT_EQ(row.at(key), expected.at(key));
    }
  if (expected.contains("element_type")) {
    EXPECT_EQ(row.at("element_type"), expected.at("element_type"));
  }
  for (const char* key : {"arrays", "slots", "visible_slots"})
    EXPECT_EQ(row.at(key), expected.at(key)) << key;
  EXPECT_GE(row.at("retained_bytes_possible"), row.at("retained_bytes"));
  EXPECT_EQ(row.at("stale_slots"), expected.at("stale_slots"));
  EXPECT_GE(row.at("hidden_slots"), row.at("stale_slots"));
  if (expected.contains("shared_with")) {
    auto& shared = row.at("shared_with");
    EXPECT_NE(std::find(shared.begin(), shared.end(), expected.at("shared_with")), shared.end())
        << shared;
  }
  if (expected.at("stale_slots") == 0) return;
  auto& remedies = row.at("remedies");
  auto clear = std::find_if(remedies.begin(), remedies.end(),
                            [](const json& remedy) { return remedy.at("name") == "clear"; });
  ASSERT_NE(clear, remedies.end());
  EXPECT_EQ(clear->at("frees_bytes"), row.at("retained_bytes"));
  EXPECT_EQ(clear->at("frees_objects"), row.at("retained_objects"));
}

void expect_near(std::uint64_t predicted, std::uint64_t real, std::uint64_t slack,
                 const char* what) {
  auto difference = predicted > real ? predicted - real : real - predicted;
  EXPECT_LE(difference, std::max<std::uint64_t>(real / 1000, slack))
      << what << ": predicted " << predicted << ", real " << real;
}

Freed apply_remedy(Subject& subject) {
  subject.revive();
  auto bytes = subject.heap_alloc(), objects = subject.heap_objects();
  subject.command("remedy");
  return {bytes - subject.heap_alloc(), objects - subject.heap_objects()};
}

void expect_prediction(Subject& subject, const std::string& scenario) {
  auto target = subject.target();
  if (scenario.starts_with("optin_interior")) {
    // Code may come back to the rest of the array: that is said only to those who ask.
    for (auto& site : leaks_json(target).at("sites"))
      EXPECT_LE(site.at("retained_bytes"), 1024u) << site;
    target.push_back("--interior");
  }
  auto report = leaks_json(target);
  auto& sites = report.at("sites");
  SCOPED_TRACE(report.dump(1).substr(0, 6000));
  // The counters were read before; a thread that the runtime starts since takes some 6 KB.
  expect_near(report.at("heap").at("live_bytes"), subject.heap_alloc(), 8192, "live bytes");

  Freed by_site, arrays;
  std::vector<bool> accounted(sites.size());
  for (auto& expected : subject.facts().at("expect")) {
    bool found = false;
    for (std::size_t i = 0; i < sites.size(); i++) {
      if (accounted[i] || !matches(sites[i], expected)) continue;
      expect_row(sites[i], expected);
      found = accounted[i] = true;
      by_site.bytes += sites[i].at("retained_bytes").get<std::uint64_t>();
      by_site.objects += sites[i].at("retained_objects").get<std::uint64_t>();
      arrays.bytes += sites[i].at("array_bytes").get<std::uint64_t>();
      break;
    }
    EXPECT_TRUE(found) << "no site for " << expected;
  }
  // Nothing else is accused.
  for (std::size_t i = 0; i < sites.size(); i++)
    if (!accounted[i]) {
      EXPECT_LE(sites[i].at("retained_bytes"), 1024u) << sites[i];
    }

  auto freed = apply_remedy(subject);
  // An emulated subject's remedy is measured in a run of its own, in which the runtime may start
  // one thread (5,280 bytes) more between the counters.
  std::uint64_t slack = emulating_arm64() ? 8192 : 4096;
  if (auto copied = subject.facts().at("copied").get<std::uint64_t>(); copied > 0) {
    expect_near(arrays.bytes - copied, freed.bytes, slack, "bytes");
    return;
  }
  auto& totals = report.at("heap");
  // An emulated program takes long to carry it out; pools and timers go with the cycle, too.
  std::uint64_t few = emulating_arm64() ? 64 : 16;
  expect_near(totals.at("overhang_bytes"), freed.bytes, slack, "bytes in all");
  expect_near(totals.at("overhang_objects"), freed.objects, few, "objects in all");
  if (scenario == "two_sites_hold_the_same") {
    EXPECT_EQ(by_site.bytes, 0u) << "neither site alone would free anything";
  } else if (subject.facts().at("expect").size() == 1) {
    expect_near(by_site.bytes, freed.bytes, slack, "bytes of the site");
    expect_near(by_site.objects, freed.objects, few, "objects of the site");
  }
}

TEST_P(Oracle, FreesWhatWasPredicted) {
  if (GetParam() == "interior_of_a_field" && go_minor() < 22)
    GTEST_SKIP() << "before Go 1.22 nothing says what an *int points into";
  if (GetParam() == "interior_with_slices_of_themselves" && go_minor() < 22)
    GTEST_SKIP() << "before Go 1.22 nothing says that such a slice is not the array's";
  Subject subject("oracle", {GetParam()});
  expect_prediction(subject, GetParam());
}

TEST(Jointly, IsWhatSitesKeepOfWhichNoneKeepsItAlone) {
  for (auto [scenario, jointly] :
       {std::pair("two_sites_hold_the_same", true), std::pair("tail_global_field", false)}) {
    Subject subject("oracle", {scenario});
    auto report = leaks_json(subject.target());
    auto& sites = report.at("sites");
    ASSERT_FALSE(sites.empty());
    auto& heap = report.at("heap");
    for (auto& site : sites) {
      EXPECT_EQ(site.at("retained_jointly"), jointly) << site;
      // Both sites keep all of it.
      EXPECT_EQ(site.at("joint_bytes"), jointly ? heap.at("overhang_bytes") : nlohmann::json(0));
      EXPECT_EQ(site.at("joint_objects"),
                jointly ? heap.at("overhang_objects") : nlohmann::json(0));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Oracle, testing::ValuesIn(kScenarios),
                         [](auto& instance) { return instance.param; });

// Maps as they were before Go 1.24, where a release has both.
class OracleOfClassicMaps : public testing::TestWithParam<std::string> {};

TEST_P(OracleOfClassicMaps, FreesWhatWasPredicted) {
  if (go_minor() != 24 && go_minor() != 25) GTEST_SKIP() << "this release has maps of one kind";
  auto executable = build_subject("oracle", {}, "noswissmap", {"GOEXPERIMENT=noswissmap"});
  auto subject = Subject::started(executable, {GetParam()});
  expect_prediction(subject, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Scenarios, OracleOfClassicMaps,
                         testing::Values("tail_map_values", "tail_map_of_structs", "tail_of_maps",
                                         "window_short"),
                         [](auto& instance) { return instance.param; });

}  // namespace
}  // namespace overhang::test
