// Renderers of the leak report.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "report/model.h"

namespace overhang {

// Which sites are shown. The totals are those of the whole heap all the same.
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

// Whether the site is shown where `already` sites are.
bool shown(const SiteRow& site, std::size_t already, const Selection& selection);

// What a site weighs: the bytes that its hidden slots retain or, where they retain none, the bytes
// of the arrays themselves that are hidden.
std::uint64_t weight(const SiteRow& site);

// For a person; no line is wider than 100 columns.
std::string render_text(const LeakReport& report, const TextOptions& options);
// Schema "overhang.leaks/1"; one document, ends in a newline.
std::string render_json(const LeakReport& report, const Selection& selection = {});
// A gzipped profile.proto: a site's path, its hidden slots, the types that hang on them. Retained
// bytes and objects add up to the overhang where no site is left out.
std::string render_pprof(const LeakReport& report, const Selection& selection = {});
// The same stacks, a line each, with their hidden bytes: "frame;frame;frame bytes".
std::string render_folded(const LeakReport& report, const Selection& selection = {});

}  // namespace overhang
