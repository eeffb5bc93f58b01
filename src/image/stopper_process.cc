// The small process of stopper.h: what it does, in order.

#ifdef __x86_64__  // like tracer.cc

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>

#include "image/process_files.h"
#include "image/stopper.h"
#include "image/tracer.h"

namespace overhang {

StageHook stage_hook = nullptr;

namespace {

constexpr int kSocket = 3;
constexpr unsigned kCloseRangeUnshare = 2;  // CLOSE_RANGE_UNSHARE, linux/close_range.h
// The frozen child's stack pointer. It never runs; should it, it faults instead of doing the
// program's work a second time.
constexpr std::uint64_t kNoStack = 8;
constexpr int kLateTries = 200;  // of 5 ms
constexpr double kReapStopMs = 1000;
constexpr int kReapTries = 600;

void stage(const char* name) {
  if (stage_hook) stage_hook(name);
}

// Overhang never writes, so the socket is readable when it has closed its end or died.
bool overhang_has_gone(void* = nullptr) {
  pollfd end{kSocket, POLLIN, 0};
  return poll(&end, 1, 0) > 0;
}

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void write_small_file(const std::string& path, const char* text) {
  int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  // Best effort: it may need privileges that we lack.
  [[maybe_unused]] auto written = write(fd, text, std::strlen(text));
  close(fd);
}

// Leaves overhang's session and files, so that no Ctrl-C reaches this process and nobody waits for
// the end of a pipe that it holds.
void settle(int socket) {
  setsid();
  prctl(PR_SET_NAME, "snapshot-guard");
  signal(SIGCHLD, SIG_DFL);
  socket = fcntl(socket, F_DUPFD, kSocket + 1);  // out of the way: it may be any of the low ones
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < kSocket; fd++)
    if (fd != null) dup2(null, fd);
  dup2(socket, kSocket);
  if (syscall(SYS_close_range, kSocket + 1, ~0u, 0) != 0)
    for (int fd = kSocket + 1; fd < sysconf(_SC_OPEN_MAX); fd++) close(fd);
  [[maybe_unused]] auto moved = chdir("/");
  write_small_file("/proc/self/oom_score_adj", "-1000");
}

// Puts a thread before the machine's ordinary work for a scope. On a busy machine the target would
// else stand still for many times what the fork takes, while this process and the thread that forks
// wait for their turns. Best effort: without CAP_SYS_NICE nothing changes.
class Urgent {
 public:
  explicit Urgent(pid_t tid) : tid_(tid), policy_(sched_getscheduler(tid)) {
    sched_param first{1};
    bool ordinary = policy_ == SCHED_OTHER || policy_ == SCHED_BATCH || policy_ == SCHED_IDLE;
    // Reset on fork: the frozen child stays ordinary.
    changed_ = ordinary && sched_setscheduler(tid, SCHED_FIFO | SCHED_RESET_ON_FORK, &first) == 0;
  }
  ~Urgent() {
    sched_param none{0};
    if (changed_) sched_setscheduler(tid_, policy_, &none);  // the nice value was kept
  }
  Urgent(const Urgent&) = delete;
  Urgent& operator=(const Urgent&) = delete;

 private:
  pid_t tid_;
  int policy_;
  bool changed_;
};

class StopperProcess {
 public:
  explicit StopperProcess(const StopRequest& request)
      : request_(request), tracer_(request.pid), held_reason_(request.no_fork_reason) {}

  void run();

 private:
  using Clock = std::chrono::steady_clock;

  Status take();
  Status stop();
  void fork_target();
  void await_late_registers();
  void isolate_child();
  void send_failure(const Error& error);
  void send_report(StopReport::Outcome outcome);
  void wait_for_overhang();
  bool frozen_has_died() const;
  void end_child();
  bool child_awaits_reaping() const;
  bool reap_through(pid_t tid);

