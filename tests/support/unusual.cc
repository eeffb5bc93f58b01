#include "support/unusual.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "support/anatomy.h"
#include "support/overhang_command.h"
#include "support/verdicts.h"

namespace overhang::test {
namespace {

double children_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  auto seconds = [](timeval t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      std::uint64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

void compare(const Subject& subject, UnusualResult& out) {
  auto anatomy = Anatomy::of_process(subject.pid(), subject.executable());
  auto verdicts = compare_with_collector(*anatomy);
  out.different = verdicts.different;
  out.conservative_only = verdicts.conservative_only;
  for (auto& goroutine : anatomy->roots.goroutines) out.truncated += goroutine.truncated;
  if (out.different + out.conservative_only > 0) out.text += verdicts.text();
}

void report_on(const Subject& subject, UnusualResult& out) {
  auto began = std::chrono::steady_clock::now();
  auto cpu = children_cpu_seconds();
  auto finished = run_overhang({std::to_string(subject.pid()), "--format", "json", "--stats"},
                               {.directory = "", .timeout = std::chrono::seconds(600)});
  if (finished.exit_code != 0) throw std::runtime_error("overhang: " + finished.err);
  auto took = std::chrono::steady_clock::now() - began;
  out.seconds = std::chrono::duration<double>(took).count();
  out.cpu_seconds = children_cpu_seconds() - cpu;
  auto report = nlohmann::json::parse(finished.out);
  auto& heap = report.at("heap");
  auto value = [&](const char* name) { return heap.at(name).get<std::uint64_t>(); };
  out.live_bytes = value("live_bytes");
  out.live_objects = value("live_objects");
  out.typed_share = heap.at("typed_share");
  out.predicted = heap.at("overhang_bytes");
  out.conserved = value("visible_bytes") + value("spare_bytes") + value("lost_bytes") +
                      value("overhang_bytes") + value("allocator_bytes") ==
                  out.live_bytes;
  out.own_bytes = report.at("peak_anonymous_bytes");
  out.warnings = report.at("warnings").size();
  for (auto& warning : report.at("warnings"))
    out.text += "warning: " + warning.get<std::string>() + "\n";
}

}  // namespace

bool UnusualResult::prediction_holds() const {
  return std::abs(predicted - freed) <= std::max<std::int64_t>(freed / 1000, 8192);
}

const std::vector<UnusualHeap>& unusual_heaps() {
  static const std::vector<UnusualHeap> heaps = {
      {"sparse", "4096", "4 TiB reserved and 4 TiB mapped and untouched, slices over them"},
      {"mapped", "64", "64 GiB of a mapped file, 1,000 slices and strings over it"},
      {"goroutines", "1000000", "1,000,000 goroutines, each with a truncated slice"},
      {"mapslices", "1000000", "two maps of 1,000,000 slices"},
      {"bytes", "5", "two []byte of 5 GiB, a page of each touched"},
      {"pointers", "5000", "one []*T of 4.9 GiB, a slot in 10,000 used"},
      {"zerosize", "1000000", "3,000,000 slices of zero-size elements; len 10⁹"},
      {"programs", "1000", "1,000 values of a type of 143 KB (GC programs to Go 1.23)"},
      {"nans", "300000", "a map of 300,000 NaN keys"},
      {"channels", "1000000", "1,000,000 slices in a channel's buffer"},
      {"finalizers", "1000000", "1,000,000 objects with finalizers"},
      {"list", "10000000", "one list of 10,000,000 nodes"},
      {"recursion", "100", "a stack of 100 MiB"},
      {"texts", "1000000", "1,000,000 substrings of one text, as many strings"},
      {"types", "100000", "100,000 struct types made by reflect, with arrays, maps, channels"},
      {"closures", "1000000", "1,000,000 functions by reflect.MakeFunc"},
      {"foreign", "20000", "80,000 pointers into C's memory", "foreign", {"CGO_ENABLED=1"}},
      {"plugins",
       "",
       "a program of three modules, two of them plugins",
       "plugins",
       {"CGO_ENABLED=1"},
       {"first", "second"}},
      {"arenas", "20", "20 user arenas", "arenas", {"GOEXPERIMENT=arenas"}},
  };
  return heaps;
}

UnusualResult examine_unusual(const UnusualHeap& heap, bool full_size) {
  std::vector<std::string> arguments;
  if (heap.subject.empty()) arguments.push_back(heap.label);
  if (full_size && !heap.full_size.empty()) arguments.push_back(heap.full_size);
  for (auto& plugin : heap.plugins)
    arguments.push_back(build_subject(heap.subject, {"-buildmode=plugin"}, plugin, heap.environment,
                                      "./" + plugin));
  auto executable =
      build_subject(heap.subject.empty() ? "unusual" : heap.subject, {}, "", heap.environment);
  auto subject = Subject::started(executable, arguments);
  UnusualResult out;
  if (subject.facts().contains("error")) {
    out.refused_by_system = true;
    out.text = subject.facts().at("error");
    return out;
  }
  out.resident_bytes = resident_bytes(subject.pid());
  compare(subject, out);
  report_on(subject, out);
  out.hides = subject.facts().contains("hides");
  if (!out.hides) return out;
  auto before = subject.heap_alloc();
  subject.command("remedy");
  out.freed = static_cast<std::int64_t>(before) - static_cast<std::int64_t>(subject.heap_alloc());
  return out;
}

}  // namespace overhang::test
