// Unwinds one goroutine and scans its stack (mgcmark.go: scanstack, scanframeworker).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "goruntime/goroutine_position.h"
#include "goruntime/stack_objects.h"
#include "goruntime/unwind.h"

namespace overhang {

// One per worker thread; goes from goroutine to goroutine.
class GoroutineStack {
 public:
  // `defers_left`: how many more _defer records may be read, by all workers together.
  GoroutineStack(const Runtime& runtime, const GoroutinePositions& positions,
                 const std::function<bool(Address)>& in_heap,
                 std::atomic<std::int64_t>& defers_left)
      : runtime_(runtime),
        positions_(positions),
        defers_left_(defers_left),
        arch_(stack_architecture(runtime.image().architecture())),
        cache_([&runtime](Address pc) { return pc_facts(runtime, pc); }),
        unwinder_(cache_, arch_),
        scan_(runtime.image(), runtime.diagnostics(), in_heap) {}

  // Fills frames, roots and truncated of a goroutine that has g, status and stack bounds.
  void read(Goroutine& goroutine);

 private:
  void unwind_and_scan(Goroutine& goroutine);
  void scan_frames(Goroutine& goroutine, const GoroutinePosition& position);
  bool scan_exactly(const StackFrame& frame, const PcFacts& facts, std::int32_t index);
  void scan_conservatively(const StackFrame& frame, const PcFacts& facts, std::int32_t index);
  std::optional<StackBits> reflect_arguments(const StackFrame& frame, const PcFacts& facts,
                                             bool& reflect_object) const;
  void scan_vector_registers(const Goroutine& goroutine);
  void scan_records(const Goroutine& goroutine);
  void give_up(Goroutine& goroutine, std::string_view why, Address from);

  const Runtime& runtime_;
  const GoroutinePositions& positions_;
  std::atomic<std::int64_t>& defers_left_;
  const StackArchitecture& arch_;
  PcCache cache_;
  Unwinder unwinder_;
  StackScan scan_;
  StackMemory memory_;
  std::vector<StackFrame> frames_;
  std::vector<StackRoot> roots_;
};

}  // namespace overhang
