#include "source/build_tags.h"

#include <gtest/gtest.h>

namespace overhang::source {
namespace {

bool built(std::string_view name, std::string_view lines = "") {
  return is_built(name, std::string(lines) + "\npackage p\n", {"amd64", 22});
}

TEST(BuildTags, NamesTellSystemAndArchitecture) {
  EXPECT_TRUE(built("pool.go"));
  EXPECT_TRUE(built("pool_linux.go"));
  EXPECT_TRUE(built("pool_linux_amd64.go"));
  EXPECT_TRUE(built("pool_fast.go"));
  EXPECT_FALSE(built("pool_test.go"));
  EXPECT_FALSE(built("pool_windows.go"));
  EXPECT_FALSE(built("pool_arm64.go"));
  EXPECT_FALSE(built("pool_windows_amd64.go"));
  EXPECT_FALSE(built("_pool.go"));
  EXPECT_FALSE(built("pool.s"));
}

TEST(BuildTags, Expressions) {
  EXPECT_TRUE(built("a.go", "//go:build linux && (amd64 || arm64)"));
  EXPECT_TRUE(built("a.go", "// A comment.\n\n//go:build !windows"));
  EXPECT_TRUE(built("a.go", "//go:build go1.21"));
  EXPECT_FALSE(built("a.go", "//go:build go1.23"));
  EXPECT_FALSE(built("a.go", "//go:build ignore"));
  EXPECT_FALSE(built("a.go", "//go:build (linux && !amd64) || darwin\r"));
  EXPECT_FALSE(built("a.go", "//go:build ((((("));
}

TEST(BuildTags, OldLines) {
  EXPECT_TRUE(built("a.go", "// +build linux,amd64 darwin"));
  EXPECT_FALSE(built("a.go", "// +build ignore"));
  EXPECT_FALSE(built("a.go", "// +build linux\n// +build !amd64"));
}

}  // namespace
}  // namespace overhang::source
