// The separate file that has an executable's symbols and DWARF (objcopy --only-keep-debug, a
// distribution's -dbg packages).
#pragma once

#include <memory>
#include <string>

#include "base/diagnostics.h"
#include "base/result.h"
#include "binary/elf_file.h"

namespace overhang {

// The debug file of `executable`: null where there is none, or none is
// needed. With `path` (--debug) that file and no other; else those are tried that gdb tries:
// .build-id folders by the GNU build id, and .gnu_debuglink beside the executable, in .debug/ and
// under `debug_folder`. What is another build's is refused: an error for `path`, a warning
// otherwise. Errors: those of ElfFile::open, and BadInput.
inline constexpr const char* kDebugFolder = "/usr/lib/debug";
Result<std::unique_ptr<ElfFile>> open_debug_file(const ElfFile& executable, const std::string& path,
                                                 Diagnostics& diagnostics,
                                                 const std::string& debug_folder = kDebugFolder);

}  // namespace overhang
