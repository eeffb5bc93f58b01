// What `go version -m` reads: debug/buildinfo, section .go.buildinfo.
#pragma once

#include <string>

#include "binary/elf_file.h"

namespace overhang {

// go1.MINOR[.PATCH][suffix]; compares by minor alone where layouts are concerned.
struct GoVersion {
  int minor = 0;
  int patch = 0;
  std::string text;  // "go1.26.8", as the binary says it
};

struct BuildInfo {
  GoVersion version;
  std::string module_text;  // the "mod" lines as stored, without the guard bytes
};

// Errors: BadInput ("not a Go program"), Unsupported (a version text that is not understood, such
// as devel builds without a number).
Result<BuildInfo> read_build_info(const ElfFile& file);
Result<GoVersion> parse_go_version(std::string_view text);

}  // namespace overhang
