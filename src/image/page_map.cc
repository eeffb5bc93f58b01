#include "image/page_map.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace overhang {
namespace {

// A word a page; its bits as Documentation/admin-guide/mm/pagemap.rst has them.
constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
constexpr std::uint64_t kSwapped = std::uint64_t{1} << 62;
constexpr std::uint64_t kFileOrShared = std::uint64_t{1} << 61;
constexpr std::size_t kWordsAtOnce = 64 << 10;

bool is_own(std::uint64_t word) {
  return (word & (kPresent | kSwapped)) != 0 && (word & kFileOrShared) == 0;
}

}  // namespace

PageMap::PageMap(pid_t pid)
    : fd_(open(fmt::format("/proc/{}/pagemap", pid).c_str(), O_RDONLY | O_CLOEXEC)) {}

PageMap::~PageMap() {
  if (fd_ >= 0) close(fd_);
}

std::optional<std::vector<Image::Range>> PageMap::own_pages(Address start,
                                                            std::uint64_t size) const {
  std::vector<Image::Range> ranges;
  std::vector<std::uint64_t> words(std::min<std::uint64_t>(kWordsAtOnce, size / Image::kPageSize));
  auto page = start >> Image::kPageShift, end = (start + size) >> Image::kPageShift;
  while (page < end) {
    auto wanted = std::min<std::uint64_t>(words.size(), end - page) * sizeof(std::uint64_t);
    auto got = pread(fd_, words.data(), wanted, static_cast<off_t>(page * sizeof(std::uint64_t)));
    auto count = got <= 0 ? 0 : static_cast<std::size_t>(got) / sizeof(std::uint64_t);
    if (count == 0) return std::nullopt;
    for (std::size_t i = 0; i < count; i++, page++) {
      if (!is_own(words[i])) continue;
      auto address = page << Image::kPageShift;
      if (!ranges.empty() && ranges.back().start + ranges.back().size == address)
        ranges.back().size += Image::kPageSize;
      else
        ranges.push_back({address, Image::kPageSize});
    }
  }
  return ranges;
}

}  // namespace overhang
