// Completion scripts for shells, made from the table of commands and options (commands.h).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace overhang {

// The script that has bash, zsh or fish complete overhang's command line. Errors: Usage.
Result<std::string> completion_script(std::string_view shell);

}  // namespace overhang
