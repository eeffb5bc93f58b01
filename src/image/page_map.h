// Which pages a process has (/proc/PID/pagemap).
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "image/image.h"

namespace overhang {

// Reads one process's page map.
class PageMap {
 public:
  explicit PageMap(pid_t pid);
  ~PageMap();
  PageMap(const PageMap&) = delete;
  PageMap& operator=(const PageMap&) = delete;

  // The pages of [start, start+size) that are the process's own (anonymous, or a private copy of a
  // file's), in memory or swapped out, as sorted ranges. Of private anonymous memory all others are
  // zero. Nothing where the system does not tell.
  std::optional<std::vector<Image::Range>> own_pages(Address start, std::uint64_t size) const;

 private:
  int fd_;
};

}  // namespace overhang
