// --help, the manual page and the completion of three shells are made from one table: each must
// hold every option of every command, and no other's.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <sstream>

#include "cli/commands.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using Names = std::set<std::string>;

Names split(const std::string& text, char separator) {
  Names out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);)
    if (!part.empty()) out.insert(part);
  return out;
}

Names expected_options(const CommandRow& command) {
  Names out;
  for (const OptionRow& option : command_options())
    if (option.commands & bit(command.command)) out.merge(split(std::string(option.names), ','));
  return out;
}

Names long_ones(const Names& names) {
  Names out;
  std::ranges::copy_if(names, std::inserter(out, out.end()),
                       [](const std::string& name) { return name.starts_with("--"); });
  return out;
}

std::string output_of(const std::vector<std::string>& arguments) {
  auto finished = run_overhang(arguments);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.err, "");
  return finished.out;
}

bool have(const std::string& program) { return run({program, "--version"}).exit_code != 127; }

TEST(Help, NamesTheCommandsOptions) {
  static const std::regex line("(?:^|\\n)  (-[-a-z,]+)");
  for (const CommandRow& command : commands()) {
    auto help = output_of({std::string(command.name), "--help"});
    Names found;
    for (std::sregex_iterator at(help.begin(), help.end(), line), end; at != end; ++at)
      found.merge(split((*at)[1], ','));
    EXPECT_EQ(found, expected_options(command)) << help;
  }
}

TEST(Help, FitsATerminal) {
  for (const CommandRow& command : commands()) {
    std::istringstream help(output_of({std::string(command.name), "--help"}));
    for (std::string line; std::getline(help, line);) EXPECT_LE(line.size(), 110u) << line;
  }
}

// The parts of the manual page as it is printed, by heading.
class Manual : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(page_) << output_of({"--man"});
    if (!have("mandoc")) GTEST_SKIP() << "SKIPPED: mandoc is not installed";
  }
  TemporaryDirectory directory_;
  const std::string page_ = directory_.file("overhang.1");
};

TEST_F(Manual, IsWellFormed) {
  auto lint = run({"mandoc", "-T", "lint", "-W", "warning", page_});
  // It has no date: a page for each build would differ.
  auto found = std::regex_replace(lint.out, std::regex("[^\n]*missing date[^\n]*\n"), "");
  EXPECT_EQ(found, "");
}

TEST_F(Manual, HasEveryOptionOfEveryCommand) {
  auto printed = run({"mandoc", "-T", "ascii", "-O", "width=100", page_}).out;
  printed = std::regex_replace(printed, std::regex(".\b"), "");  // bold, underlined
  printed = std::regex_replace(printed, std::regex("\\s+"), " ");
  auto options_at = printed.find(" OPTIONS ");
  ASSERT_NE(options_at, std::string::npos);
  auto options = printed.substr(options_at);
  for (const CommandRow& command : commands()) {
    auto at = printed.find(" overhang " + std::string(command.name) + " " +
                           std::string(command.words) + " [options]");
    ASSERT_LT(at, options_at) << command.name;
    auto list_at = printed.find("Options: ", at);
    auto list = printed.substr(list_at, printed.find('.', list_at) - list_at);
    Names found;
    static const std::regex name("--[-a-z]+");
    for (std::sregex_iterator word(list.begin(), list.end(), name), end; word != end; ++word)
      found.insert(word->str());
    EXPECT_EQ(found, long_ones(expected_options(command))) << list;
    for (const auto& option : expected_options(command))
      EXPECT_NE(options.find(" " + option), std::string::npos) << option;
  }
}

// A shell that completes.
struct Shell {
  std::string name;
  // What it offers at the end of a line, of the script's path and the line.
  std::function<Names(const std::string&, const std::string&)> offers;
};
void PrintTo(const Shell& shell, std::ostream* out) { *out << shell.name; }

Names offers_of(const Finished& finished) {
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.err, "");
  return split(std::regex_replace(finished.out, std::regex("\t[^\n]*"), ""), '\n');
}

