// The files that a program of several modules (plugins) was loaded from.
#pragma once

#include <memory>
#include <vector>

#include "base/diagnostics.h"
#include "binary/dwarf.h"
#include "binary/elf_file.h"
#include "goruntime/runtime.h"

namespace overhang {

// Opens the file of each module that is not the executable's, as the image's mappings name it, and
// adds its DWARF to `dwarf`. The result must outlive that. What has no DWARF is passed over; a file
// that cannot be opened, or is not the one that was loaded, is warned of.
std::vector<std::unique_ptr<ElfFile>> add_module_dwarf(const Runtime& runtime, Dwarf& dwarf,
                                                       Diagnostics& diagnostics);

}  // namespace overhang
