// DWARF of several files as one: questions go to the file that they are about, answers come back in
// terms of the whole.
#include <utility>

#include "binary/dwarf_impl.h"

namespace overhang {
namespace {

constexpr unsigned kTagBit = 56;  // .debug_info has no more bytes than 2^56
constexpr std::size_t kMaxModules = 255;
constexpr DieOffset kOffsetMask = (DieOffset{1} << kTagBit) - 1;

}  // namespace

void Dwarf::add_module(std::unique_ptr<Dwarf> module, Address begin, Address end, Address shift) {
  auto number = impl_->modules.size() + 1;
  if (number > kMaxModules) {
    if (impl_->diagnostics) impl_->diagnostics->lose("DWARF of modules beyond the 255th");
    return;
  }
  impl_->modules.push_back({std::move(module), begin, end, shift, DieOffset{number} << kTagBit});
  impl_->globals.reset();
}

const Dwarf::Impl::Module* Dwarf::Impl::module_of_type(DieOffset offset) const {
  auto number = offset >> kTagBit;
  return number == 0 || number > modules.size() ? nullptr : &modules[number - 1];
}

const Dwarf::Impl::Module* Dwarf::Impl::module_of_code(Address pc) const {
  for (auto& module : modules)
    if (pc >= module.begin && pc < module.end) return &module;
  return nullptr;
}

std::optional<DwarfType> Dwarf::Impl::Module::type(DieOffset offset) const {
  auto type = dwarf->type(offset & kOffsetMask);
  if (!type) return type;
  for (auto* part : {&type->definition, &type->elem, &type->key}) *part = tagged(*part);
  for (auto& field : type->fields) field.type = tagged(field.type);
  if (type->runtime_type != 0) type->runtime_type += shift;
  return type;
}

std::vector<DwarfVariable> Dwarf::Impl::Module::tagged(std::vector<DwarfVariable> found) const {
  for (auto& variable : found) {
    variable.type = tagged(variable.type);
    for (auto& piece : variable.pieces)
      if (piece.where == LocationPiece::Where::Memory)
        piece.value = static_cast<std::int64_t>(static_cast<std::uint64_t>(piece.value) + shift);
  }
  return found;
}

std::vector<DwarfVariable> Dwarf::Impl::Module::variables(Address pc) const {
  return tagged(dwarf->variables(pc - shift));
}

std::vector<DwarfVariable> Dwarf::Impl::Module::captured(Address entry,
                                                         std::uint64_t object_bytes) const {
  return tagged(dwarf->captured(entry - shift, object_bytes));
}

}  // namespace overhang
