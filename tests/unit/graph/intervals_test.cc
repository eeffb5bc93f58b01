#include <gtest/gtest.h>

#include <bitset>
#include <random>

#include "graph/views.h"

namespace overhang {
namespace {

TEST(Intervals, EqualAPlainSetOfBytes) {
  constexpr std::size_t kBytes = 200;
  for (unsigned seed = 0; seed < 300; seed++) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Intervals intervals;
    std::bitset<kBytes> covered;
    for (int step = 0; step < 40; step++) {
      auto begin = random() % kBytes, end = std::min<std::size_t>(kBytes, begin + random() % 30);
      std::bitset<kBytes> fresh;
      std::uint64_t last = 0;
      intervals.add(begin, end, [&](std::uint64_t from, std::uint64_t to) {
        EXPECT_LT(from, to);
        EXPECT_GE(from, last) << "in order";
        last = to;
        for (auto i = from; i < to; i++) fresh.set(i);
      });
      std::bitset<kBytes> asked;
      for (auto i = begin; i < end; i++) asked.set(i);
      ASSERT_EQ(fresh, asked & ~covered);
      covered |= asked;
      std::bitset<kBytes> ours;
      std::uint64_t previous_end = 0;
      for (auto [from, to] : intervals.ranges()) {
        EXPECT_TRUE(ours.none() || from > previous_end) << "merged";
        previous_end = to;
        for (auto i = from; i < to; i++) ours.set(i);
      }
      ASSERT_EQ(ours, covered);
    }
  }
}

}  // namespace
}  // namespace overhang
