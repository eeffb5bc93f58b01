// Attaches to a process once, reads memory of it, and ends: the program that the tests of
// attach_test.cc kill.
//
//	attach_once PID [hold] [kill-tool-at=STAGE] [kill-target-at=STAGE] [linger] [drop-admin]
//
// `hold` stops the target instead of forking it; kill-…-at kills this program, or the target, when
// the small process that attaches enters the stage; `linger` prints "ready" and waits to be killed;
// `drop-admin` gives up CAP_SYS_ADMIN. Prints the error or the warnings, a line each.
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "image/live.h"
#include "image/stopper.h"

namespace {

std::string kill_tool_at;
std::string kill_target_at;
pid_t tool;
pid_t target;

void on_stage(const char* stage) {
  if (kill_target_at == stage && target > 0) kill(target, SIGKILL);
  // The parent may have ended already: never kill a stranger.
  if (kill_tool_at == stage && getppid() == tool) kill(tool, SIGKILL);
}

void drop_admin() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  syscall(SYS_capget, &header, data);
  data[0].effective &= ~(1u << CAP_SYS_ADMIN);
  data[0].permitted &= ~(1u << CAP_SYS_ADMIN);
  data[0].inheritable &= ~(1u << CAP_SYS_ADMIN);
  if (syscall(SYS_capset, &header, data) != 0) std::perror("capset");
}

}  // namespace

int main(int count, char** arguments) {
  overhang::LiveOptions options;
  bool linger = false;
  tool = getpid();
  target = count > 1 ? std::atoi(arguments[1]) : 0;
  for (int i = 2; i < count; i++) {
    std::string argument = arguments[i];
    if (argument == "hold") options.without_fork = true;
    if (argument == "linger") linger = true;
    if (argument == "drop-admin") drop_admin();
    if (argument.starts_with("kill-tool-at=")) kill_tool_at = argument.substr(13);
    if (argument.starts_with("kill-target-at=")) kill_target_at = argument.substr(15);
  }
  overhang::stage_hook = on_stage;
  overhang::Diagnostics diagnostics;
  auto image = overhang::snapshot_process(static_cast<std::uint32_t>(target), options, diagnostics);
  if (!image) {
    std::printf("error: %s\n", image.error().message.c_str());
    return 1;
  }
  std::uint64_t sum = 0;
  for (auto& segment : (*image)->segments())
    for (std::uint64_t at = 0; at + 8 <= segment.size && at < 1 << 20; at += 4096)
      sum += (*image)->word(segment.start + at).value_or(0);
  for (auto& warning : diagnostics.warnings()) std::printf("warning: %s\n", warning.c_str());
  std::printf("ready %llu\n", static_cast<unsigned long long>(sum));
  std::fflush(stdout);
  while (linger) pause();
  return 0;
}
