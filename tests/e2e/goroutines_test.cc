// overhang goroutines, held against what the runtime says of the same goroutines: runtime.Stack,
// the goroutine profile, and HeapAlloc after one has ended.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

json goroutines_json(const std::vector<std::string>& target) {
  std::vector<std::string> words{"goroutines", "--format", "json"};
  words.insert(words.end(), target.begin(), target.end());
  auto result = run_overhang(words);
  if (result.exit_code != 0) throw std::runtime_error("overhang goroutines: " + result.err);
  return json::parse(result.out);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A goroutine as a traceback tells it.
struct Told {
  std::string state;
  std::vector<std::string> frames;  // "function file:line", innermost first
  std::string created_by;           // "function file:line"
  std::size_t elided = 0;           // after 50 frames
};

bool operator==(const Told& a, const Told& b) {
  return a.state == b.state && a.frames == b.frames && a.created_by == b.created_by;
}

std::string text_of(const Told& told) {
  auto out = "[" + told.state + "]\n";
  for (auto& frame : told.frames) out += "  " + frame + "\n";
  return out + "  created by " + told.created_by + "\n";
}

// "\t/path/file.go:12 +0x34" without the offset.
std::string place_in(const std::string& line) { return line.substr(1, line.find(" +0x") - 1); }

// "goroutine 7 [chan receive, 2 minutes]:", then two lines a frame.
void parse_block(std::istringstream& lines, const std::string& header,
                 std::map<std::uint64_t, Told>& out) {
  auto id = std::stoull(header.substr(std::string("goroutine ").size()));
  Told told;
  auto open = header.find('[');
  told.state = header.substr(open + 1, header.find_first_of(",]", open) - open - 1);
  for (std::string line, place; std::getline(lines, line) && !line.empty();) {
    if (line.starts_with("...")) {  // "...201 frames elided..."; to Go 1.20 "...additional"
      told.elided = std::strtoull(line.c_str() + 3, nullptr, 10);
      continue;
    }
    std::getline(lines, place);
    constexpr std::string_view kCreated = "created by ";
    if (line.starts_with(kCreated))
      told.created_by = line.substr(kCreated.size(), line.find(" in goroutine") - kCreated.size()) +
                        " " + place_in(place);
    else
      told.frames.push_back(line.substr(0, line.rfind('(')) + " " + place_in(place));
  }
  out[id] = told;
}

std::map<std::uint64_t, Told> runtime_stacks(Subject& subject, const std::string& file) {
  subject.command("stacks");
  std::istringstream lines(read_file(file));
  std::map<std::uint64_t, Told> out;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("goroutine ")) parse_block(lines, line, out);
  return out;
}

std::string place_of(const json& row) {
  return row["function"].get<std::string>() + " " + row["file"].get<std::string>() + ":" +
         std::to_string(row["line"].get<int>());
}

// The program's own goroutines, as overhang tells them.
std::map<std::uint64_t, Told> told_by(const json& report) {
  std::map<std::uint64_t, Told> out;
  for (auto& stack : report["stacks"]) {
    if (stack["system"]) continue;
    for (auto& goroutine : stack["goroutines"]) {
      Told told;
      told.state = goroutine["wait_reason"].get<std::string>().empty() ? goroutine["state"]
                                                                       : goroutine["wait_reason"];
      for (auto& frame : stack["frames"]) told.frames.push_back(place_of(frame));
      told.elided = stack["frames_elided"];
      // Of a stack that several places start, the report does not say which started whom.
      if (stack["created_by"].size() == 1) told.created_by = place_of(stack["created_by"][0]);
      EXPECT_FALSE(goroutine["truncated"]);
      out[goroutine["id"]] = told;
    }
  }
  return out;
}

