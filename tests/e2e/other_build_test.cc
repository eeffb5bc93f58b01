// An overhang that was built otherwise, for another machine (tools/test_arm64) or with 64-bit ids
// (overhang-wide), says of the same cores what this one says, byte for byte. OVERHANG_OTHER_BUILD
// is the command that runs it, words with spaces between them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>
#include <sstream>

#include "e2e/subjects.h"
#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

class OtherBuild : public testing::Test {
 protected:
  void SetUp() override {
    auto* command = std::getenv("OVERHANG_OTHER_BUILD");
    if (!command) GTEST_SKIP() << "not run: no OVERHANG_OTHER_BUILD";
    std::istringstream words(command);
    for (std::string word; words >> word;) other_.push_back(word);
  }
  Finished other(const std::vector<std::string>& arguments) const {
    auto command = other_;
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command);
  }
  // What was measured is blanked: times, and the memory that overhang itself took.
  static std::string without_measurements(const std::string& out) {
    static const std::regex measured(
        R"re("timings": \[[^\]]*\]|"(elapsed_ms|peak_anonymous_bytes)": [0-9.e+-]+|)re"
        R"re(analysed in [0-9.]+ m?s)re");
    return std::regex_replace(out, measured, "");
  }
  void expect_same(const std::vector<std::string>& arguments, int exit_code) const {
    SCOPED_TRACE(arguments.back());
    auto ours = run_overhang(arguments), theirs = other(arguments);
    EXPECT_EQ(ours.exit_code, exit_code) << ours.err;
    EXPECT_EQ(theirs.exit_code, exit_code) << theirs.err;
    EXPECT_EQ(without_measurements(ours.out), without_measurements(theirs.out));
    EXPECT_EQ(ours.err, theirs.err);
  }
  void expect_same_reports(const SubjectCase& subject_case) const {
    SCOPED_TRACE(subject_case.label());
    Subject subject(subject_case.name, subject_case.arguments);
    TemporaryDirectory directory;
    auto core =
        emulating_arm64() ? subject.core() : write_core(subject.pid(), directory.file("core"));
    expect_same({core, "--exe", subject.executable()}, 0);
    expect_same({core, "--exe", subject.executable(), "--spare", "--format", "json"}, 0);
  }

 private:
  std::vector<std::string> other_;
};

class OtherBuildOf : public OtherBuild, public testing::WithParamInterface<SubjectCase> {};

TEST_P(OtherBuildOf, ReportsTheSame) { expect_same_reports(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Subjects, OtherBuildOf, testing::ValuesIn(all_subjects()),
                         [](auto& instance) { return instance.param.label(); });

TEST_F(OtherBuild, ReportsTheSameLeaks) {
  std::istringstream list(run(command_line({build_subject("oracle"), "list"})).out);
  int scenarios = 0;
  for (std::string scenario; list >> scenario; scenarios++)
    expect_same_reports({"oracle", {scenario}});
  EXPECT_GT(scenarios, 30);
}

TEST_F(OtherBuild, ReportsTheSameOfStrippedPrograms) {
  for (auto* scenario : {"tail_many_fields", "tail_global_slice", "window_points"}) {
    auto executable = build_subject("oracle", {"-trimpath", "-ldflags=-s -w"}, "stripped");
    auto subject = Subject::started(executable, {scenario});
    TemporaryDirectory directory;
    auto core =
        emulating_arm64() ? subject.core() : write_core(subject.pid(), directory.file("core"));
    expect_same({core, "--exe", executable, "--format", "json"}, 0);
  }
}

TEST_F(OtherBuild, RefusesTheSame) {
  Subject subject("oracle", {"tail_global_field"});
  TemporaryDirectory directory;
  auto core =
      emulating_arm64() ? subject.core() : write_core(subject.pid(), directory.file("core"));
  expect_same({"/nonexistent/core"}, 1);
  expect_same({subject.executable()}, 1);
  expect_same({core, "--exe", "/bin/sh"}, 1);
  expect_same({core, "--exe", subject.executable(), "--fail-over", "1"}, 3);
  expect_same({core, "--no-such-option"}, 2);
}

}  // namespace
}  // namespace overhang::test
