// From findings to the plain rows of the report.
#pragma once

#include "cli/findings.h"
#include "cli/open_target.h"
#include "graph/views.h"
#include "report/model.h"
#include "retain/sites.h"

namespace overhang {

TargetRow describe_target(const OpenedTarget& target);
// Totals, and whether every live byte is in exactly one bucket (a warning where it is not).
void describe_heap(const Views& views, const LiveSet& live, const RootSet& roots,
                   const Findings& certain, const Findings& possible, Diagnostics& diagnostics,
                   LeakReport& report);
// A row for each site that retains something, or whose own bytes are out of reach; largest first.
// The `pictures` largest get a picture of an array. Returns the rows' places in the source.
std::vector<SlicePlace> describe_sites(Views& views, const Findings& certain,
                                       const Findings& possible, std::size_t pictures,
                                       LeakReport& report);

}  // namespace overhang
