#include "image/file_map.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

namespace overhang {

// The handler walks the list without a lock, so guards are never freed: one whose map is gone has
// begin 0 and is used again.
struct FileMap::Guard {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  std::atomic<int> fd{-1};
  std::atomic<std::uintptr_t> tail{0};      // from here to end the file is gone
  std::atomic<std::uint64_t> bad_pages{0};  // single pages lost within the file (disk errors)
  Guard* next = nullptr;
};

namespace {

constexpr std::uintptr_t kPage = 4096;

std::atomic<FileMap::Guard*> guards{nullptr};
std::mutex guards_mutex;  // for those who change the list
struct sigaction previous_action;

// Puts zero pages where `guard`'s file has ended, or over the one page that cannot be read. Only
// async-signal-safe calls: fstat, and the bare mmap (the wrapper may be a sanitizer's).
bool replace_by_zeros(FileMap::Guard& guard, std::uintptr_t address) {
  auto begin = guard.begin.load(std::memory_order_relaxed);
  auto end = guard.end.load(std::memory_order_relaxed);
  auto page = address & ~(kPage - 1);
  auto from = page;
  auto to = page + kPage;
  struct stat status;
  if (fstat(guard.fd.load(std::memory_order_relaxed), &status) == 0) {
    auto file_end =
        begin + ((static_cast<std::uintptr_t>(status.st_size) + kPage - 1) & ~(kPage - 1));
    if (file_end <= page) {  // one call for all that is gone
      from = file_end;
      to = (end + kPage - 1) & ~(kPage - 1);
    }
  }
  auto zeros = syscall(SYS_mmap, from, to - from, PROT_READ,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0L);
  if (zeros < 0) return false;
  if (to >= end) {
    auto tail = guard.tail.load(std::memory_order_relaxed);
    while (from < tail && !guard.tail.compare_exchange_weak(tail, from)) {
    }
  } else {
    guard.bad_pages.fetch_add(1, std::memory_order_relaxed);
  }
  return true;
}

void on_sigbus(int signal, siginfo_t* info, void* context) {
  int saved_errno = errno;
  auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (auto* guard = guards.load(std::memory_order_acquire); guard; guard = guard->next) {
    auto begin = guard->begin.load(std::memory_order_acquire);
    if (begin == 0 || address < begin || address >= guard->end.load(std::memory_order_relaxed))
      continue;
    if (!replace_by_zeros(*guard, address)) break;
    errno = saved_errno;
    return;
  }
  errno = saved_errno;
  if (previous_action.sa_flags & SA_SIGINFO) {
    previous_action.sa_sigaction(signal, info, context);
  } else if (previous_action.sa_handler != SIG_DFL && previous_action.sa_handler != SIG_IGN) {
    previous_action.sa_handler(signal);
  } else {
    std::signal(SIGBUS, SIG_DFL);  // the access is tried again on return, and ends the process
  }
}

FileMap::Guard* add_guard(std::uintptr_t begin, std::uintptr_t end, int fd) {
  std::lock_guard lock(guards_mutex);
  static bool installed = false;
  if (!installed) {
    struct sigaction action {};
    action.sa_sigaction = on_sigbus;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous_action);
    installed = true;
  }
  auto* guard = guards.load();
  while (guard && guard->begin.load() != 0) guard = guard->next;
  bool fresh = !guard;
  if (fresh) guard = new FileMap::Guard;
  guard->end = end;
  guard->fd = fd;
  guard->tail = end;
  guard->bad_pages = 0;
  guard->begin.store(begin, std::memory_order_release);
  if (fresh) {
    guard->next = guards.load();
    guards.store(guard, std::memory_order_release);
  }
  return guard;
}

}  // namespace

Result<std::shared_ptr<FileMap>> FileMap::open(const std::string& path) {
  // O_NONBLOCK: opening a pipe by mistake must not wait for a writer.
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    auto kind = errno == EACCES || errno == EPERM ? ErrorKind::NotPermitted : ErrorKind::NotFound;
    return fail(kind, "cannot open {}: {}", path, std::strerror(errno));
  }
  struct stat status;
  bool known = fstat(fd, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    close(fd);
    return fail(ErrorKind::BadInput, "{} is not a regular file", path);
  }
  if (status.st_size == 0) {
    close(fd);
    return fail(ErrorKind::Truncated, "{} is empty", path);
  }
  auto size = static_cast<std::uint64_t>(status.st_size);
  auto* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) {
    int error = errno;
    close(fd);
    return fail(ErrorKind::BadInput, "cannot map {} ({} bytes): {}", path, size,
                std::strerror(error));
  }
  auto begin = reinterpret_cast<std::uintptr_t>(data);
  auto* guard = add_guard(begin, begin + size, fd);
  return std::shared_ptr<FileMap>(new FileMap(static_cast<const std::byte*>(data), size, guard));
}

FileMap::~FileMap() {
  std::lock_guard lock(guards_mutex);
  guard_->begin.store(0, std::memory_order_release);
  munmap(const_cast<std::byte*>(data_), size_);
  close(guard_->fd.exchange(-1));
}

std::uint64_t FileMap::lost_bytes() const {
  return guard_->end.load() - guard_->tail.load() + guard_->bad_pages.load() * kPage;
}

}  // namespace overhang
