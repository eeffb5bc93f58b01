// What --help and the manual page say, made from the table of commands and options (commands.h).
#pragma once

#include <string>
#include <string_view>

#include "cli/commands.h"

namespace overhang {

inline constexpr std::string_view kExitStatuses =
    "Exit status: 0 done, 1 the analysis failed (one line says why), 2 wrong usage, 3 --fail-over "
    "exceeded.";

// overhang --help, up to the list of options.
std::string overview();
// overhang COMMAND --help, up to its options.
std::string about(const CommandRow& command);

// The manual page of this version, for man(7)'s macros.
std::string man_page(std::string_view version);

}  // namespace overhang
