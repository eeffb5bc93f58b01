#include "report/heap.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/report/heap_models.h"
#include "unit/report/text_checks.h"

namespace overhang {
namespace {

using nlohmann::json;
using testing::expect_narrow;
using testing::golden;
using testing::heap_dominators;
using testing::heap_report;

TEST(HeapText, ReadsLikeTheHandWrittenReport) {
  HeapTextOptions options;
  options.selection.top = 2;
  EXPECT_EQ(render_text(heap_report(), options), golden("heap.txt"));
}

TEST(HeapText, TheDominatorTreeReadsLikeTheHandWrittenOne) {
  auto report = heap_report();
  report.dominators = heap_dominators();
  EXPECT_EQ(render_text(report, {}), golden("dominators.txt"));
}

TEST(HeapText, SaysWhatIsNotKnownAndFitsThePage) {
  auto report = heap_report();
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
  auto report = heap_report();
  report.dominators = heap_dominators();
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
  auto document = json::parse(render_json(heap_report(), {.min_bytes = 750'000'000}));
  ASSERT_EQ(document["types"].size(), 2u);  // by what they retain
  EXPECT_EQ(document["types"][0]["type"], "main.Conn");
  EXPECT_EQ(document["types_omitted"], 2);
}

}  // namespace
}  // namespace overhang
