// The leak report as a JSON document, for the renderers that write or embed it.
#pragma once

#include "report/json_parts.h"
#include "report/render.h"

namespace overhang {

// Schema "overhang.leaks/1". `selection` shows sites in the report's order: the document's sites
// are the first of those that it lets through.
Json leaks_document(const LeakReport& report, const Selection& selection);

}  // namespace overhang
