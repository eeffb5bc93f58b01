// Which words of its frame a function's code reads: variables that live across calls are spilled to
// the stack and read back; words that are only written are temporaries, or nothing any more.
#pragma once

#include <cstdint>
#include <vector>

#include "goruntime/runtime.h"

namespace overhang {

// Offsets from the stack pointer, in bytes, of the 8-byte words that instructions in `code` load or
// compare with: mov r64, [rsp + x] and the like; ldr and ldp of [sp, x]. Sorted. Wherever an
// instruction may begin is tried on amd64, so there may be some too many.
std::vector<std::uint32_t> stack_loads_amd64(ByteSpan code);
std::vector<std::uint32_t> stack_loads_arm64(ByteSpan code);

// Of the function at hand; empty where its code is not in the image, or longer than 1 MiB.
std::vector<std::uint32_t> stack_loads(const Runtime& runtime, const Function& function);

}  // namespace overhang
