#include <dwarf.h>

#include <algorithm>

#include "binary/dwarf_impl.h"
#include "binary/dwarf_locations.h"

namespace overhang {
namespace {

using dwarf::Entries;
using dwarf::Entry;
using dwarf::Unit;

bool is_variable(std::uint16_t tag) {
  return tag == DW_TAG_variable || tag == DW_TAG_formal_parameter;
}

// What the entry and, where it is a concrete copy, its abstract origin say of a variable.
DwarfVariable describe(Entries& entries, const Entry& entry) {
  DwarfVariable out;
  out.parameter = entry.tag == DW_TAG_formal_parameter;
  auto take = [&out](const Entry& from) {
    if (out.name.empty()) out.name = from.text(DW_AT_name);
    if (!out.type) out.type = from.number(DW_AT_type);
    if (auto* offset = from.find(DW_AT_go_closure_offset)) out.closure_offset = offset->value;
  };
  take(entry);
  auto origin = entry.number(DW_AT_abstract_origin);
  constexpr int kMaxHops = 4;  // one in honest files
  for (int hops = 0; origin && hops < kMaxHops; hops++) {
    auto abstract = entries.at(origin);
    if (!abstract || !is_variable(abstract->tag)) break;
    take(*abstract);
    origin = abstract->number(DW_AT_abstract_origin);
  }
  return out;
}

// Calls visit(entry, origin) for each variable of the subprogram at `offset`, in order; into a
// lexical block or an inlined subroutine only where enter(entry) says so, and into nothing else.
// `origin` is the innermost inlined subroutine's abstract entry; 0: the variable is the
// subprogram's own.
template <class Enter, class Visit>
void for_each_variable(Entries& entries, const Unit& unit, std::uint64_t offset, Enter&& enter,
                       Visit&& visit) {
  auto reader = entries.reader(unit, offset);
  Entry entry;
  if (!entries.read(reader, unit, entry) || entry.tag != DW_TAG_subprogram || !entry.children)
    return;
  std::uint64_t depth = 1;
  std::uint64_t outside = 0;  // the depth at which an uninteresting scope began; 0: none did
  std::vector<std::pair<std::uint64_t, DieOffset>> inlined;  // depth and origin
  auto wanted = [&outside](std::uint16_t tag) {
    return !outside &&
           (is_variable(tag) || tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine);
  };
  while (entries.read_if(reader, unit, entry, wanted)) {
    if (entry.tag == 0) {
      if (--depth == 0) return;
      if (depth == outside) outside = 0;
      if (!inlined.empty() && inlined.back().first == depth) inlined.pop_back();
      continue;
    }
    bool scope = entry.tag == DW_TAG_lexical_block || entry.tag == DW_TAG_inlined_subroutine;
    if (!outside && is_variable(entry.tag))
      visit(entry, inlined.empty() ? DieOffset{0} : inlined.back().second);
    if (!entry.children) continue;
    if (!outside && !(scope && enter(entry)))
      outside = depth;
    else if (!outside && entry.tag == DW_TAG_inlined_subroutine)
      inlined.emplace_back(depth, entry.number(DW_AT_abstract_origin));
    depth++;
  }
}

constexpr std::uint8_t kKindArray = 17, kKindStruct = 25;  // reflect.Kind

// Whether the compiler keeps a value of this type in SSA form (cmd/compile/internal/ssa.CanSSA, of
// which this is the plain part: nothing for structs that have structs or arrays inside).
std::optional<bool> can_ssa(Dwarf& dwarf, const DwarfType& type) {
  constexpr std::uint64_t kMaxBytes = 32, kMaxFields = 4;
  if (type.size > kMaxBytes) return false;
  if (type.go_kind == kKindArray) return type.count <= 1 ? std::nullopt : std::optional(false);
  if (type.go_kind != kKindStruct) return true;
  if (type.fields.size() > kMaxFields) return false;
  for (auto& field : type.fields) {
    auto inner = dwarf.type(field.type);
    if (!inner || inner->go_kind == kKindStruct || inner->go_kind == kKindArray)
      return std::nullopt;
  }
  return true;
}

// A captured variable named "&x" is one that the closure's code reaches by address. Mostly its
// address is what the closure object holds (captured by reference); but where x was captured by
// value and does not fit in registers, &x points into the closure object itself
// (cmd/compile/internal/ssagen/ssa.go, at NewClosureStructIter). `room`: bytes up to the next
// captured variable or the object's end, 0 if that is not known.
std::optional<bool> by_reference(Dwarf& dwarf, const DwarfType& type, std::uint64_t room) {
  constexpr std::uint64_t kMaxByValue = 128;  // cmd/compile/internal/escape/escape.go: Byval
  if (type.size > kMaxByValue) return true;
  if (room && type.size > room) return true;  // no room for the value
  if (can_ssa(dwarf, type) == true) return true;
  return std::nullopt;
}

}  // namespace

std::vector<DwarfVariable> Dwarf::variables(Address pc) {
  if (auto* module = impl_->module_of_code(pc)) return module->variables(pc);
  std::vector<DwarfVariable> out;
  auto* subprogram = impl_->index().subprogram_at(pc);
  if (!subprogram) return out;
  auto& entries = impl_->entries;
  auto* unit = entries.unit_of(subprogram->entry);
  if (!unit) return out;
  for_each_variable(
      entries, *unit, subprogram->entry,
      [&](const Entry& scope) { return dwarf::contains(entries, *unit, scope, pc); },
      [&](const Entry& entry, DieOffset origin) {
        auto variable = describe(entries, entry);
        auto abstract = origin ? entries.at(origin) : std::nullopt;
        if (abstract && abstract->tag == DW_TAG_subprogram)
          variable.inlined_from = abstract->text(DW_AT_name);
        variable.pieces = dwarf::locate(entries, *unit, entry, pc);
        out.push_back(std::move(variable));
      });
  return out;
}

std::vector<DwarfVariable> Dwarf::captured(Address entry_pc, std::uint64_t object_bytes) {
  if (auto* module = impl_->module_of_code(entry_pc))
    return module->captured(entry_pc, object_bytes);
  std::vector<DwarfVariable> out;
  auto* subprogram = impl_->index().subprogram_at(entry_pc);
  if (!subprogram || subprogram->low != entry_pc) return out;
  auto& entries = impl_->entries;
  auto* unit = entries.unit_of(subprogram->entry);
  if (!unit) return out;
  for_each_variable(
      entries, *unit, subprogram->entry,
      [](const Entry& scope) { return scope.tag == DW_TAG_lexical_block; },
      [&](const Entry& entry, DieOffset) {
        auto variable = describe(entries, entry);
        if (variable.closure_offset) out.push_back(std::move(variable));
      });
  auto by_offset = [](const DwarfVariable& a, const DwarfVariable& b) {
    return *a.closure_offset < *b.closure_offset;
  };
  std::stable_sort(out.begin(), out.end(), by_offset);
  for (std::size_t i = 0; i < out.size(); i++) {
    auto& variable = out[i];
    variable.captured_by_reference = false;
    if (!variable.name.starts_with('&')) continue;
    auto pointer = type(variable.type);
    auto pointee = pointer ? type(pointer->elem) : std::nullopt;
    variable.captured_by_reference = std::nullopt;
    if (!pointee) continue;
    variable.name.erase(0, 1);
    variable.type = pointer->elem;
    auto end = i + 1 < out.size() ? *out[i + 1].closure_offset : object_bytes;
    auto room = end > *variable.closure_offset ? end - *variable.closure_offset : 0;
    variable.captured_by_reference = by_reference(*this, *pointee, room);
  }
  return out;
}

}  // namespace overhang
