// Heaps of unusual shape or size (subjects/unusual and others), each held against the collector.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "support/go_program.h"

namespace overhang::test {

// A way to start a subject.
struct UnusualHeap {
  std::string label;      // letters, digits and _
  std::string full_size;  // what `make soak-unusual` runs; "": the same
  std::string what;       // the full size in words
  // Where it is no case of subjects/unusual: the subject, go build's environment, and the plugins
  // that are its arguments (folders in the subject).
  std::string subject = {};
  std::vector<std::string> environment = {};
  std::vector<std::string> plugins = {};
};
inline void PrintTo(const UnusualHeap& heap, std::ostream* out) { *out << heap.label; }
const std::vector<UnusualHeap>& unusual_heaps();

// What a run found; the tests judge it.
struct UnusualResult {
  bool refused_by_system = false;  // the subject could not be built up; `text` says why
  std::string text;                // differences, warnings
  std::uint64_t live_bytes = 0, live_objects = 0;
  std::uint64_t different = 0, conservative_only = 0, truncated = 0, warnings = 0;
  bool conserved = false;
  std::uint64_t resident_bytes = 0;  // of the subject
  double seconds = 0, cpu_seconds = 0;
  std::uint64_t own_bytes = 0;  // peak anonymous memory
  double typed_share = 0;
  bool hides = false;  // and then:
  std::int64_t predicted = 0, freed = 0;
  // Whether they agree to 0.1 % or 8 KiB: a thread that the runtime starts takes some 6 KB.
  bool prediction_holds() const;
};

// Starts it, compares the live set with the collector's marks, has the report made by the overhang
// executable, applies the remedy. Throws std::runtime_error.
UnusualResult examine_unusual(const UnusualHeap& heap, bool full_size);

}  // namespace overhang::test
