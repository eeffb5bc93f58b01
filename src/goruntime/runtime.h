// The Go program in an image, opened: which release, where its runtime's own variables stand, its
// modules. Everything that later passes need to read runtime structures.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "binary/build_info.h"
#include "binary/dwarf.h"
#include "binary/elf_file.h"
#include "binary/function_table.h"
#include "goruntime/layout.h"
#include "goruntime/runtime_variables.h"
#include "image/image.h"

namespace overhang {

// A slice or bit vector of the runtime, as addresses.
struct TargetSlice {
  Address data = 0;
  std::uint64_t len = 0;
  std::uint64_t cap = 0;
};
std::optional<TargetSlice> read_slice(const Image& image, Address header);

// What to add to the file's link-time addresses, by the place in it that `address` was mapped from.
std::optional<std::uint64_t> bias_of(const ElfFile& file, const FileMapping& mapping,
                                     Address address);
// Whether the image's build ids, where it holds them, are those of the file, loaded with this bias.
bool same_build(const Image& image, const ElfFile& file, std::uint64_t bias);

// One runtime.moduledata.
struct Module {
  Address address = 0;
  Address text = 0, etext = 0, minpc = 0, maxpc = 0;
  Address noptrdata = 0, enoptrdata = 0, data = 0, edata = 0, bss = 0, ebss = 0, noptrbss = 0,
          enoptrbss = 0;
  Address types = 0, etypes = 0, rodata = 0, gofunc = 0;
  TargetSlice typelinks;  // []int32, offsets from types; none since Go 1.27
  // Pointer masks of data and bss: bit i = word i holds a pointer (runtime.bitvector.bytedata).
  Address data_mask = 0, bss_mask = 0;
  std::uint64_t data_mask_bits = 0, bss_mask_bits = 0;
  FunctionTable functions;
};

class Runtime {
 public:
  // What open() finds.
  struct Parts {
    const Layout* layout = nullptr;
    GoVersion version;
    std::uint64_t load_bias = 0;
    RuntimeVariables variables;
    std::vector<Module> modules;
    const ElfFile* debug_file = nullptr;
  };
  // For open(), and for tests that forge an image.
  Runtime(Image& image, const ElfFile& file, Diagnostics& diagnostics, Parts parts)
      : image_(image), file_(file), diagnostics_(diagnostics), parts_(std::move(parts)) {}

  // Opens the Go program in `image`, whose executable is `file`; `file` must outlive `image`, which
  // gets the executable's read-only bytes laid under its holes (kernel cores leave them out).
  // Compares build ids where the image shows the executable's. Errors: BadInput (not a Go program;
  // executable and image differ), Unsupported (version, architecture).
  // `debug_file`: where the symbols are, if not in `file`; nullptr: there is none. A program
  // without symbols is searched for its runtime's variables.
  static Result<std::unique_ptr<Runtime>> open(Image& image, const ElfFile& file,
                                               Diagnostics& diagnostics,
                                               const ElfFile* debug_file = nullptr);

  const Image& image() const { return image_; }
  const ElfFile& file() const { return file_; }
  // Where the symbols are: the executable, or its debug file.
  const ElfFile& symbols() const { return parts_.debug_file ? *parts_.debug_file : file_; }
  const Layout& layout() const { return *parts_.layout; }
  const GoVersion& version() const { return parts_.version; }
  // The release is newer than any that overhang knows; it is read by the newest one's layout, and
  // not to be believed before heap/self_check.h agrees.
  bool unknown_release() const { return layout().minor < version().minor; }
  // What went wrong, with a word about the release where that is the likely cause.
  Error explained(const Error& error) const;
  // Add to a link-time address for the address in the image (0 unless PIE).
  std::uint64_t load_bias() const { return parts_.load_bias; }
  const RuntimeVariables& variables() const { return parts_.variables; }
  const std::vector<Module>& modules() const { return parts_.modules; }
  Diagnostics& diagnostics() const { return diagnostics_; }

  // The module and function of a pc (runtime.findfunc).
  const Module* module_of_pc(Address pc) const;
  std::optional<Function> find_function(Address pc) const;
  // The module whose data or bss holds `address`, or nullptr.
  const Module* module_of_data(Address address) const;
  // Whether the collector takes the data/bss word at `address` for a pointer.
  bool is_root_word(const Module& module, Address address) const;
  // Whether, of the `words` words from `address` on, these are just the ones in `mask` (bit i =
  // word i; none beyond its end).
  bool has_root_words(const Module& module, Address address, std::span<const std::uint64_t> mask,
                      std::uint64_t words) const;
  // Whether it is in a module's noptrdata or noptrbss.
  bool in_pointer_free_data(Address address) const;

 private:
  Image& image_;
  const ElfFile& file_;
  Diagnostics& diagnostics_;
  Parts parts_;
};

}  // namespace overhang
