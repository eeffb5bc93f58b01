// Why certain and possible differ: the references of unknown type, in words.
#pragma once

#include <string>
#include <vector>

#include "graph/views.h"
#include "report/model.h"
#include "retain/sites.h"

namespace overhang {

// The place of one reference: "main.cache.raw", "stack word in main.run".
std::string describe_doubt(const Views& views, Namer& namer, const Doubt& doubt);

// Fills report.doubts (at most kDoubtRows, those from one place as one row) and doubts_omitted.
inline constexpr std::size_t kDoubtRows = 20;
void describe_doubts(Views& views, LeakReport& report);

}  // namespace overhang
