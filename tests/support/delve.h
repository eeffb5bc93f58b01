// Go's debugger, the real one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace overhang::test {

// The path of dlv, built once by way of Go's module proxy. Errors: NotFound, where it cannot be
// had.
Result<std::string> delve_command();

// What `dlv core` prints for these commands. Throws std::runtime_error where it does not open.
std::string run_delve(const std::string& delve, const std::string& executable,
                      const std::string& core, const std::vector<std::string>& commands);

}  // namespace overhang::test
