// A core as the kernel writes it of a Go program that crashes (docs/COOKBOOK.md), not gcore's.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

namespace fs = std::filesystem;

// The only core in a directory; "": there is none.
std::string core_in(const std::string& directory) {
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().filename().string().starts_with("core")) return entry.path();
  return "";
}

TEST(Crash, TheKernelsCoreSaysWhatTheProcessSaid) {
  std::string pattern;
  std::getline(std::ifstream("/proc/sys/kernel/core_pattern"), pattern);
  if (!pattern.starts_with("core")) GTEST_SKIP() << "SKIPPED: cores go elsewhere here: " << pattern;
  TemporaryDirectory directory;
  auto executable = build_subject("oracle");
  auto subject = Subject::started(
      "/bin/sh",
      {"-c", R"(cd "$1" && ulimit -c unlimited && exec "$2" tail_global_field 2>/dev/null)", "sh",
       directory.path(), executable},
      {"GOTRACEBACK=crash"});
  auto live = leaks_json({std::to_string(subject.pid())});
  ASSERT_EQ(::kill(subject.pid(), SIGQUIT), 0);
  while (fs::exists("/proc/" + std::to_string(subject.pid()) + "/exe")) usleep(10000);
  auto core = core_in(directory.path());
  if (core.empty()) GTEST_SKIP() << "SKIPPED: the kernel wrote no core (a limit?)";
  auto crashed = leaks_json({core});
  ASSERT_FALSE(live.at("sites").empty());
  EXPECT_EQ(crashed.at("sites"), live.at("sites"));
  EXPECT_EQ(crashed.at("heap").at("overhang_bytes"), live.at("heap").at("overhang_bytes"));
}

}  // namespace
}  // namespace overhang::test
