// The .debug_* sections of a file, decompressed when they are first asked for.
#pragma once

#include <array>
#include <cstdint>
#include <future>
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
// done here together; hence one by one as they are needed, or ahead on another thread. Used by one
// thread at a time.
class DebugSections {
 public:
  explicit DebugSections(const ElfFile& file) : file_(file) {}
  // Empty where the file has no such section or it is damaged.
  ByteSpan get(DebugSection which);
  // Starts to inflate a section that will be asked for.
  void prefetch(DebugSection which);

 private:
  struct Loaded {
    bool started = false;
    ByteSpan bytes;
    std::unique_ptr<std::byte[]> inflated;
    // The inflation, where another thread may be at it. Last, so that it is waited for before the
    // others are gone.
    std::future<void> pending;
  };
  // Gives `loaded` its bytes, now or later as `policy` says.
  void start(DebugSection which, std::launch policy);
  const ElfFile& file_;
  std::array<Loaded, 9> loaded_;
};

}  // namespace overhang
