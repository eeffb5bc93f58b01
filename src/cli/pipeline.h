// The list of passes, from a target to the leak report.
#pragma once

#include "base/diagnostics.h"
#include "base/result.h"
#include "cli/fix.h"
#include "cli/open_target.h"
#include "graph/views.h"
#include "report/model.h"

namespace overhang {

struct LeakOptions {
  TargetOptions target;
  unsigned threads = 1;  // at least 1
  std::uint64_t max_objects = kMaxObjects;
  InteriorRule interior = InteriorRule::Certain;
  FixOptions fix;
  std::string source;  // --source: the folder of the program's sources; "": where it was built
};

// What a run comes to.
struct Outcome {
  LeakReport report;
  Fix fix;  // where it is asked for
};

// The report with every site in it, largest first; what of it is shown is the caller's business.
// Errors: those of the passes; among them TooMany, where the heap has room for more than
// max_objects.
Result<Outcome> run_leaks(const LeakOptions& options, Diagnostics& diagnostics);

}  // namespace overhang
