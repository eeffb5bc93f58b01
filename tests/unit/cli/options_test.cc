#include "cli/options.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace overhang {
namespace {

using Words = std::vector<std::string>;

Options accepted(const Words& words) {
  auto options = parse_command_line(words);
  EXPECT_TRUE(options) << (options ? "" : options.error().text);
  return options.value_or(Options{});
}

Answer refused(const Words& words) {
  auto options = parse_command_line(words);
  EXPECT_FALSE(options);
  return options ? Answer{kExitFailed, ""} : options.error();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(CommandLine, TargetAloneMeansLeaks) {
  auto options = accepted({"12923"});
  EXPECT_EQ(options.analysis.target.target, "12923");
  EXPECT_EQ(options.format, Format::Text);
  EXPECT_GE(options.analysis.threads, 1u);
  EXPECT_EQ(options.min_bytes, 0u);
  EXPECT_FALSE(options.top || options.fail_over);
  EXPECT_EQ(accepted({"leaks", "12923"}).analysis.target.target, "12923");
  EXPECT_EQ(accepted({"/tmp/core.12923"}).analysis.target.target, "/tmp/core.12923");
}

TEST(CommandLine, EveryOption) {
  auto options =
      accepted({"leaks",   "core",    "--exe",       "./relay", "--format", "json",      "-o",
                "r.json",  "--top",   "3",           "--min",   "1.5MB",    "--threads", "2",
                "--stats", "--quiet", "--fail-over", "64K",     "--spare",  "--no-fork"});
  EXPECT_EQ(options.analysis.target.target, "core");
  EXPECT_EQ(options.analysis.target.executable, "./relay");
  EXPECT_EQ(options.format, Format::Json);
  EXPECT_EQ(options.output, "r.json");
  EXPECT_EQ(options.top, 3u);
  EXPECT_EQ(options.min_bytes, 1500000u);
  EXPECT_EQ(options.analysis.threads, 2u);
  EXPECT_EQ(options.fail_over, 64000u);
  EXPECT_TRUE(options.stats && options.quiet && options.spare &&
              options.analysis.target.without_fork);
}

TEST(CommandLine, OptionsMayStandBeforeTheTarget) {
  EXPECT_EQ(accepted({"--stats", "--top", "3", "7"}).analysis.target.target, "7");
}

TEST(CommandLine, FailOverNothingIsALimitToo) {
  EXPECT_EQ(accepted({"7", "--fail-over", "0"}).fail_over, 0u);
}

TEST(CommandLine, WrongUsageIsOneLineAndStatusTwo) {
  for (auto& words : std::vector<Words>{{},
                                        {"leaks"},
                                        {""},
                                        {"leaks", "1", "2"},
                                        {"nosuchcommand"},
                                        {"nosuchcommand", "1"},
                                        {"1", "--nosuchoption"},
                                        {"1", "--format", "xml"},
                                        {"1", "--format"},
                                        {"1", "--top", "-1"},
                                        {"1", "--top", "x"},
                                        {"1", "--threads", "0"},
                                        {"1", "--threads", "4294967296"},
                                        {"1", "--min", "lots"},
                                        {"1", "--fail-over", "-1"}}) {
    auto answer = refused(words);
    auto last = words.empty() ? "" : words.back();
    EXPECT_EQ(answer.status, kExitUsage) << last;
    EXPECT_TRUE(answer.text.starts_with("overhang: ")) << answer.text;
    EXPECT_EQ(answer.text.find('\n'), answer.text.size() - 1) << answer.text;
  }
}

TEST(CommandLine, UnknownCommandsAreNamed) {
  EXPECT_TRUE(contains(refused({"laeks", "1"}).text, "'laeks' is no command"));
  EXPECT_TRUE(contains(refused({"laeks"}).text, "'laeks' is no command"));
}

TEST(CommandLine, FixKnowsItsSourcesAndRemedies) {
  auto fix = parse_command_line({"fix", "1", "--source", "/", "--remedy", "copy"});
  ASSERT_TRUE(fix);
  EXPECT_EQ(fix->command, Command::Fix);
  EXPECT_EQ(fix->fix.remedy, Remedy::Copy);
  EXPECT_EQ(fix->source, "/");
  auto leaks = parse_command_line({"1", "--source", "/"});
  ASSERT_TRUE(leaks);
  EXPECT_EQ(leaks->command, Command::Leaks);
  EXPECT_TRUE(contains(refused({"fix", "1", "--source", "/nowhere"}).text, "no such folder"));
  EXPECT_TRUE(
      contains(refused({"fix", "1", "--source", "/", "--remedy", "x"}).text, "remedies are"));
  EXPECT_TRUE(contains(refused({"1", "--remedy", "copy"}).text, "--remedy is not for leaks"));
}

// The command line of a help text's example: up to what it explains, or the shell's < | >.
Words example_words(const std::string& line) {
  auto text = line.substr(2, line.find("  ", 2) - 2);
  std::istringstream in(text.substr(0, text.find_first_of("<|>")));
  Words words;
  for (std::string word; in >> word;) words.push_back(word == "~/relay" ? "/" : word);
  return words;
}

TEST(CommandLine, EveryExampleOfTheHelpIsTaken) {
  auto before = std::filesystem::current_path();
  auto directory = std::filesystem::temp_directory_path() / "overhang-examples";
  std::filesystem::create_directories(directory);
  std::filesystem::current_path(directory);
  std::ofstream("core") << "a bare word is taken for a file only where there is one";
  for (const CommandRow& command : commands()) {
    int examples = 0, others = 0;  // others: what comes before or after
    std::istringstream about{std::string(command.about)};
    for (std::string line; std::getline(about, line);) {
      if (!line.starts_with("  overhang ")) continue;
      auto words = example_words(line);
      words.erase(words.begin());
      accepted(words).command == command.command ? examples++ : others++;
    }
    EXPECT_GE(examples + others, 2) << command.name;
    EXPECT_GE(examples, 1) << command.name;
  }
  std::filesystem::current_path(before);
  std::filesystem::remove_all(directory);
}

TEST(CommandLine, EveryCommandTeachesByExample) {
  for (const CommandRow& command : commands()) {
    auto name = std::string(command.name);
    for (const Words& words : {Words{name, "--help"}, Words{"help", name}}) {
      auto help = refused(words);
      EXPECT_EQ(help.status, kExitDone) << name;
      EXPECT_TRUE(contains(help.text, "overhang " + name)) << help.text;
      EXPECT_TRUE(contains(help.text, "Usage: overhang " + name)) << help.text;
      EXPECT_EQ(contains(help.text, "--remedy"), command.command == Command::Fix) << help.text;
      EXPECT_EQ(contains(help.text, "--go"), command.command == Command::Model) << help.text;
    }
  }
}

TEST(CommandLine, AnOptionOfAnotherCommandIsRefused) {
  EXPECT_TRUE(contains(refused({"model", "a", "--exe", "b"}).text, "--exe is not for model"));
  EXPECT_TRUE(contains(refused({"1", "--format", "xml"}).text,
                       "leaks writes text, json, html, pprof and folded"));
}

TEST(CommandLine, SnapshotTakesAProcessAndWritesText) {
  EXPECT_TRUE(contains(refused({"snapshot", "7", "--exe", "b"}).text, "--exe is not for snapshot"));
  EXPECT_TRUE(contains(refused({"snapshot", "7", "--format", "json"}).text, "snapshot"));
  auto options = parse_command_line({"snapshot", "7", "-o", "core", "--no-fork"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->command, Command::Snapshot);
  EXPECT_EQ(options->output, "core");
  EXPECT_TRUE(options->analysis.target.without_fork);
}

TEST(CommandLine, GoroutinesCanBeFolded) {
  auto options = parse_command_line({"goroutines", "7", "--format", "folded"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->format, Format::Folded);
  EXPECT_TRUE(contains(refused({"goroutines", "7", "--format", "html"}).text, "goroutines"));
}

TEST(CommandLine, HelpAndVersion) {
  auto help = refused({"--help"});
  EXPECT_EQ(help.status, kExitDone);
  for (auto* option : {"--exe", "--format", "-o", "--top", "--min", "--threads", "--stats",
                       "--spare", "--quiet", "--fail-over", "--no-fork", "--version"})
    EXPECT_TRUE(contains(help.text, option)) << option;
  EXPECT_TRUE(contains(help.text, "overhang core --exe ./relay"));
  auto version = refused({"--version"});
  EXPECT_EQ(version.status, kExitDone);
  EXPECT_TRUE(version.text.starts_with("overhang 0.")) << version.text;
}

TEST(Sizes, DecimalAndBinary) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("512B"), 512u);
  EXPECT_EQ(parse_size("1K"), 1000u);
  EXPECT_EQ(parse_size("1kb"), 1000u);
  EXPECT_EQ(parse_size("1.5MB"), 1500000u);
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("2Gi"), 2147483648u);
  EXPECT_EQ(parse_size("1T"), 1000000000000u);
}

TEST(Sizes, WhatIsNoneIsRefused) {
  for (auto* text : {"", "K", "1X", "-1", "1.5.5", "1KK", "1 MB", "inf", "nan", "1e30T", "0x10",
                     "99999999999T", "1iB"})
    EXPECT_FALSE(parse_size(text)) << text;
}

}  // namespace
}  // namespace overhang
