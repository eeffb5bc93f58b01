// Goroutines by stack: rows, and their renderers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/head.h"
#include "report/render.h"

namespace overhang {

struct FrameRow {
  std::string function;  // as Go's tracebacks print it
  std::string file;
  std::int32_t line = 0;
  bool inlined = false;
};

struct GoroutineRow {
  std::uint64_t id = 0;
  std::string state;        // "running", "runnable", "syscall", "waiting", …
  std::string wait_reason;  // "chan receive"; empty where it does not wait
  // For how long at least: counted from the first collection that saw it wait
  // (runtime.g.waitsince).
  std::optional<double> waited_ms;
  std::uint64_t stack_bytes = 0;     // of its stack's memory, which is no part of the heap
  std::uint64_t retained_bytes = 0;  // of the heap, that would be freed if it alone ended
  bool truncated = false;            // the outermost frames could not be reached

  const std::string& status() const { return wait_reason.empty() ? state : wait_reason; }
};

struct CreatorRow {
  FrameRow place;  // the go statement
  std::uint64_t count = 0;
};

// Goroutines whose stacks are equal, pc by pc.
struct StackRow {
  bool system = false;                // the runtime's own
  std::vector<FrameRow> frames;       // innermost first
  std::uint64_t frames_elided = 0;    // between the first half of `frames` and the second
  std::vector<CreatorRow> creators;   // most goroutines first
  std::vector<GoroutineRow> members;  // most retained bytes first
  std::uint64_t retained_bytes = 0;   // the members' sum
};

struct GoroutinesReport : ReportHead {
  // What waits are counted to: "monotonic", the system's clock when the image was taken; "newest
  // wait", for want of it the newest that a goroutine has: then all are too short. "": none waits.
  std::string clock;
  std::uint64_t goroutines = 0, system_goroutines = 0;
  std::vector<StackRow> stacks;  // the program's before the runtime's; most goroutines first
};

// For a person; no line is wider than 100 columns.
std::string render_text(const GoroutinesReport& report, const TextOptions& options);
// Schema "overhang.goroutines/1".
std::string render_json(const GoroutinesReport& report, const Selection& selection = {});
// A line a stack, "outermost;…;innermost count", as flame graph tools read it.
std::string render_folded(const GoroutinesReport& report, const Selection& selection = {});

}  // namespace overhang
