#include <gtest/gtest.h>

#include "report/advice.h"
#include "report/render.h"
#include "unit/report/models.h"
#include "unit/report/text_checks.h"

namespace overhang {
namespace {

using testing::expect_narrow;
using testing::golden;
using testing::pool_report;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Text, ReadsLikeTheHandWrittenReport) {
  TextOptions options;
  options.selection.top = 2;
  EXPECT_EQ(render_text(pool_report(), options), golden("pool.txt"));
}

TEST(Text, NothingHiddenIsSaidPlainly) {
  auto report = pool_report();
  report.sites.clear();
  report.spare.clear();
  report.maps.clear();
  report.warnings.clear();
  report.heap.overhang_bytes = report.heap.overhang_bytes_possible = 0;
  report.heap.overhang_objects = report.heap.spare_bytes = report.heap.lost_bytes = 0;
  report.target.live = false;
  report.target.path = "/tmp/core.1";
  report.target.pause_ms.reset();
  EXPECT_EQ(render_text(report, {}), golden("nothing.txt"));
}

TEST(Text, PossibleAndItsReasonAreShownOnlyWhereTheyDiffer) {
  auto report = pool_report();
  EXPECT_FALSE(contains(render_text(report, {}), "possible"));
  report.heap.overhang_bytes_possible = 760000000;
  report.sites[0].retained_bytes_possible = 760000000;
  report.sites[0].doubt = "main.registry holds an unsafe.Pointer to a main.Conn";
  auto text = render_text(report, {});
  EXPECT_TRUE(contains(text, "up to 760.0 MB is possible"));
  EXPECT_TRUE(contains(text,
                       "doubt    certain 733.9 MB, possible 760.0 MB: main.registry holds an "
                       "unsafe.Pointer"));
}

TEST(Text, SaysWhereASiteKeepsNothingAlone) {
  auto report = pool_report();
  EXPECT_FALSE(contains(render_text(report, {}), "nothing alone"));
  report.sites[0].retained_bytes = report.sites[0].retained_objects = 0;
  report.sites[0].retained_types.clear();
  report.sites[0].retained_jointly = true;
  EXPECT_TRUE(
      contains(render_text(report, {}),
               "keeps    nothing alone: what hangs on these slots hangs on other sites' too"));
  report.sites[0].joint_bytes = 3'700'000;
  report.sites[0].joint_objects = 30'000;
  auto text = render_text(report, {.selection = {.min_bytes = 3'000'000}});
  EXPECT_TRUE(
      contains(text, "keeps    3.7 MB in 30,000 objects that hang on other sites' slots too"))
      << text;
  EXPECT_FALSE(contains(text, "nothing alone"));
}

TEST(Text, OnlyPossibleIsNotCalledCertain) {
  auto report = pool_report();
  report.heap.overhang_bytes = 0;
  auto text = render_text(report, {});
  EXPECT_FALSE(contains(text, "is kept alive only by"));
  EXPECT_TRUE(contains(text, "No object is kept alive for certain"));
}

TEST(Text, OnlyRemediesOfTheModelAreShown) {
  auto report = pool_report();
  report.sites.resize(1);
  report.sites[0].remedies = {{"copy_if_cap_exceeds", 4, 1, 2000, 16, ""}};
  auto text = render_text(report, {});
  EXPECT_TRUE(contains(text, "frees    copy if cap > 4*len 2.0 KB (copies 16 B)\n"));
  EXPECT_FALSE(contains(text, "nil when empty"));
  report.sites[0].remedies.clear();
  EXPECT_FALSE(contains(render_text(report, {}), "frees"));
}

TEST(Text, ThresholdsThatFreeTheSameAreOne) {
  auto report = pool_report();
  report.sites.resize(1);
  report.sites[0].remedies = {{"clear", {}, 9, 9000, 0, ""},
                              {"nil_when_empty", {}, 0, 0, 0, "none is empty now"},
                              {"copy", {}, 9, 8000, 500, ""},
                              {"copy_if_cap_exceeds", 2, 9, 7000, 400, ""},
                              {"copy_if_cap_exceeds", 4, 9, 7000, 300, ""},
                              {"copy_if_cap_exceeds", 8, 0, 0, 0, ""}};
  auto text = render_text(report, {});
  EXPECT_TRUE(contains(text,
                       "frees    clear 9.0 KB · copy 8.0 KB (copies 500 B) · "
                       "copy if cap > 4*len 7.0 KB (copies 300 B)\n"
                       "              nil when empty 0 B: none is empty now\n"));
}

TEST(Text, SelectionByTopAndByWeight) {
  auto report = pool_report();
  TextOptions options;
  options.selection = {.top = 10, .min_bytes = 999000};
  auto text = render_text(report, options);
  EXPECT_TRUE(contains(text, "main.header"));
  EXPECT_FALSE(contains(text, "main.ring"));
  EXPECT_TRUE(contains(text, "1 more site of 640 B in all"));
  options.selection = {.top = 0, .min_bytes = 0};
  text = render_text(report, options);
  EXPECT_FALSE(contains(text, "main.pool.inUse"));
  EXPECT_TRUE(contains(text, "3 more sites of 734.9 MB in all"));
}

TEST(Text, StatsShowWhereEachByteWent) {
  auto report = pool_report();
  TextOptions options;
  EXPECT_FALSE(contains(render_text(report, options), "conservation"));
  options.stats = true;
  report.peak_anonymous_bytes = 81750000;
  auto text = render_text(report, options);
  EXPECT_TRUE(contains(text, "817,500,000   equal"));
  EXPECT_TRUE(contains(text, "210.5 ms"));
  EXPECT_TRUE(contains(text, "10.0 % of the live heap"));
  EXPECT_TRUE(contains(text,
                       "         12.5 MB  main.cache.raw   unsafe pointer\n"
                       "                   3 references to 1,024 hidden objects, and to 4.9 KB of "
                       "arrays that show in part\n"));
  EXPECT_TRUE(contains(text, "2 more places with less"));
  report.doubts.clear();
  report.doubts_omitted = 0;
  EXPECT_TRUE(contains(render_text(report, options), "certain and possible differ\n    none\n"));
  report.heap.lost_bytes--;
  EXPECT_TRUE(contains(render_text(report, options), "817,500,000   NOT EQUAL"));
}

TEST(Text, SpareIsListedOnRequest) {
  TextOptions options;
  options.spare = true;
  auto text = render_text(pool_report(), options);
  EXPECT_TRUE(contains(text, "1.2 MB in 14 arrays (a habit, not a leak)\n"));
  EXPECT_TRUE(contains(text, "main.buffers   []uint8\n"));
}

TEST(Text, ColourOnlyOnRequest) {
  TextOptions options;
  EXPECT_FALSE(contains(render_text(pool_report(), options), "\x1b"));
  options.colour = true;
  EXPECT_TRUE(contains(render_text(pool_report(), options), "\x1b[1m"));
}

TEST(Text, HostileNamesAndNumbersStayWithinThePage) {
  std::string name = "github.com/";
  for (int i = 0; i < 60; i++) name += "长包名/é.Set[\x1b[2J\xff,\n";
  auto huge = UINT64_MAX;
  LeakReport report;
  report.target = {.live = true,
                   .path = name,
                   .pid = UINT32_MAX,
                   .exe = name,
                   .go_version = name,
                   .arch = name,
                   .dwarf = true,
                   .pause_ms = 1e300,
                   .taken_at = name};
  report.heap = {huge, huge, huge, huge, huge, huge, huge,
                 huge, huge, huge, huge, huge, huge, huge};
  for (auto category : {"tail", "head", "clipped", "gap", "window", "interior", name.c_str(), ""}) {
    SiteRow site;
    site.site = site.kind = site.element_type = site.doubt = name;
    site.category = category;
    site.arrays = site.array_bytes = site.slots = site.visible_slots = site.hidden_slots = huge;
    site.hidden_bytes = site.stale_slots = site.len = site.cap = huge;
    site.retained_objects = site.retained_bytes = huge - 1;
    site.retained_bytes_possible = huge;
    site.shared_with = site.path = {name, "", name, std::string(500, ' ')};
    site.retained_types = std::vector<TypeCount>(9, {name, huge, huge});
    site.remedies = {{name, huge, huge, huge, huge, name},
                     {"copy_if_cap_exceeds", {}, 0, 0, 0, ""}};
    site.sources = std::vector<SourceRow>(5, {name, huge, name, name});
    report.sites.push_back(site);
    site.arrays = 1;
    report.sites.push_back(site);
  }
  report.spare = {{name, name, huge, huge}};
  report.doubts = {{name, name, huge, huge, huge, huge}};
  report.doubts_omitted = huge;
  report.timings = {{name, 1e9}};
  report.warnings = {name, name};
  report.peak_anonymous_bytes = huge;
  TextOptions options;
  options.stats = options.spare = true;
  options.selection.top = 100;
  expect_narrow(render_text(report, options));
}

TEST(Text, EmptyReportStaysWithinThePage) { expect_narrow(render_text({}, {.stats = true})); }

SiteRow site_of(const char* category, std::uint64_t arrays) {
  SiteRow site;
  site.category = category;
  site.arrays = arrays;
  site.slots = 100;
  site.hidden_slots = 60;
  site.stale_slots = 50;
  site.len = 40;
  site.cap = 100;
  site.array_bytes = 8000;
  site.hidden_bytes = 6000;
  return site;
}

TEST(Advice, EachCategoryInWords) {
  EXPECT_EQ(describe_hidden(site_of("tail", 1)),
            "len 40 of cap 100: 50 slots past len still hold references");
  EXPECT_EQ(describe_hidden(site_of("tail", 3)),
            "3 arrays: 60 of 100 slots past len, 50 still holding references");
  EXPECT_EQ(describe_hidden(site_of("head", 1)),
            "60 of 100 slots before every slice, 50 still holding references");
  EXPECT_EQ(describe_hidden(site_of("clipped", 2)),
            "2 arrays: 60 of 100 slots past every slice's cap, 50 still holding references");
  EXPECT_EQ(describe_hidden(site_of("gap", 1)),
            "60 of 100 slots between the slices, 50 still holding references");
  EXPECT_EQ(describe_hidden(site_of("window", 1)),
            "2.0 KB in use keeps 8.0 KB alive in 1 array: 6.0 KB outside every slice and string");
  EXPECT_EQ(describe_hidden(site_of("interior", 4)),
            "2.0 KB in use keeps 8.0 KB alive in 4 arrays: 6.0 KB outside what the pointer shows");
}

TEST(Advice, SlotsWithoutReferencesAreNotCalledReferences) {
  auto site = site_of("tail", 1);
  site.stale_slots = 0;
  EXPECT_EQ(describe_hidden(site), "len 40 of cap 100: 60 slots past len");
  site = site_of("head", 1);
  site.stale_slots = 60;
  EXPECT_EQ(describe_hidden(site),
            "60 of 100 slots before every slice, all still holding references");
}

TEST(Advice, EachCategoryNamesItsRemedy) {
  auto advice = [](const char* category, std::uint64_t stale_slots) {
    SiteRow site = site_of(category, 1);
    site.stale_slots = stale_slots;
    return std::string(advice_for(site));
  };
  EXPECT_TRUE(contains(advice("tail", 1), "clear(s[n:])"));
  EXPECT_TRUE(contains(advice("head", 1), "s[0] = nil"));
  // Where no slot holds a reference there is nothing to clear.
  EXPECT_FALSE(contains(advice("tail", 0), "clear"));
  EXPECT_TRUE(contains(advice("tail", 0), "slices.Clone(s[:n])"));
  EXPECT_FALSE(contains(advice("head", 0), "s[0]"));
  EXPECT_TRUE(contains(advice("head", 0), "slices.Clone(s)"));
  EXPECT_TRUE(contains(advice("window", 0), "strings.Clone"));
  EXPECT_TRUE(contains(advice("clipped", 1), "slices.Clone(s[:n])"));
  EXPECT_FALSE(advice("gap", 1).empty());
  EXPECT_FALSE(advice("interior", 1).empty());
  EXPECT_TRUE(advice("unheard of", 1).empty());
}

}  // namespace
}  // namespace overhang