  const StopRequest& request_;
  Tracer tracer_;
  std::string held_reason_;
  Tracee* child_ = nullptr;
  long child_id_in_target_ = 0;  // as the target's PID namespace has it
  std::vector<StoppedThread> threads_;
  Clock::time_point interrupted_at_;
  std::chrono::duration<double, std::milli> pause_{0};
  std::int64_t taken_at_ = 0;
  std::int64_t clock_ns_ = 0;
};

void StopperProcess::run() {
  if (auto stopped = take(); !stopped) {
    send_failure(stopped.error());
  } else {
    if (child_) {
      isolate_child();
      stage("isolated");
      await_late_registers();
      send_report(StopReport::Outcome::Forked);
    } else {
      send_report(StopReport::Outcome::Held);
    }
    stage("reported");
    wait_for_overhang();
    stage("ending");
    tracer_.release();
    if (child_) end_child();
  }
  for (int tries = 0; tries < 1000 && !tracer_.release_stuck(); tries++) usleep(10'000);
  stage("done");
  // What is still stuck is detached by the kernel as we end.
}

// Stops the target, forks it if that is wanted and works, and then lets it run on.
Status StopperProcess::take() {
  Urgent urgent(0);
  auto stopped = stop();
  if (stopped && held_reason_.empty() && !overhang_has_gone()) fork_target();
  if (child_) stage("forked");
  if (!stopped || child_) {
    tracer_.release();
    pause_ = Clock::now() - interrupted_at_;
    stage("released");
  }
  return stopped;
}

Status StopperProcess::stop() {
  stage("started");
  if (overhang_has_gone()) return fail(ErrorKind::Gone, "nobody waits for the snapshot");
  OVERHANG_CHECK(tracer_.seize());
  stage("seized");
  interrupted_at_ = Clock::now();
  OVERHANG_CHECK(tracer_.stop(overhang_has_gone, nullptr));
  taken_at_ = std::time(nullptr);
  clock_ns_ = monotonic_ns();
  for (auto& [tid, tracee] : tracer_.tracees())
    if (tracee.state != Tracee::State::Gone)
      threads_.push_back({tid, tracee.has_registers, tracee.registers});
  stage("stopped");
  return {};
}

// CLONE_FILES: the child shares the table of open files instead of holding each of them open a
// second time (a connection that the program closes would stay open). isolate_child ends that.
void StopperProcess::fork_target() {
  auto* lender = tracer_.lendable();
  if (!lender) {
    held_reason_ = "none of its threads could be borrowed to fork it";
    return;
  }
  Urgent urgent(lender->tid);
  auto result = tracer_.run(*lender, request_.syscall_instruction, SYS_clone,
                            {CLONE_FILES, kNoStack, 0, 0, 0, 0}, request_.seccomp);
  if (result && result->child) {
    // Should it be dead already, overhang will find its memory gone.
    child_ = result->child;
    child_id_in_target_ = result->value;
    tracer_.secure_child(*child_);
    return;
  }
  if (!result) {
    tracer_.kill_children();
    held_reason_ = "it was killed while it was forked";
  } else {
    held_reason_ =
        fmt::format("its fork was refused ({})", std::strerror(static_cast<int>(-result->value)));
    if (result->value == -EPERM && request_.seccomp)
      held_reason_ += ": it has a seccomp filter, which overhang may lift with CAP_SYS_ADMIN only";
    else if (result->value == -EAGAIN)
      held_reason_ += ": a limit on processes (RLIMIT_NPROC or the cgroup's pids.max)";
  }
}

// Takes the frozen child out of the program's affairs: it keeps no file open, and when memory runs
// out it dies before the program does.
void StopperProcess::isolate_child() {
  tracer_.run(*child_, request_.syscall_instruction, SYS_close_range,
              {0, ~0u, kCloseRangeUnshare, 0, 0, 0}, request_.seccomp);
  write_small_file(fmt::format("/proc/{}/oom_score_adj", child_->tid), "1000");
}

// Gives threads that waited uninterruptibly (for a page, where memory is short) some time to come
// out of it and show their registers. The others run on meanwhile.
void StopperProcess::await_late_registers() {
  auto note = [this](const Tracee& tracee) {
    for (auto& thread : threads_)
      if (thread.tid == tracee.tid) thread = {tracee.tid, tracee.has_registers, tracee.registers};
  };
  for (int tries = 0; tries < kLateTries && !overhang_has_gone(); tries++) {
    if (tracer_.release_stuck(note)) return;
    usleep(5000);
  }
}

void send_all(const void* from, std::size_t size) {
  auto* at = static_cast<const char*>(from);
  while (size > 0) {
    auto sent = send(kSocket, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;  // overhang has died; wait_for_overhang will see it
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

void copy_text(StopReport& report, const std::string& text) {
  text.copy(report.text, sizeof report.text - 1);
}

void StopperProcess::send_failure(const Error& error) {
  StopReport report;
  report.error = error.kind;
  copy_text(report, error.message);
  send_all(&report, sizeof report);
}

void StopperProcess::send_report(StopReport::Outcome outcome) {
  StopReport report;
  report.outcome = outcome;
  report.child = child_ ? child_->tid : 0;
  report.threads = static_cast<std::uint32_t>(threads_.size());
  report.pause_ms = pause_.count();
  report.taken_at = taken_at_;
  report.clock_ns = clock_ns_;
  copy_text(report, held_reason_);
  send_all(&report, sizeof report);
  send_all(threads_.data(), threads_.size() * sizeof(StoppedThread));
}

void StopperProcess::wait_for_overhang() {
  sigset_t child_signal;
  sigemptyset(&child_signal);
  sigaddset(&child_signal, SIGCHLD);
  int signals = signalfd(-1, &child_signal, SFD_NONBLOCK);
  for (;;) {
    pollfd watched[] = {{kSocket, POLLIN, 0}, {signals, POLLIN, 0}};
    if (poll(watched, 2, -1) < 0) continue;
    if (watched[0].revents) break;
    signalfd_siginfo info;
    while (read(signals, &info, sizeof info) > 0) {
    }
    if (child_)
      tracer_.release_stuck();
    else
      tracer_.drain();
    if (frozen_has_died()) break;
  }
  // Before the dead are waited for, lest overhang read by a process id that is used again.
  shutdown(kSocket, SHUT_RDWR);
  close(signals);
}

// A dead child is waited for soon, or the end of its PID namespace would wait for us.
bool StopperProcess::frozen_has_died() const {
  if (!child_) return !tracer_.alive();
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(child_->tid), &info,
                WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 &&
         info.si_pid != 0;
}

// Kills the child and sees to it that the target reaps it (stopper.h).
void StopperProcess::end_child() {
  if (child_->state != Tracee::State::Gone) {  // else its id may be another's by now
    kill(child_->tid, SIGKILL);
    waitpid(child_->tid, nullptr, __WALL);
    child_->state = Tracee::State::Gone;
  }
  stage("killed");
  for (int tries = 0; tries < kReapTries && child_awaits_reaping(); tries++) {
    for (auto tid : list_threads(request_.pid)) {
      bool reaped = reap_through(tid);
      stage("reap released");
      if (reaped) return;
    }
    // Somebody else traces the process, or no thread can be stopped now.
    usleep(tries < 100 ? 10'000 : 1'000'000);
    tracer_.release_stuck();
  }
}

// False as soon as the target has ended too: then whoever adopts orphans has reaped the child.
bool StopperProcess::child_awaits_reaping() const {
  return thread_state(child_->tid, child_->tid) == 'Z' &&
         status_number(child_->tid, "PPid") == request_.pid;
}

bool StopperProcess::reap_through(pid_t tid) {
  Urgent urgent(0), urgent_target(tid);
  auto* lender = tracer_.stop_one(tid, kReapStopMs);
  if (lender) lender = tracer_.lendable();
  std::optional<Tracer::CallResult> result;
  if (lender) {
    stage("reap stopped");
    result =
        tracer_.run(*lender, request_.syscall_instruction, SYS_wait4,
                    {static_cast<std::uint64_t>(child_id_in_target_), 0, WNOHANG | __WALL, 0, 0, 0},
                    request_.seccomp);
  }
  tracer_.release();
  return result && result->value == child_id_in_target_;
}

}  // namespace

void run_stopper(int socket, const StopRequest& request) {
  settle(socket);
  StopperProcess(request).run();
  _exit(0);
}

}  // namespace overhang

#endif
