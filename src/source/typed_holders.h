// Which places of a package may hold slices of a type, where nothing else is known of a slice, or
// nothing but the lines whose code reads and sets it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "source/search.h"

namespace overhang::source {

// The fields of the package's struct types, its variables and its slice types that are slices of
// `element` ("*example.com/m/pool.Conn"). A field or variable of such a slice type stands for that,
// too. Kind, package, variable and fields are filled in.
std::vector<SliceHolder> holders_of_type(Program& program, const std::string& package,
                                         const std::string& element);

// A line that the executable records for an instruction.
struct CodeLine {
  std::string package;  // import path, of the function
  std::string file;     // without its folder
  std::uint32_t line = 0;
  friend auto operator<=>(const CodeLine&, const CodeLine&) = default;
};

// The only package-level variable that stands in a statement of each of these lines, among those
// that may be or contain a slice of `element` or a pointer to one ("": of anything without a name,
// a string too); of a struct, its only such field. Nothing if there are several. Lines of files
// that are not there do not count. Walks the packages.
std::optional<SliceHolder> variable_on_lines(Flows& flows, const std::string& element,
                                             const std::set<CodeLine>& lines);

}  // namespace overhang::source
