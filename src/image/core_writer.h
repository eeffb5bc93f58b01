// Writes ELF cores as the kernel does (core(5); fs/binfmt_elf.c: elf_core_dump), but sparse: pages
// that are all zero are holes in the file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/meter.h"
#include "image/image.h"
#include "image/pending_file.h"
#include "image/snapshot_note.h"

namespace overhang {

// One PT_LOAD: [start, start+size) of the target, of which the file holds the first `kept` bytes.
struct CoreSegment {
  Address start = 0;
  std::uint64_t size = 0;  // bytes, whole pages
  std::uint64_t kept = 0;  // whole pages; the rest is for a reader to find elsewhere (NT_FILE)
  bool readable = false, writable = false, executable = false;
  // What of the kept bytes is to be read, in whole pages, sorted; the rest is known to be zero.
  std::vector<Image::Range> present;
};

// What a core tells beside memory. The first thread is the one that debuggers show first.
struct CoreNotes {
  Architecture architecture = Architecture::Other;
  std::uint32_t pid = 0, parent = 0;
  std::string command;    // comm; 15 bytes of it are kept
  std::string arguments;  // 79 bytes of it are kept
  std::vector<ThreadState> threads;
  std::vector<FileMapping> files;
  Auxv auxv;
  SnapshotNote snapshot;
};

// Brings target memory into `to`: false where any byte of the range cannot be read. Called by
// several threads at once.
using ReadMemory = std::function<bool(Address address, std::byte* to, std::uint64_t size)>;

struct WrittenCore {
  std::uint64_t file_bytes = 0;     // its length, holes included
  std::uint64_t memory_bytes = 0;   // of memory that stands in it
  std::uint64_t missing_bytes = 0;  // that could not be read, and are zero in the core
};

// Writes the core to `file`; the caller commits it. `meter` counts the bytes that are copied.
// Errors: those of the file.
Result<WrittenCore> write_core(const PendingFile& file, const CoreNotes& notes,
                               const std::vector<CoreSegment>& segments, const ReadMemory& read,
                               unsigned threads, Meter& meter);

}  // namespace overhang
