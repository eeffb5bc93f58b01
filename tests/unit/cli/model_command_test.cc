#include "cli/model_command.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/options.h"

namespace overhang {
namespace {

class ModelCommand : public testing::Test {
 protected:
  ~ModelCommand() override { std::filesystem::remove(path_); }
  Result<std::string> run(const std::string& script) {
    std::ofstream(path_) << script;
    return run_model({.script = path_});
  }
  std::string error(const std::string& script) {
    auto story = run(script);
    return story ? "" : story.error().message.substr(path_.size());
  }
  std::string path_ =
      std::filesystem::temp_directory_path() / ("overhang-model-test-" + std::to_string(getpid()));
};

TEST_F(ModelCommand, TellsAScript) {
  auto story = run("s := make([]int, 4)\n");
  ASSERT_TRUE(story);
  EXPECT_NE(story->find("   1  s := make([]int, 4)\n"), std::string::npos);
}

TEST_F(ModelCommand, ErrorsNameFileLineAndColumn) {
  EXPECT_EQ(error("s := make([]int, 4)\ns = s[:5]\n"),
            ":2:6: slice bounds out of range [:5] with capacity 4");
  EXPECT_EQ(error("s = nil"), ":1:1: there is no variable s: var s T, or s := …");
  EXPECT_EQ(error(std::string(2 << 20, ' ')), ": larger than a script of slice operations (1 MiB)");
}

TEST_F(ModelCommand, AScriptDrivesNoTerminal) {
  auto story = run("// \x1b[2J\x07\ns := make([]int, 4)\n");
  ASSERT_TRUE(story);
  EXPECT_EQ(story->find('\x1b'), std::string::npos);
  EXPECT_EQ(story->find('\x07'), std::string::npos);
}

TEST_F(ModelCommand, AFileThatIsNotThere) {
  auto story = run_model({.script = "/nowhere/at.all"});
  ASSERT_FALSE(story);
  EXPECT_EQ(story.error().message, "/nowhere/at.all: No such file or directory");
  EXPECT_FALSE(run_model({.script = "/"}));
}

TEST(ModelOptions, OnTheCommandLine) {
  auto options = parse_command_line({"model", "a.model", "--go", "1.21", "-o", "out"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->command, Command::Model);
  EXPECT_EQ(options->model.script, "a.model");
  EXPECT_EQ(options->model.go_minor, 21u);
  EXPECT_EQ(options->output, "out");
  auto refused = [](std::vector<std::string> words) {
    auto parsed = parse_command_line(std::move(words));
    return !parsed && parsed.error().status == kExitUsage ? parsed.error().text : "";
  };
  EXPECT_NE(refused({"model"}).find("overhang model FILE"), std::string::npos);
  EXPECT_NE(refused({"model", "a", "b"}).find("'b' is too many"), std::string::npos);
  EXPECT_NE(refused({"model", "a", "--go", "2"}).find("'2' is no release"), std::string::npos);
  EXPECT_NE(refused({"123", "--go", "1.22"}).find("--go is not for leaks"), std::string::npos);
}

TEST(ModelOptions, Releases) {
  EXPECT_EQ(parse_go_release("1.22").value_or(0), 22u);
  EXPECT_EQ(parse_go_release("go1.26.8").value_or(0), 26u);
  for (auto* text : {"", "1", "1.", "1.17", "2.22", "1.22x", "go", "1.-2"})
    EXPECT_FALSE(parse_go_release(text)) << text;
}

}  // namespace
}  // namespace overhang
