// How sure the report is: which references make certain and possible differ, and by how much.
#include <gtest/gtest.h>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

constexpr std::uint64_t kItem = 1024;  // the slot of an item

json heap_of(const Subject& subject) {
  return leaks_json({std::to_string(subject.pid())}).at("heap");
}

void expect_row(const json& row, const char* reference, std::uint64_t references,
                std::uint64_t items) {
  EXPECT_EQ(row.at("reference"), reference);
  EXPECT_EQ(row.at("kind"), "unsafe pointer");
  EXPECT_EQ(row.at("references"), references);
  EXPECT_EQ(row.at("objects"), items);
  EXPECT_EQ(row.at("bytes"), items * kItem);
}

TEST(Doubts, NameWhatMakesCertainAndPossibleDiffer) {
  Subject subject("doubts");
  auto heap = heap_of(subject);
  EXPECT_EQ(heap.at("overhang_bytes"), 40 * kItem);
  EXPECT_EQ(heap.at("overhang_bytes_possible"), (500 + 80 + 40) * kItem);
  auto& doubts = heap.at("doubts");
  ASSERT_EQ(doubts.size(), 2u) << doubts;
  expect_row(doubts[0], "main.store.raw", 1, 500);
  expect_row(doubts[1], "main.box.raw", 8, 80);
  // 600 pointers take 4864 bytes, 20 take 160.
  EXPECT_EQ(doubts[0].at("array_bytes"), 4864u);
  EXPECT_EQ(doubts[1].at("array_bytes"), 8 * 160u);
  EXPECT_EQ(heap.at("doubts_omitted"), 0u);
  EXPECT_GE(heap.at("typed_share").get<double>(), 0.99);
  EXPECT_EQ(heap.at("typed_share").get<double>(),
            heap.at("typed_bytes").get<double>() / heap.at("live_bytes").get<double>());

  auto text = run_overhang({std::to_string(subject.pid()), "--stats"}).out;
  EXPECT_NE(text.find("main.store.raw   unsafe pointer"), std::string::npos) << text;
}

// Without the references the same bytes are certain, and the collector agrees.
TEST(Doubts, AreGoneWithTheReferences) {
  Subject subject("doubts");
  auto before = subject.heap_alloc();
  subject.command("forget");
  EXPECT_NEAR(static_cast<double>(subject.heap_alloc()), static_cast<double>(before), 16384);
  auto heap = heap_of(subject);
  EXPECT_EQ(heap.at("doubts"), json::array());
  EXPECT_EQ(heap.at("overhang_bytes"), heap.at("overhang_bytes_possible"));
  before = subject.heap_alloc();
  subject.command("clear");
  EXPECT_NEAR(heap.at("overhang_bytes").get<double>(),
              static_cast<double>(before) - static_cast<double>(subject.heap_alloc()), 4096);
}

}  // namespace
}  // namespace overhang::test
