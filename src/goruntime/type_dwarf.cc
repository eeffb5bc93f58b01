// From DIEs to rows: the types that have no abi.Type in the binary.
#include "base/checked.h"
#include "goruntime/type_names.h"
#include "goruntime/type_table.h"

namespace overhang {
namespace {

// DIEs that the linker makes up have no DW_AT_go_kind (dwarf.go: defptrto, mkinternaltype).
GoKind kind_of(const DwarfType& type) {
  if (type.go_kind != 0 && type.go_kind <= static_cast<int>(GoKind::UnsafePointer))
    return static_cast<GoKind>(type.go_kind);
  if (type.name.starts_with('*')) return GoKind::Pointer;
  if (!type.fields.empty()) return GoKind::Struct;
  return GoKind::Invalid;
}

std::uint64_t size_of(GoKind kind, std::uint64_t size) {
  if (size != 0) return size;
  switch (kind) {
    case GoKind::Pointer:
    case GoKind::UnsafePointer:
    case GoKind::Map:
    case GoKind::Chan:
    case GoKind::Func:
      return 8;
    case GoKind::String:
    case GoKind::Interface:
      return 16;
    case GoKind::Slice:
      return 24;
    default:
      return 0;
  }
}

std::uint64_t pointer_bytes_of(TypeKind kind) {
  switch (kind) {
    case TypeKind::Unknown:
    case TypeKind::Scalar:
    case TypeKind::Struct:
    case TypeKind::Array:
      return 0;
    case TypeKind::Interface:
    case TypeKind::EmptyInterface:
      return 16;
    default:
      return 8;
  }
}

bool is_direct(TypeKind kind) {
  return kind == TypeKind::Pointer || kind == TypeKind::UnsafePointer || kind == TypeKind::Map ||
         kind == TypeKind::Chan || kind == TypeKind::Func;
}

}  // namespace

TypeId TypeTable::Impl::intern_die(DieOffset die) {
  if (!dwarf || die == 0) return kUnknownType;
  if (auto at = by_die.find(die); at != by_die.end()) return at->second;
  auto type = dwarf->type(die);
  if (!type) return by_die[die] = kUnknownType;
  auto definition = type->definition ? type->definition : die;
  if (auto at = by_die.find(definition); at != by_die.end()) return by_die[die] = at->second;
  auto id = kUnknownType;
  if (type->runtime_type != 0) id = intern_rtype(type->runtime_type + runtime.load_bias());
  if (id == kUnknownType) {
    id = add_row();
    if (id != kUnknownType) row(id).dwarf = std::make_unique<DwarfType>(std::move(*type));
  }
  return by_die[die] = by_die[definition] = id;
}

// Rows that stand in `waiting` are decoded after their by-value parts, deepest first; a part that
// waits already is part of itself, which no type can be, and stays unknown.
void TypeTable::Impl::decode_dwarf(TypeId id) {
  std::vector<TypeId> waiting{id};
  while (!waiting.empty()) {
    auto top = waiting.back();
    TypeRow& r = row(top);
    if (r.dwarf && !finish_dwarf(top, waiting)) continue;
    waiting.pop_back();
    if (!r.dwarf) continue;  // it stood here twice
    r.dwarf.reset();
    r.special = special_struct(r);
    remember_name(top);
  }
}

// Decodes a row, or puts the by-value parts that are not decoded yet upon `waiting`.
bool TypeTable::Impl::finish_dwarf(TypeId id, std::vector<TypeId>& waiting) {
  TypeRow& r = row(id);
  const DwarfType& type = *r.dwarf;
  auto kind = kind_of(type);
  bool first_visit = !r.decoded;
  r.decoded = true;
  auto ready = [&](TypeId part) {
    if (row(part).decoded) return true;
    if (!row(part).dwarf) {
      decoded(part);
      return true;
    }
    if (first_visit) waiting.push_back(part);
    return false;
  };
  if (kind == GoKind::Struct) {
    bool all = true;
    for (const auto& field : type.fields)
      if (!ready(intern_die(field.type))) all = false;
    if (!all && first_visit) return false;
  } else if (kind == GoKind::Array && !ready(intern_die(type.elem)) && first_visit) {
    return false;
  }

  // runtime.eface starts with _type, runtime.iface with tab.
  bool methods = kind == GoKind::Interface &&
                 (type.fields.empty() ? type.name != "interface {}" : type.fields[0].name == "tab");
  r.full_name = type.name;
  r.info.name = short_type_name(type.name);
  r.info.kind = table_kind(kind, methods);
  r.info.size = size_of(kind, type.size);
  r.info.direct_interface = is_direct(r.info.kind);
  r.pointer_bytes = pointer_bytes_of(r.info.kind);
  if (kind == GoKind::Struct) {
    std::uint64_t end = 0;
    for (const auto& field : type.fields) {
      auto part = intern_die(field.type);
      const TypeInfo& part_info = row(part).info;
      auto part_end = checked_add(field.offset, part_info.size);
      if (field.offset < end || !part_end || *part_end > r.info.size) {
        diagnostics.lose("struct fields that overlap in DWARF", type.name);
        continue;
      }
      end = *part_end;
      if (part_info.has_pointers) r.pointer_bytes = field.offset + row(part).pointer_bytes;
      r.info.fields.push_back({field.name, field.offset, part, field.embedded});
    }
  } else if (kind == GoKind::Array) {
    r.info.elem = intern_die(type.elem);
    const TypeRow& elem = row(r.info.elem);
    auto total = checked_mul(type.count, elem.info.size);
    if (total && *total == r.info.size) {
      r.info.count = type.count;
      if (elem.info.has_pointers && type.count != 0)
        r.pointer_bytes = (type.count - 1) * elem.info.size + elem.pointer_bytes;
    }
  } else {
    r.info.elem = intern_die(type.elem);
    r.info.key = intern_die(type.key);
  }
  r.info.has_pointers = r.pointer_bytes != 0;
  return true;
}

}  // namespace overhang
