#include "report/diff.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/report/models.h"
#include "unit/report/text_checks.h"

namespace overhang {
namespace {

SiteRow site(std::string name, std::string category, std::uint64_t retained,
             std::uint64_t hidden = 0) {
  SiteRow row;
  row.site = std::move(name);
  row.kind = "global";
  row.element_type = "*main.Conn";
  row.category = std::move(category);
  row.retained_bytes = retained;
  row.hidden_bytes = hidden;
  return row;
}

DiffReport comparison() {
  DiffReport report;
  report.target = testing::relay_target();
  report.older = report.target;
  report.older.live = false;
  report.older.path = "/var/crash/before.core";
  report.live_bytes = {417'500'000, 817'500'000};
  report.live_objects = {2'000'000, 6'187'857};
  report.overhang_bytes = {12'000'000, 733'900'000};
  report.sites = changes_of(
      {site("main.pool.inUse", "tail", 12'000'000), site("main.gone", "head", 5'000'000)},
      {site("main.pool.inUse", "tail", 733'900'000)});
  report.types = {{"main.Conn", {10, 900'000}, {640, 57'600'000}, {}, {}},
                  {"main.Session", {5, 1}, {480, 96}, {}, {}}};
  return report;
}

TEST(Diff, SitesAreMatchedByAllThatNamesThem) {
  auto changes = changes_of(
      {site("main.a", "tail", 100), site("main.a", "head", 50), site("main.same", "tail", 7)},
      {site("main.a", "tail", 400), site("main.b", "tail", 20), site("main.same", "tail", 7)});
  ASSERT_EQ(changes.size(), 3u);  // main.same did not change
  EXPECT_EQ(changes[0].site, "main.a");
  EXPECT_EQ(changes[0].category, "tail");
  EXPECT_EQ(changes[0].retained_bytes.growth(), 300);
  EXPECT_EQ(changes[1].site, "main.b");
  EXPECT_EQ(changes[1].retained_bytes.older, 0u);
  EXPECT_EQ(changes[2].site, "main.a");
  EXPECT_EQ(changes[2].category, "head");
  EXPECT_EQ(changes[2].retained_bytes.growth(), -50);
}

TEST(Diff, WhatKeepsNothingIsWeighedByWhatItHides) {
  auto changes = changes_of({site("main.text", "window", 0, 40'000)},
                            {site("main.text", "window", 0, 90'000)});
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].weight.growth(), 50'000);
}

TEST(Diff, TextSaysGrowthFirst) {
  auto text = render_text(comparison(), {});
  EXPECT_NE(text.find("before.core → pid 12923"), std::string::npos) << text;
  EXPECT_NE(text.find("overhang     +721.9 MB   12.0 MB → 733.9 MB"), std::string::npos) << text;
  auto grown = text.find("+721.9 MB  12.0 MB → 733.9 MB"), gone = text.find("−5.0 MB");
  ASSERT_NE(grown, std::string::npos) << text;
  ASSERT_NE(gone, std::string::npos) << text;
  EXPECT_LT(grown, gone);
  EXPECT_NE(text.find("+57.6 MB  640 B → 57.6 MB"), std::string::npos) << text;
  testing::expect_narrow(text);
}

TEST(Diff, HostileNamesDriveNoTerminal) {
  auto report = comparison();
  report.sites[0].site = "\x1b[31m\xff" + std::string(500, 'x');
  report.types[0].type = "a\nb\r\x07";
  report.target.go_version = "\x1b]0;";
  auto text = render_text(report, {});
  for (char c : {'\x1b', '\x07', '\r', '\xff'}) EXPECT_EQ(text.find(c), std::string::npos);
  auto json = nlohmann::json::parse(render_json(report));
  EXPECT_EQ(json["types"][0]["type"], "a\nb\r\a");
}

TEST(Diff, TopAndMinCountWhatTheyLeaveOut) {
  TextOptions options;
  options.selection = {.top = 1, .min_bytes = 0};
  auto text = render_text(comparison(), options);
  EXPECT_NE(text.find("1 more row of −5.0 MB in all"), std::string::npos) << text;
  auto json = nlohmann::json::parse(render_json(comparison(), {.min_bytes = 10'000'000}));
  EXPECT_EQ(json["schema"], "overhang.diff/1");
  EXPECT_EQ(json["sites"].size(), 1u);
  EXPECT_EQ(json["sites_omitted"], 1);
  EXPECT_EQ(json["sites"][0]["retained_bytes"]["growth"], 721'900'000);
  EXPECT_EQ(json["types"][0]["objects"]["new"], 900'000);
  EXPECT_EQ(json["heap"]["live_bytes"]["growth"], 400'000'000);
}

}  // namespace
}  // namespace overhang
