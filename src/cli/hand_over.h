// Heaps of more objects than 32 bits number are for overhang-wide, which stands beside overhang.
#pragma once

#include "base/result.h"

namespace overhang {

// What becomes of a run that failed. ErrorKind::TooMany, in overhang: overhang-wide, of the
// directory that this executable is in, takes the process over with the arguments `argv`, and
// nothing returns. Otherwise, and where it cannot be run: the error to report.
Error hand_over(const Error& error, char** argv);

}  // namespace overhang
