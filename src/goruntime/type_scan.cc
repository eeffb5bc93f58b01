// All types of a program whose types nobody lists: without DWARF there is only the memory between
// moduledata.types and etypes, where the linker puts every abi.Type (typelinks names those without
// a name of their own alone, and is no more since Go 1.27).
#include <algorithm>

#include "goruntime/type_table.h"

namespace overhang {
namespace {

constexpr std::uint64_t kHashOffset = 16, kEqualOffset = 24;

bool printable(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
  });
}

}  // namespace

// Whether the words at `address` are an abi.Type in all that can be checked.
bool TypeTable::Impl::surely_type(const Module& module, Address address) const {
  if (!reader.plausible(address)) return false;
  const Image& image = runtime.image();
  if (image.read<std::uint32_t>(address + kHashOffset).value_or(0) == 0) return false;
  // Type.Equal: a func value, of code.
  if (auto equal = image.word(address + kEqualOffset).value_or(0); equal != 0) {
    auto code = image.word(equal);
    if (!code || *code < module.text || *code >= module.etext) return false;
  }
  auto type = reader.read(address);
  if (!type || !type->complete || !printable(type->text)) return false;
  return !type->has_static_mask || image.at(type->gc_data, (type->pointer_bytes / 8 + 7) / 8);
}

const std::vector<TypeId>& TypeTable::Impl::all_types() {
  if (every_scanned) return every;
  every_scanned = true;
  for (const Module& module : runtime.modules()) {
    if (!runtime.image().at(module.types, module.etypes - module.types)) {
      diagnostics.lose("a module's types are not all there");
      continue;
    }
    for (auto at = (module.types + 7) & ~Address{7}; at + 48 <= module.etypes; at += 8) {
      if (!surely_type(module, at)) continue;
      auto id = intern_rtype(at);
      if (id != kUnknownType && decoded(id).info.kind != TypeKind::Unknown) every.push_back(id);
    }
  }
  return every;
}

TypeId TypeTable::Impl::either(std::vector<TypeId> types) {
  constexpr std::size_t kMostNamed = 3;
  if (types.empty()) return kUnknownType;
  if (types.size() == 1) return types.front();
  std::vector<std::uint32_t> key;
  for (TypeId type : types) key.push_back(type.value);
  std::sort(key.begin(), key.end());
  auto [at, fresh] = eithers.try_emplace(key);
  if (!fresh) return at->second;
  bool all_pointers = std::all_of(types.begin(), types.end(), [&](TypeId type) {
    return decoded(type).info.kind == TypeKind::Pointer && decoded(type).full_name.empty();
  });
  if (all_pointers) {
    for (TypeId& type : types) type = decoded(type).info.elem;
    auto elem = either(std::move(types));
    return eithers[key] = intern_pointer(elem);
  }
  std::string name;
  auto fields = decoded(types.front()).info.fields;
  bool all_maps = std::all_of(types.begin(), types.end(), [&](TypeId type) {
    return decoded(type).info.kind == TypeKind::Map;
  });
  for (std::size_t i = 0; i < types.size(); i++) {
    const TypeInfo& info = decoded(types[i]).info;
    bool alike = info.kind == TypeKind::Struct && info.fields.size() == fields.size();
    if (!alike && !all_maps) return at->second = types.front();
    if (i == kMostNamed) name += "|…";
    if (i >= kMostNamed) continue;
    name += (i == 0 ? "" : "|") + info.name;
    for (std::size_t k = 0; k < fields.size(); k++)
      if (i > 0 && info.fields[k].name != fields[k].name)
        fields[k].name += "|" + info.fields[k].name;
  }
  if (!all_maps)
    return at->second =
               add_struct(std::move(name), std::move(fields), decoded(types.front()).info.size);
  auto id = add_plain(std::move(name), TypeKind::Map, 8, 8);
  if (id == kUnknownType) return id;
  const TypeInfo& first = decoded(types.front()).info;
  TypeInfo& info = row(id).info;
  info.key = first.key;
  info.elem = first.elem;
  info.map_storage = first.map_storage;
  info.direct_interface = true;
  return at->second = id;
}

TypeId TypeTable::Impl::sized(std::uint64_t bytes) {
  auto [at, fresh] = sized_types.try_emplace(bytes);
  if (fresh) at->second = add_plain(fmt::format("{} bytes", bytes), TypeKind::Scalar, bytes, 0);
  return at->second;
}

}  // namespace overhang
