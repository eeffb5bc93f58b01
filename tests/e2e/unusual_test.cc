// Heaps of unusual shape, small here; `make soak-unusual` runs them at full size.
#include "support/unusual.h"

#include <gtest/gtest.h>

namespace overhang::test {
namespace {

class Unusual : public testing::TestWithParam<UnusualHeap> {};

TEST_P(Unusual, IsExact) {
  if (GetParam().label == "arenas" && go_minor() < 20) GTEST_SKIP() << "Go 1.19 has no arenas";
  auto result = examine_unusual(GetParam(), false);
  if (result.refused_by_system) GTEST_SKIP() << result.text;
  EXPECT_EQ(result.different, 0u) << result.text;
  EXPECT_EQ(result.conservative_only, 0u) << result.text;
  EXPECT_EQ(result.truncated, 0u);
  EXPECT_EQ(result.warnings, 0u) << result.text;
  EXPECT_TRUE(result.conserved);
  // What nobody touched takes no memory of ours: a TiB mapped, an array of 64 MiB hardly used.
  if (GetParam().label == "sparse") EXPECT_LE(result.own_bytes, 32u << 20);
  if (GetParam().label == "pointers") EXPECT_LE(result.own_bytes, 48u << 20);
  ASSERT_TRUE(result.hides);
  EXPECT_TRUE(result.prediction_holds())
      << "predicted " << result.predicted << ", freed " << result.freed;
}

INSTANTIATE_TEST_SUITE_P(Heaps, Unusual, testing::ValuesIn(unusual_heaps()),
                         [](auto& instance) { return instance.param.label; });

}  // namespace
}  // namespace overhang::test
