// The leak report as a page, with the trees and types that stand beside it.
#pragma once

#include <optional>
#include <vector>

#include "cli/analysis.h"
#include "report/html.h"

namespace overhang {

// Owns what PageParts point to.
struct LeakPage {
  TreeRows references;
  std::vector<std::vector<std::uint32_t>> site_rows;
  std::optional<TreeRows> dominators;
  std::vector<HeapTypeRow> types;
  PageParts parts() const;
};

// The analysis was made with dominators; where these are an error, what needs them is left out and
// a warning says why. Trees are cut to what a page can show.
LeakPage describe_page(Analysis& analysis, const LeakReport& leaks, Diagnostics& diagnostics);

}  // namespace overhang
