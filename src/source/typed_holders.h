// Which places of a package may hold slices of a type, where nothing else is known of a slice.
#pragma once

#include <string>
#include <vector>

#include "source/search.h"

namespace overhang::source {

// The fields of the package's struct types, its variables and its slice types that are slices of
// `element` ("*example.com/m/pool.Conn"). A field or variable of such a slice type stands for that,
// too. Kind, package, variable and fields are filled in.
std::vector<SliceHolder> holders_of_type(Program& program, const std::string& package,
                                         const std::string& element);

}  // namespace overhang::source
