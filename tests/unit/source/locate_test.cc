// Which folder's files are the program's.
#include "source/locate.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace overhang::source {
namespace {

namespace fs = std::filesystem;

class Locate : public testing::Test {
 protected:
  Locate() {
    auto pattern = (fs::temp_directory_path() / "locate-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary directory");
    folder_ = pattern;
  }
  ~Locate() override {
    std::error_code error;
    fs::remove_all(folder_, error);
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

constexpr const char* kGo =
    "package p\n\nfunc sum(x []byte) int\n\nfunc Sum(x []byte) int { return sum(x) }\n";

TEST_F(Locate, LinesOfAssemblyTellNothing) {
  write("p.go", kGo);
  write("p_amd64.s",
        "// Assembly.\nTEXT ·sum(SB), 4, $0-32\n\tRET\nTEXT ·mean(SB), 4, $0-32\n\tRET\n");
  PackageRecord record;
  record.files = {file("p.go"), file("p_amd64.s"), file("p.y")};
  record.functions = {{0, 5, "Sum"}, {1, 2, "sum"}, {1, 4, "mean"}, {2, 1, "parse"}};
  auto located = locate(record, {}, {"amd64", 26});
  EXPECT_EQ(located.directory, folder_.string());
  EXPECT_FALSE(located.differs);
  ASSERT_EQ(located.files.size(), 1u);
}

TEST_F(Locate, SaysWhatIsThereAndCannotBeRead) {
  write("p.go", kGo);
  fs::create_symlink("loop.go", folder_ / "loop.go");
  PackageRecord record;
  record.files = {file("p.go")};
  record.functions = {{0, 5, "Sum"}};
  auto located = locate(record, {}, {"amd64", 26});
  ASSERT_EQ(located.files.size(), 1u);
  EXPECT_TRUE(located.unread.starts_with(file("loop.go") + ": ")) << located.unread;
  record.files = {file("gone.go")};
  located = locate(record, {}, {"amd64", 26});
  EXPECT_EQ(located.directory, "");
  EXPECT_EQ(located.unread, "");
}

TEST_F(Locate, SeesThatFunctionsStandInOtherLines) {
  write("p.go", std::string("// A line more.\n") + kGo);
  PackageRecord record;
  record.files = {file("p.go")};
  record.functions = {{0, 5, "Sum"}};
  auto located = locate(record, {}, {"amd64", 26});
  EXPECT_EQ(located.directory, folder_.string());
  EXPECT_TRUE(located.differs);
}

// Up to Go 1.19 a function's own line is not recorded, but that of its first instruction.
TEST_F(Locate, TakesTheFunctionThatALineIsIn) {
  write("p.go",
        "package p\n\nfunc first() int {\n\treturn 1\n}\n\nfunc second() int { return 2 }\n");
  PackageRecord record;
  record.files = {file("p.go")};
  record.functions = {{0, 4, "first", true}, {0, 7, "second", true}};
  EXPECT_FALSE(locate(record, {}, {"amd64", 19}).differs);
  record.functions = {{0, 4, "second", true}, {0, 7, "first", true}};
  EXPECT_TRUE(locate(record, {}, {"amd64", 19}).differs);
}

// What -trimpath records of a module stands below vendor/ where it was built of that.
TEST_F(Locate, LooksBelowVendor) {
  auto put = [&](const std::string& folder) {
    fs::create_directories(folder_ / folder);
    std::ofstream(folder_ / folder / "p.go") << kGo;
    return (folder_ / folder).string();
  };
  auto cached = put("mod/example.com/m@v1.2.0/p");
  PackageRecord record;
  record.files = {"example.com/m@v1.2.0/p/p.go"};
  record.functions = {{0, 5, "Sum"}};
  SourceRoots roots;
  roots.directory = file("main");
  roots.module_caches = {file("mod")};
  EXPECT_EQ(locate(record, roots, {"amd64", 26}).directory, cached);
  auto vendored = put("main/vendor/example.com/m/p");
  EXPECT_EQ(locate(record, roots, {"amd64", 26}).directory, vendored);
}

// The standard library of another release is none that somebody has edited.
TEST_F(Locate, TakesNoOtherReleasesLibrary) {
  auto root = [&](const std::string& name, const std::string& text) {
    auto folder = folder_ / name / "src" / "p";
    fs::create_directories(folder);
    std::ofstream(folder / "p.go") << text;
    return folder.string();
  };
  root("go", std::string("// A line more.\n") + kGo);
  PackageRecord record;
  record.files = {"p/p.go"};
  record.functions = {{0, 5, "Sum"}};
  SourceRoots roots;
  roots.go_roots = {file("go")};
  roots.module_caches = {file("mod")};
  EXPECT_EQ(locate(record, roots, {"amd64", 26}).directory, "");
  // The go command fetches releases into the module cache.
  auto fetched = root("mod/golang.org/toolchain@v0.0.1-go1.26.1.linux-amd64", kGo);
  roots.add_toolchain("go1.26.1 X:nocoverageredesign");
  auto located = locate(record, roots, {"amd64", 26});
  EXPECT_EQ(located.directory, fetched);
  EXPECT_FALSE(located.differs);
}

}  // namespace
}  // namespace overhang::source
