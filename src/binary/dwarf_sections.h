// The .debug_* sections of a file, decompressed when they are first asked for.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "binary/elf_file.h"

namespace overhang {

enum class DebugSection : std::uint8_t {
  Info,
  Abbrev,
  Addr,
  Ranges,    // DWARF 4
  RngLists,  // DWARF 5
  Loc,       // DWARF 4
  LocLists,  // DWARF 5
  Str,
  LineStr,
};

// Go's linker compresses its sections, and inflating all of them takes longer than all reading
// done here together; hence lazily, one by one. Not thread-safe.
class DebugSections {
 public:
  explicit DebugSections(const ElfFile& file) : file_(file) {}
  // Empty where the file has no such section or it is damaged.
  ByteSpan get(DebugSection which);

 private:
  struct Loaded {
    bool done = false;
    ByteSpan bytes;
    std::unique_ptr<std::byte[]> inflated;
  };
  const ElfFile& file_;
  std::array<Loaded, 9> loaded_;
};

}  // namespace overhang
