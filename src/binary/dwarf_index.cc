#include "binary/dwarf_index.h"

#include <dwarf.h>

#include <algorithm>

#include "binary/dwarf_impl.h"
#include "binary/dwarf_locations.h"

namespace overhang::dwarf {
namespace {

bool is_type(std::uint16_t tag) {
  switch (tag) {
    case DW_TAG_base_type:
    case DW_TAG_structure_type:
    case DW_TAG_array_type:
    case DW_TAG_pointer_type:
    case DW_TAG_subroutine_type:
    case DW_TAG_typedef:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Index::build(Entries& entries) {
  for (auto& unit : entries.units())
    if (unit.go) read_unit(entries, unit);
  auto by_low = [](const Subprogram& a, const Subprogram& b) { return a.low < b.low; };
  if (!std::is_sorted(subprograms_.begin(), subprograms_.end(), by_low))
    std::sort(subprograms_.begin(), subprograms_.end(), by_low);
}

// Go's entries have no DW_AT_sibling: the only way to the next one on package level leads through
// all children of the one before. Their attributes are stepped over unread.
void Index::read_unit(Entries& entries, const Unit& unit) {
  auto reader = entries.reader(unit, unit.first_die);
  Entry entry;
  std::uint64_t depth = 0;
  auto wanted = [&depth](std::uint16_t tag) {
    return depth == 1 && (tag == DW_TAG_variable || tag == DW_TAG_constant ||
                          tag == DW_TAG_subprogram || is_type(tag));
  };
  while (reader.offset() < unit.end) {
    if (!entries.read_if(reader, unit, entry, wanted)) {
      damaged_units_++;
      return;
    }
    if (entry.tag == 0) {
      if (depth <= 1) return;
      depth--;
      continue;
    }
    if (wanted(entry.tag)) add(entries, unit, entry);
    if (entry.children) depth++;
    if (depth == 0) return;  // a unit without children
  }
}

void Index::add(Entries& entries, const Unit& unit, const Entry& entry) {
  if (entry.tag == DW_TAG_subprogram) {
    auto* low = entry.find(DW_AT_low_pc);
    auto range = pc_range(entry);
    if (low && range.low < range.high)
      subprograms_.push_back({range.low, range.high, entry.offset});
    return;
  }
  auto name = entry.text(DW_AT_name);
  if (name.empty()) return;
  if (entry.tag == DW_TAG_variable) {
    auto* location = entry.find(DW_AT_location);
    if (!location) return;
    auto pieces = evaluate(entries, unit, location->block);
    if (pieces.size() == 1 && pieces[0].where == LocationPiece::Where::Memory)
      globals_.push_back({name, static_cast<Address>(pieces[0].value), entry.number(DW_AT_type)});
  } else if (entry.tag == DW_TAG_constant) {
    if (entry.find(DW_AT_const_value))
      constants_.push_back({name, entry.number(DW_AT_const_value)});
  } else if (entry.tag == DW_TAG_typedef && !entry.find(DW_AT_go_kind)) {
    typedefs_.push_back({name, entry.offset});
  } else {
    types_.push_back({name, entry.offset});
  }
}

std::uint64_t Index::type_named(std::string_view name) {
  auto look_up = [name](const std::vector<Named>& rows, NameIndex& index) -> std::uint64_t {
    auto name_of = [&rows](std::size_t row) { return rows[row].name; };
    if (!index.built()) index.build(rows.size(), name_of);
    auto row = index.find(name, name_of);
    return row ? rows[*row].value : 0;
  };
  if (auto offset = look_up(types_, type_names_)) return offset;
  return look_up(typedefs_, typedef_names_);
}

std::optional<std::int64_t> Index::constant(std::string_view name) {
  auto name_of = [this](std::size_t row) { return constants_[row].name; };
  if (!constant_names_.built()) constant_names_.build(constants_.size(), name_of);
  auto row = constant_names_.find(name, name_of);
  if (!row) return std::nullopt;
  return static_cast<std::int64_t>(constants_[*row].value);
}

const Index::Subprogram* Index::subprogram_at(Address pc) const {
  auto after = std::upper_bound(subprograms_.begin(), subprograms_.end(), pc,
                                [](Address p, const Subprogram& s) { return p < s.low; });
  if (after == subprograms_.begin()) return nullptr;
  auto& found = *std::prev(after);
  return pc < found.high ? &found : nullptr;
}

}  // namespace overhang::dwarf
