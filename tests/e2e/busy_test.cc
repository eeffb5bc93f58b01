// Programs at work, imaged at random instants. OVERHANG_BUSY_IMAGES and OVERHANG_BUSY_ROUNDS say
// how often (a few by default; `make soak-busy N=500` many), OVERHANG_BUSY_REPORT names a file to
// which each subject's figures are added.
#include "support/busy.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "support/verdicts.h"

namespace overhang::test {
namespace {

int count_from(const char* variable, int otherwise) {
  auto* text = std::getenv(variable);
  return text ? std::atoi(text) : otherwise;
}

std::string list(const std::map<std::string, std::uint64_t>& counts) {
  std::string out;
  for (auto& [name, count] : counts) out += fmt::format("    {:6} {}\n", count, name);
  return out;
}

void report(const std::string& text) {
  if (auto* path = std::getenv("OVERHANG_BUSY_REPORT")) std::ofstream(path, std::ios::app) << text;
}

class Busy : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (go_minor() < 22) GTEST_SKIP() << "the busy subjects are written for Go 1.22 and later";
  }
  static Subject start(const char* gogc, const char* ballast,
                       std::vector<std::string> environment = {}) {
    auto name = std::string(GetParam());
    auto executable = name == "busy_syscalls" ? build_subject_with_c(name) : build_subject(name);
    // More threads than processors: some are always off in the midst of something.
    environment.push_back("GOMAXPROCS=4");
    return Subject::started(executable, {gogc, ballast}, environment);
  }
  void wait_at_random(int most_us) {
    std::uniform_int_distribution<int> us(0, most_us);
    std::this_thread::sleep_for(std::chrono::microseconds(us(random_)));
  }
  std::minstd_rand random_{std::random_device{}()};
};

// main.stack and main.pool of subjects/busy_pool: each slot from len up to the highest length ever
// keeps a Conn and its peer, but for those that a worker holds in its hands. Where a worker is
// amidst using the array itself, by a pointer in a register, certain and possible differ.
void check_pools(const Analysis& analysis, std::uint64_t highest, BusyTally& tally) {
  constexpr std::uint64_t kInHand = 3, kConnBytes = 144 + 96;
  auto* stack = analysis.site("main.stack.inUse");
  if (!stack) tally.fault("the stack's site is missing");
  for (auto* site : {stack, analysis.site("main.pool.inUse")}) {
    if (!site) continue;  // the pool is not filled far enough yet
    auto stale = site == stack ? highest - site->len : std::min(site->stale_slots, highest);
    auto within = [&](std::uint64_t objects, std::uint64_t each) {
      return objects <= each * stale && objects + each * kInHand >= each * stale;
    };
    bool certain = within(site->retained_objects, 2);
    bool possible = within(site->retained_bytes_possible, kConnBytes);
    tally.doubts += !certain && possible && !site->doubt.empty();
    if (site->stale_slots != stale || !possible || (!certain && site->doubt.empty()))
      tally.fault(
          fmt::format("{}: len {}, {} stale slots keep {} objects, {} bytes, possibly {}; {}",
                      site->site, site->len, site->stale_slots, site->retained_objects,
                      site->retained_bytes, site->retained_bytes_possible, site->doubt));
  }
}

TEST_P(Busy, EveryImageHolds) {
  auto images = count_from("OVERHANG_BUSY_IMAGES", 10);
  auto subject = start("20", "0");
  BusyTally tally;
  for (int i = 0; i < images; i++) {
    wait_at_random(5000);
    auto anatomy = Anatomy::of_process(subject.pid(), subject.executable());
    Analysis analysis(*anatomy);
    check_image(*anatomy, analysis, tally);
    if (GetParam() == std::string("busy_pool"))
      check_pools(analysis, subject.facts().at("highest"), tally);
  }
  std::string faults;
  for (auto& line : tally.faults) faults += "    " + line + "\n";
  auto text = fmt::format(
      "{} {}: {} images, {} faults\n{}  phases:\n{}  goroutines {}, running {}, stacks being "
      "copied {}, frames {}\n"
      "  warnings:\n{}  truncated:\n{}  conservative frames:\n{}"
      "  witnesses alive {}, garbage found dead {}, kept by a conservative word {}; sites in doubt "
      "{}, objects of the tail shown by conservative words {}\n",
      GetParam(), go_version(), tally.images, tally.fault_count, faults, list(tally.phases),
      tally.goroutines, tally.running, tally.copying, tally.frames, list(tally.warnings),
      list(tally.truncated), list(tally.conservative), tally.living,
      tally.dropped - tally.dropped_conservative, tally.dropped_conservative, tally.doubts,
      tally.tail_objects_shown);
  report(text);
  EXPECT_EQ(tally.fault_count, 0u) << text;
  EXPECT_TRUE(tally.truncated.empty()) << text;
  EXPECT_GT(tally.living, 0u);
}

