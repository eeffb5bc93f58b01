// A file mapped for reading that may shrink under us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace overhang {

// Touching a page of a map past its file's end (somebody truncated the file, a disk failed) raises
// SIGBUS in whichever thread reads. Checking sizes beforehand cannot help, and copying the file
// costs its size in memory; so a process-wide SIGBUS handler, installed with the first map, puts
// zero pages where the file has gone and counts them. A SIGBUS that concerns no FileMap goes to
// the handler that was there before.
class FileMap {
 public:
  // Maps all of the regular file at `path` privately and read-only. Errors: NotFound,
  // NotPermitted, BadInput (not a regular file), Truncated (empty).
  static Result<std::shared_ptr<FileMap>> open(const std::string& path);
  ~FileMap();
  FileMap(const FileMap&) = delete;
  FileMap& operator=(const FileMap&) = delete;

  ByteSpan bytes() const { return {data_, size_}; }
  // Bytes that the handler had to replace by zeros. Thread-safe.
  std::uint64_t lost_bytes() const;

  struct Guard;  // what the handler knows of a map

 private:
  FileMap(const std::byte* data, std::uint64_t size, Guard* guard)
      : data_(data), size_(size), guard_(guard) {}

  const std::byte* data_;
  std::uint64_t size_;
  Guard* guard_;
};

}  // namespace overhang
