#include "text/units.h"

#include <gtest/gtest.h>

namespace overhang {
namespace {

TEST(Units, BytesAreDecimal) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.0 KB");
  EXPECT_EQ(format_bytes(8284928), "8.3 MB");
  EXPECT_EQ(format_bytes(733900000), "733.9 MB");
  EXPECT_EQ(format_bytes(2150000000), "2.1 GB");
}

TEST(Units, BytesRoundIntoTheNextUnit) {
  EXPECT_EQ(format_bytes(999900), "999.9 KB");
  EXPECT_EQ(format_bytes(999960), "1.0 MB");
  EXPECT_EQ(format_bytes(UINT64_MAX), "18.4 EB");
}

TEST(Units, CountsAreSeparated) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(1135616), "1,135,616");
  EXPECT_EQ(format_count(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(Units, SharesNeverClaimNothingOrAll) {
  EXPECT_EQ(format_share(0, 10), "0 %");
  EXPECT_EQ(format_share(5, 0), "0 %");
  EXPECT_EQ(format_share(1, 1000000), "<0.1 %");
  EXPECT_EQ(format_share(733900000, 817500000), "89.8 %");
  EXPECT_EQ(format_share(999999, 1000000), ">99.9 %");
  EXPECT_EQ(format_share(10, 10), "100.0 %");
}

TEST(Units, DurationsAndNouns) {
  EXPECT_EQ(format_duration(1.44), "1.4 ms");
  EXPECT_EQ(format_duration(11.2), "11 ms");
  EXPECT_EQ(format_duration(600), "600 ms");
  EXPECT_EQ(format_duration(1650), "1.6 s");
  EXPECT_EQ(format_number_of(1, "slot"), "1 slot");
  EXPECT_EQ(format_number_of(0, "slot"), "0 slots");
  EXPECT_EQ(format_number_of(900000, "slot"), "900,000 slots");
}

}  // namespace
}  // namespace overhang
