// What the report says of any program, whatever it holds: totals that add up and agree with the
// runtime's own counters, and nearly every byte typed.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "e2e/subjects.h"
#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

// 99 % of each subject, but for what older executables do not tell in small heaps that are full of
// it: up to Go 1.21 what a map holds whose header stands in a frame and that DWARF has optimized
// out; to 1.25 pointers in generic code, as a cleanup's argument or what iter.Pull hands over.
double least_typed_share(const std::string& subject) {
  if (go_minor() < 22 && subject == "maps") return 0.98;
  if (go_minor() < 26 && subject == "weakrefs") return 0.93;
  if (go_minor() < 25 && subject == "blocked") return 0.98;
  return 0.99;
}

class Totals : public testing::TestWithParam<SubjectCase> {};

TEST_P(Totals, AddUpAndAreTheRuntimes) {
  Subject subject(GetParam().name, GetParam().arguments);
  auto report = leaks_json(subject.target());
  EXPECT_EQ(report.at("schema"), "overhang.leaks/1");
  EXPECT_EQ(report.at("target").at("go_version"), go_version());
  EXPECT_EQ(report.at("target").at("kind"), emulating_arm64() ? "core" : "pid");
  if (emulating_arm64()) EXPECT_EQ(report.at("target").at("arch"), "arm64");
  auto& heap = report.at("heap");
  auto value = [&](const char* name) { return heap.at(name).get<std::uint64_t>(); };
  // A thread that the runtime starts after its last collection takes some 6 KB.
  EXPECT_LE(value("live_bytes"), subject.heap_alloc() + 65536);
  EXPECT_LE(value("live_objects"), subject.heap_objects() + 40);
  // Up to Go 1.24 the sweep of unique maps makes and drops two closures a map while marking runs
  // (support/verdicts.h); the counters have them, the image does not.
  std::uint64_t dropped = go_minor() <= 24 ? 16 : 0;
  // And a processor may exchange its block of tiny values, once marked, for another.
  dropped += std::thread::hardware_concurrency();
  EXPECT_GE(value("live_bytes") + dropped * 48, subject.heap_alloc());
  EXPECT_GE(value("live_objects") + dropped, subject.heap_objects());
  EXPECT_EQ(value("visible_bytes") + value("spare_bytes") + value("lost_bytes") +
                value("overhang_bytes") + value("allocator_bytes"),
            value("live_bytes"));
  EXPECT_GE(static_cast<double>(value("typed_bytes")),
            least_typed_share(GetParam().name) * static_cast<double>(value("live_bytes")));
  EXPECT_EQ(report.at("warnings"), nlohmann::json::array());
  // What the doubtful references may show is all that possible has more than certain.
  std::uint64_t doubtful = 0;
  for (auto& row : heap.at("doubts")) doubtful += row.at("bytes").get<std::uint64_t>();
  auto difference = value("overhang_bytes_possible") - value("overhang_bytes");
  if (value("doubts_omitted") == 0)
    EXPECT_EQ(doubtful, difference);
  else
    EXPECT_LE(doubtful, difference);
}

INSTANTIATE_TEST_SUITE_P(Subjects, Totals, testing::ValuesIn(all_subjects()),
                         [](auto& instance) { return instance.param.label(); });

TEST(Typed, NearlyEverythingInAllSubjectsTogether) {
  double live = 0, typed = 0;
  for (auto& subject_case : all_subjects()) {
    Subject subject(subject_case.name, subject_case.arguments);
    auto heap = leaks_json(subject.target()).at("heap");
    live += heap.at("live_bytes").get<double>();
    typed += heap.at("typed_bytes").get<double>();
  }
  EXPECT_GE(typed, 0.99 * live);
}

// One answer from a live process and from its core, by one thread and by many.
TEST(Report, IsTheSameFromACoreAndByAnyNumberOfThreads) {
  if (emulating_arm64()) GTEST_SKIP() << "all images are cores";
  if (!have_gcore()) GTEST_SKIP() << "gcore (package gdb) is not installed";
  TemporaryDirectory directory;
  Subject subject("oracle", {"tail_many_fields"});
  auto core = write_core(subject.pid(), directory.file("core"));
  auto findings = [](const nlohmann::json& report) {
    // The runtime's own threads may move a few words of spare room between two images.
    auto& heap = report.at("heap");
    return nlohmann::json{{"overhang", {heap.at("overhang_bytes"), heap.at("overhang_objects")}},
                          {"sites", report.at("sites")}};
  };
  auto live = findings(leaks_json({std::to_string(subject.pid()), "--threads", "1"}));
  EXPECT_EQ(live, findings(leaks_json({std::to_string(subject.pid()), "--threads", "7"})));
  EXPECT_EQ(live, findings(leaks_json({core, "--threads", "2"})));
  EXPECT_EQ(live, findings(leaks_json({std::to_string(subject.pid()), "--no-fork"})));
}

}  // namespace
}  // namespace overhang::test
