// Prints one row of docs/ACCURACY.md's table: how far overhang is from the collector on this
// release's subjects. tools/accuracy runs it, once per release (GOTOOLCHAIN). Nothing is judged
// here: the tests do that.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>

#include "e2e/subjects.h"
#include "support/anatomy.h"
#include "support/go_program.h"
#include "support/overhang_command.h"
#include "support/verdicts.h"

namespace overhang::test {
namespace {

struct LiveSets {
  std::uint64_t subjects = 0, objects = 0, different = 0, conservative_only = 0;
  std::uint64_t conservative_frames = 0, truncated = 0;
};

LiveSets compare_live_sets() {
  LiveSets out;
  for (auto& subject_case : all_subjects()) {
    Subject subject(subject_case.name, subject_case.arguments);
    auto anatomy = Anatomy::of_process(subject.pid(), subject.executable());
    auto verdicts = compare_with_collector(*anatomy);
    out.subjects++;
    out.objects += verdicts.marked;
    out.different += verdicts.different;
    out.conservative_only += verdicts.conservative_only;
    for (auto& goroutine : anatomy->roots.goroutines) {
      out.truncated += goroutine.truncated;
      for (auto& frame : goroutine.frames) out.conservative_frames += frame.conservative;
    }
    if (verdicts.different) fmt::print(stderr, "{}: {}", subject_case.label(), verdicts.text());
  }
  return out;
}

struct Typed {
  double bytes = 0, live = 0, least = 1;
  std::string least_subject;
  double share() const { return bytes / live; }
};

Typed measure_types() {
  Typed out;
  for (auto& subject_case : all_subjects()) {
    Subject subject(subject_case.name, subject_case.arguments);
    auto heap = leaks_json({std::to_string(subject.pid())}).at("heap");
    out.bytes += heap.at("typed_bytes").get<double>();
    out.live += heap.at("live_bytes").get<double>();
    auto share = heap.at("typed_share").get<double>();
    if (share < out.least) {
      out.least = share;
      out.least_subject = subject_case.label();
    }
  }
  return out;
}

// What a subject allocates itself while it reads and carries out a command.
constexpr std::uint64_t kCommandBytes = 256;

struct Predictions {
  std::uint64_t scenarios = 0, within = 0, near = 0;
  std::uint64_t largest_error = 0;  // bytes
  std::string largest_in;
};

// What the report says that the remedy frees: what hangs on hidden slots, or the arrays less what
// their copies take (tests/e2e/oracle_test.cc).
std::uint64_t predicted(const nlohmann::json& report, const nlohmann::json& facts) {
  auto copied = facts.at("copied").get<std::uint64_t>();
  if (copied == 0) return report.at("heap").at("overhang_bytes");
  auto matches = [](const nlohmann::json& row, const nlohmann::json& expected) {
    for (const char* key : {"site", "category"})
      if (expected.at(key) != "" && row.at(key) != expected.at(key)) return false;
    return true;
  };
  std::uint64_t arrays = 0;
  for (auto& expected : facts.at("expect"))
    for (auto& row : report.at("sites"))
      if (matches(row, expected)) {
        arrays += row.at("array_bytes").get<std::uint64_t>();
        break;
      }
  return arrays - std::min(arrays, copied);
}

Predictions measure_predictions() {
  Predictions out;
  auto list = run({build_subject("oracle"), "list"}).out;
  for (std::size_t begin = 0, end; begin < list.size(); begin = end + 1) {
    end = std::min(list.find('\n', begin), list.size());
    auto scenario = list.substr(begin, end - begin);
    Subject subject("oracle", {scenario});
    std::vector<std::string> target = {std::to_string(subject.pid())};
    if (scenario.starts_with("optin_interior")) target.emplace_back("--interior");
    auto report = leaks_json(target);
    auto says = predicted(report, subject.facts());
    auto before = subject.heap_alloc();
    subject.command("remedy");
    auto freed = before - std::min(before, subject.heap_alloc());
    auto error = says > freed ? says - freed : freed - says;
    out.scenarios++;
    out.near += error <= kCommandBytes;
    out.within += error <= std::max<std::uint64_t>(freed / 1000, 4096);
    if (error >= out.largest_error) {
      out.largest_error = error;
      out.largest_in = scenario;
    }
    fmt::print(stderr, "{} {}: predicted {}, freed {}\n", go_version(), scenario, says, freed);
  }
  return out;
}

void print_row() {
  auto live = compare_live_sets();
  auto typed = measure_types();
  auto predictions = measure_predictions();
  auto largest = predictions.largest_error == 0
                     ? std::string("0")
                     : fmt::format("{} ({})", predictions.largest_error, predictions.largest_in);
  fmt::print("| {} | {} | {} | {} | {} | {} | {:.2f} % | {:.2f} % ({}) | {} of {} | {} | {} |\n",
             go_version(), live.subjects, live.objects, live.different, live.conservative_only,
             live.conservative_frames, 100 * typed.share(), 100 * typed.least, typed.least_subject,
             predictions.within, predictions.scenarios, predictions.near, largest);
}

void print_header() {
  fmt::print(
      "| release | subjects | objects the collector marked | differences | by conservative frames "
      "alone | conservative frames | live bytes typed | least typed subject | predictions within "
      "0.1 % or 4 KiB | within 256 B | largest error, bytes |\n"
      "|---|--:|--:|--:|--:|--:|--:|---|--:|--:|---|\n");
}

}  // namespace
}  // namespace overhang::test

int main(int argc, char** argv) {
  try {
    if (argc > 1 && std::string(argv[1]) == "--header")
      overhang::test::print_header();
    else
      overhang::test::print_row();
  } catch (const std::exception& error) {
    fmt::print(stderr, "accuracy_row: {}\n", error.what());
    return 1;
  }
}
