// An executable (or separate debug file) on disk, through libelf. The file is mapped: all spans
// live as long as the ElfFile. const members may be called by several threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "image/image.h"

struct Elf;

namespace overhang {

struct ElfSection {
  std::string name;
  Address address = 0;
  std::uint64_t size = 0;   // bytes in memory
  bool compressed = false;  // SHF_COMPRESSED: `bytes` starts with an Elf64_Chdr
  ByteSpan
      bytes;  // as in the file (not decompressed); empty for .bss, or where the file ends early
};

struct ElfSegment {  // PT_LOAD
  Address address = 0;
  std::uint64_t memory_size = 0;
  std::uint64_t file_offset = 0;
  bool writable = false;
  bool executable = false;
  ByteSpan bytes;  // what the file holds of it
};

struct ElfSymbol {
  Address address = 0;  // link-time
  std::uint64_t size = 0;
};

// Where in the image something starts with an ELF header: the first page of a mapping.
std::vector<Address> elf_headers(const Image& image);

class ElfFile {
 public:
  // Errors: NotFound, NotPermitted, BadInput (not ELF), Unsupported (32-bit, big-endian).
  static Result<std::unique_ptr<ElfFile>> open(const std::string& path);
  // The file of a program that was unpacked into memory (as UPX does), of whose file on disk
  // nothing can be read: the segments that an ELF header at `base` says were loaded, as they are
  // now; no sections. `path` is what to call it. Errors: BadInput (no such header), Truncated (a
  // segment that is not in the image).
  static Result<std::unique_ptr<ElfFile>> in_memory(const Image& image, Address base,
                                                    const std::string& path);
  ~ElfFile();
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  const std::string& path() const { return path_; }
  Architecture architecture() const { return architecture_; }
  bool position_independent() const { return position_independent_; }  // ET_DYN
  Address entry() const { return entry_; }
  // Where it was loaded relative to its link-time addresses, of one that was found in memory.
  std::optional<std::uint64_t> load_bias() const { return load_bias_; }
  const std::vector<ElfSection>& sections() const { return sections_; }
  const ElfSection* section(std::string_view name) const;
  const std::vector<ElfSegment>& segments() const { return segments_; }
  // GNU build id (hex), and Go's own; empty where absent.
  const std::string& gnu_build_id() const { return gnu_build_id_; }
  const std::string& go_build_id() const { return go_build_id_; }
  // From .symtab, the first of that name; nothing in a stripped file.
  std::optional<ElfSymbol> symbol(std::string_view name) const;
  // The name of the first symbol at a link-time address; empty without one. Looks at all symbols.
  std::string_view symbol_name(Address address) const;
  bool has_symbols() const;
  bool has_dwarf() const;               // .debug_info or .zdebug_info
  Elf* handle() const { return elf_; }  // for dwarf.cc

 private:
  ElfFile() = default;
  static Result<std::unique_ptr<ElfFile>> of_descriptor(int fd, const std::string& path);
  void read_segments(ByteSpan file);
  void read_sections(ByteSpan file);
  struct Symbols;
  std::string path_;
  int fd_ = -1;
  Elf* elf_ = nullptr;
  Architecture architecture_ = Architecture::Other;
  bool position_independent_ = false;
  Address entry_ = 0;
  std::optional<std::uint64_t> load_bias_;
  std::vector<ElfSection> sections_;
  std::vector<ElfSegment> segments_;
  std::string gnu_build_id_;
  std::string go_build_id_;
  std::unique_ptr<Symbols> symbols_;
};

}  // namespace overhang
