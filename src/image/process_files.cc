#include "image/process_files.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace overhang {

namespace {

constexpr unsigned long kKernelThreadFlag = 0x00200000;  // PF_KTHREAD, linux/sched.h

template <class Int>
std::optional<Int> parse(std::string_view text, int base) {
  Int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc()) return std::nullopt;
  return value;
}

// The first word of `rest`, which is cut off it.
std::string_view next_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  auto word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

// Field `number` (from 1, proc(5)) of a stat file. The second, the command's name, may hold
// anything, so we count from the last parenthesis.
std::string_view stat_field(std::string_view stat, unsigned number) {
  auto close = stat.rfind(')');
  if (close == stat.npos) return {};
  auto rest = stat.substr(close + 1);
  std::string_view word;
  for (unsigned field = 3; field <= number; field++) word = next_word(rest);
  return word;
}

Status check_machine(pid_t pid) {
  auto path = fmt::format("/proc/{}/exe", pid);
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == EACCES || errno == EPERM) return tl::unexpected(refused(pid, "read", errno));
    if (errno == ESRCH) return fail(ErrorKind::Gone, "process {} has ended", pid);
    return fail(ErrorKind::NotFound, "cannot open the executable of process {} ({}): {}", pid, path,
                std::strerror(errno));
  }
  Elf64_Ehdr header{};
  auto size = pread(fd, &header, sizeof header, 0);
  close(fd);
  if (size != static_cast<ssize_t>(sizeof header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return fail(ErrorKind::Unsupported, "the executable of process {} is not an ELF file", pid);
  if (header.e_ident[EI_CLASS] != ELFCLASS64)
    return fail(ErrorKind::Unsupported, "process {} is a 32-bit process; 64-bit ones are known",
                pid);
#ifdef __x86_64__
  constexpr auto kMachine = EM_X86_64;
#else
  constexpr auto kMachine = EM_AARCH64;
#endif
  if (header.e_machine != kMachine)
    return fail(ErrorKind::Unsupported, "process {} runs code of another machine (e_machine {})",
                pid, header.e_machine);
  return {};
}

}  // namespace

std::string read_small_file(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text;
  char buffer[16384];
  ssize_t size;
  while ((size = read(fd, buffer, sizeof buffer)) > 0) text.append(buffer, size);
  int error = errno;
  close(fd);
  if (size < 0) {
    errno = error;
    return {};
  }
  return text;
}

long status_number(pid_t pid, const char* key) {
  auto text = read_small_file(fmt::format("/proc/{}/status", pid));
  auto line = fmt::format("\n{}:\t", key);
  auto at = text.find(line);
  return at == text.npos ? 0 : std::strtol(text.c_str() + at + line.size(), nullptr, 10);
}

char thread_state(pid_t pid, pid_t tid) {
  auto text = read_small_file(fmt::format("/proc/{}/task/{}/stat", pid, tid));
  auto state = stat_field(text, 3);
  return state.empty() ? '\0' : state[0];
}

Status check_process(pid_t pid) {
  auto stat = read_small_file(fmt::format("/proc/{}/stat", pid));
  if (stat.empty()) return fail(ErrorKind::NotFound, "there is no process {}", pid);
  if (auto process = status_number(pid, "Tgid"); process != 0 && process != pid)
    return fail(ErrorKind::NotFound, "{} is a thread of process {}; give that id", pid, process);
  if (pid == getpid())
    return fail(ErrorKind::Unsupported, "process {} is overhang itself, which cannot be imaged",
                pid);
  if (parse<unsigned long>(stat_field(stat, 9), 10).value_or(0) & kKernelThreadFlag)
    return fail(ErrorKind::Unsupported, "process {} is a thread of the kernel; it has no memory",
                pid);
  if (auto state = stat_field(stat, 3); state == "Z" || state == "X")
    return fail(ErrorKind::Gone,
                "process {} has ended (a zombie that its parent, process {}, has not reaped)", pid,
                status_number(pid, "PPid"));
  if (auto tracer = status_number(pid, "TracerPid"))
    return fail(ErrorKind::NotPermitted,
                "process {} is traced by process {} already (a debugger or strace); detach that "
                "first",
                pid, tracer);
  return check_machine(pid);
}

