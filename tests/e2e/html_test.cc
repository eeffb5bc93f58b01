// The HTML report of a real program: the pictures of arrays slot for slot, and the command line.
// What a browser makes of the page is tests/ui's business.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

const json* site_named(const json& report, const std::string& name, const std::string& category) {
  for (auto& site : report.at("sites"))
    if (site.at("site") == name && site.at("category") == category) return &site;
  return nullptr;
}

// subjects/gallery: jobs = all[:100], recent = all[700:750:800] of 1,000 slots, with objects in
// [0, 600) and [700, 750).
TEST(Html, PicturesAreTheArraysSlotForSlot) {
  Subject subject("gallery");
  auto report = leaks_json(subject.target());
  auto* site = site_named(report, "main.jobs", "gap");
  ASSERT_NE(site, nullptr) << report.at("sites").dump(1);
  auto& picture = site->at("picture");
  EXPECT_EQ(picture.at("slots"), 1000);
  EXPECT_EQ(picture.at("element_bytes"), 8);
  EXPECT_EQ(picture.at("array_bytes"), 8192);  // the size class for 8,000 bytes and their header
  EXPECT_EQ(picture.at("windows"), json::parse(R"([
    {"begin": 0, "len": 100, "cap": 1000, "holder": "main.jobs"},
    {"begin": 700, "len": 50, "cap": 100, "holder": "main.recent"}])"));
  EXPECT_EQ(picture.at("windows_omitted"), 0);
  EXPECT_EQ(picture.at("regions"), json::parse(R"([
    {"category": "gap", "begin": 100, "end": 700},
    {"category": "tail", "begin": 750, "end": 1000}])"));
  EXPECT_EQ(picture.at("stale"), json::parse("[[100, 600]]"));

  auto* queue = site_named(report, "main.queue", "head");
  ASSERT_NE(queue, nullptr);
  auto& drained = queue->at("picture");
  EXPECT_EQ(drained.at("windows").at(0),
            json::parse(R"({"begin": 1500, "len": 500, "cap": 500, "holder": "main.queue"})"));
  EXPECT_EQ(drained.at("regions").at(0),
            json::parse(R"({"category": "head", "begin": 0, "end": 1500})"));
  EXPECT_EQ(drained.at("stale"), json::parse("[[0, 1500]]"));
}

TEST(Html, TheCommandWritesAPage) {
  Subject subject("gallery");
  TemporaryDirectory folder;
  auto path = folder.file("report.html");
  auto arguments = subject.target();
  arguments.insert(arguments.end(), {"--format", "html", "-o", path});
  auto finished = run_overhang(arguments);
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.out, "");
  std::stringstream page;
  page << std::ifstream(path).rdbuf();
  EXPECT_TRUE(page.str().starts_with("<!doctype html>"));
  EXPECT_NE(page.str().find("\"site\":\"main.jobs\""), std::string::npos);
}

TEST(Html, TopAndMinLeaveSitesOut) {
  Subject subject("gallery");
  auto arguments = subject.target();
  arguments.insert(arguments.end(), {"--format", "html", "--top", "1"});
  auto finished = run_overhang(arguments);
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.out.find("\"summary\":"), finished.out.rfind("\"summary\":"));
}

}  // namespace
}  // namespace overhang::test
