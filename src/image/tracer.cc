// The stops of ptrace(2) that occur here, for threads attached by PTRACE_SEIZE:
//   event stop            PTRACE_INTERRUPT took effect, or the process is stopped by job control
//   signal-delivery-stop  a signal arrived first: that stop serves as well, and it ends the
//   interrupt system call stops     only in a thread that `run` drives
// Event and signal stops lie within the kernel's get_signal, before it decides whether a system
// call that was interrupted restarts. So restoring registers there, orig_rax too, makes it restart.
//
// All that holds on amd64. On arm64 the kernel decides on the restart before these stops
// (arch/arm64/kernel/signal.c: do_signal), so that a borrowed thread could not be given back
// unharmed this way: live.cc does not try.
#include "image/tracer.h"

#ifdef __x86_64__

#include <elf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "image/process_files.h"

namespace overhang {

namespace {

// linux/ptrace.h, which cannot be included beside sys/ptrace.h everywhere.
constexpr int kEventStop = 128;                     // PTRACE_EVENT_STOP
constexpr unsigned long kSuspendSeccomp = 1 << 21;  // PTRACE_O_SUSPEND_SECCOMP
// What the kernel keeps in rax of an interrupted call (linux/errno.h).
constexpr long kRestartNoHandler = -514;  // ERESTARTNOHAND
constexpr long kRestartFirst = -516;      // ERESTART_RESTARTBLOCK
constexpr long kRestartLast = -512;       // ERESTARTSYS

constexpr double kStuckAfterMs = 200;
constexpr double kStopLimitMs = 10'000;

long request(int what, pid_t tid, std::uintptr_t address = 0, std::uintptr_t data = 0) {
  return ptrace(static_cast<__ptrace_request>(what), tid, reinterpret_cast<void*>(address),
                reinterpret_cast<void*>(data));
}

bool get_registers(pid_t tid, user_regs_struct& registers) {
  iovec io{&registers, sizeof registers};
  return request(PTRACE_GETREGSET, tid, NT_PRSTATUS, reinterpret_cast<std::uintptr_t>(&io)) == 0;
}

bool set_registers(pid_t tid, user_regs_struct registers) {
  iovec io{&registers, sizeof registers};
  return request(PTRACE_SETREGSET, tid, NT_PRSTATUS, reinterpret_cast<std::uintptr_t>(&io)) == 0;
}

bool is_system_call_stop(int status) {
  return WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80);
}

// A few waits end with EINTR on any stop, even one that brings no signal handler (signal(7)). The
// program would see that; those that wait without a time limit may as well be restarted. With a
// limit they may not: they would wait for all of it again, and a runtime's timers would be late.
bool fails_for_being_stopped(const user_regs_struct& r) {
  if (static_cast<long>(r.rax) != -EINTR) return false;
  switch (static_cast<long>(r.orig_rax)) {
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
      return static_cast<int>(r.r10) < 0;
    case SYS_epoll_pwait2:
    case SYS_semtimedop:
      return r.r10 == 0;
    case SYS_rt_sigtimedwait:
      return r.rdx == 0;
    case SYS_io_getevents:
      return r.r8 == 0;
    case SYS_semop:
      return true;
    default:
      return false;
  }
}

double now_ms() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

bool Tracee::in_event_stop() const { return state == State::Stopped && status >> 16 == kEventStop; }

bool Tracee::in_system_call() const {
  auto result = static_cast<long>(registers.rax);
  return static_cast<long>(registers.orig_rax) >= 0 && result >= kRestartFirst &&
         result <= kRestartLast;
}

// ---- attaching and stopping

// Seizes threads that are not known yet; whether there were any.
Result<bool> Tracer::seize_new() {
  bool any = false;
  for (auto tid : list_threads(pid_)) {
    if (tracees_.count(tid)) continue;
    if (request(PTRACE_SEIZE, tid) == 0) {
      tracees_[tid].tid = tid;
      any = true;
      continue;
    }
    int error = errno;
    if (error == ESRCH) continue;
    auto state = thread_state(pid_, tid);
    if (state == 0 || state == 'Z' || state == 'X') continue;
    return tl::unexpected(refused(pid_, "attach to", error));
  }
  return any;
}

Status Tracer::seize() {
  for (;;) {
    OVERHANG_TRY(auto any, seize_new());
    if (!any) break;
  }
  if (tracees_.empty()) return fail(ErrorKind::Gone, "process {} has ended", pid_);
  return {};
}

Status Tracer::stop(bool (*give_up)(void*), void* context) {
  for (;;) {
    for (auto& [tid, tracee] : tracees_)
      if (tracee.state == Tracee::State::Running) request(PTRACE_INTERRUPT, tid);
    if (!wait_all(give_up, context, kStopLimitMs)) {
      for (auto& [tid, tracee] : tracees_)
        if (tracee.state == Tracee::State::Running)
          return fail(ErrorKind::Unsupported, "thread {} of process {} did not stop within {} s",
                      tid, pid_, kStopLimitMs / 1000);
    }
    // Threads that were started between the last look and their parent's stop.
    OVERHANG_TRY(auto any, seize_new());
    if (!any) break;
  }
  if (!alive()) return fail(ErrorKind::Gone, "process {} has ended", pid_);
  save_registers();
  return {};
}

void Tracer::save_registers() {
  for (auto& [tid, tracee] : tracees_) {
    if (tracee.state == Tracee::State::Stopped) {
      tracee.has_registers = get_registers(tid, tracee.registers);
    } else if (tracee.state == Tracee::State::Stuck) {
      // "number arguments… sp pc" (proc(5)).
      auto text = read_small_file(fmt::format("/proc/{}/task/{}/syscall", pid_, tid));
      auto pc = text.rfind(' ');
      auto sp = pc == text.npos || pc == 0 ? text.npos : text.rfind(' ', pc - 1);
      if (sp == text.npos) continue;
      tracee.registers.rsp = std::strtoull(text.c_str() + sp, nullptr, 16);
      tracee.registers.rip = std::strtoull(text.c_str() + pc, nullptr, 16);
    }
  }
}

Tracee* Tracer::stop_one(pid_t tid, double limit_ms) {
  auto [entry, unknown] = tracees_.try_emplace(tid);
  auto& tracee = entry->second;
  if (unknown && request(PTRACE_SEIZE, tid) != 0) {
    tracees_.erase(entry);
    return nullptr;
  }
  tracee.tid = tid;
  // One that was Stuck at the last try has its interrupt pending; a second does no harm.
  if (tracee.state != Tracee::State::Stopped) tracee.state = Tracee::State::Running;
  request(PTRACE_INTERRUPT, tid);
  if (!wait_all([](void*) { return false; }, nullptr, limit_ms))
    tracee.state = Tracee::State::Stuck;
  if (tracee.state != Tracee::State::Stopped) return nullptr;
  save_registers();
  return &tracee;
}

bool Tracer::alive() const {
  for (auto& [tid, tracee] : tracees_)
    if (tracee.state != Tracee::State::Gone) return true;
  return false;
}

// Waits until no tracee is Running; false when the time is up.
bool Tracer::wait_all(bool (*give_up)(void*), void* context, double limit_ms) {
  sigset_t child_signal;
  sigemptyset(&child_signal);
  sigaddset(&child_signal, SIGCHLD);
  auto start = now_ms();
  for (;;) {
    while (wait_any(false)) {
    }
    bool running = false;
    for (auto& [tid, tracee] : tracees_) running |= tracee.state == Tracee::State::Running;
    if (!running || give_up(context)) return true;
    auto elapsed = now_ms() - start;
    if (elapsed > limit_ms) return false;
    if (elapsed > kStuckAfterMs) look_at_running();
    // SIGCHLD is blocked, so it wakes us even when it came before we wait.
    timespec patience{0, 20'000'000};
    sigtimedwait(&child_signal, nullptr, &patience);
  }
}

// A thread in uninterruptible sleep (a dead file server, a parent in vfork) does not stop, but does
// not execute either; a dead main thread never does again.
void Tracer::look_at_running() {
  for (auto& [tid, tracee] : tracees_) {
    if (tracee.state != Tracee::State::Running) continue;
    auto state = thread_state(pid_, tid);
    if (state == 'D') tracee.state = Tracee::State::Stuck;
    if (state == 0 || state == 'Z' || state == 'X') tracee.state = Tracee::State::Gone;
  }
}

// ---- waiting

void Tracer::record(Tracee& tracee, int status) {
  tracee.status = status;
  tracee.signal = 0;
  if (!WIFSTOPPED(status)) {
    tracee.state = Tracee::State::Gone;
    return;
  }
  tracee.state = Tracee::State::Stopped;
  if (status >> 16 == 0 && !is_system_call_stop(status)) tracee.signal = WSTOPSIG(status);
}

// Takes one status of any tracee. Never waits for one thread alone: of a process that is killed,
// the main thread is reported only after we have waited for all the others.
Tracee* Tracer::wait_any(bool block) {
  int status;
  pid_t tid;
  do {
    tid = waitpid(-1, &status, __WALL | (block ? 0 : WNOHANG));
  } while (tid < 0 && errno == EINTR);
  if (tid <= 0) return nullptr;
  auto [entry, unknown] = tracees_.try_emplace(tid);
  auto& tracee = entry->second;
  tracee.tid = tid;
  // A child, attached by the kernel, that reports before its parent does.
  if (unknown) tracee.made_here = true;
  record(tracee, status);
  return &tracee;
}

// Waits for the next status of `tracee`; false when it has gone.
bool Tracer::wait_for(Tracee& tracee) {
  tracee.state = Tracee::State::Running;
  while (tracee.state == Tracee::State::Running)
    if (!wait_any(true)) {
      tracee.state = Tracee::State::Gone;
      break;
    }
  return tracee.state == Tracee::State::Stopped;
}

void Tracer::drain() {
  while (wait_any(false)) {
  }
}

// ---- running a system call

Tracee* Tracer::lendable() {
  Tracee* found = nullptr;
  for (auto& [tid, tracee] : tracees_) {
    if (!tracee.in_event_stop() || !tracee.has_registers) continue;
    if (tracee.in_system_call()) return &tracee;
    if (!found) found = &tracee;
  }
  if (found) return found;
  // All are about to get a signal. Let one get it: it stops again before its handler's first
  // instruction, for the interrupt is asked for beforehand.
  for (auto& [tid, tracee] : tracees_) {
    if (tracee.state != Tracee::State::Stopped || !tracee.has_registers) continue;
    for (int tries = 0; tries < 16 && !tracee.in_event_stop(); tries++) {
      request(PTRACE_INTERRUPT, tid);
      if (request(PTRACE_CONT, tid, 0, static_cast<std::uintptr_t>(tracee.signal)) != 0 ||
          !wait_for(tracee))
        break;
    }
    // The image keeps the registers that it had before the signal.
    if (tracee.in_event_stop()) return &tracee;
  }
  return nullptr;
}

std::optional<Tracer::CallResult> Tracer::run(Tracee& tracee, Address instruction, long number,
                                              const std::array<std::uint64_t, 6>& arguments,
                                              bool suspend_seccomp) {
  auto tid = tracee.tid;
  user_regs_struct own;
  std::uint64_t own_mask;
  if (!get_registers(tid, own) || request(PTRACE_GETSIGMASK, tid, sizeof own_mask,
                                          reinterpret_cast<std::uintptr_t>(&own_mask)) != 0)
    return std::nullopt;
  // The instruction is looked for before the stop; the process may have called exec since.
  errno = 0;
  auto text = request(PTRACE_PEEKTEXT, tid, instruction);
  if (errno != 0 || (text & 0xFFFF) != 0x050F) return CallResult{-EFAULT, nullptr};
  auto options = tracee.options | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE;
  if (suspend_seccomp) options |= kSuspendSeccomp;
  if (request(PTRACE_SETOPTIONS, tid, 0, options) != 0) return CallResult{-errno, nullptr};

  // Blocked, so that none makes the call fail or a handler run in the borrowed registers. (Single
  // stepping would need a SIGTRAP, which resets the program's handler where that is blocked: so we
  // stop at the call's exit instead.)
  std::uint64_t all = ~std::uint64_t{0};
  request(PTRACE_SETSIGMASK, tid, sizeof all, reinterpret_cast<std::uintptr_t>(&all));
  auto borrowed = own;
  borrowed.rip = instruction;
  borrowed.orig_rax = ~std::uint64_t{0};  // in no system call: nothing to restart
  borrowed.rdi = arguments[0];
  borrowed.rsi = arguments[1];
  borrowed.rdx = arguments[2];
  borrowed.r10 = arguments[3];
  borrowed.r8 = arguments[4];
  borrowed.r9 = arguments[5];
  std::optional<CallResult> result;
  // SIGSTOP cannot be blocked and may interrupt the call.
  for (int tries = 0; tries < 16; tries++) {
    borrowed.rax = static_cast<std::uint64_t>(number);
    result = run_once(tracee, borrowed);
    if (!result || result->value < kRestartFirst || result->value > kRestartLast) break;
  }
  request(PTRACE_SETSIGMASK, tid, sizeof own_mask, reinterpret_cast<std::uintptr_t>(&own_mask));
  set_registers(tid, own);
  request(PTRACE_SETOPTIONS, tid, 0, tracee.options);
  tracee.signal = 0;
  return result;
}

std::optional<Tracer::CallResult> Tracer::run_once(Tracee& tracee,
                                                   const user_regs_struct& registers) {
  CallResult result{0, nullptr};
  user_regs_struct after;
  if (!set_registers(tracee.tid, registers) ||
      !resume_to_call_stop(tracee, result.child) ||  // the entry
      !resume_to_call_stop(tracee, result.child) ||  // the exit
      !get_registers(tracee.tid, after))
    return std::nullopt;
  result.value = static_cast<long>(after.rax);
  if (!back_to_event_stop(tracee)) return std::nullopt;
  return result;
}

bool Tracer::resume_to_call_stop(Tracee& tracee, Tracee*& child) {
  for (int stops = 0; stops < 64; stops++) {
    if (request(PTRACE_SYSCALL, tracee.tid) != 0 || !wait_for(tracee)) return false;
    if (is_system_call_stop(tracee.status)) return true;
    if (tracee.status >> 8 == (SIGTRAP | PTRACE_EVENT_CLONE << 8)) {
      unsigned long tid = 0;
      request(PTRACE_GETEVENTMSG, tracee.tid, 0, reinterpret_cast<std::uintptr_t>(&tid));
      child = &tracees_[static_cast<pid_t>(tid)];
      child->tid = static_cast<pid_t>(tid);
      child->made_here = true;
    }
    if (tracee.signal == SIGSTOP) stop_signal_withheld_ = true;
  }
  return false;
}

// From the exit of a system call to a stop where registers can be put back.
bool Tracer::back_to_event_stop(Tracee& tracee) {
  do {
    request(PTRACE_INTERRUPT, tracee.tid);
    if (request(PTRACE_CONT, tracee.tid) != 0 || !wait_for(tracee)) return false;
    if (tracee.signal == SIGSTOP) stop_signal_withheld_ = true;
  } while (!tracee.in_event_stop());
  return true;
}

bool Tracer::secure_child(Tracee& child) {
  while (child.state == Tracee::State::Running)
    if (!wait_any(true)) return false;
  child.options = PTRACE_O_EXITKILL;
  return child.state == Tracee::State::Stopped &&
         request(PTRACE_SETOPTIONS, child.tid, 0, child.options) == 0;
}

void Tracer::kill_children() {
  usleep(50'000);  // for a child whose parent died before it could name it to us
  drain();
  for (auto& [tid, tracee] : tracees_) {
    if (!tracee.made_here || tracee.state == Tracee::State::Gone) continue;
    kill(tid, SIGKILL);
    waitpid(tid, nullptr, __WALL);
    tracee.state = Tracee::State::Gone;
  }
}

// ---- letting go

void Tracer::let_go(Tracee& tracee) {
  user_regs_struct registers;
  if (get_registers(tracee.tid, registers) && fails_for_being_stopped(registers)) {
    registers.rax = static_cast<std::uint64_t>(kRestartNoHandler);
    set_registers(tracee.tid, registers);
  }
  request(PTRACE_DETACH, tracee.tid, 0, static_cast<std::uintptr_t>(tracee.signal));
}

void Tracer::forget_released() {
  std::erase_if(tracees_, [](auto& entry) {
    auto& [tid, tracee] = entry;
    return !tracee.made_here &&
           (tracee.state == Tracee::State::Stopped || tracee.state == Tracee::State::Gone);
  });
}

void Tracer::release() {
  // A job-control stop that came while a thread was borrowed.
  if (stop_signal_withheld_) kill(pid_, SIGSTOP);
  stop_signal_withheld_ = false;
  for (auto& [tid, tracee] : tracees_)
    if (tracee.state == Tracee::State::Stopped && !tracee.made_here) let_go(tracee);
  forget_released();
}

bool Tracer::release_stuck(const std::function<void(const Tracee&)>& stopped) {
  bool left = false;
  for (auto& [tid, tracee] : tracees_) {
    if (tracee.made_here) continue;
    int status;
    if (waitpid(tid, &status, __WALL | WNOHANG) == tid) record(tracee, status);
    if (tracee.state == Tracee::State::Stopped) {
      if (stopped) {
        tracee.has_registers = get_registers(tid, tracee.registers);
        stopped(tracee);
      }
      let_go(tracee);
    } else if (tracee.state != Tracee::State::Gone) {
      left = true;
    }
  }
  forget_released();
  return !left;
}

}  // namespace overhang

#endif
