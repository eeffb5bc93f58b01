// DWARF of a Go executable (version 4 up to Go 1.24, 5 since): types, globals, and where a
// function's variables stand at a pc. Addresses are link-time (add the load bias); nothing here
// reads the target. Units of other languages (cgo) are passed over. One Dwarf is used by one thread
// at a time: sections are inflated and indexed at the first question that needs them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "binary/elf_file.h"

namespace overhang {

// A type's identity: the offset of its DIE in .debug_info, and in the highest bits the module that
// it is of, if any (Dwarf::add_module). 0: none.
using DieOffset = std::uint64_t;

// What Go's DWARF says of a type. `go_kind` is DW_AT_go_kind (reflect.Kind numbers: 1 bool … 26
// unsafe.Pointer; 0 for what the linker made up), `runtime_type` is the link-time address of the
// abi.Type, 0 where the linker dropped it.
// A named type has two DIEs, the definition and a typedef that everything refers to: type() gives
// the definition's data for both.
struct DwarfType {
  std::string name;
  DieOffset definition = 0;  // the DIE behind typedefs: equal for equal types
  std::uint64_t size = 0;    // bytes
  std::uint8_t go_kind = 0;
  Address runtime_type = 0;
  DieOffset elem = 0;       // pointer, slice, array, chan, map value
  DieOffset key = 0;        // map
  std::uint64_t count = 0;  // array
  struct Field {
    std::string name;
    std::uint64_t offset = 0;
    DieOffset type = 0;
    bool embedded = false;
  };
  std::vector<Field> fields;  // struct; of strings, slices and interfaces the header's
  // DW_AT_go_dict_index: a type parameter, given here as its shape ("go.shape.int"); the entry of
  // the function's dictionary has the real type.
  std::optional<std::uint32_t> dictionary_index;
};

struct DwarfGlobal {
  std::string name;  // "main.pool"
  Address address = 0;
  DieOffset type = 0;
};

// A part of a variable, in order; sizes add up to the variable's.
struct LocationPiece {
  // Indirect: at the address that the slot at CFA + value holds (escaped variables, Go 1.25+).
  enum class Where : std::uint8_t { Missing, CfaOffset, Register, Memory, Constant, Indirect };
  Where where = Where::Missing;
  std::int64_t value = 0;  // byte offset from the CFA, DWARF register, address, or the constant
  std::uint64_t size = 0;  // bytes; 0 = all the rest
};

struct DwarfVariable {
  std::string name;  // "&x": a pointer to x, which escaped to the heap
  DieOffset type = 0;
  bool parameter = false;             // or result
  std::string inlined_from;           // the function that declares it, where that was inlined
  std::vector<LocationPiece> pieces;  // where it stands at the pc; empty: nowhere
  // DW_AT_go_closure_offset (Go 1.23+): a captured variable, bytes from the closure object's start.
  std::optional<std::uint64_t> closure_offset;
  std::optional<bool> captured_by_reference;  // see captured()
};

class Dwarf {
 public:
  // `file` must outlive the result. Errors: NotFound (no DWARF), BadInput. Units that are damaged
  // are passed over and counted in `diagnostics`.
  static Result<std::unique_ptr<Dwarf>> open(const ElfFile& file,
                                             Diagnostics* diagnostics = nullptr);
  ~Dwarf();
  // Makes the DWARF of another file of the same program (a plugin's) part of this one: what that
  // says of code in [begin, end), its globals and its types. `shift` turns its link-time addresses
  // into this one's terms, in which begin and end are given.
  void add_module(std::unique_ptr<Dwarf> module, Address begin, Address end, Address shift);
  Dwarf(const Dwarf&) = delete;
  Dwarf& operator=(const Dwarf&) = delete;

  // All package-level variables that have an address. Order of the file.
  const std::vector<DwarfGlobal>& globals();
  // Nothing for an offset that is no type.
  std::optional<DwarfType> type(DieOffset offset);
  // A type by its full name ("internal/sync.entry[interface {},interface {}]"); 0 if unknown.
  DieOffset type_named(std::string_view name);
  // Variables and parameters of the function whose code holds `pc` that are in scope at `pc`,
  // those of subprograms inlined there included. Empty where nothing is known.
  std::vector<DwarfVariable> variables(Address pc);
  // Captured variables of the closure function that starts at `entry`, by closure_offset, without
  // pieces. Name and type are the variable's own ("x", T). captured_by_reference: true where the
  // object holds a *T, false where it holds the T; nothing where the binary does not tell (a few
  // larger structs and arrays). `object_bytes`: what the closure object has room for; 0: not known.
  // Not all need be there: none before Go 1.23, none of a closure that was inlined somewhere, and
  // before 1.26 none that is reached only through its address.
  std::vector<DwarfVariable> captured(Address entry, std::uint64_t object_bytes = 0);
  // A constant's value ("runtime.pagesPerArena").
  std::optional<std::int64_t> constant(std::string_view name);

 private:
  Dwarf();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace overhang
