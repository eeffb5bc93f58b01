// Stops all threads of a process with ptrace, runs system calls in one of them, lets them go.
// One thread makes all the requests: the kernel takes them from the thread that seized alone.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace overhang {

struct Tracee {
  enum class State {
    Running,  // seized, not stopped yet
    Stopped,
    Gone,
    Stuck,  // in an uninterruptible call: executes nothing, but shows no registers
  };
  pid_t tid = 0;
  State state = State::Running;
  // The last stop, as waitpid gave it.
  int status = 0;
  // In a signal-delivery-stop: the signal to deliver when it goes on; else 0.
  int signal = 0;
  // As at the first stop. Of a Stuck thread only rsp and rip are known, so has_registers is false.
  bool has_registers = false;
  user_regs_struct registers{};
  // A child that `run` made: release() leaves it stopped.
  bool made_here = false;
  // PTRACE_O_ flags to keep set.
  std::uintptr_t options = 0;

  // Stopped by PTRACE_INTERRUPT or a job-control stop, where registers may be borrowed.
  bool in_event_stop() const;
  // The thread was within a system call that goes on when it does.
  bool in_system_call() const;
};

class Tracer {
 public:
  explicit Tracer(pid_t pid) : pid_(pid) {}

  // Seizes all threads, new ones too, until there are no more; they run on. NotPermitted, Gone.
  Status seize();
  // Interrupts all threads and waits until none executes, then saves their registers. Threads that
  // end meanwhile are Gone. `give_up` is asked now and then; when it says so, this returns as if
  // all had stopped. Errors: NotPermitted, Gone; Unsupported where a thread does not stop.
  Status stop(bool (*give_up)(void*), void* context);
  // Seizes and stops one thread; nullptr where that fails or takes longer than `limit_ms`: then the
  // thread may be Stuck, and is to be tried again or released (release_stuck) when it stops.
  Tracee* stop_one(pid_t tid, double limit_ms);
  // Lets all threads run on where they were, with the signals they were about to get.
  void release();
  // Release of threads that were Stuck, when they stop at last; true when none is left. `stopped`
  // is told of each before it goes on, with its registers. They are those that it had all the
  // while: the interrupt is pending, so that it stops before it executes another instruction.
  bool release_stuck(const std::function<void(const Tracee&)>& stopped = {});
  // Takes note of deaths (a dead thread must be waited for, or its process's parent waits forever).
  void drain();

  // A thread whose registers may be borrowed, one that waits in a system call by preference (it is
  // in no restartable sequence); nullptr without one.
  Tracee* lendable();

  struct CallResult {
    long value;     // as the kernel returns it: -errno on failure
    Tracee* child;  // of a clone; stopped or about to be, before its first instruction
  };
  // Lets `tracee` run one system call, by the syscall instruction at `instruction`, and puts all of
  // its registers back. Nothing of its own runs meanwhile: no instruction, no signal handler. An
  // interrupted call that it was in restarts. Nothing where the thread died.
  std::optional<CallResult> run(Tracee& tracee, Address instruction, long number,
                                const std::array<std::uint64_t, 6>& arguments,
                                bool suspend_seccomp);
  // Waits until a child that `run` made stands before its first instruction, and has the kernel
  // kill it when we die; false: it died already.
  bool secure_child(Tracee& child);
  // Kills what `run` made, known or not yet, after it returned nothing.
  void kill_children();

  // Threads of the process and children of `run`, by id.
  const std::map<pid_t, Tracee>& tracees() const { return tracees_; }
  // Whether any thread is left.
  bool alive() const;

 private:
  Result<bool> seize_new();
  bool wait_all(bool (*give_up)(void*), void* context, double limit_ms);
  void save_registers();
  void look_at_running();
  void record(Tracee& tracee, int status);
  Tracee* wait_any(bool block);
  bool wait_for(Tracee& tracee);
  bool resume_to_call_stop(Tracee& tracee, Tracee*& child);
  bool back_to_event_stop(Tracee& tracee);
  std::optional<CallResult> run_once(Tracee& tracee, const user_regs_struct& registers);
  void let_go(Tracee& tracee);
  void forget_released();

  pid_t pid_;
  std::map<pid_t, Tracee> tracees_;
  bool stop_signal_withheld_ = false;
};

}  // namespace overhang
