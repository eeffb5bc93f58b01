// What every report says of its target and of its run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"

namespace overhang {

struct TargetRow {
  bool live = false;  // kind "pid", else "core"
  std::string path;   // the core file
  std::uint32_t pid = 0;
  std::string exe;
  std::string go_version;  // "go1.26.8"
  std::string arch;        // "amd64"
  bool dwarf = false;
  std::optional<double> pause_ms;
  std::optional<std::string> taken_at;  // RFC 3339
};

struct SourceRow {
  std::string file;
  std::uint64_t line = 0;
  std::string function, statement;
};

struct ReportHead {
  TargetRow target;
  std::vector<PhaseTime> timings;
  double elapsed_ms = 0;  // from the start of the run to its report
  // Most anonymous memory that overhang itself held; measured with --stats only.
  std::optional<std::uint64_t> peak_anonymous_bytes;
  std::vector<std::string> warnings;
};

}  // namespace overhang
