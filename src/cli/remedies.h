// What-ifs as rows of the report.
#pragma once

#include <vector>

#include "report/model.h"
#include "retain/what_if.h"

namespace overhang {

// `pointer_free`: clearing the elements lets go of nothing.
std::vector<RemedyRow> remedy_rows(const std::vector<WhatIf>& what_ifs, bool pointer_free);

}  // namespace overhang
