// A file that is there as a whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace overhang {

// Written under no name where the file system can do that (O_TMPFILE: even a SIGKILL leaves nothing
// behind), else under one that tells that it is not done; takes its place in one step.
// It is readable by its owner alone, as cores are: it holds a program's secrets.
class PendingFile {
 public:
  // For the regular file at `path`, which may exist. Errors: NotFound, NotPermitted, BadInput
  // (something else than a regular file is there).
  static Result<PendingFile> open(const std::string& path);
  PendingFile(PendingFile&& other) noexcept;
  ~PendingFile();  // unless commit() has succeeded, what was written is gone
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  PendingFile& operator=(PendingFile&&) = delete;

  // Thread-safe. False where not all was written; errno says why.
  bool write(const void* bytes, std::size_t size, std::uint64_t offset) const;
  // Makes the file this long; what was not written reads as zeros and takes no room.
  bool resize(std::uint64_t size) const;
  // Bytes that it takes on the disk.
  std::uint64_t disk_bytes() const;
  Status commit();
  // The error of a call that failed, from errno.
  tl::unexpected<Error> failure(int error_number) const;

 private:
  PendingFile(std::string path, std::string name, int fd)
      : path_(std::move(path)), name_(std::move(name)), fd_(fd) {}
  Status take_name();

  std::string path_;
  std::string name_;  // that it has until it is done; empty: none
  int fd_;
};

}  // namespace overhang
