#include <gtest/gtest.h>

#include <atomic>

#include "base/bitmap.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "base/diagnostics.h"
#include "base/parallel.h"
#include "base/result.h"
#include "base/stack.h"
#include "base/words.h"

namespace overhang {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

TEST(Load, RefusesWhatEndsPastTheBytes) {
  auto bytes = bytes_of({1, 0, 0, 0, 2, 0, 0, 0});
  EXPECT_EQ(load<std::uint32_t>(bytes, 4), 2u);
  EXPECT_EQ(load<std::uint32_t>(bytes, 5), std::nullopt);
  EXPECT_EQ(load<std::uint32_t>(bytes, UINT64_MAX), std::nullopt);
  EXPECT_EQ(slice(bytes, 8, 0)->size(), 0u);
  EXPECT_FALSE(slice(bytes, 1, UINT64_MAX));
}

TEST(ByteReader, StaysFailedAfterTheFirstBadRead) {
  auto bytes = bytes_of({0xE5, 0x8E, 0x26, 7});
  ByteReader reader(bytes);
  EXPECT_EQ(reader.read_uvarint(), 624485u);
  EXPECT_EQ(reader.read<std::uint8_t>(), 7);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.read<std::uint16_t>(), 0);
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, RefusesAnEndlessVarint) {
  std::vector<std::byte> bytes(100, std::byte{0xFF});
  ByteReader reader(bytes);
  reader.read_uvarint();
  EXPECT_FALSE(reader.ok());
}

TEST(Stack, GivesBackInTurnHoweverHighItWas) {
  struct Pair {
    int first, second;
  };
  Stack<Pair> stack;
  EXPECT_TRUE(stack.empty());
  for (int round = 0; round < 3; round++) {
    constexpr int kHigh = 10'000;  // more than two pieces
    for (int i = 0; i < kHigh; i++) stack.push(i, -i);
    EXPECT_EQ(stack.ahead(3)->first, kHigh - 4);
    for (int i = kHigh; i-- > 0;) {
      // Down to the middle and up again over a piece's edge.
      if (i == 4096) {
        for (int k = 0; k < 10; k++) stack.push(k, k);
        for (int k = 10; k-- > 0;) ASSERT_EQ(stack.pop().first, k);
      }
      auto top = stack.pop();
      ASSERT_EQ(top.first, i);
      ASSERT_EQ(top.second, -i);
    }
    EXPECT_TRUE(stack.empty());
    EXPECT_EQ(stack.ahead(0), nullptr);
  }
}

TEST(Checked, OverflowIsAValue) {
  EXPECT_EQ(checked_add(UINT64_MAX, 1), std::nullopt);
  EXPECT_EQ(checked_mul(UINT64_MAX / 2, 3), std::nullopt);
  EXPECT_EQ(checked_mul(6, 7), 42u);
  EXPECT_EQ(align_up(17, 16), 32u);
}

TEST(Bitmap, SetFirstTellsTheFirst) {
  Bitmap bits(130);
  EXPECT_TRUE(bits.set_first(129));
  EXPECT_FALSE(bits.set_first(129));
  EXPECT_TRUE(bits.set_first_atomic(64));
  EXPECT_FALSE(bits.set_first_atomic(64));
  EXPECT_EQ(bits.count(), 2u);
  bits.clear(129);
  EXPECT_FALSE(bits.test(129));
}

TEST(Parallel, CoversEveryIndexOnce) {
  std::vector<std::atomic<int>> seen(1001);
  parallel_chunks(4, seen.size(), 10, [&](unsigned, std::size_t begin, std::size_t end) {
    for (auto i = begin; i < end; i++) seen[i]++;
  });
  for (auto& n : seen) EXPECT_EQ(n, 1);
}

TEST(Result, TryHandsErrorsUp) {
  auto inner = [](bool good) -> Result<int> {
    if (!good) return fail(ErrorKind::BadInput, "no {}", 3);
    return 7;
  };
  auto outer = [&](bool good) -> Result<int> {
    OVERHANG_TRY(int value, inner(good));
    return value + 1;
  };
  EXPECT_EQ(*outer(true), 8);
  EXPECT_EQ(outer(false).error().message, "no 3");
}

TEST(Diagnostics, CountsLossesByCause) {
  Diagnostics diagnostics;
  diagnostics.lose("bad span", "0x10");
  diagnostics.lose("bad span", "0x20");
  EXPECT_EQ(diagnostics.warnings(), std::vector<std::string>{"bad span: 2 (first: 0x10)"});
}

TEST(Words, NamesLeadBackToWhatTheyName) {
  for (auto category : {Category::Tail, Category::Head, Category::Clipped, Category::Gap,
                        Category::Window, Category::Interior})
    EXPECT_EQ(category_named(category_name(category)), category);
  for (auto remedy : {Remedy::Clear, Remedy::NilWhenEmpty, Remedy::Copy, Remedy::CopyIfCapExceeds,
                      Remedy::ThreeIndex})
    EXPECT_EQ(remedy_named(remedy_name(remedy)), remedy);
  EXPECT_FALSE(category_named("Tail") || category_named("") || remedy_named("best"));
  EXPECT_STREQ(category_name(Category::Interior), "interior");
  EXPECT_STREQ(remedy_name(Remedy::CopyIfCapExceeds), "copy_if_cap_exceeds");
  EXPECT_STREQ(site_kind_name(SiteKind::Element), "element");
  EXPECT_STREQ(site_kind_name(SiteKind::Other), "other");
}

}  // namespace
}  // namespace overhang
