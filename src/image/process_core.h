// A core of a running process, by its frozen image.
#pragma once

#include <functional>
#include <string>

#include "image/core_writer.h"
#include "image/frozen_process.h"

namespace overhang {

// What goes in, by the kernel's own rules (core(5): coredump_filter 0x33), and pages that are not
// in use left out:
//   anonymous memory      the pages that the process has
//   private file pages    all of a mapping that was written to or may be; else, where an ELF file
//                         begins there, its first page: the build ids stand in it
//   shared memory         where no file keeps it
// What else is mapped stands there without its bytes.
//
// Writes the core of `process` to `file`, which the caller commits. `keep_file` says of a mapping
// of a file that its bytes go in although the file has them; `meter` counts the bytes copied.
// Errors: those of the file; Gone, where the frozen image was killed meanwhile.
Result<WrittenCore> write_process_core(const PendingFile& file, const FrozenProcess& process,
                                       const std::function<bool(const Mapping&)>& keep_file,
                                       unsigned threads, Meter& meter);

}  // namespace overhang
