// Attaching to live processes, looked at from outside: by /proc, and by a server that keeps account
// of everything that could go wrong in it (subjects/attach_server/main.go).
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <random>
#include <thread>

#include "image/live.h"
#include "support/attach_target.h"

namespace overhang {
namespace {

constexpr uid_t kNobody = 65534;

bool is_root() { return geteuid() == 0; }

struct Snapshot {
  explicit Snapshot(pid_t pid, LiveOptions options = {})
      : image(snapshot_process(static_cast<std::uint32_t>(pid), options, diagnostics)) {}
  Diagnostics diagnostics;
  Result<std::unique_ptr<Image>> image;

  std::string error() const { return image ? "" : image.error().message; }
  const Image* operator->() const { return image->get(); }
};

// What no attach may change, told by the server's own books.
void expect_undisturbed(AttachServer& server) {
  EXPECT_TRUE(eventually([&] { return disturbance(server.pid()).empty(); }))
      << disturbance(server.pid());
  EXPECT_TRUE(server.answers());
  auto counters = server.numbers("counters");
  ASSERT_FALSE(counters.empty());
  for (auto name :
       {"blocked_failures", "sleep_failures", "pipe_failures", "exec_failures", "math_failures"})
    EXPECT_EQ(counters[name], 0u) << name;
  // Timers, threads and pipes go on.
  EXPECT_TRUE(eventually([&] {
    auto now = server.numbers("counters");
    return now["ticks"] > counters["ticks"] && now["math_rounds"] > counters["math_rounds"] &&
           now["pipe_rounds"] > counters["pipe_rounds"];
  }));
  EXPECT_EQ(server.ask("wait"), "no child processes");
}

// The words of the sweep are n, …, n, n-1, …, n-1 at any instant.
void expect_one_instant(const Image& image, std::map<std::string, std::uint64_t> where) {
  auto words = where["sweep_words"];
  auto bytes = image.bytes(where["sweep"], words * 8);
  ASSERT_TRUE(bytes);
  auto first = load_unchecked<std::uint64_t>(bytes->data());
  std::uint64_t drops = 0;
  for (std::uint64_t i = 1; i < words; i++) {
    auto before = load_unchecked<std::uint64_t>(bytes->data() + (i - 1) * 8);
    auto here = load_unchecked<std::uint64_t>(bytes->data() + i * 8);
    if (here == before) continue;
    EXPECT_EQ(here, before - 1) << "word " << i;
    drops++;
  }
  EXPECT_LE(drops, 1u) << "the sweep began with " << first;
  for (std::uint64_t i = 0; i < where["pair_count"]; i++) {
    auto at = where["pairs"] + i * where["pair_size"];
    auto ahead =
        image.word(at).value_or(0) - image.word(at + where["second_offset"]).value_or(~0ull);
    EXPECT_LE(ahead, 1u) << "pair " << i;
  }
}

// "number a b c d e f sp pc" of a thread that is blocked in a call; empty for one that runs.
std::string system_call_of(pid_t pid, pid_t tid) {
  return read_file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/syscall");
}

// Threads in calls that the server makes to block forever, by what the kernel says of them.
std::map<pid_t, std::string> blocked_threads(pid_t pid) {
  std::map<pid_t, std::string> blocked;
  for (auto tid : threads_of(pid)) {
    auto text = system_call_of(pid, tid);
    auto number = std::atoi(text.c_str());
    if (!text.empty() && (number == SYS_pause || number == SYS_select || number == SYS_poll))
      blocked[tid] = text;
  }
  return blocked;
}

void expect_threads(const Image& image, pid_t pid, const std::vector<pid_t>& before,
                    const std::map<pid_t, std::string>& blocked) {
  constexpr int kOriginalRax = 15;
  std::map<std::uint32_t, const ThreadState*> threads;
  for (auto& thread : image.threads()) {
    EXPECT_EQ(thread.register_count, 27u);
    EXPECT_TRUE(image.at(thread.sp, 8)) << "no stack of thread " << thread.tid;
    EXPECT_TRUE(image.at(thread.pc, 1)) << "no text of thread " << thread.tid;
    threads[thread.tid] = &thread;
  }
  for (auto tid : before) {
    if (system_call_of(pid, tid).empty()) continue;  // it has ended
    EXPECT_TRUE(threads.count(static_cast<std::uint32_t>(tid))) << "thread " << tid;
  }
  for (auto& [tid, text] : blocked) {
    auto* thread = threads[static_cast<std::uint32_t>(tid)];
    ASSERT_TRUE(thread);
    unsigned long long sp = 0, pc = 0;
    long number = 0;
    ASSERT_EQ(std::sscanf(text.c_str(), "%ld %*s %*s %*s %*s %*s %*s %llx %llx", &number, &sp, &pc),
              3);
    EXPECT_EQ(thread->sp, sp);
    EXPECT_EQ(thread->pc, pc);
    EXPECT_EQ(thread->registers[kOriginalRax], static_cast<std::uint64_t>(number));
  }
}

void check_image(bool without_fork) {
  AttachServer server;
  auto where = server.numbers("where");
  ASSERT_EQ(where.size(), 6u);
  for (int round = 0; round < 5; round++) {
    auto before = threads_of(server.pid());
    // Two kinds: an interrupted poll goes on as restart_syscall.
    std::map<pid_t, std::string> blocked;
    ASSERT_TRUE(eventually([&] { return (blocked = blocked_threads(server.pid())).size() >= 2; }));
    Snapshot snapshot(server.pid(), {without_fork});
    ASSERT_TRUE(snapshot.image) << snapshot.error();
    EXPECT_EQ(snapshot.diagnostics.warnings().size(), without_fork ? 1u : 0u);
    EXPECT_EQ(snapshot->identity().pause_ms.has_value(), !without_fork);
    if (!without_fork) {
      // The server goes on; the image, read late, may not.
      auto ticks = server.numbers("counters")["ticks"];
      EXPECT_TRUE(eventually([&] { return server.numbers("counters")["ticks"] > ticks + 3; }));
    }
    expect_one_instant(**snapshot.image, where);
    expect_threads(**snapshot.image, server.pid(), before, blocked);
    EXPECT_EQ(snapshot->lost_bytes(), 0u);
  }
  expect_undisturbed(server);
  EXPECT_EQ(server.quit(), 0);
}

TEST(Attach, ImageOfAForkIsOfOneInstant) { check_image(false); }
TEST(Attach, ImageOfAHeldProcessIsOfOneInstant) { check_image(true); }

TEST(Attach, SaysWhereTheExecutableIs) {
  AttachServer server;
  Snapshot snapshot(server.pid());
  ASSERT_TRUE(snapshot.image) << snapshot.error();
  EXPECT_EQ(snapshot->identity().executable, OVERHANG_ATTACH_SERVER);
  EXPECT_EQ(read_file(snapshot->identity().executable), read_file(OVERHANG_ATTACH_SERVER));
  bool mapped = false;
  for (auto& mapping : snapshot->file_mappings()) mapped |= mapping.path == OVERHANG_ATTACH_SERVER;
  EXPECT_TRUE(mapped);
  EXPECT_TRUE(snapshot->auxv(AT_ENTRY));
}

// What of the frozen child the program and its peers can notice: nothing.
TEST(Attach, FrozenChildIsInvisibleToTheProgram) {
  AttachServer server;
  auto signals = server.numbers("counters")["child_signals"];
  for (int round = 0; round < 5; round++) {
    Snapshot snapshot(server.pid());
    ASSERT_TRUE(snapshot.image) << snapshot.error();
    auto children = children_of(server.pid());
    ASSERT_EQ(children.size(), 1u);
    auto child = "/proc/" + std::to_string(children[0]);
    EXPECT_NE(read_file(child + "/status").find("State:\tt"), std::string::npos);
    EXPECT_EQ(read_file(child + "/oom_score_adj"), "1000\n");
    if (auto* files = opendir((child + "/fd").c_str())) {
      while (auto* entry = readdir(files)) EXPECT_EQ(entry->d_name[0], '.') << entry->d_name;
      closedir(files);
    }
    EXPECT_EQ(server.ask("wait"), "no child processes");
  }
  expect_undisturbed(server);
  EXPECT_EQ(server.numbers("counters")["child_signals"], signals);
}

TEST(Attach, FrozenChildThatIsKilledIsReapedAtOnce) {
  AttachServer server;
  Snapshot snapshot(server.pid());
  ASSERT_TRUE(snapshot.image) << snapshot.error();
  auto& first = snapshot->segments().front();
  auto& last = snapshot->segments().back();
  EXPECT_TRUE(snapshot->word(first.start));
  auto children = children_of(server.pid());
  ASSERT_EQ(children.size(), 1u);
  kill(children[0], SIGKILL);
  EXPECT_TRUE(eventually([&] { return children_of(server.pid()).empty(); }));
  EXPECT_TRUE(snapshot->word(first.start));  // was read before
  EXPECT_FALSE(snapshot->word(last.start));
  EXPECT_GT(snapshot->lost_bytes(), 0u);
  expect_undisturbed(server);
}

TEST(Attach, LeavesTheProgramsOwnChildrenAlone) {
  AttachServer server;
  server.ask("exec on");
  for (int round = 0; round < 20; round++) {
    Snapshot snapshot(server.pid(), {round % 4 == 3});
    ASSERT_TRUE(snapshot.image) << snapshot.error();
  }
  auto rounds = server.numbers("counters")["exec_rounds"];
  EXPECT_TRUE(eventually([&] { return server.numbers("counters")["exec_rounds"] > rounds + 5; }));
  server.ask("exec off");
  expect_undisturbed(server);
  EXPECT_EQ(server.quit(), 0);
}

TEST(Attach, StoppedProcessStaysStopped) {
  AttachServer server;
  auto stopped = [&] {
    return read_file("/proc/" + std::to_string(server.pid()) + "/status").find("State:\tT") !=
           std::string::npos;
  };
  kill(server.pid(), SIGSTOP);
  ASSERT_TRUE(eventually(stopped));
  for (bool without_fork : {false, true}) {
    {
      Snapshot snapshot(server.pid(), {without_fork});
      ASSERT_TRUE(snapshot.image) << snapshot.error();
      EXPECT_TRUE(snapshot->at(snapshot->threads()[0].sp, 8));
    }
    EXPECT_TRUE(eventually(stopped));
  }
  kill(server.pid(), SIGCONT);
  expect_undisturbed(server);
}

// Queued signals carry numbers: none may be lost or come out of order.
TEST(Attach, LosesNoSignal) {
  constexpr int kSignals = 20'000;
  struct Shared {
    std::atomic<int> received, disorder, alarms, ready;
  };
  auto* shared = static_cast<Shared*>(
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  static Shared* in_child;
  in_child = shared;
  Child child([] {
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
      if (info->si_value.sival_int != in_child->received.fetch_add(1)) in_child->disorder++;
    };
    sigaction(SIGRTMIN + 1, &action, nullptr);
    signal(SIGALRM, [](int) { in_child->alarms++; });
    itimerval often{{0, 300}, {0, 300}};
    setitimer(ITIMER_REAL, &often, nullptr);
    in_child->ready = 1;
    for (;;) pause();
  });
  ASSERT_TRUE(eventually([&] { return shared->ready == 1; }));
  std::atomic<bool> attaching{true};
  std::thread sender([&] {
    for (int i = 0; i < kSignals || attaching; i++) {
      if (i >= kSignals) {
        usleep(1000);
        continue;
      }
      while (sigqueue(child.pid(), SIGRTMIN + 1, {.sival_int = i}) != 0) usleep(100);
      if (i % 50 == 0) usleep(500);
    }
  });
  for (int round = 0; round < 40; round++) {
    Snapshot snapshot(child.pid(), {round % 4 == 3});
    EXPECT_TRUE(snapshot.image) << snapshot.error();
  }
  attaching = false;
  sender.join();
  EXPECT_TRUE(eventually([&] { return shared->received == kSignals; })) << shared->received;
  EXPECT_EQ(shared->disorder, 0);
  int alarms = shared->alarms;
  EXPECT_TRUE(eventually([&] { return shared->alarms > alarms; }));
  EXPECT_EQ(disturbance(child.pid()), "");
}

TEST(Attach, MemoryThatIsNotForkedIsAHole) {
  constexpr std::size_t kPage = 4096;
  auto* memory = static_cast<char*>(
      mmap(nullptr, 8 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  std::memset(memory, 'm', 8 * kPage);
  Child child([&] {
    madvise(memory + 2 * kPage, kPage, MADV_DONTFORK);
    mprotect(memory + 5 * kPage, kPage, PROT_NONE);
    memory[0] = 'r';  // ready
    for (;;) pause();
  });
  auto address = reinterpret_cast<Address>(memory);
  auto look = [&](bool without_fork, const std::string& expected) {
    std::string seen;
    eventually([&] {
      Snapshot snapshot(child.pid(), {without_fork});
      if (!snapshot.image) return true;
      seen.clear();
      for (std::size_t page = 0; page < 8; page++)
        seen += snapshot->read<char>(address + page * kPage).value_or('-');
      return seen[0] == 'r';
    });
    EXPECT_EQ(seen, expected);
  };
  look(false, "rm-mm-mm");
  look(true, "rmmmm-mm");
  munmap(memory, 8 * kPage);
}

// As in a container: the target is the init of its namespace, where its number is 1.
// Runs vfork for ever: in it a thread waits for its child, uninterruptibly to a tracer.
[[noreturn]] void wait_for_children(std::uint64_t in_r12) {
  static const timespec kNap{0, 600'000'000};
  std::signal(SIGCHLD, SIG_IGN);
  // The child, which shares the stack, makes its two calls without touching it.
  asm volatile(
      "mov %[value], %%r12\n"
      "1: mov %[vfork], %%eax\n"
      "syscall\n"
      "test %%eax, %%eax\n"
      "jnz 1b\n"
      "mov %[nanosleep], %%eax\n"
      "mov %[nap], %%rdi\n"
      "xor %%esi, %%esi\n"
      "syscall\n"
      "mov %[exit], %%eax\n"
      "syscall\n"
      :
      : [value] "r"(in_r12), [nap] "r"(&kNap), [vfork] "i"(SYS_vfork),
        [nanosleep] "i"(SYS_nanosleep), [exit] "i"(SYS_exit)
      : "rax", "rcx", "rdx", "rdi", "rsi", "r11", "r12", "memory");
  __builtin_unreachable();
}

TEST(Attach, ThreadThatCannotBeStoppedShowsItsRegistersLater) {
  constexpr std::uint64_t kValue = 0x1234'5678'9ABC'DEF0;
  constexpr std::size_t kR12 = 3;  // in struct user_regs_struct
  Child target([] {
    std::thread([] { pause(); }).detach();
    wait_for_children(kValue);
  });
  ASSERT_TRUE(eventually([&] { return threads_of(target.pid()).size() == 2; }));
  ASSERT_TRUE(eventually([&] {
    return read_file(fmt::format("/proc/{}/stat", target.pid())).find(") D ") != std::string::npos;
  }));
  Snapshot snapshot(target.pid());
  ASSERT_EQ(snapshot.error(), "");
  EXPECT_TRUE(snapshot.diagnostics.warnings().empty());
  auto threads = snapshot->threads();
  ASSERT_EQ(threads.size(), 2u);
  for (auto& thread : threads)
    if (thread.tid == static_cast<std::uint32_t>(target.pid())) {
      EXPECT_GT(thread.register_count, 0u);
      EXPECT_EQ(thread.registers[kR12], kValue);
    }
  target.kill(SIGKILL);
}

TEST(Attach, ReapsInAnotherPidNamespace) {
  if (!is_root()) GTEST_SKIP() << "needs root, to make a PID namespace";
  Child outside([] {
    if (unshare(CLONE_NEWPID) != 0) _exit(1);
    if (fork() == 0)
      for (;;) pause();
    wait(nullptr);
  });
  ASSERT_TRUE(eventually([&] { return children_of(outside.pid()).size() == 1; }));
  auto target = children_of(outside.pid())[0];
  for (bool without_fork : {false, true}) {
    {
      Snapshot snapshot(target, {without_fork});
      ASSERT_TRUE(snapshot.image) << snapshot.error();
      EXPECT_EQ(children_of(target).size(), without_fork ? 0u : 1u);
      EXPECT_TRUE(snapshot->at(snapshot->threads().at(0).sp, 8));
    }
    EXPECT_EQ(disturbance(target), "");
  }
  // The namespace ends at once, though its last process is frozen.
  Snapshot snapshot(target);
  ASSERT_TRUE(snapshot.image) << snapshot.error();
  kill(target, SIGKILL);
  EXPECT_EQ(outside.wait(), 0);
}

TEST(Attach, ForkThatIsRefusedHoldsTheProcess) {
  if (!is_root()) GTEST_SKIP() << "needs root, to become another user";
  Child child([] {
    rlimit none{0, 0};
    if (setgroups(0, nullptr) != 0 || setgid(kNobody) != 0 || setuid(kNobody) != 0 ||
        setrlimit(RLIMIT_NPROC, &none) != 0)
      _exit(1);
    for (;;) pause();
  });
  ASSERT_TRUE(eventually([&] {
    return read_file("/proc/" + std::to_string(child.pid()) + "/limits")
               .find("Max processes             0") != std::string::npos;
  }));
  {
    Snapshot snapshot(child.pid());
    ASSERT_TRUE(snapshot.image) << snapshot.error();
    ASSERT_EQ(snapshot.diagnostics.warnings().size(), 1u);
    EXPECT_NE(snapshot.diagnostics.warnings()[0].find("limit on processes"), std::string::npos)
        << snapshot.diagnostics.warnings()[0];
    EXPECT_TRUE(snapshot->at(snapshot->threads()[0].sp, 8));
    EXPECT_NE(disturbance(child.pid()), "");
  }
  EXPECT_EQ(disturbance(child.pid()), "");
}

TEST(Attach, LiftsASeccompFilterOrHoldsTheProcess) {
  if (!is_root()) GTEST_SKIP() << "needs root, to lift a filter";
  AttachServer server({"seccomp"});
  ASSERT_TRUE(server.answers());
  auto pid = std::to_string(server.pid());
  ASSERT_NE(read_file("/proc/" + pid + "/status").find("Seccomp:\t2"), std::string::npos);
  EXPECT_EQ(Child({OVERHANG_ATTACH_ONCE, pid}).line().substr(0, 6), "ready ");
  // It is killed, and what traced for it goes a moment later.
  expect_undisturbed(server);
  auto warning = Child({OVERHANG_ATTACH_ONCE, pid, "drop-admin"}).output();
  EXPECT_NE(warning.find("seccomp"), std::string::npos) << warning;
  EXPECT_NE(warning.find("\nready "), std::string::npos) << warning;
  expect_undisturbed(server);
}

// ---- errors

void expect_error(const Snapshot& snapshot, ErrorKind kind, const std::string& words) {
  ASSERT_FALSE(snapshot.image);
  EXPECT_EQ(snapshot.image.error().kind, kind) << snapshot.error();
  EXPECT_NE(snapshot.error().find(words), std::string::npos) << snapshot.error();
  EXPECT_EQ(snapshot.error().find('\n'), std::string::npos);
}

TEST(AttachError, NamesWhatTheNumberIs) {
  expect_error(Snapshot(0), ErrorKind::NotFound, "no process 0");
  expect_error(Snapshot(0x7FFFFFFE), ErrorKind::NotFound, "no process 2147483646");
  expect_error(Snapshot(getpid()), ErrorKind::Unsupported, "itself");

  AttachServer server;
  ASSERT_TRUE(server.answers());
  pid_t thread = 0;
  for (auto tid : threads_of(server.pid()))
    if (tid != server.pid()) thread = tid;
  expect_error(Snapshot(thread), ErrorKind::NotFound,
               "a thread of process " + std::to_string(server.pid()));

  auto zombie = fork();
  if (zombie == 0) _exit(0);
  siginfo_t info;
  waitid(P_PID, static_cast<id_t>(zombie), &info, WEXITED | WNOWAIT);
  expect_error(Snapshot(zombie), ErrorKind::Gone, "zombie");
  waitpid(zombie, nullptr, 0);

  if (read_file("/proc/2/comm") == "kthreadd\n")
    expect_error(Snapshot(2), ErrorKind::Unsupported, "kernel");
}

TEST(AttachError, NamesTheTracerThatIsThere) {
  AttachServer server;
  auto pid = std::to_string(server.pid());
  Child holder({OVERHANG_ATTACH_ONCE, pid, "hold", "linger"});
  EXPECT_NE(holder.line().find("warning: process " + pid + " stands still"), std::string::npos);
  expect_error(Snapshot(server.pid()), ErrorKind::NotPermitted, "is traced by process");
  holder.kill(SIGKILL);
  expect_undisturbed(server);
}

TEST(AttachError, SaysWhatToGrant) {
  if (!is_root()) GTEST_SKIP() << "needs root, to become another user";
  Child child([] {
    for (;;) pause();
  });
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Child stranger([&] {
    if (setgroups(0, nullptr) != 0 || setgid(kNobody) != 0 || setuid(kNobody) != 0) _exit(1);
    auto error = Snapshot(child.pid()).error();
    [[maybe_unused]] auto written = write(ends[1], error.data(), error.size());
  });
  stranger.wait();
  char text[1000] = {};
  EXPECT_GT(read(ends[0], text, sizeof text - 1), 0);
  EXPECT_NE(std::strstr(text, "CAP_SYS_PTRACE"), nullptr) << text;
  bool yama = std::atoi(read_file("/proc/sys/kernel/yama/ptrace_scope").c_str()) > 0;
  EXPECT_EQ(std::strstr(text, "ptrace_scope") != nullptr, yama) << text;
  close(ends[0]);
  close(ends[1]);
}

// A whole i386 program: an ELF header, a program header, and a loop of pause().
TEST(AttachError, Names32BitProcesses) {
  unsigned char program[0x60] = {0x7F, 'E',  'L',  'F',  1,    1,    1,    0,    0,    0,    0,
                                 0,    0,    0,    0,    0,    2,    0,    3,    0,    1,    0,
                                 0,    0,  //
                                 0x54, 0x80, 0x04, 0x08, 0x34, 0,    0,    0,    0,    0,    0,
                                 0,    0,    0,    0,    0,    0x34, 0,    0x20, 0,    1,    0,
                                 0,    0,    0,    0,    0,    0,  //
                                 1,    0,    0,    0,    0,    0,    0,    0,    0,    0x80, 0x04,
                                 0x08, 0,    0x80, 0x04, 0x08, 0x60, 0,    0,    0,    0x60, 0,
                                 0,    0,    5,    0,    0,    0,    0,    0x10, 0,    0,  //
                                 0xB8, 29,   0,    0,    0,    0xCD, 0x80, 0xEB, 0xF7, 0x90, 0x90,
                                 0x90};  // mov eax,29; int 0x80; jmp
  char name[] = "/tmp/overhang_i386_XXXXXX";
  int fd = mkstemp(name);
  ASSERT_EQ(write(fd, program, sizeof program), static_cast<ssize_t>(sizeof program));
  fchmod(fd, 0755);
  close(fd);
  {
    Child child({name});
    auto arguments = fmt::format("/proc/{}/cmdline", child.pid());
    auto runs = [&] { return read_file(arguments).find(name) == 0; };
    siginfo_t end{};
    eventually([&] {
      waitid(P_PID, static_cast<id_t>(child.pid()), &end, WEXITED | WNOHANG | WNOWAIT);
      return runs() || end.si_pid != 0;  // kernels may be built without 32-bit programs
    });
    if (runs()) expect_error(Snapshot(child.pid()), ErrorKind::Unsupported, "32-bit");
  }
  unlink(name);
}

// ---- killing

const char* const kStages[] = {"started",  "seized",       "stopped",       "forked",
                               "released", "isolated",     "reported",      "ending",
                               "killed",   "reap stopped", "reap released", "done"};

// Waits until nothing of an attach_once run on `pid` is left.
bool attach_is_over(pid_t pid) {
  auto arguments = std::string(OVERHANG_ATTACH_ONCE) + " " + std::to_string(pid) + " ";
  return eventually([&] { return processes_with_arguments(arguments).empty(); });
}

// Everything of the program dies, at each stage of the attach: no image, no hang, nothing left.
TEST(AttachKill, TargetThatDiesAtAnyStageLeavesNothing) {
  for (std::string mode : {"fork", "hold"})
    for (std::string stage : kStages) {
      // Frozen children carry the target's arguments.
      auto mark = "overhang-attach-" + std::to_string(getpid()) + "-" + mode + "-" + stage;
      Child target({"/bin/sh", "-c", "echo here; read forever < /dev/zero #" + mark});
      target.line();
      Child tool(
          {OVERHANG_ATTACH_ONCE, std::to_string(target.pid()), mode, "kill-target-at=" + stage});
      auto status = tool.wait();
      EXPECT_TRUE(WIFEXITED(status)) << mode << " " << stage << ": " << tool.output();
      target.kill(SIGKILL);  // where the stage is not reached
      EXPECT_TRUE(WIFSIGNALED(target.wait())) << mode << " " << stage;
      EXPECT_TRUE(attach_is_over(target.pid())) << mode << " " << stage;
      EXPECT_TRUE(eventually([&] { return processes_with_arguments(mark).empty(); }))
          << mode << " " << stage;
    }
}

class KillTest : public ::testing::Test {
 protected:
  std::vector<std::string> command(const std::vector<std::string>& more) {
    std::vector<std::string> arguments{OVERHANG_ATTACH_ONCE, std::to_string(server.pid())};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  void expect_recovered(const std::string& what) {
    ASSERT_TRUE(attach_is_over(server.pid())) << what;
    ASSERT_EQ(disturbance(server.pid()), "") << what;
    ASSERT_TRUE(server.answers()) << what;
  }
  void expect_clean_end() {
    expect_undisturbed(server);
    server.ask("exec on");
    auto rounds = server.numbers("counters")["exec_rounds"];
    EXPECT_TRUE(eventually([&] { return server.numbers("counters")["exec_rounds"] > rounds + 3; }));
    server.ask("exec off");
    expect_undisturbed(server);
    EXPECT_EQ(server.quit(), 0);
  }

  AttachServer server;
};

TEST_F(KillTest, ToolKilledAtEachStage) {
  for (std::string mode : {"fork", "hold"})
    for (std::string stage : kStages)
      for (int repeat = 0; repeat < 3; repeat++) {
        Child tool(command({mode, "kill-tool-at=" + stage}));
        bool reached = WIFSIGNALED(tool.wait());
        bool of_forks = stage == "forked" || stage == "isolated" || stage == "killed" ||
                        stage == "reap stopped" || stage == "reap released" || stage == "released";
        EXPECT_EQ(reached, mode == "fork" || !of_forks) << mode << " " << stage;
        expect_recovered(mode + " " + stage);
        if (HasFatalFailure()) return;
      }
  expect_clean_end();
}

// Delays spread over twice the time that an attach takes, so that the last ones are not killed.
TEST_F(KillTest, ToolKilledAtAnyMoment) {
  constexpr int kRuns = 150;
  std::mt19937 random(20190412);
  using Clock = std::chrono::steady_clock;
  for (std::string mode : {"fork", "hold"}) {
    auto start = Clock::now();
    for (int i = 0; i < 5; i++) Child(command({mode})).wait();
    auto whole = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start) / 5;
    int killed = 0;
    for (int run = 0; run < kRuns / 2; run++) {
      auto delay = std::uniform_int_distribution<long>(0, 2 * whole.count())(random);
      Child tool(command({mode}));
      std::this_thread::sleep_for(std::chrono::microseconds(delay));
      tool.kill(SIGKILL);
      killed += WIFSIGNALED(tool.wait());
      expect_recovered(mode + " after " + std::to_string(delay) + " us");
      if (HasFatalFailure()) return;
    }
    EXPECT_GT(killed, 0);
  }
  expect_clean_end();
}

}  // namespace
}  // namespace overhang
