// Reports as JSON documents, for the renderers that write or embed them.
#pragma once

#include "report/diff.h"
#include "report/json_parts.h"
#include "report/render.h"

namespace overhang {

// Schema "overhang.leaks/1". `selection` shows sites in the report's order: the document's sites
// are the first of those that it lets through.
Json leaks_document(const LeakReport& report, const Selection& selection);
// Schema "overhang.heap/1", without the dominator tree.
Json heap_document(const HeapReport& report, const Selection& selection);
// Schema "overhang.diff/1".
Json diff_document(const DiffReport& report, const Selection& selection);

}  // namespace overhang
