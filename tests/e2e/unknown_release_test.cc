// Programs that say that a Go release built them which nobody knows yet: read by the newest layout
// that is known, believed if they agree with themselves, else refused with one line.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "goruntime/layout.h"
#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

std::string build_info_version(int minor) {
  // "go1.26.8" -> "go1.27.8": of the same length, so that nothing moves.
  auto version = go_version();
  return "go1." + std::to_string(minor) + version.substr(std::string("go1.26").size());
}

// A copy of an executable in which every `from` has become `to`.
std::string forged(const std::string& executable, const std::string& from, const std::string& to,
                   const std::string& path) {
  std::ifstream in(executable, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(from.size(), to.size());
  std::size_t count = 0;
  for (auto at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + 1), count++)
    bytes.replace(at, from.size(), to);
  EXPECT_GE(count, 1u) << executable << " does not hold " << from;
  std::ofstream(path, std::ios::binary) << bytes;
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

Finished leaks_of(const std::string& executable) {
  auto subject = Subject::started(executable, {"tail_many_fields"});
  return run_overhang({"leaks", "--format", "json", std::to_string(subject.pid())});
}

int newest_known() {
  GoVersion version{.minor = 99, .patch = 0, .text = "go1.99"};
  return (*layout_for(version, Architecture::Amd64))->minor;
}

TEST(UnknownRelease, IsReadByTheNewestLayoutOrRefused) {
  TemporaryDirectory directory;
  auto unknown = build_info_version(newest_known() + 1);
  auto result =
      leaks_of(forged(build_subject("oracle"), go_version(), unknown, directory.file("oracle")));
  if (go_minor() !=
      newest_known()) {  // what it says of itself is no lie, but it is of another make
    EXPECT_EQ(result.exit_code, 1) << result.out.substr(0, 400);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_NE(result.err.find("built by " + unknown + ", newer than Go 1."), std::string::npos)
        << result.err;
    return;
  }
  ASSERT_EQ(result.exit_code, 0) << result.err;
  auto report = nlohmann::json::parse(result.out);
  EXPECT_EQ(report.at("target").at("go_version"), unknown);
  ASSERT_EQ(report.at("warnings").size(), 1u);
  auto warning = report.at("warnings")[0].get<std::string>();
  EXPECT_NE(warning.find(unknown + " is newer than the releases that overhang knows"),
            std::string::npos)
      << warning;
  EXPECT_GE(report.at("sites").size(), 1u);
}

TEST(OldRelease, IsRefusedWithOneLine) {
  TemporaryDirectory directory;
  auto old = build_info_version(18);
  auto result =
      leaks_of(forged(build_subject("oracle"), go_version(), old, directory.file("oracle")));
  EXPECT_EQ(result.exit_code, 1) << result.out.substr(0, 400);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("built by " + old + "; overhang reads Go 1.19 to 1."),
            std::string::npos)
      << result.err;
}

}  // namespace
}  // namespace overhang::test
