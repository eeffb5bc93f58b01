// arm64 code, decoded by Capstone.
//
// An instruction that does several things becomes several, at one address. The assembler's
// temporary register (x27), by which it reaches what an instruction's immediate cannot, is taken
// for what it stands for. What is not understood (data between the code, too) is
// Operation::Unknown.
#pragma once

#include "goruntime/machine_code.h"

namespace overhang::arm64 {

inline constexpr machine::Gpr kTemporary = 27;  // obj/arm64: REGTMP

extern const machine::Machine kMachine;

}  // namespace overhang::arm64
