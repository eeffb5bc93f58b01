// What of a report is shown, and how.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace overhang {

// Which rows are shown. The totals are those of the whole heap all the same.
struct Selection {
  std::size_t top = std::numeric_limits<std::size_t>::max();
  std::uint64_t min_bytes = 0;
};

struct TextOptions {
  bool colour = false;
  bool stats = false;  // phase times, conservation, coverage
  bool spare = false;  // list spare capacity too
  Selection selection{.top = 10};
};

}  // namespace overhang
