// What Dwarf keeps; shared by dwarf.cc and dwarf_variables.cc.
#pragma once

#include "binary/dwarf.h"
#include "binary/dwarf_entries.h"
#include "binary/dwarf_index.h"

namespace overhang {

// Go's attributes: cmd/internal/dwarf/dwarf.go.
enum GoAttribute : std::uint16_t {
  DW_AT_go_kind = 0x2900,
  DW_AT_go_key = 0x2901,
  DW_AT_go_elem = 0x2902,
  DW_AT_go_embedded_field = 0x2903,
  DW_AT_go_runtime_type = 0x2904,
  DW_AT_go_dict_index = 0x2906,
  DW_AT_go_closure_offset = 0x2907,
};

struct Dwarf::Impl {
  explicit Impl(const ElfFile& file) : entries(file) {}
  // The index, built at the first call.
  dwarf::Index& index();
  std::optional<dwarf::Entry> definition(DieOffset offset,
                                         std::optional<std::uint32_t>& dictionary_index);
  // Reads the children of the structure, array or the like at `entry` into `out`.
  void read_children(const dwarf::Entry& entry, DwarfType& out);

  // DW_AT_go_runtime_type is an offset from runtime.types (R_ADDROFF in cmd/link).
  Address type_address(std::uint64_t value) const;

  // Another file's DWARF; its answers are in terms of the whole.
  struct Module {
    std::unique_ptr<Dwarf> dwarf;
    Address begin, end, shift;
    DieOffset tag;

    std::optional<DwarfType> type(DieOffset offset) const;
    std::vector<DwarfVariable> variables(Address pc) const;
    std::vector<DwarfVariable> captured(Address entry, std::uint64_t object_bytes) const;
    DieOffset tagged(DieOffset offset) const { return offset ? offset | tag : 0; }
    std::vector<DwarfVariable> tagged(std::vector<DwarfVariable> variables) const;
  };
  // nullptr: it is this file's.
  const Module* module_of_type(DieOffset offset) const;
  const Module* module_of_code(Address pc) const;

  std::vector<Module> modules;
  dwarf::Entries entries;
  dwarf::Index index_;
  bool indexed = false;
  Diagnostics* diagnostics = nullptr;
  Address types_start = 0, types_end = 0;
  std::optional<std::vector<DwarfGlobal>> globals;
};

}  // namespace overhang
