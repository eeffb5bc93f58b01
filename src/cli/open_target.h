// From what the user named (a process id or a core file) to the opened Go program behind it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/result.h"
#include "binary/dwarf.h"
#include "binary/elf_file.h"
#include "goruntime/runtime.h"
#include "image/image.h"

namespace overhang {

struct TargetOptions {
  std::string target;         // a process id, or the path of a core file
  std::string executable;     // --exe; empty: found by way of the target
  std::string debug;          // --debug: the file with the symbols and DWARF; empty: looked for
  bool without_fork = false;  // --no-fork: stop the process for the length of the read
};

// Members stand in the order in which they depend on each other: the later ones go first.
struct OpenedTarget {
  std::unique_ptr<Image> image;
  std::unique_ptr<ElfFile> file;
  std::unique_ptr<ElfFile> debug_file;  // null: what is known stands in `file`
  std::unique_ptr<Runtime> runtime;
  std::vector<std::unique_ptr<ElfFile>> module_files;  // plugins'
  std::unique_ptr<Dwarf> dwarf;                        // null: the program has none
};

// Whether the word names a process, not a file: all digits, and no file of that name.
bool names_process(const std::string& target);
// Of a word that names a process. Errors: NotFound where no process has such a number.
Result<std::uint32_t> process_id(const std::string& digits);

// All digits and no file of that name is a process, anything else a core file. `diagnostics` must
// outlive the result. Errors: those of snapshot_process, open_core, ElfFile::open, open_debug_file,
// Runtime::open and Dwarf::open, each naming the process or file; NotFound where a core does not
// lead to its executable.
Result<OpenedTarget> open_target(const TargetOptions& options, Diagnostics& diagnostics);

}  // namespace overhang
