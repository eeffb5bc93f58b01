// diff between two images of a process: before and after the remedy that the subject applies to
// itself. Its own collector says by how much the heap shrank.
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

class Diff : public testing::Test {
 protected:
  void SetUp() override {
    if (!have_gcore()) GTEST_SKIP() << "no gcore here";
    before_ = write_core(subject_.pid(), directory_.file("before"));
    heap_before_ = subject_.heap_alloc();
    subject_.command("remedy");
    after_ = write_core(subject_.pid(), directory_.file("after"));
  }
  // By how much the program's own count of the heap grew; a thread of the runtime's own takes 6 KB.
  std::int64_t real_growth() const {
    return static_cast<std::int64_t>(subject_.heap_alloc() - heap_before_);
  }
  Finished diff(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "diff");
    arguments.insert(arguments.end(), {"--exe", subject_.executable()});
    return run_overhang(arguments);
  }
  json diff_json(const std::string& older, const std::string& newer) const {
    auto finished = diff({older, newer, "--format", "json"});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return json::parse(finished.out);
  }

  TemporaryDirectory directory_;
  Subject subject_{"oracle", {"tail_global_field"}};
  std::string before_, after_;
  std::uint64_t heap_before_ = 0;
};

TEST_F(Diff, GrowthIsTheCollectors) {
  auto back = diff_json(after_, before_);
  EXPECT_EQ(back["schema"], "overhang.diff/1");
  auto& live = back["heap"]["live_bytes"];
  EXPECT_LE(std::abs(live["growth"].get<std::int64_t>() + real_growth()), 8192) << live;
  auto& overhang = back["heap"]["overhang_bytes"];
  EXPECT_LE(std::abs(overhang["growth"].get<std::int64_t>() + real_growth()), 8192) << overhang;
  EXPECT_EQ(overhang["old"], 0) << overhang;
  // The site is where the oracle hides memory, and it is all that grew.
  auto& expected = subject_.facts().at("expect").at(0);
  ASSERT_EQ(back["sites"].size(), 1u) << back["sites"];
  EXPECT_EQ(back["sites"][0]["site"], expected.at("site"));
  EXPECT_EQ(back["sites"][0]["category"], expected.at("category"));
  EXPECT_EQ(back["sites"][0]["retained_bytes"]["growth"], overhang["growth"]);
  // The other way round every figure changes its sign.
  auto forth = diff_json(before_, after_);
  EXPECT_EQ(forth["heap"]["live_bytes"]["growth"].get<std::int64_t>(),
            -live["growth"].get<std::int64_t>());
  EXPECT_EQ(forth["sites"][0]["retained_bytes"]["growth"].get<std::int64_t>(),
            -back["sites"][0]["retained_bytes"]["growth"].get<std::int64_t>());
  // Types add up to the heap.
  std::int64_t sum = 0;
  for (auto& row : back["types"]) sum += row["bytes"]["growth"].get<std::int64_t>();
  EXPECT_EQ(sum, live["growth"].get<std::int64_t>());

  auto grown = diff({after_, before_, "--fail-over", "1K"});
  EXPECT_EQ(grown.exit_code, 3) << grown.err;
  EXPECT_NE(grown.out.find("overhang"), std::string::npos);
  EXPECT_EQ(diff({before_, after_, "--fail-over", "1K"}).exit_code, 0);
}

TEST(DiffErrors, AnImageThatCannotBeReadIsNamed) {
  auto finished = run_overhang({"diff", "/nowhere/core", "/nowhere/else"});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_NE(finished.err.find("/nowhere/core"), std::string::npos) << finished.err;
  EXPECT_EQ(run_overhang({"diff", "/nowhere/core"}).exit_code, 2);
}

}  // namespace
}  // namespace overhang::test
