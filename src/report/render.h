// Renderers of the leak report.
#pragma once

#include <cstdint>
#include <string>

#include "report/model.h"
#include "report/options.h"

namespace overhang {

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