// `runtime` may end early: to Go 1.20 it prints the innermost hundred frames, hidden ones counted.
void expect_same(std::uint64_t id, Told ours, Told runtime) {
  if (go_minor() < 21 && ours.elided != 0) {
    ASSERT_GT(runtime.frames.size(), 90u);
    ours.frames.resize(50);
    runtime.frames.resize(50);
  } else {
    EXPECT_EQ(ours.elided, runtime.elided) << "goroutine " << id;
  }
  if (ours.created_by.empty()) runtime.created_by.clear();
  EXPECT_EQ(ours, runtime) << "goroutine " << id << ": overhang says\n"
                           << text_of(ours) << "the runtime\n"
                           << text_of(runtime);
}

void expect_what_the_runtime_says(Subject& subject, const std::string& file,
                                  const std::vector<std::string>& options = {}) {
  auto before = runtime_stacks(subject, file);
  auto target = subject.target();
  target.insert(target.end(), options.begin(), options.end());
  auto ours = told_by(goroutines_json(target));
  // An emulated one ended with its image.
  auto after = emulating_arm64() ? before : runtime_stacks(subject, file);
  ASSERT_GT(before.size(), 20u);
  std::size_t compared = 0;
  for (auto& [id, told] : before) {
    if (id == 1 || !after.count(id) || !(after[id] == told)) continue;  // 1 wrote the dump
    ASSERT_TRUE(ours.count(id)) << "goroutine " << id << " is missing\n" << text_of(told);
    expect_same(id, ours[id], told);
    compared++;
  }
  EXPECT_GE(compared + 3, before.size());
  // None that the runtime calls its own, and none that it does not have.
  for (auto& [id, told] : ours)
    EXPECT_TRUE(before.count(id) || after.count(id)) << "goroutine " << id << "\n" << text_of(told);
}

TEST(Goroutines, OfEverySpecialStackAsTheRuntimeSays) {
  TemporaryDirectory folder;
  auto file = folder.file("stacks");
  Subject subject("tracebacks", {file});
  expect_what_the_runtime_says(subject, file);
}

TEST(Goroutines, BlockedInEveryWayAsTheRuntimeSays) {
  TemporaryDirectory folder;
  auto file = folder.file("stacks");
  Subject subject("blocked", {file});
  expect_what_the_runtime_says(subject, file);
}

TEST(Goroutines, OfAStrippedProgramTheSame) {
  TemporaryDirectory folder;
  auto file = folder.file("stacks");
  auto executable = build_subject("tracebacks", {"-ldflags=-s -w"}, "stripped");
  auto subject = Subject::started(executable, {file});
  expect_what_the_runtime_says(subject, file);
}

TEST(Goroutines, GroupedAsTheProfileGroupsThem) {
  TemporaryDirectory folder;
  auto file = folder.file("profile");
  Subject subject("tracebacks", {file});
  subject.command("profile");
  std::multiset<std::size_t> profile, ours;  // sizes of groups
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);)
    if (line.find(" @ 0x") != std::string::npos) profile.insert(std::stoull(line));
  auto report = goroutines_json(subject.target());
  for (auto& stack : report["stacks"])
    if (!stack["system"]) ours.insert(stack["count"].get<std::size_t>());
  EXPECT_EQ(ours, profile);
  EXPECT_TRUE(ours.count(8));
  // Two places start those eight.
  auto& stack = report["stacks"][0];
  ASSERT_EQ(stack["created_by"].size(), 2u);
  EXPECT_EQ(stack["created_by"][0]["function"], "main.startHere");
  EXPECT_EQ(stack["created_by"][0]["count"], 5);
  EXPECT_EQ(stack["created_by"][1]["function"], "main.startThere");
  EXPECT_EQ(stack["created_by"][1]["count"], 3);
}

// Those in main.holder, most retained bytes first.
std::vector<std::uint64_t> retained_by_holders(Subject& subject) {
  std::vector<std::uint64_t> out;
  auto report = goroutines_json(subject.target());
  for (auto& stack : report["stacks"])
    if (stack["frames"].back()["function"] == "main.holder")
      for (auto& goroutine : stack["goroutines"]) out.push_back(goroutine["retained_bytes"]);
  return out;
}

