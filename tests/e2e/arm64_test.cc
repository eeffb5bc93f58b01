// Cores of linux/arm64 as a person meets them: what leads to the executable, what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

class Arm64 : public testing::Test {
 protected:
  void SetUp() override {
    if (!emulating_arm64()) GTEST_SKIP() << "not run: OVERHANG_TEST_MACHINE is not arm64";
  }
  // One line that holds all of `words`, exit status 1.
  static void expect_refused(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& words) {
    auto result = run_overhang(arguments);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    for (auto& word : words) EXPECT_NE(result.err.find(word), std::string::npos) << result.err;
  }
};

TEST_F(Arm64, ReportsTheLeakOfACore) {
  Subject subject("oracle", {"tail_global_field"});
  auto result = run_overhang({subject.core(), "--exe", subject.executable()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("linux/arm64"), std::string::npos) << result.out;
  auto expected = subject.facts().at("expect").at(0).at("site").get<std::string>();
  EXPECT_NE(result.out.find(expected), std::string::npos) << result.out;
  // The emulator's cores name no files.
  expect_refused({subject.core()}, {"--exe"});
}

TEST_F(Arm64, RefusesTheEmulatorsOwnProcessAndOtherMachinesExecutables) {
  Subject subject("oracle", {"tail_global_field"});
  expect_refused({std::to_string(subject.pid())}, {"not a Go program"});
  auto arm64 = subject.executable();
  auto core = subject.core();
  unsetenv("OVERHANG_TEST_MACHINE");
  auto amd64 = build_subject("oracle");
  setenv("OVERHANG_TEST_MACHINE", "arm64", 1);
  expect_refused({core, "--exe", amd64}, {"another machine", "--exe"});
}

}  // namespace
}  // namespace overhang::test
