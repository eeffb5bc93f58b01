// What the fuzzers and the corpus replay feed bytes to. Each returns normally on any input; a
// broken promise of the reader aborts.
#pragma once

#include "base/bytes.h"

namespace overhang::fuzz {

void read_core(ByteSpan input);        // image/core.h
void read_executable(ByteSpan input);  // binary/elf_file.h, build_info.h, dwarf.h

}  // namespace overhang::fuzz
