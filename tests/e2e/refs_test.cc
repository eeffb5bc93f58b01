// overhang refs: every live byte by reference path, held against the runtime's own counters,
// against the leak report, against paths that are known from how the subject was built, and against
// the real `go tool pprof`.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "e2e/subjects.h"
#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

std::string refs(const std::vector<std::string>& target, const std::string& format,
                 const std::vector<std::string>& more = {}) {
  std::vector<std::string> command{"refs", "--format", format};
  command.insert(command.end(), target.begin(), target.end());
  command.insert(command.end(), more.begin(), more.end());
  auto result = run_overhang(command);
  if (result.exit_code != 0) throw std::runtime_error("overhang refs: " + result.err);
  return result.out;
}

std::uint64_t number(const json& row, const char* field) {
  return row.at(field).get<std::uint64_t>();
}

// The frames' own figures, added up.
std::uint64_t sum(const json& report, const char* field) {
  std::uint64_t out = 0;
  for (auto& frame : report.at("frames")) out += number(frame, field);
  return out;
}

// "main.table/.shown []*main.Item": by names from the root on.
std::map<std::string, json> by_path(const json& report) {
  std::map<std::string, json> out;
  std::vector<std::string> paths;
  for (auto& frame : report.at("frames")) {
    auto name = frame.at("name").get<std::string>();
    auto& parent = frame.at("parent");
    // A parent stands before its children.
    paths.push_back(parent.is_null() ? name : paths.at(parent.get<std::size_t>()) + "/" + name);
    // An array and a slice's header on its own have one name: the second is told apart.
    if (!out.emplace(paths.back(), frame).second) out.emplace(paths.back() += " (2)", frame);
  }
  return out;
}

class Refs : public testing::TestWithParam<SubjectCase> {};

TEST_P(Refs, AddUpToTheRuntimesLiveHeapAndToWhatIsHidden) {
  Subject subject(GetParam().name, GetParam().arguments);
  TemporaryDirectory directory;
  auto image = one_image(subject, directory);
  auto report = json::parse(refs(image, "json"));
  auto heap = leaks_json(image).at("heap");
  auto value = [&](const char* name) { return number(report.at("heap"), name); };
  EXPECT_EQ(report.at("schema"), "overhang.refs/1");
  EXPECT_EQ(report.at("warnings"), json::array());
  EXPECT_EQ(report.at("frames_omitted"), 0);
  EXPECT_EQ(sum(report, "bytes"), value("live_bytes"));
  EXPECT_EQ(sum(report, "objects"), value("live_objects"));
  EXPECT_EQ(sum(report, "hidden_bytes"),
            value("overhang_bytes") + value("spare_bytes") + value("lost_bytes"));
  EXPECT_EQ(value("overhang_bytes"), number(heap, "overhang_bytes"));
  EXPECT_EQ(value("overhang_objects"), number(heap, "overhang_objects"));
  // As in totals_test.cc.
  std::uint64_t dropped = (go_minor() <= 24 ? 16 : 0) + std::thread::hardware_concurrency();
  EXPECT_LE(sum(report, "bytes"), subject.heap_alloc() + 65536);
  EXPECT_LE(sum(report, "objects"), subject.heap_objects() + 40);
  EXPECT_GE(sum(report, "bytes") + dropped * 48, subject.heap_alloc());
  EXPECT_GE(sum(report, "objects") + dropped, subject.heap_objects());

  std::uint64_t total = 0, through_hidden = 0;
  auto frames = by_path(report);
  for (auto& [path, frame] : frames) {
    if (frame.at("parent").is_null()) total += number(frame, "total_bytes");
    if (frame.at("through_hidden") == true) {
      through_hidden += number(frame, "objects");
      EXPECT_EQ(number(frame, "hidden_bytes"), number(frame, "bytes")) << path;
      EXPECT_FALSE(frame.at("site").is_null()) << path;
    }
    EXPECT_LE(number(frame, "hidden_bytes"), number(frame, "bytes")) << path;
  }
  EXPECT_EQ(total, value("live_bytes"));
  EXPECT_EQ(through_hidden, value("overhang_objects"));
}

INSTANTIATE_TEST_SUITE_P(Subjects, Refs, testing::ValuesIn(all_subjects()),
                         [](auto& instance) { return instance.param.label(); });

