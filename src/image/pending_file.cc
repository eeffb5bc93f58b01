#include "image/pending_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace overhang {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr std::uint64_t kStatBlock = 512;  // of st_blocks, stat(2)

std::string folder_of(const std::string& path) {
  auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Linux gives a number to each process, and a process writes one such file at a time.
std::string partial_name(const std::string& path) {
  return fmt::format("{}.partial-{}", path, getpid());
}

tl::unexpected<Error> not_written(const std::string& path, int error_number) {
  auto kind = error_number == EACCES || error_number == EPERM ? ErrorKind::NotPermitted
                                                              : ErrorKind::NotFound;
  return fail(kind, "{}: cannot be written: {}", path, std::strerror(error_number));
}

}  // namespace

Result<PendingFile> PendingFile::open(const std::string& path) {
  struct stat there;
  if (stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode))
    return fail(ErrorKind::BadInput, "{}: not a regular file; give the name of one", path);
  int fd = ::open(folder_of(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, kOwnerOnly);
  if (fd >= 0) return PendingFile(path, "", fd);
  auto name = partial_name(path);
  fd = ::open(name.c_str(), O_CREAT | O_TRUNC | O_NOFOLLOW | O_RDWR | O_CLOEXEC, kOwnerOnly);
  if (fd < 0) return not_written(path, errno);
  return PendingFile(path, name, fd);
}

PendingFile::PendingFile(PendingFile&& other) noexcept
    : path_(std::move(other.path_)),
      name_(std::exchange(other.name_, {})),
      fd_(std::exchange(other.fd_, -1)) {}

PendingFile::~PendingFile() {
  if (!name_.empty()) unlink(name_.c_str());
  if (fd_ >= 0) close(fd_);
}

bool PendingFile::write(const void* bytes, std::size_t size, std::uint64_t offset) const {
  auto* at = static_cast<const char*>(bytes);
  while (size > 0) {
    auto written = pwrite(fd_, at, size, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    offset += static_cast<std::uint64_t>(written);
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool PendingFile::resize(std::uint64_t size) const {
  return ftruncate(fd_, static_cast<off_t>(size)) == 0;
}

std::uint64_t PendingFile::disk_bytes() const {
  struct stat status;
  if (fstat(fd_, &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.st_blocks) * kStatBlock;
}

// A link to a file without a name may not replace one, so that it gets another first.
Status PendingFile::take_name() {
  auto name = partial_name(path_);
  auto self = fmt::format("/proc/self/fd/{}", fd_);
  unlink(name.c_str());
  if (linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
    return failure(errno);
  name_ = name;
  return {};
}

Status PendingFile::commit() {
  if (name_.empty()) OVERHANG_CHECK(take_name());
  // Where the disk is on a network, closing tells that it is full. The name goes over afterwards.
  if (close(std::exchange(fd_, -1)) != 0) return failure(errno);
  if (std::rename(name_.c_str(), path_.c_str()) != 0) return failure(errno);
  name_.clear();
  return {};
}

tl::unexpected<Error> PendingFile::failure(int error_number) const {
  return not_written(path_, error_number);
}

}  // namespace overhang
