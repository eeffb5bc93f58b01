// Ways by label held against lists of labels, over random trees.
#include "retain/folded_ways.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace overhang {
namespace {

using Labels = std::vector<std::uint32_t>;
using Repeated = FoldedWays::Repeated;

// By the definition.
Labels longer(Labels way, std::uint32_t label, Repeated repeated) {
  auto at = std::find(way.begin(), way.end(), label);
  if (at == way.end())
    way.push_back(label);
  else if (repeated == Repeated::Back)
    way.erase(at + 1, way.end());
  return way;
}

class Ways : public ::testing::TestWithParam<Repeated> {};

TEST_P(Ways, AreListsOfLabels) {
  for (unsigned seed = 1; seed <= 20; seed++) {
    std::mt19937 random(seed);
    auto labels = seed % 2 ? 5 : 2000;  // more steps than are remembered, too
    FoldedWays ways(GetParam());
    std::vector<std::uint32_t> way = {FoldedWays::kTop};
    std::vector<Labels> expected = {{}};
    std::map<Labels, std::uint32_t> known = {{{}, FoldedWays::kTop}};
    for (int vertex = 1; vertex < 3000; vertex++) {
      auto above = way.size() - 1 - random() % std::min<std::size_t>(way.size(), 20);
      auto label = static_cast<std::uint32_t>(random() % static_cast<unsigned>(labels));
      way.push_back(ways.step(way[above], label));
      expected.push_back(longer(expected[above], label, GetParam()));
      auto [at, fresh] = known.try_emplace(expected.back(), way.back());
      ASSERT_EQ(at->second, way.back());
      if (!fresh) continue;
      ASSERT_EQ(ways.ways()[way.back()].label, label);
      ASSERT_EQ(ways.ways()[way.back()].above, way[above]);
    }
    EXPECT_EQ(known.size(), ways.ways().size() + 1);
    EXPECT_FALSE(ways.cut_off());
  }
}

INSTANTIATE_TEST_SUITE_P(Both, Ways, ::testing::Values(Repeated::Back, Repeated::Stays));

TEST(FoldedWays, StayWhereTheyAreBeyondTheLimits) {
  FoldedWays deep(Repeated::Back, 100, 2);
  auto first = deep.step(FoldedWays::kTop, 1);
  auto second = deep.step(first, 2);
  EXPECT_FALSE(deep.cut_off());
  EXPECT_EQ(deep.step(second, 3), second);
  EXPECT_EQ(deep.step(second, 1), first);
  EXPECT_TRUE(deep.cut_off());

  FoldedWays few(Repeated::Back, 2);
  first = few.step(FoldedWays::kTop, 1);
  second = few.step(first, 2);
  EXPECT_EQ(few.step(first, 3), first);
  EXPECT_TRUE(few.cut_off());
  EXPECT_NE(few.step(FoldedWays::kTop, 4), FoldedWays::kTop);  // at the top in any case
}

}  // namespace
}  // namespace overhang
