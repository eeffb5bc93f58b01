// The schema "overhang.leaks/1", field by field, as the design states it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/render.h"
#include "unit/report/models.h"

namespace overhang {
namespace {

using nlohmann::json;
using testing::pool_report;

enum class Kind { Text, Count, Number, Flag, List, Object, CountOrNull, NumberOrNull, TextOrNull };

bool is_a(const json& value, Kind kind) {
  switch (kind) {
    case Kind::Text:
      return value.is_string();
    case Kind::Count:
      return value.is_number_unsigned();
    case Kind::Number:
      return value.is_number();
    case Kind::Flag:
      return value.is_boolean();
    case Kind::List:
      return value.is_array();
    case Kind::Object:
      return value.is_object();
    case Kind::CountOrNull:
      return value.is_null() || value.is_number_unsigned();
    case Kind::NumberOrNull:
      return value.is_null() || value.is_number();
    case Kind::TextOrNull:
      return value.is_null() || value.is_string();
  }
  return false;
}

void expect_fields(const json& object, const std::vector<std::pair<const char*, Kind>>& fields) {
  for (auto& [name, kind] : fields) {
    ASSERT_TRUE(object.contains(name)) << name;
    EXPECT_TRUE(is_a(object[name], kind)) << name << " is " << object[name].dump();
  }
}

void expect_remedy(const json& row) {
  expect_fields(row, {{"name", Kind::Text},
                      {"factor", Kind::CountOrNull},
                      {"frees_objects", Kind::Count},
                      {"frees_bytes", Kind::Count},
                      {"copies_bytes", Kind::Count},
                      {"note", Kind::Text}});
}

void expect_schema(const json& report) {
  expect_fields(report, {{"schema", Kind::Text},
                         {"target", Kind::Object},
                         {"heap", Kind::Object},
                         {"sites", Kind::List},
                         {"timings", Kind::List},
                         {"warnings", Kind::List}});
  EXPECT_EQ(report["schema"], "overhang.leaks/1");
  expect_fields(report["target"], {{"kind", Kind::Text},
                                   {"path", Kind::Text},
                                   {"pid", Kind::Count},
                                   {"exe", Kind::Text},
                                   {"go_version", Kind::Text},
                                   {"arch", Kind::Text},
                                   {"dwarf", Kind::Flag},
                                   {"pause_ms", Kind::NumberOrNull},
                                   {"taken_at", Kind::TextOrNull}});
  expect_fields(report["heap"], {{"live_objects", Kind::Count},
                                 {"live_bytes", Kind::Count},
                                 {"typed_bytes", Kind::Count},
                                 {"typed_share", Kind::Number},
                                 {"doubts", Kind::List},
                                 {"doubts_omitted", Kind::Count},
                                 {"maps", Kind::List},
                                 {"visible_bytes", Kind::Count},
                                 {"spare_bytes", Kind::Count},
                                 {"lost_bytes", Kind::Count},
                                 {"overhang_objects", Kind::Count},
                                 {"overhang_bytes", Kind::Count},
                                 {"overhang_bytes_possible", Kind::Count},
                                 {"allocator_bytes", Kind::Count}});
  for (auto& row : report["heap"]["maps"])
    expect_fields(row, {{"site", Kind::Text},
                        {"type", Kind::Text},
                        {"maps", Kind::Count},
                        {"entries", Kind::Count},
                        {"slots", Kind::Count},
                        {"storage_bytes", Kind::Count},
                        {"spare_bytes", Kind::Count},
                        {"shrunk_maps", Kind::Count}});
  for (auto& row : report["heap"]["doubts"])
    expect_fields(row, {{"reference", Kind::Text},
                        {"kind", Kind::Text},
                        {"references", Kind::Count},
                        {"objects", Kind::Count},
                        {"bytes", Kind::Count},
                        {"array_bytes", Kind::Count}});
  for (auto& site : report["sites"]) {
    expect_fields(site, {{"site", Kind::Text},
                         {"kind", Kind::Text},
                         {"element_type", Kind::Text},
                         {"category", Kind::Text},
                         {"arrays", Kind::Count},
                         {"array_bytes", Kind::Count},
                         {"slots", Kind::Count},
                         {"visible_slots", Kind::Count},
                         {"hidden_slots", Kind::Count},
                         {"hidden_bytes", Kind::Count},
                         {"retained_objects", Kind::Count},
                         {"retained_bytes", Kind::Count},
                         {"retained_bytes_possible", Kind::Count},
                         {"shared_with", Kind::List},
                         {"path", Kind::List},
                         {"retained_types", Kind::List},
                         {"remedies", Kind::List},
                         {"sources", Kind::List}});
    ASSERT_TRUE(site.contains("picture"));
    if (!site["picture"].is_null())
      expect_fields(site["picture"], {{"array_bytes", Kind::Count},
                                      {"element_bytes", Kind::Count},
                                      {"slots", Kind::Count},
                                      {"windows", Kind::List},
                                      {"windows_omitted", Kind::Count},
                                      {"regions", Kind::List},
                                      {"regions_omitted", Kind::Count},
                                      {"stale", Kind::List}});
    for (auto& name : site["shared_with"]) EXPECT_TRUE(name.is_string());
    for (auto& step : site["path"]) EXPECT_TRUE(step.is_string());
    for (auto& row : site["retained_types"])
      expect_fields(row, {{"type", Kind::Text}, {"objects", Kind::Count}, {"bytes", Kind::Count}});
    for (auto& row : site["remedies"]) expect_remedy(row);
    for (auto& row : site["sources"])
      expect_fields(row, {{"file", Kind::Text},
                          {"line", Kind::Count},
                          {"function", Kind::Text},
                          {"statement", Kind::Text}});
  }
  for (auto& row : report["remedies"]) expect_remedy(row);
  for (auto& row : report["timings"])
    expect_fields(row, {{"phase", Kind::Text}, {"ms", Kind::Number}});
  for (auto& warning : report["warnings"]) EXPECT_TRUE(warning.is_string());
}

TEST(Json, HoldsEveryFieldOfTheSchema) { expect_schema(json::parse(render_json(pool_report()))); }

TEST(Json, HasThePictureOfASitesArray) {
  auto report = json::parse(render_json(pool_report()));
  EXPECT_EQ(report["sites"][0]["picture"], json::parse(R"({
    "array_bytes": 9084928, "element_bytes": 8, "slots": 1135616,
    "windows": [{"begin": 0, "len": 100000, "cap": 1135616, "holder": "main.pool.inUse"}],
    "windows_omitted": 2,
    "regions": [{"category": "tail", "begin": 100000, "end": 1135616}], "regions_omitted": 0,
    "stale": [[100000, 1000000]]})"));
  EXPECT_TRUE(report["sites"][1]["picture"].is_null());
}

TEST(Json, EmptyReportHoldsEveryFieldToo) {
  auto document = json::parse(render_json({}));
  expect_schema(document);
  EXPECT_TRUE(document["target"]["pause_ms"].is_null());
  EXPECT_TRUE(document["target"]["taken_at"].is_null());
  EXPECT_EQ(document["target"]["kind"], "core");
}

TEST(Json, FiguresAreExact) {
  auto document = json::parse(render_json(pool_report()));
  EXPECT_EQ(document["target"]["kind"], "pid");
  EXPECT_EQ(document["target"]["pause_ms"], 11.2);
  EXPECT_EQ(document["heap"]["live_objects"], 6187857u);
  EXPECT_EQ(document["heap"]["overhang_bytes"], 733900000u);
  ASSERT_EQ(document["sites"].size(), 3u);
  auto& site = document["sites"][0];
  EXPECT_EQ(site["hidden_bytes"], 8284928u);
  EXPECT_EQ(site["retained_types"][2],
            json({{"type", "[]uint8"}, {"objects", 1800000u}, {"bytes", 612000000u}}));
  EXPECT_TRUE(site["remedies"][0]["factor"].is_null());
  EXPECT_EQ(site["remedies"][2]["frees_bytes"], 742184928u);
  EXPECT_EQ(site["sources"][0]["line"], 41u);
  EXPECT_EQ(site["path"], json({"main.pool", "inUse", "[100000:]"}));
  EXPECT_EQ(document["timings"][1], json({{"phase", "view"}, {"ms", 320.25}}));
}

TEST(Json, FactorOfARemedy) {
  auto report = pool_report();
  report.sites[0].remedies = {{"copy_if_cap_exceeds", 8, 1, 2, 3, "n"}};
  auto document = json::parse(render_json(report));
  EXPECT_EQ(document["sites"][0]["remedies"][0]["factor"], 8u);
}

TEST(Json, SelectionIsSaid) {
  auto document = json::parse(render_json(pool_report(), {.top = 1, .min_bytes = 0}));
  EXPECT_EQ(document["sites"].size(), 1u);
  EXPECT_EQ(document["sites_omitted"], 2u);
  document = json::parse(render_json(pool_report(), {.top = 9, .min_bytes = 641}));
  EXPECT_EQ(document["sites"].size(), 2u);
  EXPECT_EQ(document["sites_omitted"], 1u);
}

TEST(Json, StaysParsableWithAnyBytesAndNumbers) {
  auto report = pool_report();
  report.sites[0].site = "a\"\\\n\x01\xff\xc3";
  report.heap.live_bytes = UINT64_MAX;
  auto text = render_json(report);
  auto document = json::parse(text);
  EXPECT_EQ(document["heap"]["live_bytes"], UINT64_MAX);
  EXPECT_EQ(document["sites"][0]["site"], "a\"\\\n\x01\uFFFD\uFFFD");
  EXPECT_EQ(text.back(), '\n');
}

}  // namespace
}  // namespace overhang
