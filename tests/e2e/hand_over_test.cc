// A heap of more objects than overhang numbers is overhang-wide's, if it stands beside it. The
// overhang here numbers 100.
#include <gtest/gtest.h>

#include <filesystem>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

class HandOver : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::copy_file(OVERHANG_OF_100, small_); }
  void add_wide() const {
    std::filesystem::copy_file(OVERHANG_WIDE, directory_.file("overhang-wide"));
  }
  Finished run_small(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), small_);
    return run(arguments);
  }
  // What is the same from run to run.
  static nlohmann::json told(const Finished& finished) {
    auto report = nlohmann::json::parse(finished.out);
    return {report.at("heap"), report.at("sites")};
  }
  TemporaryDirectory directory_;
  const std::string small_ = directory_.file("overhang");
  Subject subject_{"oracle", {"tail_global_field"}};
};

TEST_F(HandOver, OverhangWideReportsInItsPlace) {
  add_wide();
  auto core = write_core(subject_.pid(), directory_.file("core"));
  const std::vector<std::vector<std::string>> targets = {{core, "--exe", subject_.executable()},
                                                         {std::to_string(subject_.pid())}};
  for (const auto& target : targets) {
    auto arguments = target;
    for (auto* more : {"--format", "json", "--fail-over", "1"}) arguments.emplace_back(more);
    // The runtime may have something left to do in a subject that has fallen silent (a slice's
    // len changes by 16 bytes), so the process has to say the same before and after.
    auto expected = run_overhang(arguments);
    bool silent = false;
    for (int tries = 0; tries < 10 && !silent; tries++) {
      auto finished = run_small(arguments), after = run_overhang(arguments);
      EXPECT_EQ(expected.exit_code, 3) << expected.err;
      ASSERT_EQ(finished.exit_code, 3) << finished.err;
      EXPECT_EQ(finished.err, expected.err);
      silent = told(expected) == told(after);
      if (silent) {
        EXPECT_EQ(told(finished), told(expected));
      }
      expected = std::move(after);
    }
    EXPECT_TRUE(silent);
  }
}

TEST_F(HandOver, WhatIsMissingIsSaid) {
  auto finished = run_small({std::to_string(subject_.pid())});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(finished.out, "");
  EXPECT_TRUE(finished.err.starts_with("overhang: the heap has room for ")) << finished.err;
  EXPECT_TRUE(finished.err.ends_with("objects; overhang numbers up to 100 of them, and " +
                                     directory_.file("overhang-wide") +
                                     ", which numbers more, does not run: No such file or "
                                     "directory\n"))
      << finished.err;
}

}  // namespace
}  // namespace overhang::test
