// Whether code beside a statement clears what the statement hides.
#pragma once

#include "source/search.h"

namespace overhang::source {

bool is_cleared(const Flows& flows, const Candidate& candidate);

}  // namespace overhang::source
