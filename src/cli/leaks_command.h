// overhang leaks TARGET, and overhang fix TARGET: the leak report, and the patch of the sources
// that make what it shows.
#pragma once

#include <cstddef>
#include <vector>

#include "cli/analysis.h"
#include "cli/command.h"
#include "report/model.h"
#include "retain/sites.h"

namespace overhang {

struct DescribedLeaks {
  LeakReport report;               // with every site, largest first; nothing of the sources yet
  std::vector<SlicePlace> places;  // of the rows' slices in the source
};
// The `pictures` largest sites get a picture of an array. Errors: Unsupported, where a release that
// nobody knows does not add up.
Result<DescribedLeaks> describe_leaks(Analysis& analysis, Diagnostics& diagnostics,
                                      std::size_t pictures = 0);
// Looks up the statements for all rows, in the folder `source` (--source), and writes them there.
void add_sources(const Analysis& analysis, const std::string& source, Diagnostics& diagnostics,
                 DescribedLeaks& leaks);

// Errors: those of open_heap; among them TooMany, where the heap has room for more than
// max_objects.
Result<Outcome> run_leaks(const Run& run);
// The patch; what it leaves to a person is in the notes.
Result<Outcome> run_fix(const Run& run);

}  // namespace overhang
