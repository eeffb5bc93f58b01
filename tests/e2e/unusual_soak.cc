// Runs the unusual heaps at full size, one after another, and prints a Markdown row for each
// (docs/ACCURACY.md): unusual_soak [LABEL...]. Exit status 1 where one is not exact.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>

#include "support/unusual.h"

namespace overhang::test {
namespace {

bool good(const UnusualResult& r) {
  return r.different == 0 && r.conservative_only == 0 && r.truncated == 0 && r.warnings == 0 &&
         r.conserved && r.prediction_holds();
}

bool run_one(const UnusualHeap& heap) {
  auto r = examine_unusual(heap, true);
  if (r.refused_by_system) {
    fmt::print(stderr, "{}: not run: {}\n", heap.label, r.text);
    return true;
  }
  fmt::print(
      "| {} | {:.0f} | {} | {:.0f} | {} | {:.2f} % | {:.1f} s | {:.1f} s | {:.0f} | {} | {} |\n",
      heap.what, static_cast<double>(r.live_bytes) / 1e6, r.live_objects,
      static_cast<double>(r.resident_bytes) / 1e6, r.different, 100 * r.typed_share, r.cpu_seconds,
      r.seconds, static_cast<double>(r.own_bytes) / 1e6, r.predicted, r.freed);
  std::fflush(stdout);
  if (!r.text.empty()) fmt::print(stderr, "{}", r.text);
  if (!good(r)) fmt::print(stderr, "{}: NOT EXACT\n", heap.label);
  return good(r);
}

int run_all(const std::vector<std::string>& chosen) {
  fmt::print(
      "| heap ({}) | live MB | live objects | resident MB | differences from the collector | typed "
      "| "
      "CPU | wall | own MB | predicted bytes | freed bytes |\n"
      "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
      go_version());
  bool all_good = true;
  for (auto& heap : unusual_heaps())
    if (chosen.empty() || std::find(chosen.begin(), chosen.end(), heap.label) != chosen.end())
      all_good &= run_one(heap);
  return all_good ? 0 : 1;
}

}  // namespace
}  // namespace overhang::test

int main(int argc, char** argv) {
  try {
    return overhang::test::run_all({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "unusual_soak: {}\n", error.what());
    return 1;
  }
}