const std::vector<Shell>& shells() {
  static const std::vector<Shell> all = {
      {"bash",
       [](const std::string& script, const std::string& line) {
         return offers_of(run({"bash", "--norc", "-c", R"(source "$1"
           complete -p overhang >/dev/null || exit
           read -ra COMP_WORDS <<< "$2"
           [[ $2 == *' ' ]] && COMP_WORDS+=("")
           COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
           _overhang
           printf '%s\n' "${COMPREPLY[@]}")",
                               "bash", script, line}));
       }},
      {"zsh",
       [](const std::string& script, const std::string& line) {
         return offers_of(run({"zsh", "-f", OVERHANG_COMPLETE_ZSH, script, line}));
       }},
      {"fish", [](const std::string& script, const std::string& line) {
         return offers_of(run(
             {"fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script, line}));
       }}};
  return all;
}

class Completion : public testing::TestWithParam<Shell> {
 protected:
  void SetUp() override {
    if (!have(GetParam().name))
      GTEST_SKIP() << "SKIPPED: " << GetParam().name << " is not installed";
    std::ofstream(script_) << output_of({"--completion", GetParam().name});
  }
  Names offers(const std::string& line) const { return GetParam().offers(script_, line); }
  TemporaryDirectory directory_;
  const std::string script_ = directory_.file("script");
};

TEST_P(Completion, OffersTheCommandsOptions) {
  for (const CommandRow& command : commands())
    EXPECT_EQ(long_ones(offers("overhang " + std::string(command.name) + " x --")),
              long_ones(expected_options(command)))
        << command.name;
  auto of_leaks = long_ones(expected_options(row_of(Command::Leaks)));
  EXPECT_EQ(long_ones(offers("overhang 12923 --")), of_leaks);
  of_leaks.insert({"--version", "--man", "--completion"});
  EXPECT_EQ(long_ones(offers("overhang --")), of_leaks);
}

TEST_P(Completion, OffersTheCommandsWords) {
  auto first = offers("overhang ");
  for (const CommandRow& command : commands()) {
    std::string name(command.name);
    EXPECT_TRUE(first.contains(name)) << name;
    auto second = offers("overhang " + name + " ");
    bool target = command.words.starts_with("TARGET") || command.words.starts_with("OLD");
    bool process = target || command.words.starts_with("PID");
    EXPECT_EQ(second.contains(std::to_string(getpid())), process) << name;
    EXPECT_EQ(offers("overhang " + name + " /etc/hostn").contains("/etc/hostname") ||
                  offers("overhang " + name + " /etc/hostn").contains("hostname"),
              target || command.words == "FILE")
        << name;
  }
}

TEST_P(Completion, OffersValues) {
  for (const CommandRow& command : commands()) {
    if (!expected_options(command).contains("--format")) continue;
    Names formats;
    for (Format format : command.formats) formats.emplace(format_name(format));
    auto line = "overhang " + std::string(command.name) + " x --format ";
    EXPECT_EQ(offers(line), formats) << line;
  }
  EXPECT_EQ(offers("overhang fix x --remedy c"), (Names{"clear", "copy", "copy_if_cap_exceeds"}));
  EXPECT_EQ(offers("overhang --completion "), (Names{"bash", "zsh", "fish"}));
  EXPECT_FALSE(offers("overhang fix x --source /et").contains("/etc/hostname"));
}

INSTANTIATE_TEST_SUITE_P(Shells, Completion, testing::ValuesIn(shells()),
                         [](auto& instance) { return instance.param.name; });

// Between the list of /proc and a look at its name a process may end. That instant cannot be
// provoked: a cat that fails stands for it.
TEST(CompletionScript, FishIsSilentOfAProcessThatEndsMeanwhile) {
  if (!have("fish")) GTEST_SKIP() << "SKIPPED: fish is not installed";
  TemporaryDirectory directory;
  auto script = directory.file("script");
  std::ofstream(script) << output_of({"--completion", "fish"});
  auto finished = run({"fish", "--no-config", "-c", R"(source $argv[1]
    function cat; echo "cat: $argv" >&2; return 1; end
    complete -C 'overhang goroutines ')",
                       script});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.err, "");
  EXPECT_FALSE(split(finished.out, '\n').contains(std::to_string(getpid()))) << finished.out;
}

TEST(CompletionScript, OtherShellsAreRefused) {
  auto finished = run_overhang({"--completion", "csh"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(finished.out, "");
  EXPECT_NE(finished.err.find("bash, zsh and fish"), std::string::npos) << finished.err;
}

}  // namespace
}  // namespace overhang::test