Error refused(pid_t pid, const char* what, int error_number) {
  auto message =
      fmt::format("not permitted to {} process {} ({})", what, pid, std::strerror(error_number));
  if (auto tracer = status_number(pid, "TracerPid")) {
    message += fmt::format(": process {} traces it already; detach that first", tracer);
    return {ErrorKind::NotPermitted, std::move(message)};
  }
  if (geteuid() == 0)
    message +=
        ": overhang is root, but lacks CAP_SYS_PTRACE in the process's user namespace, or a "
        "security module (AppArmor, SELinux) forbids it";
  else
    message += ": run overhang as root, or grant it CAP_SYS_PTRACE";
  auto scope = read_small_file("/proc/sys/kernel/yama/ptrace_scope");
  if (auto value = parse<int>(scope, 10).value_or(0); value == 3)
    message += "; /proc/sys/kernel/yama/ptrace_scope is 3, so nobody may until the next boot";
  else if (value > 0)
    message += fmt::format("; /proc/sys/kernel/yama/ptrace_scope is {}, so {} without it", value,
                           value == 1 ? "only a process's ancestors may" : "nobody may");
  return {ErrorKind::NotPermitted, std::move(message)};
}

std::vector<pid_t> list_threads(pid_t pid) {
  std::vector<pid_t> threads;
  auto* directory = opendir(fmt::format("/proc/{}/task", pid).c_str());
  if (!directory) return threads;
  while (auto* entry = readdir(directory))
    if (auto tid = parse<pid_t>(entry->d_name, 10)) threads.push_back(*tid);
  closedir(directory);
  return threads;
}

// A line is "start-end rwxp offset major:minor inode   path".
Result<std::vector<Mapping>> read_mappings(pid_t pid) {
  errno = 0;
  auto text = read_small_file(fmt::format("/proc/{}/maps", pid));
  if (text.empty()) {
    if (errno == EACCES || errno == EPERM) return tl::unexpected(refused(pid, "read", errno));
    return fail(ErrorKind::Gone, "process {} has ended", pid);
  }
  std::vector<Mapping> mappings;
  std::string_view rest = text;
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    auto range = next_word(line);
    auto flags = next_word(line);
    auto offset = parse<std::uint64_t>(next_word(line), 16);
    next_word(line);
    next_word(line);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    auto dash = range.find('-');
    if (dash == range.npos || flags.size() < 4 || !offset) continue;
    auto start = parse<std::uint64_t>(range, 16);
    auto end = parse<std::uint64_t>(range.substr(dash + 1), 16);
    if (!start || !end || *end <= *start) continue;
    mappings.push_back({*start, *end, flags[0] == 'r', flags[1] == 'w', flags[2] == 'x',
                        flags[3] == 's', *offset, std::string(line)});
  }
  return mappings;
}

Auxv read_auxv(pid_t pid) {
  auto text = read_small_file(fmt::format("/proc/{}/auxv", pid));
  ByteReader reader(std::as_bytes(std::span(text)));
  Auxv auxv;
  for (;;) {
    auto type = reader.read<std::uint64_t>();
    auto value = reader.read<std::uint64_t>();
    if (!reader.ok() || type == AT_NULL) return auxv;
    auxv.emplace_back(type, value);
  }
}

std::string executable_path(pid_t pid, pid_t alive) {
  auto link = fmt::format("/proc/{}/exe", alive);
  char name[PATH_MAX];
  struct stat target;
  auto size = readlink(link.c_str(), name, sizeof name);
  if (size <= 0 || stat(link.c_str(), &target) != 0) return link;
  // The same path from here (no container), then by way of the process's root.
  std::string path(name, static_cast<std::size_t>(size));
  for (auto& candidate : {path, fmt::format("/proc/{}/root{}", pid, path)}) {
    struct stat found;
    if (stat(candidate.c_str(), &found) == 0 && found.st_dev == target.st_dev &&
        found.st_ino == target.st_ino)
      return candidate;
  }
  return link;
}

}  // namespace overhang
