// Go code in a program of another language: a C program whose library or archive is built by Go.
#include <gtest/gtest.h>

#include <filesystem>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

constexpr std::uint64_t kHidden = 20 * 95 * 1024;  // bytes: slots of 1,000

class GoInC : public testing::Test {
 protected:
  void SetUp() override {
    if (emulating_arm64()) GTEST_SKIP() << "built by this machine's C compiler";
    if (run({"gcc", "--version"}).exit_code != 0) GTEST_SKIP() << "gcc is not installed";
  }
  // The host, linked with what Go builds in `mode`.
  std::string host(const std::string& mode, const std::string& file) {
    // Beside the library go writes its header.
    auto library = build_subject("library", {"-buildmode=" + mode}, file, {"CGO_ENABLED=1"});
    auto executable = directory_.file("host");
    auto linked =
        run({"gcc", "-o", executable, std::string(OVERHANG_SUBJECTS_DIR) + "/library/host/host.c",
             library, "-pthread",
             "-Wl,-rpath," + std::filesystem::path(library).parent_path().string()});
    EXPECT_EQ(linked.exit_code, 0) << linked.err;
    library_ = library;
    return executable;
  }
  static void expect_named(const json& report) {
    auto& site = report.at("sites").at(0);
    EXPECT_EQ(site.at("site"), "main.session.inUse");
    EXPECT_EQ(site.at("retained_bytes"), kHidden);
    EXPECT_GE(report.at("heap").at("typed_share").get<double>(), 0.99);
    EXPECT_EQ(report.at("warnings"), json::array());
  }
  void expect_freed(Subject& subject) {
    auto report = leaks_json({std::to_string(subject.pid())});
    expect_named(report);
    auto before = subject.heap_alloc();
    subject.command("remedy");
    EXPECT_NEAR(report.at("heap").at("overhang_bytes").get<double>(),
                static_cast<double>(before) - static_cast<double>(subject.heap_alloc()), 4096);
  }

  TemporaryDirectory directory_;
  std::string library_;
};

TEST_F(GoInC, IsFoundInTheExecutable) {
  auto subject = Subject::started(host("c-archive", "archive.a"), {});
  expect_freed(subject);
}

TEST_F(GoInC, IsFoundInALibrary) {
  auto subject = Subject::started(host("c-shared", "shared.so"), {});
  auto pid = std::to_string(subject.pid());
  expect_named(leaks_json({pid, "--exe", library_}));
  auto stripped = directory_.file("stripped.so");
  ASSERT_EQ(run({"strip", "-o", stripped, library_}).exit_code, 0);
  expect_named(leaks_json({pid, "--exe", stripped}));
  auto snapshot = directory_.file("snapshot");
  ASSERT_EQ(run_overhang({"snapshot", pid, "-o", snapshot}).exit_code, 0);
  expect_named(leaks_json({snapshot}));
  // The host itself is no Go program, and says so.
  auto asked = run_overhang({pid, "--exe", directory_.file("host")});
  EXPECT_EQ(asked.exit_code, 1);
  EXPECT_NE(asked.err.find("not a Go program"), std::string::npos) << asked.err;
  expect_freed(subject);
}

}  // namespace
}  // namespace overhang::test
