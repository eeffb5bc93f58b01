#include "cli/heap_limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace overhang::test {
namespace {

TEST(HeapLimits, TablesFitTheMachineOrItIsSaidInOneLine) {
  constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
  EXPECT_TRUE(check_tables_fit(0, 0));
  EXPECT_TRUE(check_tables_fit(6'000'000, kGiB));
  // What a forged core may claim: 256 GB of slots of 8 bytes.
  auto error = check_tables_fit(std::uint64_t{1} << 35, 64 * kGiB);
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().kind, ErrorKind::Unsupported);
  EXPECT_NE(error.error().message.find("34,359,738,368 objects"), std::string::npos)
      << error.error().message;
  EXPECT_EQ(error.error().message.find('\n'), std::string::npos);
  EXPECT_FALSE(check_tables_fit(~std::uint64_t{0}, ~std::uint64_t{0}));
}

TEST(HeapLimits, SlotsOfAllSpansAreCounted) {
  HeapSpans spans;
  EXPECT_EQ(slots_of(spans), 0u);
  spans.spans.resize(5);
  for (auto& span : spans.spans) span.slots = 0xFFFFFFFF;
  EXPECT_EQ(slots_of(spans), 5 * std::uint64_t{0xFFFFFFFF});
}

TEST(HeapLimits, MemoryIsTheProcesssOwnLimit) {
  auto before = memory_limit();
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &old), 0);
  rlimit less = old;
  less.rlim_cur = std::uint64_t{1} << 38;
  if (before < less.rlim_cur) less.rlim_cur = before / 2;
  if (old.rlim_max < less.rlim_cur) GTEST_SKIP() << "limited already";
  ASSERT_EQ(setrlimit(RLIMIT_AS, &less), 0);
  rlimit told{};
  getrlimit(RLIMIT_AS, &told);
  auto limited = memory_limit();
  setrlimit(RLIMIT_AS, &old);
  // linux-user/syscall.c: it says that it is done, and leaves the address space alone.
  if (told.rlim_cur == old.rlim_cur) GTEST_SKIP() << "not run: an emulator keeps its own limit";
  EXPECT_EQ(limited, less.rlim_cur);
}

}  // namespace
}  // namespace overhang::test