TEST(Goroutines, RetainWhatIsFreedWhenTheyEnd) {
  TemporaryDirectory folder;
  Subject subject("tracebacks", {folder.file("unused")});
  auto retained = retained_by_holders(subject);
  ASSERT_EQ(retained.size(), 2u);
  EXPECT_GE(retained[0], 1u << 20);
  EXPECT_GE(retained[1], 1u << 16);
  EXPECT_LT(retained[1], 1u << 18);
  auto before = subject.heap_alloc();
  subject.command("release");
  subject.command("release");
  EXPECT_NEAR(static_cast<double>(before - subject.heap_alloc()),
              static_cast<double>(retained[0] + retained[1]), 4096);
  EXPECT_TRUE(retained_by_holders(subject).empty());
}

double longest_wait(const json& report) {
  double longest = -1;
  for (auto& stack : report["stacks"])
    for (auto& goroutine : stack["goroutines"])
      if (goroutine["waited_ms"].is_number())
        longest = std::max(longest, goroutine["waited_ms"].get<double>());
  return longest;
}

TEST(Goroutines, WaitByTheClockOfTheImage) {
  using Clock = std::chrono::steady_clock;
  auto ms = [](Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
  };
  if (emulating_arm64()) GTEST_SKIP() << "of processes and their snapshots";
  TemporaryDirectory folder;
  auto start = Clock::now();
  Subject subject("tracebacks", {folder.file("unused")});
  auto ready = Clock::now();
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  auto core = folder.file("core"), pid = std::to_string(subject.pid());
  auto least = ms(Clock::now() - ready);
  ASSERT_EQ(run_overhang({"snapshot", pid, "-o", core}).exit_code, 0);
  auto most = ms(Clock::now() - start);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  auto live = goroutines_json({pid});
  auto later = goroutines_json({core});
  EXPECT_EQ(later["clock"], "monotonic");
  // Seen to wait by the collection before `ready`, at the latest; not before the program began.
  EXPECT_GE(longest_wait(later), least);
  EXPECT_LE(longest_wait(later), most);
  EXPECT_GE(longest_wait(live), longest_wait(later) + 1100);
  if (!have_gcore()) return;
  auto without_clock = goroutines_json({write_core(subject.pid(), folder.file("gcore"))});
  EXPECT_EQ(without_clock["clock"], "newest wait");
  EXPECT_GE(longest_wait(without_clock), 0);
  EXPECT_LE(longest_wait(without_clock), longest_wait(live));
}

TEST(Goroutines, FoldedStacksSumUp) {
  TemporaryDirectory folder;
  Subject subject("tracebacks", {folder.file("unused")});
  auto target = subject.target();
  auto report = goroutines_json(target);
  target.insert(target.begin(), {"goroutines", "--format", "folded"});
  auto folded = run_overhang(target);
  std::istringstream lines(folded.out);
  std::uint64_t sum = 0, workers = 0;
  for (std::string line; std::getline(lines, line);) {
    auto count = std::stoull(line.substr(line.rfind(' ') + 1));
    sum += count;
    if (line.starts_with("main.worker;main.outer;main.middle;main.inner")) workers += count;
  }
  EXPECT_EQ(sum, report["goroutines"].get<std::uint64_t>());
  EXPECT_EQ(workers, 8u);
}

TEST(Goroutines, FitTheirPage) {
  TemporaryDirectory folder;
  Subject subject("tracebacks", {folder.file("unused")});
  auto target = subject.target();
  target.insert(target.begin(), "goroutines");
  auto text = run_overhang(target);
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_EQ(text.err, "");
  EXPECT_NE(text.out.find("    8  chan receive"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("main.inner"), std::string::npos);
  EXPECT_NE(text.out.find("5 created by main.startHere"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("of the runtime's own"), std::string::npos) << text.out;
}

}  // namespace
}  // namespace overhang::test
