// amd64 code, decoded by Capstone.
#pragma once

#include "goruntime/machine_code.h"

namespace overhang::amd64 {

inline constexpr machine::Gpr kRax = 0, kRcx = 1, kRdx = 2, kRbx = 3, kRsi = 6, kRdi = 7, kR8 = 8,
                              kR9 = 9, kR10 = 10, kR11 = 11;

extern const machine::Machine kMachine;

}  // namespace overhang::amd64
