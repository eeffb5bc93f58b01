#include "cli/output.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/own_memory.h"

namespace overhang {
namespace {

TEST(Output, WritesTheWholeFileAnew) {
  auto path =
      std::filesystem::temp_directory_path() / ("overhang-output-test-" + std::to_string(getpid()));
  ASSERT_TRUE(write_output(path, "a long first text"));
  ASSERT_TRUE(write_output(path, "second"));
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "second");
  std::filesystem::remove(path);
}

TEST(Output, AFullDiskIsAnError) {
  auto written = write_output("/dev/full", "text");
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("No space left"), std::string::npos)
      << written.error().message;
}

TEST(Output, AMissingFolderIsNamed) {
  auto written = write_output("/no/such/folder/report", "text");
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("/no/such/folder/report"), std::string::npos);
}

TEST(OwnMemory, CountsAnonymousMemoryOnly) {
  OwnMemory memory;
  auto before = memory.peak_bytes();
  EXPECT_GT(before, 0u);
  constexpr std::size_t kSize = 64 << 20;
  {
    std::vector<char> block(kSize, 1);
    EXPECT_GE(memory.peak_bytes(), before + kSize);
  }
  EXPECT_GE(memory.peak_bytes(), before + kSize) << "a peak does not fall";
}

}  // namespace
}  // namespace overhang
