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

TEST_F(Locate, SeesThatFunctionsStandInOtherLines) {
  write("p.go", std::string("// A line more.\n") + kGo);
  PackageRecord record;
  record.files = {file("p.go")};
  record.functions = {{0, 5, "Sum"}};
  auto located = locate(record, {}, {"amd64", 26});
  EXPECT_EQ(located.directory, folder_.string());
  EXPECT_TRUE(located.differs);
}

}  // namespace
}  // namespace overhang::source
