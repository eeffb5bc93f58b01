// The statements that hide memory: in the subjects they end in "// overhang: SITE …".
#include "cli/sources.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "support/analysis.h"
#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

// By file name and line: the words after the mark.
using Marks = std::map<std::pair<std::string, std::uint64_t>, std::set<std::string>>;

Marks read_marks(const std::string& folder) {
  Marks out;
  for (auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".go") continue;
    std::ifstream in(entry.path());
    std::string line;
    for (std::uint64_t number = 1; std::getline(in, line); number++) {
      auto at = line.find("overhang: ");
      if (at == std::string::npos) continue;
      std::istringstream words(line.substr(at + 10));
      for (std::string word; words >> word;)
        out[{entry.path().filename().string(), number}].insert(word);
    }
  }
  return out;
}

const std::string kOracle = std::string(OVERHANG_SUBJECTS_DIR) + "/oracle";

// Whether the line is marked with the site: one of its name's words ("value of map main.index").
bool is_marked(const Marks& marks, const json& source, const std::string& site) {
  auto file = std::filesystem::path(source.at("file").get<std::string>()).filename().string();
  auto at = marks.find({file, source.at("line").get<std::uint64_t>()});
  if (at == marks.end()) return false;
  std::istringstream words(site);
  for (std::string word; words >> word;)
    if (at->second.contains(word)) return true;
  return false;
}

bool is_helper(const Marks& marks, const json& source) {
  return is_marked(marks, source, "helper");
}

std::vector<std::string> scenarios() {
  auto list = run(command_line({build_subject("oracle"), "list"})).out;
  std::istringstream lines(list);
  std::vector<std::string> out;
  for (std::string name; lines >> name;) out.push_back(name);
  return out;
}

// Each site of each scenario: the first statement is one of that variable or field, and so are all
// others but the helper's that they call. Statements of other variables are never named.
TEST(Sources, AreTheStatementsOfTheSite) {
  auto marks = read_marks(kOracle);
  ASSERT_GT(marks.size(), 25u);
  std::size_t sites = 0, right = 0;
  for (auto& scenario : scenarios()) {
    // Before Go 1.22 nothing says that these arrays lie in elements: they are windows, cut nowhere.
    if (scenario == "interior_with_slices_of_themselves" && go_minor() < 22) continue;
    Subject subject("oracle", {scenario});
    auto report = leaks_json(subject.target());
    for (auto& row : report.at("sites")) {
      if (row.at("retained_bytes") <= 1024 && row.at("hidden_bytes") <= 1024) continue;
      if (row.at("category") == "interior") continue;  // a pointer, not a statement that cuts
      std::string site = row.at("site");
      SCOPED_TRACE(scenario + ": " + site + " " + row.at("sources").dump());
      sites++;
      auto& sources = row.at("sources");
      if (!sources.empty() && is_marked(marks, sources[0], site)) right++;
      EXPECT_FALSE(sources.empty());
      for (auto& source : sources)
        EXPECT_TRUE(is_marked(marks, source, site) || is_helper(marks, source)) << source;
    }
  }
  RecordProperty("sites", static_cast<int>(sites));
  EXPECT_EQ(right, sites);
}

// Packages of a module, generic code that is inlined away, embedded and nameless structs, heaps,
// helpers: all sites and their lines, of a build with -trimpath too.
TEST(Sources, OfAProgramOfSeveralPackages) {
  auto folder = std::string(OVERHANG_SUBJECTS_DIR) + "/packages";
  auto marks = read_marks(folder);
  for (bool trimmed : {false, true}) {
    auto executable =
        trimmed ? build_subject("packages", {"-trimpath"}, "trimpath") : build_subject("packages");
    auto subject = Subject::started(executable, {});
    auto arguments = subject.target();
    if (trimmed) arguments.insert(arguments.end(), {"--source", folder});
    auto report = leaks_json(arguments);
    std::size_t sites = 0;
    for (auto& row : report.at("sites")) {
      if (row.at("stale_slots") == 0) continue;
      std::string site = row.at("site");
      SCOPED_TRACE(site + " " + row.at("sources").dump());
      sites++;
      auto& sources = row.at("sources");
      EXPECT_TRUE(!sources.empty() && is_marked(marks, sources[0], site));
      for (auto& source : sources)
        EXPECT_TRUE(is_marked(marks, source, site) || is_helper(marks, source)) << source;
    }
    EXPECT_EQ(sites, 12u);
  }
}