// subjects/paths says how many objects are where.
TEST(RefsOfKnownPaths, HoldWhatTheProgramPutThere) {
  Subject subject("paths");
  auto report = json::parse(refs(subject.target(), "json"));
  auto frames = by_path(report);
  auto objects = [&](const std::string& path) {
    auto frame = frames.find(path);
    return frame == frames.end() ? 0 : number(frame->second, "objects");
  };
  // A list is two frames, whatever its length.
  EXPECT_EQ(objects("main.chain/* main.Link"), 1);
  EXPECT_EQ(objects("main.chain/* main.Link/.next main.Link"), 99'999);
  EXPECT_EQ(objects("main.chain/* main.Link/.next main.Link/.payload [3]uint64"), 99'999);
  EXPECT_EQ(objects("main.chain/* main.Link/.payload [3]uint64"), 1);
  // A tree of twelve levels: what hangs left of the root, and what hangs right.
  EXPECT_EQ(objects("main.tree/* main.Branch"), 1);
  EXPECT_EQ(objects("main.tree/* main.Branch/.left main.Branch"), 2047);
  EXPECT_EQ(objects("main.tree/* main.Branch/.right main.Branch"), 2047);
  EXPECT_EQ(objects("main.tree/* main.Branch/.right main.Branch/.leaf [5]uint64"), 2047);

  const std::string map = "main.table/.byKey map[int]*main.Item/[value] main.Item";
  EXPECT_EQ(objects(map), 500);
  EXPECT_EQ(objects(map + "/.name [7]uint64"), 500);
  const std::string shown = "main.table/.shown []*main.Item";
  EXPECT_EQ(objects(shown), 1);
  EXPECT_EQ(objects(shown + "/[] main.Item"), 400);
  const std::string hidden = shown + "/[hidden tail of main.table.shown]";
  EXPECT_EQ(objects(hidden), 0);
  EXPECT_EQ(objects(hidden + "/[] main.Item"), 600);
  EXPECT_EQ(objects(hidden + "/[] main.Item/.name [7]uint64"), 600);
  // All slots past the length, and no other byte.
  EXPECT_EQ(number(frames.at(hidden), "bytes"),
            (subject.facts().at("shown_cap").get<std::uint64_t>() - 400) * 8);
  EXPECT_EQ(number(frames.at(hidden), "bytes"), number(frames.at(hidden), "hidden_bytes"));
  EXPECT_EQ(number(frames.at(shown), "hidden_bytes"), 0);
  auto& site = report.at("sites").at(frames.at(hidden).at("site").get<std::size_t>());
  EXPECT_EQ(site.at("site"), "main.table.shown");
  EXPECT_EQ(site.at("category"), "tail");
  EXPECT_EQ(site.at("element_type"), "*main.Item");
  EXPECT_EQ(site.at("sources").at(0).at("statement"), "table.shown = table.shown[:400]");

  EXPECT_EQ(objects("main.queue/* chan *[9]uint64/[queued] []*[9]uint64/[] [9]uint64"), 100);
  EXPECT_EQ(objects("main.call/* closure main.closure.func1/captured held [11]uint64"), 1);

  std::uint64_t locals = 0, knots = 0, knot_frames = 0;
  for (auto& [path, frame] : frames) {
    if (path.starts_with("mine in main.") &&
        path.ends_with("/* main.Mine/.values []*[13]uint64/[] [13]uint64")) {
      locals += number(frame, "objects");
      auto root = frames.at(path.substr(0, path.find('/')));
      auto& code = report.at("code").at(root.at("code").get<std::size_t>());
      EXPECT_EQ(code.at("file").get<std::string>().substr(
                    code.at("file").get<std::string>().rfind('/') + 1),
                "main.go");
      EXPECT_TRUE(path.starts_with("mine in " + code.at("function").get<std::string>()));
    }
    if (!path.starts_with("main.knot/")) continue;
    knots += number(frame, "objects");
    knot_frames++;
  }
  EXPECT_EQ(locals, 50);
  // Types that refer to one another in every order are few frames, with all that is theirs.
  EXPECT_EQ(knots, subject.facts().at("knots").get<std::uint64_t>());
  EXPECT_LE(knot_frames, 1000);
}

TEST(RefsText, ShowsTheTreeAndFitsThePage) {
  Subject subject("paths");
  auto text = refs(subject.target(), "text");
  EXPECT_NE(text.find("[hidden tail of main.table.shown]"), std::string::npos) << text;
  EXPECT_NE(text.find("made at main.go:"), std::string::npos) << text;
  EXPECT_NE(text.find("  table.shown = table.shown[:400]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("main.chain * main.Link\n"), std::string::npos) << text;
  // --top leaves rows out and loses no byte.
  auto few = json::parse(refs(subject.target(), "json", {"--top", "5"}));
  EXPECT_LE(few.at("frames").size(), 6);
  EXPECT_GT(few.at("frames_omitted"), 0);
  EXPECT_EQ(sum(few, "bytes"), number(few.at("heap"), "live_bytes"));
  EXPECT_EQ(sum(few, "objects"), number(few.at("heap"), "live_objects"));
}

// Lines of "frame;frame bytes" as flamegraph.pl and inferno take them apart: the last blank.
TEST(RefsFolded, IsAStackAndANumberALineAndAddsUp) {
  Subject subject("paths");
  TemporaryDirectory directory;
  auto image = one_image(subject, directory);
  auto report = json::parse(refs(image, "json"));
  std::istringstream lines(refs(image, "folded"));
  std::map<std::string, std::uint64_t> stacks;
  std::uint64_t total = 0;
  for (std::string line; std::getline(lines, line);) {
    auto blank = line.rfind(' ');
    ASSERT_NE(blank, std::string::npos) << line;
    auto digits = line.substr(blank + 1);
    ASSERT_FALSE(digits.empty()) << line;
    ASSERT_EQ(digits.find_first_not_of("0123456789"), std::string::npos) << line;
    auto stack = line.substr(0, blank);
    ASSERT_EQ(stack.find(";;"), std::string::npos) << line;
    ASSERT_TRUE(stacks.emplace(stack, std::stoull(digits)).second) << line;
    total += stacks.at(stack);
  }
  EXPECT_EQ(total, number(report.at("heap"), "live_bytes"));
  EXPECT_EQ(stacks.at("main.chain;* main.Link;.next main.Link"), 99'999 * 16);
}

// What `go tool pprof` says of profiles.
std::string pprof(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"go", "tool", "pprof"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto result = run(command);
  if (result.exit_code != 0) throw std::runtime_error("go tool pprof: " + result.err);
  return result.out;
}

// Of a profile's samples, by sample type.
std::map<std::string, std::uint64_t> sums_of(const std::string& profile) {
  std::istringstream raw(pprof({"-raw", profile}));
  std::map<std::string, std::uint64_t> sums;
  std::vector<std::string> types;
  std::string line;
  while (std::getline(raw, line) && line != "Samples:") continue;
  std::getline(raw, line);
  for (std::istringstream names(line); names >> line;)
    types.push_back(line.substr(0, line.find('/')));
  while (std::getline(raw, line) && line != "Locations") {
    // "       0     800000          1: 2 1"; a sample's labels stand on a line of their own.
    auto colon = line.find(": ");
    if (colon == std::string::npos || line.find_first_not_of("0123456789 ") != colon) continue;
    std::istringstream values(line.substr(0, colon));
    std::uint64_t value = 0;
    for (auto& type : types)
      if (values >> value) sums[type] += value;
  }
  return sums;
}

class RefsPprof : public testing::Test {
 protected:
  RefsPprof()
      : subject_("paths"), image_(one_image(subject_, directory_)), file_(write("live.pb.gz")) {}
  std::string write(const std::string& name) {
    auto path = directory_.file(name);
    refs(image_, "pprof", {"-o", path});
    return path;
  }
  TemporaryDirectory directory_;
  Subject subject_;
  std::vector<std::string> image_;
  std::string file_;
};

TEST_F(RefsPprof, SamplesAddUpToTheLiveHeap) {
  auto heap = json::parse(refs(image_, "json")).at("heap");
  auto sums = sums_of(file_);
  for (auto type : {"inuse", "retained"}) {
    EXPECT_EQ(sums.at(type + std::string("_space")), number(heap, "live_bytes"));
    EXPECT_EQ(sums.at(type + std::string("_objects")), number(heap, "live_objects"));
  }
  EXPECT_EQ(sums.at("hidden_space"), number(heap, "overhang_bytes") + number(heap, "spare_bytes") +
                                         number(heap, "lost_bytes"));
}

// What a frame has with all below it is what would go with it.
TEST_F(RefsPprof, CumulatedRetainedSpaceIsWhatAVariableKeeps) {
  auto top =
      pprof({"-top", "-cum", "-unit=B", "-nodefraction=0", "-sample_index=retained_space", file_});
  auto list = std::to_string(100'000 * (16 + 24)) + "B";  // nodes and what they hold
  std::istringstream lines(top);
  std::string found;
  for (std::string row; std::getline(lines, row);)
    if (row.ends_with(" main.chain")) found = row;
  EXPECT_NE(found.find(list), std::string::npos) << top;
}

// The leak report as a profile and as stacks: what is hidden, and nothing else.
TEST_F(RefsPprof, LeaksAsAProfileAddUpToTheOverhang) {
  auto path = directory_.file("leaks.pb.gz");
  auto leaks = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command{"leaks"};
    command.insert(command.end(), image_.begin(), image_.end());
    command.insert(command.end(), more.begin(), more.end());
    return run_overhang(command);
  };
  ASSERT_EQ(leaks({"--format", "pprof", "-o", path}).exit_code, 0);
  auto heap = leaks_json(image_).at("heap");
  auto sums = sums_of(path);
  EXPECT_EQ(sums.at("retained_space"), number(heap, "overhang_bytes"));
  EXPECT_EQ(sums.at("retained_objects"), number(heap, "overhang_objects"));
  auto traces = pprof({"-traces", "-sample_index=retained_objects", path});
  EXPECT_NE(traces.find("   600   main.Item\n"
                        "             [hidden tail of main.table.shown]\n"
                        "             shown\n"
                        "             main.table\n"),
            std::string::npos)
      << traces;
  auto folded = leaks({"--format", "folded"}).out;
  EXPECT_NE(folded.find("main.table;shown;[hidden tail of main.table.shown];main.Item 19200\n"),
            std::string::npos)
      << folded;
}

TEST_F(RefsPprof, TopAndTracesShowAccessPaths) {
  auto top = pprof({"-top", "-unit=B", "-nodefraction=0", file_});
  EXPECT_NE(top.find("Type: inuse_space"), std::string::npos) << top;
  EXPECT_NE(top.find(std::to_string(99'999 * 16) + "B"), std::string::npos) << top;  // .next
  auto traces = pprof({"-traces", "-sample_index=inuse_objects", file_});
  EXPECT_NE(traces.find("   600   .name [7]uint64\n"
                        "             [] main.Item\n"
                        "             [hidden tail of main.table.shown]\n"
                        "             .shown []*main.Item\n"
                        "             main.table\n"),
            std::string::npos)
      << traces;
}

TEST_F(RefsPprof, LabelsAndSourceLinesNameWhatHides) {
  auto tagged = pprof({"-top", "-sample_index=inuse_objects", "-tagfocus=site=main.table.shown",
                       "-nodefraction=0", file_});
  EXPECT_NE(tagged.find("accounting for 1200, "), std::string::npos)
      << tagged;  // items, and their names
  auto tails = pprof({"-tags", "-sample_index=hidden_space", file_});
  EXPECT_NE(tails.find("tail"), std::string::npos) << tails;
  auto lines = pprof({"-top", "-lines", "-sample_index=hidden_space", "-nodefraction=0", file_});
  auto statement =
      run({"grep", "-n", "shown\\[:400\\]", std::string(OVERHANG_SUBJECTS_DIR) + "/paths/main.go"})
          .out;
  auto place = "main.go:" + statement.substr(0, statement.find(':'));
  EXPECT_NE(lines.find(place), std::string::npos) << lines;
}

// The page of `go tool pprof -http`, fetched as a browser would.
TEST_F(RefsPprof, OpensInTheWebInterface) {
  const char* script = R"(
    set -m
    go tool pprof -no_browser -http=127.0.0.1: "$1" >"$2" 2>&1 &
    for _ in {1..300}; do
      at=$(sed -n 's|.*http://\([^ /]*\).*|\1|p' "$2")
      if [ -n "$at" ] && exec 3<>"/dev/tcp/${at%:*}/${at##*:}"; then break; fi
      sleep 0.1
    done 2>/dev/null
    printf 'GET /ui/flamegraph?si=retained_space HTTP/1.0\r\nHost: %s\r\n\r\n' "$at" >&3
    cat <&3
    kill -- -$!)";
  auto page = run({"bash", "-c", script, "bash", file_, directory_.file("log")}).out;
  EXPECT_TRUE(page.starts_with("HTTP/1.0 200 OK")) << page;
  // The pages of older releases' pprof are made in the browser, out of names in pieces.
  if (go_minor() >= 22)
    EXPECT_NE(page.find("hidden tail of main.table.shown"), std::string::npos) << page;
  for (auto type :
       {"retained_space", "retained_objects", "hidden_space", "inuse_space", "inuse_objects"})
    EXPECT_NE(page.find("si=" + std::string(type)), std::string::npos) << type;
}

TEST_F(RefsPprof, AProfileLessItselfIsNothing) {
  auto difference = pprof({"-top", "-diff_base=" + file_, write("again.pb.gz")});
  EXPECT_NE(difference.find("Showing nodes accounting for 0, 0% of"), std::string::npos)
      << difference;
}

}  // namespace
}  // namespace overhang::test
