#include "report/heap.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/report/models.h"
#include "unit/report/text_checks.h"

namespace overhang {
namespace {

using nlohmann::json;
using testing::expect_narrow;
using testing::golden;

HeapReport relay_report() {
  HeapReport report;
  report.target = testing::relay_target();
  report.elapsed_ms = 1200;
  report.warnings = {"heap span's bytes not in the image: 2 (first: 0xc000100000)"};
  report.live_objects = 1000013;
  report.live_bytes = 817'500'000;
  report.typed_bytes = 816'700'000;
  report.overhang_bytes = 640'000'000;
  report.spare_bytes = 15'000'000;
  report.lost_bytes = 5'000'000;
  report.types = {{"[]uint8", 900000, 700'000'000, 650'000'000, 700'000'000},
                  {"main.Conn", 100000, 80'000'000, 0, 795'000'000},
                  {"[]*main.Conn", 1, 37'000'000, 10'000'000, 810'000'000},
                  {"main.Pool", 12, 500'000, 0, 500'000}};
  report.roots = {{"main.pool", "variable", 1, 810'000'000},
                  {"main.(*Pool).run", "goroutine", 12, 4'000'000},
                  {"finalizers", "finalizers", 1, 1'000'000},
                  {"main.other", "variable", 1, 100}};
  report.shared_bytes = 2'499'900;
  report.memory = {.live = 817'500'000,
                   .garbage = 1'500'000,
                   .free = 12'000'000,
                   .overhead = 20'000'000,
                   .runtime = MemoryRow::Runtime{.heap_inuse = 851'000'000,
                                                 .heap_idle = 16'000'000,
                                                 .heap_released = 3'000'000,
                                                 .stack_inuse = 1'000'000,
                                                 .stack_sys = 1'200'000,
                                                 .mspan_inuse = 16'400'000,
                                                 .mspan_sys = 16'500'000,
                                                 .mcache_inuse = 4'000,
                                                 .mcache_sys = 16'000,
                                                 .buck_hash_sys = 1'400'000,
                                                 .gc_sys = 8'200'000,
                                                 .other_sys = 2'100'000,
                                                 .sys = 896'416'000},
                   .program = 2'000'000,
                   .outside = 7'000'000};
  return report;
}

TreeRows tree() {
  TreeRows out;
  out.names = {"main.pool", "[]*main.Conn", "main.Conn", "goroutine main.(*Pool).run",
               "odd\x1bname"};
  out.parent = {TreeRows::kRoot, TreeRows::kRoot, 1, 2, 2, 0};
  out.name = {3, 0, 1, 2, 2, 4};
  out.bytes = {0, 0, 30'000'000, 80'000'000, 700'000'000, 4'000'000};
  out.objects = {0, 0, 1, 10000, 90000, 100};
  out.hidden_bytes = {0, 0, 0, 0, 700'000'000, 0};
  out.flags = {0, 0, 0, 0, TreeRows::kThroughHidden, 0};
  out.total_bytes = 817'500'000;
  out.truncated_frames = 3;
  return out;
}

TEST(HeapText, ReadsLikeTheHandWrittenReport) {
  HeapTextOptions options;
  options.selection.top = 2;
  EXPECT_EQ(render_text(relay_report(), options), golden("heap.txt"));
}

TEST(HeapText, TheDominatorTreeReadsLikeTheHandWrittenOne) {
  auto report = relay_report();
  report.dominators = tree();
  EXPECT_EQ(render_text(report, {}), golden("dominators.txt"));
}

TEST(HeapText, SaysWhatIsNotKnownAndFitsThePage) {
  auto report = relay_report();
  report.target.dwarf = false;
  report.memory.runtime.reset();
  report.types[0].type = std::string(300, 'x') + "\n\x1b[31m";
  report.roots[0].root = std::string(300, 'y');
  report.dominators.reset();
  auto text = render_text(report, {});
  EXPECT_NE(text.find("counts were not found"), std::string::npos);
  EXPECT_EQ(text.find("GCSys"), std::string::npos);
  EXPECT_NE(text.find("no DWARF"), std::string::npos);
  expect_narrow(text);
}

TEST(HeapJson, HasEveryFigure) {
  auto report = relay_report();
  report.dominators = tree();
  auto document = json::parse(render_json(report, {.top = 1}));
  EXPECT_EQ(document["schema"], "overhang.heap/1");
  EXPECT_EQ(document["target"]["pid"], 12923);
  EXPECT_EQ(document["heap"]["hidden_bytes"], 660'000'000);
  ASSERT_EQ(document["types"].size(), 1u);
  EXPECT_EQ(document["types"][0], json({{"type", "[]uint8"},
                                        {"objects", 900000},
                                        {"bytes", 700'000'000},
                                        {"hidden_bytes", 650'000'000},
                                        {"retained_bytes", 700'000'000}}));
  EXPECT_EQ(document["types_omitted"], 3);
  EXPECT_EQ(document["roots"][1], json({{"root", "main.(*Pool).run"},
                                        {"kind", "goroutine"},
                                        {"count", 12},
                                        {"retained_bytes", 4'000'000}}));
  EXPECT_EQ(document["shared_bytes"], 2'499'900);
  EXPECT_EQ(document["memory"]["heap_inuse_bytes"], 851'000'000);
  EXPECT_EQ(document["memory"]["memstats"]["gc_sys"], 8'200'000);
  EXPECT_EQ(document["memory"]["memstats"].size(), 13u);
  auto& rows = document["dominators"]["rows"];
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[1]["retained_bytes"], 810'000'000);
  EXPECT_EQ(rows[4], json({{"parent", 2},
                           {"name", "main.Conn"},
                           {"objects", 90000},
                           {"bytes", 700'000'000},
                           {"hidden_bytes", 700'000'000},
                           {"retained_bytes", 700'000'000},
                           {"hidden", true}}));
  EXPECT_EQ(document["dominators"]["rows_omitted"], 3);
  report.memory.runtime.reset();
  EXPECT_TRUE(json::parse(render_json(report))["memory"]["memstats"].is_null());
}

TEST(HeapJson, LeavesOutTypesBelowTheMinimum) {
  auto document = json::parse(render_json(relay_report(), {.min_bytes = 750'000'000}));
  ASSERT_EQ(document["types"].size(), 2u);  // by what they retain
  EXPECT_EQ(document["types"][0]["type"], "main.Conn");
  EXPECT_EQ(document["types_omitted"], 2);
}

}  // namespace
}  // namespace overhang