// What the next collection marks is in our live set, and what it does not mark has died since.
TEST_P(Busy, LiveSetIsWithinTheNextCyclesBounds) {
  auto rounds = count_from("OVERHANG_BUSY_ROUNDS", 4);
  // A goroutine that a signal preempts is scanned conservatively by the collector too, which then
  // marks what dead variables of its frame point to: dead to us, and rightly.
  auto subject = start("-1", "150000", {"GODEBUG=asyncpreemptoff=1"});
  BoundsTally tally;
  BusyTally each;
  std::uint64_t stopped = 0, exact = 0;
  std::string different;
  // With the collector off the heap grows as long as the workers go on: stopped, they wait for the
  // analysis.
  subject.command("stop");
  for (int i = 0; i < rounds; i++) {
    bool first = i % 2 == 0;
    subject.command("go");
    wait_at_random(10'000);
    if (!first) {
      subject.begin("gc");
      wait_at_random(15'000);
    }
    std::unique_ptr<Anatomy> collected;
    auto anatomy = Anatomy::of_process(subject.pid(), subject.executable(), [&] {
      if (first) subject.begin("stop");
      subject.finish();
      collected = Anatomy::of_process(subject.pid(), subject.executable(), [&] {
        if (!first) subject.command("stop");
      });
    });
    check_bounds(*anatomy, *collected, tally);
    Analysis analysis(*anatomy);
    check_image(*anatomy, analysis, each);
    if (!first) continue;
    // The workers stood still.
    auto verdicts = compare_with_collector(*collected);
    stopped++;
    exact += verdicts.different == 0;
    if (verdicts.different != 0 && different.size() < 2000) different += verdicts.text();
  }
  std::string faults;
  for (auto& line : tally.faults) faults += "    " + line + "\n";
  for (auto& line : each.faults) faults += "    " + line + "\n";
  std::uint64_t allowed =
      tally.steps * subject.facts().at("objects_per_step").get<std::uint64_t>() +
      tally.before * subject.facts().value("objects_beside", std::uint64_t{1000});
  auto text = fmt::format(
      "{} {}: bounds, images before a cycle {}, amidst marking {}, after {}; live objects {}\n{}"
      "  before: missed {} (revived by finalizers {}); died in {} steps: heap {}, stacks {}, "
      "conservative {} (at most {})\n"
      "  marking: never marked {} (died in stacks and records not scanned yet {}, conservative "
      "{}), floating garbage {}\n"
      "  images after the stop that equal the collector's marks: {} of {}\n{}",
      GetParam(), go_version(), tally.before, tally.marking, tally.after, tally.live, faults,
      tally.missed, tally.revived, tally.steps, tally.gone_heap, tally.gone_stack,
      tally.gone_conservative, allowed, tally.unmarked, tally.marking_unguarded,
      tally.marking_conservative, tally.floating, exact, stopped, different);
  report(text);
  EXPECT_EQ(tally.missed, 0u) << text;
  EXPECT_EQ(tally.unmarked, 0u) << text;
  EXPECT_TRUE(tally.faults.empty()) << text;
  EXPECT_EQ(each.fault_count, 0u) << text;
  EXPECT_LE(tally.gone_heap + tally.gone_stack, allowed) << text;
}

INSTANTIATE_TEST_SUITE_P(Subjects, Busy,
                         testing::Values("busy_gc", "busy_stacks", "busy_syscalls", "busy_http",
                                         "busy_pool", "busy_records"),
                         [](auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace overhang::test
