// What goes wrong before any analysis: one clear line each.
#include "cli/open_target.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace overhang {
namespace {

class OpenTarget : public ::testing::Test {
 protected:
  OpenTarget()
      : folder_(std::filesystem::temp_directory_path() /
                ("overhang-open-test-" + std::to_string(getpid()))) {
    std::filesystem::create_directory(folder_);
  }
  ~OpenTarget() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& content) {
    auto path = folder_ / name;
    std::ofstream(path) << content;
    return path;
  }
  Error error_of(const std::string& target, const std::string& executable = {}) {
    Diagnostics diagnostics;
    auto opened = open_target({.target = target, .executable = executable}, diagnostics);
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }

  std::filesystem::path folder_;
};

bool names(const Error& error, std::string_view part) {
  return error.message.find(part) != std::string::npos &&
         error.message.find('\n') == std::string::npos;
}

TEST_F(OpenTarget, NoSuchProcess) {
  // Past the largest pid that Linux gives (2^22), and past 32 bits.
  for (auto* pid : {"4194305", "99999999999999999999", "0"}) {
    auto error = error_of(pid);
    EXPECT_EQ(error.kind, ErrorKind::NotFound) << error.message;
    EXPECT_TRUE(names(error, pid)) << error.message;
  }
}

TEST_F(OpenTarget, NoSuchFile) {
  auto error = error_of("/no/such/core");
  EXPECT_EQ(error.kind, ErrorKind::NotFound);
  EXPECT_TRUE(names(error, "/no/such/core")) << error.message;
}

TEST_F(OpenTarget, AFolderIsNoCore) {
  auto error = error_of(folder_);
  EXPECT_EQ(error.kind, ErrorKind::BadInput);
  EXPECT_TRUE(names(error, folder_.string())) << error.message;
}

TEST_F(OpenTarget, WhatIsNoElfIsNamed) {
  for (auto* content :
       {"", "\x7f", "not a core file at all, but long enough to hold a header....."}) {
    auto path = file("text", content);
    EXPECT_TRUE(names(error_of(path), path)) << error_of(path).message;
  }
}

TEST_F(OpenTarget, AFileOfDigitsIsAFile) {
  auto here = std::filesystem::current_path();
  file("4194305", "no core");
  std::filesystem::current_path(folder_);
  auto error = error_of("4194305");
  std::filesystem::current_path(here);
  EXPECT_NE(error.kind, ErrorKind::NotFound) << error.message;
}

TEST_F(OpenTarget, AnExecutableIsNoCore) {
  auto error = error_of("/proc/self/exe");
  EXPECT_EQ(error.kind, ErrorKind::BadInput) << error.message;
}

}  // namespace
}  // namespace overhang
