// Where a goroutine stopped, so that its stack can be unwound (traceback.go: unwinder.initAt;
// proc.go: sigprof, for those that were running).
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "goruntime/goroutines.h"
#include "goruntime/unwind.h"

namespace overhang {

inline constexpr std::uint32_t kGscan = 0x1000;  // runtime._Gscan
enum class GoroutineStatus : std::uint32_t {     // runtime2.go; the same in all releases
  Idle = 0,
  Runnable = 1,
  Running = 2,
  Syscall = 3,
  Waiting = 4,
  Dead = 6,
  CopyStack = 8,
  Preempted = 9,
  Leaked = 10,     // 1.26+
  DeadExtra = 11,  // 1.26+
};

struct GoroutinePosition {
  StackPosition stack;
  // General registers of the thread that runs it; empty where it stands at a safe point.
  std::vector<std::uint64_t> registers;
  // Running, but its thread is on the system stack for it.
  bool on_system_stack = false;
};

class GoroutinePositions {
 public:
  explicit GoroutinePositions(const Runtime& runtime);
  // `goroutine` has g, status and stack bounds. Nothing where nobody knows: a running goroutine
  // whose thread is not in the image, or is in code that tells nothing. Of a system stack: nothing
  // where its thread is not on it, or amidst a switch.
  std::optional<GoroutinePosition> find(const Goroutine& goroutine, PcCache& cache) const;
  // Where the frames of a goroutine still are for whose stack g.stack stands already, in part or in
  // whole, while g.sched.sp does not lead there yet (stack.go: copystack). Nothing where they
  // agree.
  struct StackBounds {
    Address lo = 0, hi = 0;
  };
  std::optional<StackBounds> stack_being_left(Address g, StackBounds recorded) const;
  // Whether somebody may be amidst moving the goroutine's stack (stack.go: copystack): once it is
  // copied, its frames are adjusted one by one, and until then point to where it was.
  bool may_be_moving(const Goroutine& goroutine, const GoroutinePosition& position) const;

 private:
  bool in_copystack(const ThreadState& thread) const;
  struct Registers {
    Address pc = 0, sp = 0;
    std::vector<std::uint64_t> general;
  };
  const ThreadState* thread_of(const Goroutine& goroutine, Address m) const;
  std::optional<Registers> interrupted(Address m, Address sp) const;
  std::optional<GoroutinePosition> of_registers(const Goroutine& goroutine,
                                                const Registers& registers, PcCache& cache) const;
  Address saved_lr(const Goroutine& goroutine) const;
  std::optional<GoroutinePosition> on_thread(const Goroutine& goroutine, Address m,
                                             Registers& registers, PcCache& cache) const;
  std::optional<GoroutinePosition> vdso_caller(const Goroutine& goroutine, Address m) const;

  const Runtime& runtime_;
  const StackArchitecture& arch_;
  std::unordered_map<std::uint32_t, const ThreadState*> threads_;  // by tid
  std::vector<const ThreadState*> by_sp_;
  bool any_moving_ = false;  // some thread is in copystack
};

}  // namespace overhang
