#include "source/typed_holders.h"

#include <algorithm>

namespace overhang::source {
namespace {

// "[]*example.com/m/pool.Conn"; "" of what has no such name.
std::string full_name(const Program& program, TypeRef ref, unsigned depth = 0) {
  const GoType& type = program.type(ref);
  if (depth > 16) return {};
  auto prefixed = [&](const char* prefix) {
    auto elem = full_name(program, type.elem, depth + 1);
    return elem.empty() ? elem : prefix + elem;
  };
  if (type.kind == GoType::Kind::Pointer) return prefixed("*");
  if (type.kind == GoType::Kind::Slice) return prefixed("[]");
  bool plain = type.kind == GoType::Kind::Named && (!type.decl || type.decl->parameters.empty());
  return plain ? type.package_path + "." + type.name : std::string();
}

}  // namespace

std::vector<SliceHolder> holders_of_type(Program& program, const std::string& package,
                                         const std::string& element) {
  std::vector<SliceHolder> out;
  Package* of = program.package(package);
  if (!of) return out;
  std::vector<const TypeDecl*> used;  // slice types that a field or variable has
  auto fits = [&](TypeRef type) {
    const GoType& under = program.type(program.underlying(type));
    return under.kind == GoType::Kind::Slice && full_name(program, under.elem) == element;
  };
  auto add = [&](SliceHolder::Kind kind, std::string variable, TypeRef type) -> SliceHolder& {
    const GoType& pointed = program.type(type);
    const GoType& own =
        pointed.kind == GoType::Kind::Pointer ? program.type(pointed.elem) : pointed;
    if (own.kind == GoType::Kind::Named && kind != SliceHolder::Kind::Type)
      used.push_back(own.decl);
    SliceHolder holder;
    holder.kind = kind;
    if (kind != SliceHolder::Kind::Field) holder.package = package;
    holder.variable = std::move(variable);
    return out.emplace_back(std::move(holder));
  };
  auto pointee = [&](TypeRef type) {
    const GoType& pointer = program.type(type);
    return pointer.kind == GoType::Kind::Pointer ? pointer.elem : type;
  };
  for (const auto& [name, decl] : of->types) {
    if (decl->alias || !decl->parameters.empty()) continue;
    const GoType under = program.type(program.underlying(program.named(*decl)));
    if (under.kind != GoType::Kind::Struct) continue;
    for (const auto& field : under.fields)
      if (fits(pointee(field.type)))
        add(SliceHolder::Kind::Field, {}, field.type).fields = {{package + "." + name, field.name}};
  }
  for (const auto& [name, variable] : of->variables)
    if (fits(pointee(variable->type))) add(SliceHolder::Kind::Global, name, variable->type);
  for (const auto& [name, decl] : of->types) {
    bool plain = !decl->alias && decl->parameters.empty();
    bool known = std::find(used.begin(), used.end(), decl) != used.end();
    if (plain && !known && fits(program.named(*decl)))
      add(SliceHolder::Kind::Type, name, program.named(*decl));
  }
  return out;
}

}  // namespace overhang::source
