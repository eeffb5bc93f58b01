// GC programs: run-length pointer masks of large types (mbitmap.go: runGCProg; up to Go 1.23).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "image/image.h"

namespace overhang {

// Runs the program at `program` (past its length word). One bit a word, least significant first,
// ceil(bits / 8) bytes; what the program leaves out is zero. What goes past `bits` is dropped.
// Nothing where the program is unreadable or malformed.
std::optional<std::vector<std::byte>> run_gc_program(const Image& image, Address program,
                                                     std::uint64_t bits);

}  // namespace overhang
