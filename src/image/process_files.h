// What /proc says of a process, and the errors that come of it.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "image/image.h"

namespace overhang {

struct Mapping {
  Address start = 0;
  Address end = 0;
  bool readable = false;
  bool writable = false;
  bool executable = false;
  bool shared = false;            // MAP_SHARED
  std::uint64_t file_offset = 0;  // bytes
  std::string path;               // a file, "[heap]", or empty

  std::uint64_t size() const { return end - start; }
};

// The whole of a small file; an empty string where it cannot be read (errno says why).
std::string read_small_file(const std::string& path);

// Holds if `pid` can be imaged as far as /proc tells: it exists, is no thread of another process,
// no kernel thread, no zombie, not traced, 64-bit of this machine. Errors: as snapshot_process.
Status check_process(pid_t pid);
// Why the system refused `what` ("attach to") for the process, with what to grant.
Error refused(pid_t pid, const char* what, int error_number);

// A thread's state letter (R, S, D, T, t, Z, X), or 0 when it has gone.
char thread_state(pid_t pid, pid_t tid);
std::vector<pid_t> list_threads(pid_t pid);
// The number on the line `key` ("TracerPid", "Seccomp", "PPid") of /proc/PID/status; 0 without one.
long status_number(pid_t pid, const char* key);

Result<std::vector<Mapping>> read_mappings(pid_t pid);
Auxv read_auxv(pid_t pid);
// A path that opens the executable from here: its own, or by way of the process's root directory
// (containers); where neither leads to the same file (deleted, replaced), /proc/`alive`/exe.
std::string executable_path(pid_t pid, pid_t alive);

}  // namespace overhang
