#include "model/parser.h"

namespace overhang::model {

Result<const Type*> Parser::type() {
  Depth depth(depth_);
  if (depth_ > kDeepest) return wrong("this is nested too deeply");
  Types& types = *script_.types;
  auto at = peek().at;
  if (take("*")) {
    OVERHANG_TRY(auto* elem, type());
    return types.pointer_to(elem);
  }
  if (take("map")) {
    OVERHANG_CHECK(expect("["));
    OVERHANG_TRY(auto* key, type());
    OVERHANG_CHECK(expect("]"));
    OVERHANG_TRY(auto* value, sized_type());
    if (key->kind != Kind::Number) return wrong_at(at, "keys of maps are numbers here");
    return types.map_of(key, value);
  }
  if (take("[")) {
    if (take("]")) {
      OVERHANG_TRY(auto* elem, sized_type());
      return types.slice_of(elem);
    }
    if (peek().kind != Token::Kind::Number) return wrong("an array's length is a number");
    OVERHANG_TRY(auto length, number());
    OVERHANG_CHECK(expect("]"));
    OVERHANG_TRY(auto* elem, sized_type());
    if (elem->size == 0) return wrong_at(at, "{} cannot hold itself", elem->name);
    if (length == 0 || static_cast<std::uint64_t>(length) > kLargestType / elem->size)
      return wrong_at(at, "an array has at least one element and at most 16 MiB");
    return types.array_of(static_cast<std::uint64_t>(length), elem);
  }
  OVERHANG_TRY(auto name, word("a type"));
  if (auto* known = types.named(name)) return known;
  return wrong_at(at, "there is no type {} yet: declare it above", name);
}

Result<const Type*> Parser::sized_type() {
  auto at = peek().at;
  OVERHANG_TRY(auto* found, type());
  if (found == unfinished_)
    return found;  // behind a pointer or slice: struct_type() looks at the others
  if (found->kind == Kind::Map) return wrong_at(at, "a map can be a variable, nothing else");
  return found;
}

Result<const Type*> Parser::struct_type(const std::string& name) {
  auto* declared = script_.types->declare(name);
  unfinished_ = declared;
  OVERHANG_CHECK(expect("struct"));
  OVERHANG_CHECK(expect("{"));
  std::vector<Field> fields;
  std::uint64_t size = 0;
  for (skip_lines(); !take("}"); skip_lines()) {
    auto at = peek().at;
    std::vector<std::string> names;
    do {
      OVERHANG_TRY(auto field, word("a field's name"));
      names.push_back(std::move(field));
    } while (take(","));
    OVERHANG_TRY(auto* field_type, sized_type());
    if (field_type->size == 0) return wrong_at(at, "{} cannot hold itself", name);
    for (auto& field : names) {
      for (const Field& other : fields)
        if (other.name == field) return wrong_at(at, "there is a field {} already", field);
      fields.push_back({field, field_type});
      size += field_type->size;
      if (size > kLargestType) return wrong_at(at, "{} is larger than 16 MiB", name);
    }
  }
  if (fields.empty()) return wrong("a struct without fields takes no memory");
  Types::complete(declared, std::move(fields));
  unfinished_ = nullptr;
  return declared;
}

}  // namespace overhang::model
