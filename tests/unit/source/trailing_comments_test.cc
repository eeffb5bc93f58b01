// Comments beside what a patch changes, against gofmt itself.
#include "source/trailing_comments.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "source/patch.h"

namespace overhang::source::test {
namespace {

// What gofmt makes of a file.
std::string formatted(const std::string& text) {
  auto path = (std::filesystem::temp_directory_path() / "overhang-XXXXXX").string();
  auto file = mkstemp(path.data());
  if (file >= 0) close(file);
  std::ofstream(path) << text;
  std::string out;
  if (auto* pipe = popen(("gofmt < " + path).c_str(), "r")) {
    char buffer[4096];
    for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
    pclose(pipe);
  }
  std::filesystem::remove(path);
  return out;
}

class Comments : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v gofmt >/dev/null") != 0) GTEST_SKIP() << "gofmt is not at hand";
  }
  // `old` becomes `by` in a function of those lines.
  static std::string patched(const std::string& body, const std::string& old,
                             const std::string& by) {
    auto text = "package main\n\nfunc f() {\n" + body + "}\n";
    auto tree = SyntaxTree::parse(text);
    auto at = static_cast<std::uint32_t>(text.find(old));
    std::vector<Edit> edits{{at, at + static_cast<std::uint32_t>(old.size()), by}};
    return edited(text, with_aligned_comments(*tree, edits));
  }
  static void expect_gofmt(const std::string& body, const std::string& old, const std::string& by) {
    auto text = patched(body, old, by);
    EXPECT_EQ(text, formatted(text));
    EXPECT_NE(text.find(by), std::string::npos);
  }
};

TEST_F(Comments, OfARunThatIsSplit) {
  expect_gofmt(
      "\tx := xs[n-1]   // the last\n\txs = xs[:n-1]  // one less\n\tcount(len(xs)) // told\n"
      "\ty()            // and so on\n\n\tz() // alone\n",
      "\txs =", "\txs[n-1] = nil\n\txs =");
}

TEST_F(Comments, OfALineThatGrows) {
  const char* body =
      "\tif x { // deeper\n\t\ta(\"é\")         // one\n\t\txs = xs[:n-1]  // two\n"
      "\t\tcount(len(xs)) /* three */\n\t}\n\txs = xs[1:] // four\n";
  expect_gofmt(body, "xs[:n-1]", "slices.Delete(xs, n-1, n)");
  expect_gofmt(body, "xs[:n-1]", "a");
  expect_gofmt(body, "xs[1:]", "slices.Clone(xs[1:])");
}

TEST_F(Comments, OfLinesThatMeet) {
  expect_gofmt("\ta() // one\n\tb(1, 2)\n\tlonger() // two\n", "\tb(1, 2)\n", "");
}

TEST_F(Comments, ThatWereNotAlignedStay) {
  const char* body = "\ta()     // one\n\txs = xs[:n-1]     // two\n";
  EXPECT_NE(patched(body, "xs[:n-1]", "nil").find("\ta()     // one\n\txs = nil     // two\n"),
            std::string::npos);
}

}  // namespace
}  // namespace overhang::source::test
