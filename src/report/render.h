// Renderers of the leak report.
#pragma once

#include <string>

#include "report/model.h"

namespace overhang {

struct TextOptions {
  bool colour = false;
  bool stats = false;  // phase times, conservation, coverage
  bool spare = false;  // list spare capacity too
  std::size_t top = 10;
};

// For a person; no line is wider than 100 columns.
std::string render_text(const LeakReport& report, const TextOptions& options);
// Schema "overhang.leaks/1".
std::string render_json(const LeakReport& report);

}  // namespace overhang
