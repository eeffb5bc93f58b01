// DWARF of a Go executable, through libdw: types, globals, and where a function's variables stand
// at a pc. Addresses are link-time (add the load bias); nothing here reads the target.
// One Dwarf is used by one thread at a time (libdw is not thread-safe).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "binary/elf_file.h"

namespace overhang {

// A type's identity: the offset of its DIE in .debug_info. 0: none.
using DieOffset = std::uint64_t;

// What Go's DWARF says of a type. `go_kind` is DW_AT_go_kind (reflect.Kind numbers: 1 bool … 26
// unsafe.Pointer), `runtime_type` is DW_AT_go_runtime_type: the link-time address of the abi.Type,
// 0 where the linker dropped it.
struct DwarfType {
  std::string name;
  std::uint64_t size = 0;  // bytes
  std::uint8_t go_kind = 0;
  Address runtime_type = 0;
  DieOffset elem = 0;   // pointer, slice, array, chan (DW_AT_go_elem), map value; typedef: target
  DieOffset key = 0;    // map
  std::uint64_t count = 0;  // array
  struct Field {
    std::string name;
    std::uint64_t offset = 0;
    DieOffset type = 0;
    bool embedded = false;
  };
  std::vector<Field> fields;  // struct (for strings and slices the header's)
};

struct DwarfGlobal {
  std::string name;  // "main.pool"
  Address address = 0;
  DieOffset type = 0;
};

// A part of a variable, in order; sizes add up to the variable's.
struct LocationPiece {
  enum class Where : std::uint8_t { Missing, CfaOffset, Register, Address, Constant };
  Where where = Where::Missing;
  std::int64_t value = 0;      // byte offset from the CFA, DWARF register, address, or the constant
  std::uint64_t size = 0;      // bytes; 0 = all the rest
};

struct DwarfVariable {
  std::string name;        // "&x" for a variable that escaped: the pointer's own name
  DieOffset type = 0;
  bool parameter = false;
  std::vector<LocationPiece> pieces;              // where it stands at the pc; empty: nowhere
  std::optional<std::uint64_t> closure_offset;    // DW_AT_go_closure_offset (Go 1.23+): a captured variable,
                                                  // bytes from the closure object's start
  std::optional<bool> captured_by_reference;      // with closure_offset: the object holds its address
};

class Dwarf {
 public:
  // Errors: NotFound (no DWARF), BadInput.
  static Result<std::unique_ptr<Dwarf>> open(const ElfFile& file);
  ~Dwarf();
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
  // Captured variables of the closure function that starts at `entry` (those with closure_offset).
  std::vector<DwarfVariable> captured(Address entry);
  // A constant's value ("runtime.pagesPerArena").
  std::optional<std::int64_t> constant(std::string_view name);

 private:
  Dwarf();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace overhang
