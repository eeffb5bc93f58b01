// One pass over .debug_info that finds everything that is asked for by name or address.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "binary/dwarf_entries.h"
#include "binary/name_index.h"

namespace overhang::dwarf {

// The entries on package level of all Go units. Names live as long as the Entries.
class Index {
 public:
  struct Global {
    std::string_view name;
    Address address;
    std::uint64_t type;
  };
  struct Subprogram {
    Address low, high;
    std::uint64_t entry;  // offset in .debug_info
  };

  // Reads all units. Called once, before all else.
  void build(Entries& entries);

  const std::vector<Global>& globals() const { return globals_; }
  std::uint64_t damaged_units() const { return damaged_units_; }
  // The offset of the type of that name; a definition rather than its typedef. 0 if unknown.
  std::uint64_t type_named(std::string_view name);
  std::optional<std::int64_t> constant(std::string_view name);
  // The subprogram whose code holds `pc`; null if none.
  const Subprogram* subprogram_at(Address pc) const;

 private:
  struct Named {
    std::string_view name;
    std::uint64_t value;
  };
  void read_unit(Entries& entries, const Unit& unit);
  void add(Entries& entries, const Unit& unit, const Entry& entry);

  std::uint64_t damaged_units_ = 0;
  std::vector<Global> globals_;
  std::vector<Subprogram> subprograms_;  // by low
  std::vector<Named> constants_, types_, typedefs_;
  NameIndex constant_names_, type_names_, typedef_names_;
};

}  // namespace overhang::dwarf
