// Goroutines, their frames, and which stack words the collector takes for roots.
// Mirrors runtime.unwinder (traceback.go), stkframe.go: getStackMap, mgcmark.go: scanstack,
// scanframeworker, and stack.go's stack objects.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "goruntime/runtime.h"

namespace overhang {

// As runtime.stkframe, in little room: there may be millions. The function is that of pc
// (Runtime::find_function).
struct StackFrame {
  Address pc = 0;        // of the call that has not returned (innermost: next instruction)
  Address continpc = 0;  // whose stack map holds; 0: it cannot continue, nothing in it is live
  Address sp = 0;
  std::uint32_t size = 0;       // fp − sp
  std::uint8_t varp_below = 0;  // fp − varp
  std::uint8_t argp_above = 0;  // argp − fp
  bool within_call = false;     // pc stands after a call instruction that has not returned
  bool conservative = false;

  Address fp() const { return sp + size; }  // also DWARF's CFA
  Address varp() const { return fp() - varp_below; }
  Address argp() const { return fp() + argp_above; }
  // Within the statement that runs (unwinder.symPC), where DWARF is looked up: pc − 1, or pc itself
  // at a function's entry, after a trap and where it comes from a thread's registers.
  Address lookup_pc() const { return within_call ? pc - 1 : pc; }
};
static_assert(sizeof(StackFrame) == 32);

// A word on a stack (or in a defer or register) that keeps an object alive.
struct StackRoot {
  Address slot = 0;   // where the word stands; 0: a register or a runtime record off the stack
  Address value = 0;  // what it holds
  std::int32_t frame = -1;  // index into frames, −1: none
  bool conservative = false;
};

struct Goroutine {
  Address g = 0;
  std::uint64_t id = 0;
  std::uint32_t status = 0;  // without _Gscan
  std::uint8_t wait_reason = 0;
  std::int64_t wait_since = 0;  // ns, runtime clock
  Address go_pc = 0, start_pc = 0;
  Address stack_lo = 0, stack_hi = 0;
  std::vector<StackFrame> frames;  // innermost first; the 2^20 innermost of a deeper stack
  std::vector<StackRoot> roots;    // by slot, within reached stack objects too
  bool truncated = false;          // the unwinding did not reach the outermost function
  // m.g0 of a thread that works on its system stack: goroutine 0 of Go's tracebacks.
  bool system_stack = false;
};

// All goroutines that the collector scans (dead ones left out), and after them the system stacks
// that threads are on which may make or hand on objects: those with a P, but for the collector's
// work. The collector never meets such a thread, since it waits for the P; until then an object may
// be held by that stack alone (proc.go: newproc1, of the g that it makes; time.go: unlockAndRun, of
// the timer that has left its heap). `in_heap` tells whether a value points into the managed heap,
// so that roots holds only words that matter; stack pointers that reach stack objects are followed
// within. What cannot be unwound is counted in diagnostics and scanned conservatively from there
// on.
std::vector<Goroutine> read_goroutines(const Runtime& runtime,
                                       const std::function<bool(Address)>& in_heap,
                                       unsigned threads);

}  // namespace overhang
