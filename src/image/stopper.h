// The small process that stops the target, borrows one of its threads to fork it, and guards the
// frozen child. It is a process of its own, in a session of its own with all signals blocked, since
// a tracer's death resumes its tracees with whatever registers they have: killing overhang, even
// by SIGKILL and at any instant, leaves this process to put things right.
//
// It ends when overhang closes its end of the socket, by intent or by dying, and when the frozen
// process is killed:
//   child forked    kills the child and has the target reap it (below)
//   target held     lets it run on
//
// Who reaps the child? Its parent is the target, which knows nothing of it. It was cloned with exit
// signal 0, so its death brings no SIGCHLD, and neither wait4(-1) nor os/exec sees it without
// __WALL. When it is dead a second, very short borrow of one thread runs wait4(child,
// WNOHANG|__WALL) in the target. A double fork would leave the reaping to the init of the target's
// PID namespace, which in a container often reaps nothing, or is the target itself.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace overhang {

struct StopRequest {
  pid_t pid = 0;
  Address syscall_instruction = 0;  // in the target's text
  bool seccomp = false;             // the target has a filter, to be lifted while it is borrowed
  std::string no_fork_reason;       // if not empty: hold the target instead of forking it
};

struct StoppedThread {
  pid_t tid;
  bool has_registers;  // else rsp and rip alone, or zeros
  user_regs_struct registers;
};

class Stopper {
 public:
  // Starts the process and waits until the target has been forked or is held. Errors: as
  // snapshot_process.
  static Result<std::shared_ptr<Stopper>> start(const StopRequest& request);
  // Ends it; waits a while for it to put the target right.
  ~Stopper();
  Stopper(const Stopper&) = delete;
  Stopper& operator=(const Stopper&) = delete;

  // The process whose memory to read: the frozen child, or the target itself while it is held.
  pid_t frozen() const { return frozen_; }
  // Empty if the target was forked and runs on; else why it is held.
  const std::string& held_reason() const { return held_reason_; }
  std::optional<double> pause_ms() const { return pause_ms_; }
  std::int64_t taken_at() const { return taken_at_; }  // seconds since 1970
  std::int64_t clock_ns() const { return clock_ns_; }  // CLOCK_MONOTONIC at that time
  const std::vector<StoppedThread>& threads() const { return threads_; }
  // Whether the frozen process is frozen still: what was read before is its memory, and true.
  // Thread-safe.
  bool still_frozen() const;

 private:
  Stopper() = default;
  Status receive(pid_t target);

  int socket_ = -1;
  int frozen_fd_ = -1;  // pidfd
  pid_t helper_ = -1;
  pid_t frozen_ = 0;
  std::string held_reason_;
  std::optional<double> pause_ms_;
  std::int64_t taken_at_ = 0;
  std::int64_t clock_ns_ = 0;
  std::vector<StoppedThread> threads_;
};

// For the kill test: called in the small process as it enters each stage.
using StageHook = void (*)(const char* stage);
extern StageHook stage_hook;

// What goes over the socket, then `threads` StoppedThreads.
struct StopReport {
  enum class Outcome : std::uint32_t { Forked, Held, Failed };
  Outcome outcome = Outcome::Failed;
  ErrorKind error = ErrorKind::Gone;
  pid_t child = 0;
  std::uint32_t threads = 0;
  double pause_ms = 0;
  std::int64_t taken_at = 0;
  std::int64_t clock_ns = 0;
  char text[1000] = {};  // the error, or why the target is held
};

// The body of the small process. `socket` is its end.
[[noreturn]] void run_stopper(int socket, const StopRequest& request);

}  // namespace overhang
