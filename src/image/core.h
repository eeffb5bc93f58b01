// Images from ELF core files: the kernel's, gcore's, delve's.
#pragma once

#include <memory>
#include <string>

#include "image/image.h"

namespace overhang {

// Maps the core at `path`. A core that ends early is read as far as it goes: the missing part is a
// hole, and `diagnostics` gets a warning with its size. Errors: NotFound, BadInput (not an ELF
// core), Unsupported (32-bit, big-endian, other machine).
Result<std::unique_ptr<Image>> open_core(const std::string& path, Diagnostics& diagnostics);

}  // namespace overhang
