// From the file names that a compiler recorded to the files as they stand here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/build_tags.h"
#include "source/program.h"

namespace overhang::source {

// What the executable says of a package's files.
struct PackageRecord {
  struct FunctionLine {
    std::uint32_t file = 0;  // of `files`
    std::uint32_t line = 0;  // of its `func`; 0: not known
    std::string name;        // its own: "remove"
    bool within = false;     // the line is that of its first instruction (up to Go 1.19)
  };
  std::vector<std::string> files;       // "/home/me/pool/pool.go", "example.com/m@v1.2.0/pool.go"
  std::vector<FunctionLine> functions;  // some of them, to tell whether these are the sources
};

struct SourceRoots {
  std::string directory;                   // --source; "": none was named
  std::vector<std::string> module_caches;  // …/pkg/mod
  std::vector<std::string> go_roots;       // …/go
  // The release that the `go` command may have fetched into the module caches: "go1.22.12".
  void add_toolchain(std::string_view release);
  // The caller's environment: GOMODCACHE, GOPATH, GOROOT, HOME, and the usual places.
  static SourceRoots from_environment(std::string directory);
};

struct LocatedPackage {
  std::string directory;  // "": not found
  bool differs = false;   // its lines are not those of the program: other sources
  std::string unread;  // "…/pool.go: Permission denied": what is there and was not read, if any
  std::vector<SourceText> files;
};

// The package's files that the target is built of. A folder is taken for the package's where
// functions of it stand in the lines that the executable records; one of other lines for its edited
// sources, but for a Go root: that is another release's.
LocatedPackage locate(const PackageRecord& record, const SourceRoots& roots,
                      const BuildTarget& target);

}  // namespace overhang::source
