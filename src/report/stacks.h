// What profiles and folded stacks share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/model.h"
#include "report/pprof.h"

namespace overhang {

// "[hidden tail of main.pool.inUse]"
std::string hidden_frame(std::string_view category, std::string_view site);
// A frame's name where ';' ends a frame and a line a stack.
std::string folded_name(std::string_view name);
// The best of the statements; no line where there is none.
PprofWriter::Line line_of(const std::vector<SourceRow>& sources);

}  // namespace overhang
