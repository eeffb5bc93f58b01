// The note that a core of overhang's own has beside the usual ones: when it was taken, by both
// clocks, and of what executable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace overhang {

inline constexpr std::string_view kSnapshotNoteOwner = "overhang";
// Not one that any other owner uses: delve looks at types alone.
inline constexpr std::uint32_t kSnapshotNoteType = 0x4F564831;

struct SnapshotNote {
  std::int64_t taken_at = 0;       // seconds since 1970
  std::int64_t clock_ns = 0;       // CLOCK_MONOTONIC then, which runtime.nanotime reads
  std::optional<double> pause_ms;  // how long the process stood still
  std::string executable;          // path that opened it from where the core was taken

  // Lines "key value"; unknown keys are passed over.
  std::string encode() const;
  // Nothing where the description is not of that form.
  static std::optional<SnapshotNote> decode(ByteSpan description);
};

// RFC 3339, UTC.
std::string utc_text(std::int64_t seconds);

}  // namespace overhang
