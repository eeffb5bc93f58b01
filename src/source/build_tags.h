// Which files of a folder belong to a package as it was built.
#pragma once

#include <string>
#include <string_view>

namespace overhang::source {

struct BuildTarget {
  std::string arch = "amd64";  // the system is always linux
  int go_minor = 0;
};

// Whether a file of this name and text is compiled for the target (go/build: its name's suffixes
// and its //go:build line). Tags that are not known are taken as not set.
bool is_built(std::string_view file_name, std::string_view text, const BuildTarget& target);

}  // namespace overhang::source
