#include "report/goroutines.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/report/models.h"
#include "unit/report/text_checks.h"

namespace overhang {
namespace {

using nlohmann::json;
using testing::expect_narrow;
using testing::golden;

GoroutineRow waiting(std::uint64_t id, const char* reason, double ms, std::uint64_t retained) {
  GoroutineRow row;
  row.id = id;
  row.state = "waiting";
  row.wait_reason = reason;
  row.waited_ms = ms;
  row.stack_bytes = 2048;
  row.retained_bytes = retained;
  return row;
}

StackRow workers() {
  StackRow stack;
  stack.frames = {{"main.inner", "/src/hub.go", 27, true},
                  {"main.worker\x1B[2J", "/src/hub.go", 66, false}};
  stack.creators = {{{"main.startHere", "/src/server.go", 70, false}, 5},
                    {{"main.startThere", "/src/server.go", 76, false}, 3}};
  const std::pair<std::uint64_t, std::uint64_t> members[] = {
      {61, 8'100'000}, {29, 1'200'000}, {30, 640'000}, {22, 640'000}, {35, 0}, {36, 0}, {37, 0}};
  for (auto [id, retained] : members)
    stack.members.push_back(
        waiting(id, "chan receive", 1000.0 * static_cast<double>(id) + 90'500, retained));
  GoroutineRow runnable;
  runnable.id = 38;
  runnable.state = "runnable";
  stack.members.push_back(runnable);
  stack.retained_bytes = 12'400'000;
  return stack;
}

GoroutinesReport relay_report() {
  GoroutinesReport report;
  report.target = testing::relay_target();
  report.elapsed_ms = 420;
  report.warnings = {"something was lost"};
  report.clock = "monotonic";
  report.goroutines = 13;
  report.system_goroutines = 3;
  StackRow deep;
  deep.frames = {{"main.recurse", "/src/deep.go", 5, false},
                 {"main.start", "/src/deep.go", 9, false}};
  deep.frames_elided = 2010;
  deep.creators = {{{"main.main", "/src/main.go", 3, false}, 1}};
  deep.members = {waiting(7, "IO wait", 10'920'000, 0)};
  deep.members[0].truncated = true;
  StackRow last;
  last.members.resize(1);
  last.members[0].id = 1;
  last.members[0].state = "running";
  StackRow system;
  system.system = true;
  system.members = {waiting(2, "GC worker (idle)", 5, 0), waiting(3, "GC worker (idle)", 5, 0),
                    waiting(4, "force gc (idle)", 5, 0)};
  report.stacks = {workers(), deep, last, system};
  return report;
}

TEST(GoroutinesText, ReadsLikeTheHandWrittenReport) {
  TextOptions options;
  options.selection.top = 2;
  EXPECT_EQ(render_text(relay_report(), options), golden("goroutines.txt"));
}

TEST(GoroutinesText, SaysWhereThereIsNoClock) {
  auto report = relay_report();
  report.clock = "newest wait";
  EXPECT_NE(render_text(report, {}).find("the core has no clock"), std::string::npos);
}

TEST(GoroutinesText, NoLineIsWiderThanThePage) {
  auto report = relay_report();
  std::string name(3000, 'n');
  for (auto& stack : report.stacks) {
    for (auto& frame : stack.frames) frame.function = frame.file = name;
    for (auto& creator : stack.creators) creator.place.function = creator.place.file = name;
    for (auto& member : stack.members) member.wait_reason = name + std::to_string(member.id);
    stack.retained_bytes = UINT64_MAX;
  }
  expect_narrow(render_text(report, {}));
}

TEST(GoroutinesJson, HasEveryFieldOfTheSchema) {
  auto document = json::parse(render_json(relay_report(), {.top = 3}));
  EXPECT_EQ(document["schema"], "overhang.goroutines/1");
  EXPECT_EQ(document["goroutines"], 13);
  EXPECT_EQ(document["system_goroutines"], 3);
  EXPECT_EQ(document["clock"], "monotonic");
  EXPECT_EQ(document["stacks_omitted"], 1);
  ASSERT_EQ(document["stacks"].size(), 3u);
  auto& stack = document["stacks"][0];
  EXPECT_EQ(stack["count"], 8);
  EXPECT_EQ(stack["system"], false);
  EXPECT_EQ(stack["retained_bytes"], 12'400'000);
  EXPECT_EQ(stack["frames_elided"], 0);
  EXPECT_EQ(
      stack["frames"][0],
      json({{"function", "main.inner"}, {"file", "/src/hub.go"}, {"line", 27}, {"inlined", true}}));
  EXPECT_EQ(stack["created_by"][1], json({{"function", "main.startThere"},
                                          {"file", "/src/server.go"},
                                          {"line", 76},
                                          {"count", 3}}));
  EXPECT_EQ(stack["goroutines"][0], json({{"id", 61},
                                          {"state", "waiting"},
                                          {"wait_reason", "chan receive"},
                                          {"waited_ms", 151'500.0},
                                          {"stack_bytes", 2048},
                                          {"retained_bytes", 8'100'000},
                                          {"truncated", false}}));
  EXPECT_TRUE(stack["goroutines"][7]["waited_ms"].is_null());
  for (auto* member : {"target", "timings", "elapsed_ms", "warnings"})
    EXPECT_TRUE(document.contains(member)) << member;
}

TEST(GoroutinesFolded, OutermostFirst) {
  auto report = relay_report();
  report.stacks[1].frames[0].function = "main.f;g h";
  EXPECT_EQ(render_folded(report),
            "main.worker?[2J;main.inner 8\nmain.start;...;main.f:g h 1\n? 1\n? 3\n");
  EXPECT_EQ(render_folded(report, {.min_bytes = 1}), "main.worker?[2J;main.inner 8\n");
}

}  // namespace
}  // namespace overhang
