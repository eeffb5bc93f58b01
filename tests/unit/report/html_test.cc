// What the page embeds: the schema's members, and that no name of the target can get out of the
// data's element. What the page makes of it is tested in a browser (web/tests).
#include "report/html.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/page_template.h"
#include "unit/report/models.h"

namespace overhang {
namespace {

using nlohmann::json;

TreeRows small_tree() {
  TreeRows tree;
  tree.names = {"main.pool", "main.Conn </script>"};
  tree.parent = {TreeRows::kRoot, 0};
  tree.name = {0, 1};
  tree.bytes = {48, 96};
  tree.objects = {1, 2};
  tree.hidden_bytes = {8, 96};
  tree.flags = {0, TreeRows::kThroughHidden};
  tree.total_bytes = 144;
  tree.truncated_frames = 3;
  return tree;
}

// What stands between the page's two halves, as it is written.
std::string embedded(const std::string& page) {
  EXPECT_TRUE(page.starts_with(kPageBeforeData));
  EXPECT_TRUE(page.ends_with(kPageAfterData));
  return page.substr(kPageBeforeData.size(),
                     page.size() - kPageBeforeData.size() - kPageAfterData.size());
}

TEST(Html, EmbedsTheReportTheTreesAndTheTypes) {
  auto tree = small_tree();
  PageParts parts;
  parts.references = &tree;
  parts.site_rows = {{1}, {0, 1}};
  parts.types = {{"main.Conn", 2, 96, 96, 120}};
  auto page = json::parse(embedded(render_html(testing::pool_report(), {}, parts)));

  EXPECT_EQ(page["schema"], "overhang.page/1");
  EXPECT_EQ(page["leaks"]["schema"], "overhang.leaks/1");
  ASSERT_EQ(page["leaks"]["sites"].size(), 3u);
  auto& site = page["leaks"]["sites"][0];
  EXPECT_EQ(site["summary"],
            "len 100,000 of cap 1,135,616: 900,000 slots past len still hold references");
  EXPECT_EQ(site["remedies"][0]["title"], "clear");
  EXPECT_EQ(site["remedies"].back()["title"], "s[:n:n]");
  EXPECT_EQ(site["reference_rows"], json::parse("[1]"));
  EXPECT_EQ(page["leaks"]["sites"][2]["reference_rows"], json::array());
  EXPECT_EQ(page["references"], json::parse(R"({
    "names": ["main.pool", "main.Conn </script>"], "parent": [-1, 0], "name": [0, 1],
    "bytes": [48, 96], "objects": [1, 2], "hidden_bytes": [8, 96], "flags": [0, 1],
    "total_bytes": 144, "truncated_frames": 3})"));
  EXPECT_TRUE(page["dominators"].is_null());
  EXPECT_EQ(page["types"], json::parse(R"([{"type": "main.Conn", "objects": 2, "bytes": 96,
                                            "hidden_bytes": 96, "retained_bytes": 120}])"));
}

TEST(Html, ShowsTheSitesThatAreSelected) {
  auto page = json::parse(embedded(render_html(testing::pool_report(), {.top = 1}, {})));
  ASSERT_EQ(page["leaks"]["sites"].size(), 1u);
  EXPECT_EQ(page["leaks"]["sites_omitted"], 2);
  EXPECT_EQ(page["leaks"]["sites"][0]["site"], "main.pool.inUse");
}

// Summaries follow their sites where the first of the report's are left out.
TEST(Html, SaysOfEachSiteWhatIsItsOwn) {
  auto report = testing::pool_report();
  std::swap(report.sites[0], report.sites[2]);  // the small one first
  auto page = json::parse(embedded(render_html(report, {.min_bytes = 10000}, {})));
  ASSERT_EQ(page["leaks"]["sites"].size(), 2u);
  EXPECT_EQ(page["leaks"]["sites"][1]["site"], "main.pool.inUse");
  EXPECT_TRUE(page["leaks"]["sites"][1]["summary"].get<std::string>().starts_with("len 100,000"));
}

TEST(Html, NoNameEndsTheData) {
  auto report = testing::pool_report();
  const std::string hostile = "</script><script>alert(1)</script><!--<script>\xff\"\\";
  report.sites[0].site = report.target.exe = report.warnings[0] = hostile;
  auto tree = small_tree();
  tree.names[0] = hostile;
  PageParts parts;
  parts.references = parts.dominators = &tree;
  parts.types = {{hostile, 1, 1, 0, 0}};
  auto data = embedded(render_html(report, {}, parts));
  EXPECT_EQ(data.find('<'), std::string::npos);
  auto site = json::parse(data)["leaks"]["sites"][0]["site"].get<std::string>();
  EXPECT_EQ(site, "</script><script>alert(1)</script><!--<script>\xef\xbf\xbd\"\\");
}

TEST(Html, EmbedsGrowthToo) {
  DiffReport report;
  report.overhang_bytes = {12, 30};
  auto page = json::parse(embedded(render_html(report, {})));
  EXPECT_EQ(page["schema"], "overhang.page/1");
  EXPECT_EQ(page["diff"]["schema"], "overhang.diff/1");
  EXPECT_EQ(page["diff"]["heap"]["overhang_bytes"]["growth"], 18);
  EXPECT_FALSE(page.contains("leaks"));
}

// One file that needs nothing else: nothing is loaded, and the policy forbids it.
TEST(Html, IsSmallAndAsksForNothing) {
  std::string page(kPageBeforeData);
  page += kPageAfterData;
  EXPECT_LT(page.size(), 3u << 20);
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  for (auto* sign : {" src=", "<link", "@import", "url(", "import("})
    EXPECT_EQ(page.find(sign), std::string::npos) << sign;
}

}  // namespace
}  // namespace overhang
