// Where the report goes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace overhang {

// Writes `text` to the file at `path`, or to standard output where that is empty. A full disk or a
// closed pipe is an error. Errors: NotFound, NotPermitted.
Status write_output(const std::string& path, std::string_view text);

}  // namespace overhang
