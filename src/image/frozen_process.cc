#include "image/frozen_process.h"

#include <signal.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>

#include "image/registers.h"
#include "image/remote_memory.h"
#include "image/snapshot_note.h"

namespace overhang {

namespace {

#ifdef __x86_64__

constexpr std::string_view kSyscallInstruction = "\x0F\x05";
constexpr std::uint64_t kSearchStep = 64 << 10;
constexpr std::uint64_t kSearchLimit = 256 << 20;

// A place in the target's text where a syscall instruction stands; 0 without one. Any two bytes
// that read as one will do, even within another instruction: the thread is stopped right after it.
Result<Address> find_syscall_instruction(pid_t pid, const std::vector<Mapping>& mappings) {
  std::vector<char> buffer(kSearchStep);
  std::uint64_t searched = 0;
  for (auto& mapping : mappings) {
    if (!mapping.executable || !is_memory(mapping)) continue;
    // Steps overlap by a byte, for an instruction across their border.
    for (auto at = mapping.start; at + 1 < mapping.end && searched < kSearchLimit;
         at += kSearchStep - 1) {
      auto size = std::min(kSearchStep, mapping.end - at);
      iovec local{buffer.data(), size};
      iovec remote{reinterpret_cast<void*>(at), size};
      auto got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
      if (got < 0 && (errno == EPERM || errno == EACCES))
        return tl::unexpected(refused(pid, "read", errno));
      if (got <= 0) break;
      searched += static_cast<std::uint64_t>(got);
      auto found =
          std::string_view(buffer.data(), static_cast<std::size_t>(got)).find(kSyscallInstruction);
      if (found != std::string_view::npos) return at + found;
    }
  }
  return 0;
}

Result<StopRequest> make_request(pid_t pid, const LiveOptions& options) {
  OVERHANG_CHECK(check_process(pid));
  StopRequest request;
  request.pid = pid;
  request.seccomp = status_number(pid, "Seccomp") != 0;
  OVERHANG_TRY(auto mappings, read_mappings(pid));
  OVERHANG_TRY(request.syscall_instruction, find_syscall_instruction(pid, mappings));
  if (options.without_fork)
    request.no_fork_reason = "asked for";
  else if (request.syscall_instruction == 0)
    request.no_fork_reason = "there is no syscall instruction in its text to fork it with";
  return request;
}

std::vector<ThreadState> thread_states(const std::vector<StoppedThread>& stopped,
                                       Diagnostics& diagnostics) {
  std::vector<ThreadState> threads;
  for (auto& thread : stopped) {
    auto registers = std::as_bytes(std::span(&thread.registers, 1));
    auto state =
        make_thread_state(Architecture::Amd64, static_cast<std::uint32_t>(thread.tid), registers);
    if (!thread.has_registers) {
      state.registers = {};
      state.register_count = 0;
      diagnostics.lose("threads in uninterruptible sleep, whose registers are unknown",
                       fmt::format("thread {}", thread.tid));
    }
    threads.push_back(state);
  }
  return threads;
}

std::vector<FileMapping> file_mappings(const std::vector<Mapping>& mappings) {
  std::vector<FileMapping> files;
  for (auto& mapping : mappings)
    if (mapping.path.starts_with('/'))
      files.push_back({mapping.start, mapping.end, mapping.file_offset, mapping.path});
  return files;
}

#endif

}  // namespace

#ifdef __x86_64__

Result<FrozenProcess> freeze_process(std::uint32_t pid, const LiveOptions& options,
                                     Diagnostics& diagnostics) {
  if (pid == 0 || pid > INT_MAX) return fail(ErrorKind::NotFound, "there is no process {}", pid);
  auto target = static_cast<pid_t>(pid);
  OVERHANG_TRY(auto request, make_request(target, options));
  FrozenProcess frozen;
  OVERHANG_TRY(frozen.stopper, Stopper::start(request));
  auto& stopper = *frozen.stopper;
  // Of the child, not of the target: this is what was forked (MADV_DONTFORK leaves holes), and it
  // changes no more.
  auto mappings = read_mappings(stopper.frozen());
  frozen.auxv = read_auxv(stopper.frozen());
  if (!mappings || frozen.auxv.empty() || !stopper.still_frozen())
    return fail(ErrorKind::Gone, "process {} ended while its image was taken", pid);
  frozen.mappings = std::move(*mappings);
  frozen.files = file_mappings(frozen.mappings);
  frozen.threads = thread_states(stopper.threads(), diagnostics);

  auto& identity = frozen.identity;
  identity.live = true;
  identity.pid = pid;
  identity.executable = executable_path(target, stopper.frozen());
  identity.pause_ms = stopper.pause_ms();
  identity.taken_at = utc_text(stopper.taken_at());
  identity.clock_ns = stopper.clock_ns();
  return frozen;
}

#else

Result<FrozenProcess> freeze_process(std::uint32_t pid, const LiveOptions&, Diagnostics&) {
  if (pid == 0 || pid > INT_MAX || (kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH))
    return fail(ErrorKind::NotFound, "there is no process {}", pid);
  return fail(
      ErrorKind::Unsupported,
      "process {}: on arm64 overhang reads cores, no live processes; take a core (gcore {})", pid,
      pid);
}

#endif

}  // namespace overhang
