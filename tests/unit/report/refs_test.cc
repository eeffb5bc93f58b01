// The reference tree's renderers, and profiles read back by protozero and zlib.
#include <gtest/gtest.h>
#include <zlib.h>

#include <nlohmann/json.hpp>
#include <protozero/pbf_reader.hpp>

#include "report/pprof.h"
#include "report/refs_report.h"

namespace overhang {
namespace {

std::string inflated(const std::string& gzip) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string in = gzip, out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

// main.a { .b { .c, [hidden tail] { .d } } }, main.e
RefsReport example() {
  RefsReport report;
  report.target.exe = "/bin/example";
  report.heap.live_bytes = report.tree.total_bytes = 1000;
  report.heap.live_objects = 10;
  report.heap.overhang_bytes = 300;
  report.heap.spare_bytes = 50;
  TreeRows& tree = report.tree;
  tree.names = {"main.a", ".b []*T", ".c T;x", "[hidden tail of main.a.b]", ".d\nT", "main.e"};
  tree.parent = {TreeRows::kRoot, 0, 1, 1, 3, TreeRows::kRoot};
  tree.name = {0, 1, 2, 3, 4, 5};
  tree.bytes = {0, 100, 500, 50, 300, 50};
  tree.objects = {0, 1, 4, 0, 4, 1};
  tree.hidden_bytes = {0, 0, 0, 50, 300, 0};
  tree.flags = {0, 0, 0, 1, 1, 0};
  constexpr auto kNone = RefsReport::kNone;
  report.site = {kNone, kNone, kNone, 0, 0, kNone};
  report.code_of = {kNone, kNone, kNone, kNone, kNone, kNone};
  report.sites = {{"main.a.b", "tail", "*T", {{"/src/a.go", 7, "main.f", "b = b[:n]"}}}};
  return report;
}

TEST(RefsReportRows, TotalsHaveWhatIsBelow) {
  auto totals = totals_of(example().tree);
  EXPECT_EQ(totals.bytes, (std::vector<std::uint64_t>{950, 950, 500, 350, 300, 50}));
  EXPECT_EQ(totals.objects, (std::vector<std::uint64_t>{9, 9, 4, 4, 4, 1}));
  EXPECT_EQ(totals.hidden_bytes, (std::vector<std::uint64_t>{350, 350, 0, 350, 300, 0}));
}

TEST(RefsReportRows, WhatIsLeftOutIsItsParentsOwn) {
  auto report = example();
  select(report, {.top = 3});
  EXPECT_EQ(report.tree.parent,
            (std::vector<std::int64_t>{TreeRows::kRoot, 0, 1, TreeRows::kRoot}));
  EXPECT_EQ(report.tree.bytes, (std::vector<std::uint64_t>{0, 450, 500, 50}));
  EXPECT_EQ(report.tree.hidden_bytes, (std::vector<std::uint64_t>{0, 350, 0, 0}));
  EXPECT_EQ(report.tree.names[report.tree.name[3]], "(more)");
  EXPECT_EQ(report.tree.truncated_frames, 3u);
  EXPECT_EQ(report.site.size(), 4u);

  report = example();
  select(report, {.min_bytes = 300});
  EXPECT_EQ(report.tree.size(), 6u);  // all but main.e, and "(more)"
  EXPECT_EQ(report.tree.truncated_frames, 1u);
}

TEST(RefsFolded, ALineForEachFrameWithBytes) {
  EXPECT_EQ(render_refs_folded(example()),
            "main.a;.b []*T 100\n"
            "main.a;.b []*T;.c T:x 500\n"
            "main.a;.b []*T;[hidden tail of main.a.b] 50\n"
            "main.a;.b []*T;[hidden tail of main.a.b];.d?T 300\n"
            "main.e 50\n");
}

TEST(RefsText, IsATreeWithHiddenMemoryMarked) {
  RefsTextOptions options;
  options.top = 10;
  auto text = render_refs_text(example(), options);
  EXPECT_NE(text.find("    bytes    share     objects    hidden\n"
                      "    950 B   95.0 %           9     350 B  main.a.b []*T\n"
                      "    500 B   50.0 %           4         -    .c T;x\n"
                      "    350 B   35.0 %           4     350 B    [hidden tail of main.a.b]\n"
                      "                                              made at a.go:7  b = b[:n]\n"
                      "    300 B   30.0 %           4     300 B      .d?T\n"
                      "     50 B    5.0 %           1         -  main.e\n"),
            std::string::npos)
      << text;
}

TEST(RefsJson, FramesHaveTheirOwnFiguresAndTotals) {
  auto json = nlohmann::json::parse(render_refs_json(example()));
  EXPECT_EQ(json.at("schema"), "overhang.refs/1");
  auto& frames = json.at("frames");
  EXPECT_EQ(frames.size(), 6u);
  EXPECT_TRUE(frames.at(0).at("parent").is_null());
  EXPECT_EQ(frames.at(4).at("parent"), 3);
  EXPECT_EQ(frames.at(3).at("bytes"), 50);
  EXPECT_EQ(frames.at(3).at("total_bytes"), 350);
  EXPECT_EQ(frames.at(3).at("site"), 0);
  EXPECT_EQ(frames.at(3).at("through_hidden"), true);
  EXPECT_TRUE(frames.at(2).at("site").is_null());
  EXPECT_EQ(json.at("sites").at(0).at("sources").at(0).at("line"), 7);
}

// The string table's texts and the samples' packed values, by the format's own field numbers.
TEST(Pprof, SamplesAndTextsComeBack) {
  auto data = inflated(render_refs_pprof(example()));
  std::vector<std::string> texts;
  std::vector<std::vector<std::int64_t>> values;
  std::vector<std::size_t> depths, labels;
  std::size_t sample_types = 0, locations = 0;
  for (protozero::pbf_reader profile(data); profile.next();) {
    switch (profile.tag()) {
      case 1:
        sample_types++;
        profile.skip();
        break;
      case 2: {
        auto sample = profile.get_message();
        labels.push_back(0);
        while (sample.next()) {
          if (sample.tag() == 1) {
            auto stack = sample.get_packed_uint64();
            depths.push_back(static_cast<std::size_t>(std::distance(stack.begin(), stack.end())));
          } else if (sample.tag() == 2) {
            auto numbers = sample.get_packed_int64();
            values.emplace_back(numbers.begin(), numbers.end());
          } else {
            labels.back()++;
            sample.skip();
          }
        }
        break;
      }
      case 4:
        locations++;
        profile.skip();
        break;
      case 6:
        texts.push_back(profile.get_string());
        break;
      default:
        profile.skip();
    }
  }
  ASSERT_FALSE(texts.empty());
  EXPECT_EQ(texts.front(), "");
  EXPECT_NE(std::find(texts.begin(), texts.end(), "[hidden tail of main.a.b]"), texts.end());
  EXPECT_NE(std::find(texts.begin(), texts.end(), "/src/a.go"), texts.end());
  EXPECT_EQ(sample_types, 5u);
  EXPECT_EQ(locations, 6u);
  using Values = std::vector<std::int64_t>;
  EXPECT_EQ(values, (std::vector<Values>{{0, 0, 0, 100, 1},
                                         {0, 0, 0, 500, 4},
                                         {0, 0, 50, 50, 0},
                                         {0, 0, 300, 300, 4},
                                         {0, 0, 0, 50, 1}}));
  EXPECT_EQ(depths, (std::vector<std::size_t>{2, 3, 3, 4, 1}));
  EXPECT_EQ(labels, (std::vector<std::size_t>{0, 0, 2, 2, 0}));
}

TEST(Pprof, GzipOfAnythingComesBack) {
  for (std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{65536}, std::size_t{300'000}}) {
    std::string data(size, 'x');
    for (std::size_t i = 0; i < size; i += 7) data[i] = static_cast<char>(i * 31);
    EXPECT_EQ(inflated(gzipped(data)), data);
  }
}

}  // namespace
}  // namespace overhang
