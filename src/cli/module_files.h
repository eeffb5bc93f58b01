// The files of a process's Go code beside its executable: plugins, the library of a program linked
// with -linkshared, libraries (-buildmode=c-shared) in a program of another language.
#pragma once

#include <memory>
#include <string>
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

// The first library among the image's mappings that was built by Go; null: there is none. A warning
// names further ones, each of which has a runtime of its own.
std::unique_ptr<ElfFile> find_go_library(const Image& image, Diagnostics& diagnostics);

// The Go program that stands in the image, whatever is on disk: the process unpacked it (UPX), or
// its file is not here and the core holds all of it. Null: there is none. `path` is what to call
// it.
std::unique_ptr<ElfFile> find_unpacked_program(const Image& image, const std::string& path);

// The library that has the runtime of a program linked with -linkshared; empty: none has.
std::string library_of_runtime(const Image& image, const ElfFile& executable);

}  // namespace overhang
