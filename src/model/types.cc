#include "model/types.h"

#include <algorithm>

namespace overhang::model {

const Field* Type::field(std::string_view wanted) const {
  auto at = std::find_if(fields.begin(), fields.end(),
                         [&](const Field& field) { return field.name == wanted; });
  return at == fields.end() ? nullptr : &*at;
}

Types::Types() {
  const auto number = [&](const char* name, std::uint64_t size) {
    return add({.kind = Kind::Number, .name = name, .size = size, .align = size});
  };
  for (auto* name : {"int", "uint", "int64", "uint64", "float64", "uintptr"}) number(name, 8);
  for (auto* name : {"int32", "uint32", "float32", "rune"}) number(name, 4);
  for (auto* name : {"int16", "uint16"}) number(name, 2);
  for (auto* name : {"bool", "int8"}) number(name, 1);
  auto* byte = number("uint8", 1);
  by_name_["byte"] = const_cast<Type*>(byte);
  add({.kind = Kind::String, .name = "string", .size = 16, .align = 8, .refs = 1, .elem = byte});
}

const Type* Types::add(Type type) {
  if (auto known = by_name_.find(type.name); known != by_name_.end()) return known->second;
  types_.push_back(std::move(type));
  return by_name_[types_.back().name] = &types_.back();
}

const Type* Types::named(std::string_view name) const {
  auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : at->second;
}

const Type* Types::pointer_to(const Type* elem) {
  return add({.kind = Kind::Pointer,
              .name = "*" + elem->name,
              .size = 8,
              .align = 8,
              .refs = 1,
              .elem = elem});
}

const Type* Types::slice_of(const Type* elem) {
  return add({.kind = Kind::Slice,
              .name = "[]" + elem->name,
              .size = 24,
              .align = 8,
              .refs = 1,
              .elem = elem});
}

const Type* Types::array_of(std::uint64_t length, const Type* elem) {
  return add({.kind = Kind::Array,
              .name = "[" + std::to_string(length) + "]" + elem->name,
              .size = length * elem->size,
              .align = elem->align,
              .refs = length * elem->refs,
              .elem = elem,
              .length = length});
}

const Type* Types::map_of(const Type* key, const Type* value) {
  return add({.kind = Kind::Map,
              .name = "map[" + key->name + "]" + value->name,
              .size = 8,
              .align = 8,
              .elem = value,
              .key = key});
}

Type* Types::declare(const std::string& name) {
  return const_cast<Type*>(add({.kind = Kind::Struct, .name = name}));
}

void Types::complete(Type* type, std::vector<Field> fields) {
  std::uint64_t end = 0;
  for (Field& field : fields) {
    end = (end + field.type->align - 1) / field.type->align * field.type->align;
    field.offset = end;
    field.ref = type->refs;
    end += field.type->size;
    type->refs += field.type->refs;
    type->align = std::max(type->align, field.type->align);
  }
  type->size = (end + type->align - 1) / type->align * type->align;
  type->fields = std::move(fields);
}

}  // namespace overhang::model
