#include "binary/build_info.h"

#include <gtest/gtest.h>

#include "unit/binary/go_build.h"

namespace overhang {
namespace {

using namespace test;

constexpr const char* kSource = "package main\n\nfunc main() { println(\"hello\") }\n";

TEST(BuildInfo, IsWhatGoVersionSays) {
  for (auto* flags : {"", "-buildmode=pie", "-ldflags='-s -w'"}) {
    auto path = build_go(kSource, flags);
    auto file = ElfFile::open(path);
    ASSERT_TRUE(file);
    auto info = read_build_info(**file);
    ASSERT_TRUE(info) << info.error().message;
    auto said = lines_of(output_of("go version -m " + path));
    EXPECT_EQ(path + ": " + info->version.text, said[0]);
    EXPECT_EQ(info->version.minor, go_toolchain_minor());
    std::string module_text;
    for (std::size_t i = 1; i < said.size(); i++) module_text += said[i].substr(1) + "\n";
    // `go version -m` drops empty columns at line ends.
    std::string ours;
    for (auto& line : lines_of(info->module_text)) {
      ours += line.substr(0, line.find_last_not_of('\t') + 1) + "\n";
    }
    std::string theirs;
    for (auto& line : lines_of(module_text)) {
      theirs += line.substr(0, line.find_last_not_of('\t') + 1) + "\n";
    }
    EXPECT_EQ(ours, theirs);
  }
}

TEST(BuildInfo, PointersAsBeforeGo118) {
  auto path = build_go(kSource);
  auto bytes = file_bytes(path);
  auto file = ElfFile::open(path);
  ASSERT_TRUE(file);
  auto inline_form = read_build_info(**file);
  ASSERT_TRUE(inline_form);
  // The old header points to two Go strings of the runtime's.
  auto version = (*file)->symbol("runtime.buildVersion");
  auto modules = (*file)->symbol("runtime.modinfo");
  ASSERT_TRUE(version && modules);
  std::string magic = "\xff Go buildinf:";
  auto at = std::string_view(bytes.data(), bytes.size()).find(magic);
  ASSERT_NE(at, std::string_view::npos);
  bytes[at + 14] = 8;
  bytes[at + 15] = 0;
  std::memcpy(&bytes[at + 16], &version->address, 8);
  std::memcpy(&bytes[at + 24], &modules->address, 8);
  TemporaryFile old(bytes);
  auto old_file = ElfFile::open(old.path());
  ASSERT_TRUE(old_file);
  auto info = read_build_info(**old_file);
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->version.text, go_toolchain_version());
  EXPECT_EQ(info->module_text, inline_form->module_text);
}

TEST(BuildInfo, RefusesWhatIsNoGoProgram) {
  auto file = ElfFile::open("/bin/true");
  ASSERT_TRUE(file);
  EXPECT_EQ(read_build_info(**file).error().kind, ErrorKind::BadInput);
}

TEST(BuildInfo, DamagedBytesDoNoHarm) {
  auto bytes = file_bytes(build_go(kSource));
  auto at = std::string_view(bytes.data(), bytes.size()).find("\xff Go buildinf:");
  ASSERT_NE(at, std::string_view::npos);
  std::uint64_t state = 1;
  auto next = [&state] {
    return (state = state * 6364136223846793005u + 1442695040888963407u) >> 33;
  };
  TemporaryFile damaged_file;
  int refused = 0;
  for (int round = 0; round < 300; round++) {
    auto damaged = bytes;
    for (int i = 0; i < 4; i++) damaged[at + next() % 48] = static_cast<char>(next());
    damaged_file.write(damaged);
    auto file = ElfFile::open(damaged_file.path());
    ASSERT_TRUE(file);
    refused += !read_build_info(**file);
  }
  EXPECT_GT(refused, 200);  // four of the 48 bytes seldom leave magic, length and "go1." alone
}

struct VersionCase {
  const char* text;
  int minor, patch;
};

TEST(GoVersion, UnderstandsReleasesCandidatesAndDevelopment) {
  for (auto [text, minor, patch] : {
           VersionCase{"go1.26.8", 26, 8},
           {"go1.22", 22, 0},
           {"go1.26rc1", 26, 0},
           {"go1.23.4-custom", 23, 4},
           {"go1.27-devel_0123abcd", 27, 0},
           {"devel go1.27-abcdef Mon Jan 5 10:00:00 2026 +0000", 27, 0},
           {"go1.26.8 X:nogreenteagc", 26, 8},
           {"devel go1.24-0f1e2d X:aliastypeparams,swissmap", 24, 0},
       }) {
    auto version = parse_go_version(text);
    ASSERT_TRUE(version) << text;
    EXPECT_EQ(version->minor, minor) << text;
    EXPECT_EQ(version->patch, patch) << text;
    EXPECT_EQ(version->text, text);
  }
}

TEST(GoVersion, RefusesTheRest) {
  for (auto* text : {"", "go", "go1", "go1.", "go2.1", "devel +3e1a2b", "go1.x", "go1.22.",
                     "go1.-3", "go1.99999999999", "unknown"})
    EXPECT_EQ(parse_go_version(text).error().kind, ErrorKind::Unsupported) << text;
}

}  // namespace
}  // namespace overhang
