// Programs that hide nothing are not accused of anything.
#include <gtest/gtest.h>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

constexpr std::uint64_t kNoise = 1024;  // bytes

class Quiet : public testing::TestWithParam<std::string> {};

TEST_P(Quiet, NoSiteAboveAKilobyte) {
  Subject subject("quiet", {GetParam()});
  auto report = leaks_json(subject.target());
  for (auto& site : report.at("sites")) {
    EXPECT_LE(site.at("retained_bytes"), kNoise) << site;
    // Room of a slice (spare) is the program's own affair; what is lost is not.
    auto category = site.at("category").get<std::string>();
    if (category != "tail") EXPECT_LE(site.at("hidden_bytes"), kNoise) << site;
  }
  EXPECT_LE(report.at("heap").at("overhang_bytes"), kNoise);
}

INSTANTIATE_TEST_SUITE_P(Programs, Quiet,
                         testing::Values("web", "workers", "tidy", "structures", "embedders",
                                         "prefixes"),
                         [](auto& instance) { return instance.param; });

// A local pointer into the middle of an array may walk it (unsafe.Add): what it does not show is
// possibly hidden, and never certainly.
TEST(QuietWalkers, AreInDoubt) {
  Subject subject("quiet", {"walkers"});
  auto report = leaks_json(subject.target());
  for (auto& site : report.at("sites")) EXPECT_LE(site.at("retained_bytes"), kNoise) << site;
  auto& heap = report.at("heap");
  EXPECT_LE(heap.at("overhang_bytes"), kNoise);
  // 2,000 orders of a map, lines and names each.
  EXPECT_GT(heap.at("overhang_bytes_possible"), 200'000u);
  auto& doubts = heap.at("doubts");
  ASSERT_FALSE(doubts.empty());
  EXPECT_EQ(doubts.at(0).at("reference"), "o in main.walk");
  EXPECT_EQ(doubts.at(0).at("kind"), "unsafe pointer");
}

// A part of a slice may be made from the slice's pointer only when it is used.
TEST(QuietDerived, IsNotHiddenForCertain) {
  Subject subject("quiet", {"derived"});
  auto report = leaks_json(subject.target());
  for (auto& site : report.at("sites")) EXPECT_LE(site.at("retained_bytes"), kNoise) << site;
  EXPECT_LE(report.at("heap").at("overhang_bytes"), kNoise);
}

// Subjects of the bit-exact test that are all the standard library's own doing.
TEST(QuietLibrary, NoSiteAboveAKilobyte) {
  for (const char* name : {"web", "texts", "timers"}) {
    Subject subject(name);
    auto report = leaks_json(subject.target());
    for (auto& site : report.at("sites"))
      EXPECT_LE(site.at("retained_bytes"), kNoise) << name << ": " << site;
  }
}

}  // namespace
}  // namespace overhang::test