// All rows are searched for in the same packages, whichever of them led there.
TEST(Sources, DoNotDependOnTheOrderOfTheRows) {
  Subject subject("packages", {});
  auto anatomy = Anatomy::of(subject);
  Analysis analysis(*anatomy);
  LeakReport report;
  auto places = describe_sites(*analysis.views, analysis.certain, analysis.possible, 0, report);
  ASSERT_GE(places.size(), 11u);
  auto texts = [&](bool reversed) {
    auto target = open_target({.target = subject.target().front()}, anatomy->diagnostics);
    if (!target) throw std::runtime_error(target.error().message);
    Sources sources(*target, "", anatomy->diagnostics);
    auto rows = report.sites;
    auto where = places;
    if (reversed) {
      std::reverse(rows.begin(), rows.end());
      std::reverse(where.begin(), where.end());
    }
    std::vector<std::string> out;
    for (auto& statements : sources.find(rows, where)) {
      auto& text = out.emplace_back();
      for (auto& one : statements)
        text += fmt::format("{}:{} ", one.flow.file->path, source::describe(one).line);
    }
    if (reversed) std::reverse(out.begin(), out.end());
    return out;
  };
  EXPECT_EQ(texts(false), texts(true));
}

TEST(Sources, HaveFileLineFunctionAndStatement) {
  Subject subject("oracle", {"tail_global_field"});
  auto source = leaks_json(subject.target()).at("sites").at(0).at("sources").at(0);
  EXPECT_EQ(source.at("file"), kOracle + "/tail.go");
  EXPECT_EQ(source.at("function"), "(*Pool).remove");
  EXPECT_EQ(source.at("statement"), "p.inUse = p.inUse[:last]");
  auto target = subject.target();
  target.insert(target.begin(), "leaks");
  auto text = run_overhang(target).out;
  EXPECT_NE(text.find("made at  tail.go:" + std::to_string(source.at("line").get<int>()) +
                      "  (*Pool).remove  p.inUse = p.inUse[:last]"),
            std::string::npos)
      << text;
}

// A program built elsewhere, with -trimpath, and its sources under --source alone.
TEST(Sources, AreFoundUnderAnotherFolder) {
  auto executable = build_subject("oracle", {"-trimpath"}, "trimpath");
  auto subject = Subject::started(executable, {"tail_global_field"});
  EXPECT_TRUE(leaks_json(subject.target()).at("sites").at(0).at("sources").empty());

  TemporaryDirectory copy;
  std::filesystem::create_directories(copy.file("checkout"));
  std::filesystem::copy(kOracle, copy.file("checkout/oracle"),
                        std::filesystem::copy_options::recursive);
  for (auto& folder : {copy.file("checkout"), copy.file("checkout/oracle")}) {
    auto arguments = subject.target();
    arguments.insert(arguments.end(), {"--source", folder});
    auto sources = leaks_json(arguments).at("sites").at(0).at("sources");
    ASSERT_FALSE(sources.empty()) << folder;
    EXPECT_EQ(sources[0].at("file"), copy.file("checkout/oracle/tail.go"));
  }

  // Edited since: said, and the line is that of the sources as they are.
  std::ifstream in(kOracle + "/tail.go");
  std::stringstream text;
  text << in.rdbuf();
  in.close();
  std::ofstream(copy.file("checkout/oracle/tail.go")) << "// One line more.\n" << text.str();
  auto arguments = subject.target();
  arguments.insert(arguments.end(), {"--source", copy.file("checkout")});
  auto edited = leaks_json(arguments);
  ASSERT_FALSE(edited.at("sites").at(0).at("sources").empty());
  // Before Go 1.20 executables do not record where functions begin, so that nothing tells.
  if (go_minor() >= 20)
    EXPECT_NE(edited.at("warnings").dump().find("edited since"), std::string::npos);
}

}  // namespace
}  // namespace overhang::test
