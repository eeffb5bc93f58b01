#include "cli/debug_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "unit/binary/go_build.h"

namespace overhang::test {
namespace {

namespace fs = std::filesystem;

// A program with a GNU build id in folder bin/ of a directory of its own, stripped, whose debug
// file stands nowhere that is looked at yet. Folder debug/ is the system's /usr/lib/debug.
class DebugFile : public testing::Test {
 protected:
  static constexpr const char* kBuildId = "0123456789abcdef0123456789abcdef01234567";
  void SetUp() override {
    if (std::system("objcopy --version > /dev/null 2>&1") != 0)
      GTEST_SKIP() << "objcopy (package binutils) is not installed";
    char name[] = "/tmp/overhang-debug-XXXXXX";
    root_ = mkdtemp(name);
    fs::create_directories(root_ / "bin");
    std::ofstream(root_ / "main.go") << "package main\nfunc main() { println(1) }\n";
    program_ = root_ / "bin" / "program";
    debug_ = root_ / "program.debug";
    make(kBuildId);
    output_of(fmt::format("objcopy --strip-all --add-gnu-debuglink={0} {1}", debug_.string(),
                          program_.string()));
  }
  void TearDown() override {
    if (!root_.empty()) fs::remove_all(root_);
  }
  // The program, and its debug file.
  void make(const std::string& id) {
    output_of(fmt::format("cd {} && GO111MODULE=off go build -ldflags='-B 0x{}' -o {} main.go 2>&1",
                          root_.string(), id, program_.string()));
    output_of(fmt::format("objcopy --only-keep-debug {} {}", program_.string(), debug_.string()));
  }
  void place(const fs::path& at) {
    fs::create_directories(at.parent_path());
    fs::rename(debug_, at);
  }
  // The path of the debug file that is found; "" for none.
  std::string found() {
    auto executable = ElfFile::open(program_.string());
    EXPECT_TRUE(executable.has_value());
    auto debug = open_debug_file(**executable, "", diagnostics_, (root_ / "debug").string());
    EXPECT_TRUE(debug.has_value());
    return debug && *debug ? (*debug)->path() : "";
  }
  fs::path root_, program_, debug_;
  Diagnostics diagnostics_;
};

TEST_F(DebugFile, IsFoundByTheBuildId) {
  EXPECT_EQ(found(), "");
  auto path = root_ / "debug/.build-id/01" / (std::string(kBuildId + 2) + ".debug");
  place(path);
  EXPECT_EQ(found(), path);
  EXPECT_EQ(diagnostics_.warnings(), std::vector<std::string>{});
}

TEST_F(DebugFile, IsFoundByItsLinkUnderTheSystemsFolder) {
  auto path = fs::path(root_.string() + "/debug" + fs::canonical(root_).string() + "/bin") /
              "program.debug";
  place(path);
  EXPECT_EQ(found(), path);
}

TEST_F(DebugFile, OfAnotherBuildIsPassedOver) {
  auto stripped = root_ / "stripped";
  fs::rename(program_, stripped);
  make("ffffffffffffffffffffffffffffffffffffffff");
  fs::rename(stripped, program_);
  place(root_ / "debug/.build-id/01" / (std::string(kBuildId + 2) + ".debug"));
  EXPECT_EQ(found(), "");
  ASSERT_EQ(diagnostics_.warnings().size(), 1u);
  EXPECT_NE(diagnostics_.warnings()[0].find("its build id differs"), std::string::npos);
}

TEST_F(DebugFile, ThatIsNoElfFileIsPassedOver) {
  auto path = root_ / "debug/.build-id/01" / (std::string(kBuildId + 2) + ".debug");
  place(path);
  fs::resize_file(path, 40);
  EXPECT_EQ(found(), "");
  fs::remove(path);
  fs::create_directories(path);
  EXPECT_EQ(found(), "");
}

}  // namespace
}  // namespace overhang::test
