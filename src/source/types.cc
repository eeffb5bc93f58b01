// Types: from expressions, through names to what they are made of, and their fields and methods.
#include <algorithm>
#include <array>

#include "source/program.h"

namespace overhang::source {
namespace {

constexpr unsigned kMaxTypeDepth = 64;  // of one type expression
constexpr unsigned kMaxPromotion = 4;   // embedded structs in embedded structs

constexpr std::array<std::string_view, 21> kBasics = {
    "bool",    "string",  "int",     "int8",      "int16",      "int32", "int64",
    "uint",    "uint8",   "uint16",  "uint32",    "uint64",     "byte",  "rune",
    "uintptr", "float32", "float64", "complex64", "complex128", "error", "any"};

}  // namespace

TypeRef Program::add(GoType type) {
  constexpr std::size_t kMaxTypes = 4 << 20;
  if (types_.size() >= kMaxTypes) return kUnknown;
  types_.push_back(std::move(type));
  return static_cast<TypeRef>(types_.size() - 1);
}

TypeRef Program::basic(std::string_view name) {
  if (name == "byte") name = "uint8";
  if (name == "rune") name = "int32";
  auto [at, fresh] = basics_.try_emplace(std::string(name), kUnknown);
  if (fresh) {
    GoType type;
    type.kind = name == "error" || name == "any" ? GoType::Kind::Interface : GoType::Kind::Basic;
    type.name = at->first;
    at->second = add(std::move(type));
  }
  return at->second;
}

TypeRef Program::made_of(GoType::Kind kind, TypeRef elem) {
  auto [at, fresh] = made_of_.try_emplace({kind, elem}, kUnknown);
  if (fresh) {
    GoType type;
    type.kind = kind;
    type.elem = elem;
    at->second = add(std::move(type));
  }
  return at->second;
}

TypeRef Program::named(const TypeDecl& decl) {
  auto [at, fresh] = named_.try_emplace(&decl, kUnknown);
  if (fresh) {
    GoType type;
    type.kind = GoType::Kind::Named;
    type.name = decl.name;
    type.package_path = decl.package->path;
    type.decl = &decl;
    at->second = add(std::move(type));
  }
  return at->second;
}

TypeRef Program::function_type(const Function& function) {
  GoType type;
  type.kind = GoType::Kind::Func;
  type.results = function.results;
  return add(std::move(type));
}

TypeRef Program::type_of(const Node& node, File& file, const Scope* scope) {
  return type_of(node, file, scope, 0);
}

TypeRef Program::type_named(const std::string& name, File& file, const Scope* scope) {
  if (scope)
    if (const auto* symbol = scope->find(name)) {
      if (symbol->type) return named(*symbol->type);
      if (!symbol->type_parameter) return kUnknown;
      GoType type;
      type.kind = GoType::Kind::Parameter;
      type.name = name;
      return add(std::move(type));
    }
  if (auto at = file.package->types.find(name); at != file.package->types.end())
    return named(*at->second);
  if (std::find(kBasics.begin(), kBasics.end(), name) != kBasics.end()) return basic(name);
  return kUnknown;
}

TypeRef Program::type_of(const Node& node, File& file, const Scope* scope, unsigned depth) {
  if (!node || depth > kMaxTypeDepth) return kUnknown;
  auto kind = node.kind();
  auto part = [&](std::string_view field) {
    return type_of(node.field(field), file, scope, depth + 1);
  };
  if (kind == "type_identifier" || kind == "identifier")
    return type_named(std::string(node.text()), file, scope);
  if (kind == "parenthesized_type" || kind == "type_elem" || kind == "type_constraint")
    return type_of(node.first(), file, scope, depth + 1);
  if (kind == "generic_type") return part("type");
  if (kind == "pointer_type") return pointer_to(type_of(node.first(), file, scope, depth + 1));
  if (kind == "slice_type") return slice_of(part("element"));
  if (kind == "struct_type") return struct_of(node, file, scope, depth);
  GoType type;
  if (kind == "qualified_type" || kind == "selector_expression") {
    bool selector = kind == "selector_expression";
    auto alias = std::string(node.field(selector ? "operand" : "package").text());
    auto path = file.imports.find(alias);
    if (path == file.imports.end()) return kUnknown;
    auto name = std::string(node.field(selector ? "field" : "name").text());
    Package* package = imported(path->second);
    if (package)
      if (auto at = package->types.find(name); at != package->types.end())
        return named(*at->second);
    type.kind = GoType::Kind::Named;
    type.name = name;
    type.package_path = path->second;
  } else if (kind == "array_type" || kind == "implicit_length_array_type") {
    type.kind = GoType::Kind::Array;
    type.elem = part("element");
  } else if (kind == "map_type") {
    type.kind = GoType::Kind::Map;
    type.key = part("key");
    type.elem = part("value");
  } else if (kind == "channel_type") {
    type.kind = GoType::Kind::Chan;
    type.elem = part("value");
  } else if (kind == "function_type") {
    type.kind = GoType::Kind::Func;
    Node result = node.field("result");
    if (result.is("parameter_list")) {
      for (const Node& one : result.children())
        type.results.push_back(type_of(one.field("type"), file, scope, depth + 1));
    } else if (result) {
      type.results.push_back(type_of(result, file, scope, depth + 1));
    }
  } else if (kind == "interface_type") {
    type.kind = GoType::Kind::Interface;
    if (node.children().empty()) type.name = "interface{}";
  } else {
    return kUnknown;
  }
  return add(std::move(type));
}

TypeRef Program::struct_of(const Node& node, File& file, const Scope* scope, unsigned depth) {
  GoType type;
  type.kind = GoType::Kind::Struct;
  for (const Node& list : node.children()) {
    for (const Node& field : list.children()) {
      if (!field.is("field_declaration")) continue;
      Node declared = field.field("type");
      auto of = type_of(declared, file, scope, depth + 1);
      auto names = field.fields("name");
      for (const Node& name : names) type.fields.push_back({std::string(name.text()), of, false});
      if (!names.empty()) continue;
      if (declared.is("generic_type")) declared = declared.field("type");
      Node name = declared.is("qualified_type") ? declared.field("name") : declared;
      if (field.text().starts_with('*')) of = pointer_to(of);
      type.fields.push_back({std::string(name.text()), of, true});
    }
  }
  return add(std::move(type));
}

TypeRef Program::unaliased(TypeRef ref) {
  for (unsigned i = 0; i < kMaxTypeDepth && type(ref).decl && type(ref).decl->alias; i++) {
    underlying(ref);
    ref = type(ref).decl->underlying;
  }
  return ref;
}

TypeRef Program::underlying(TypeRef ref) {
  for (unsigned i = 0; i < kMaxTypeDepth; i++) {
    const GoType& of = type(ref);
    if (of.kind != GoType::Kind::Named || !of.decl) return ref;
    const TypeDecl& decl = *of.decl;
    if (!decl.resolved) {
      if (decl.resolving) return kUnknown;
      decl.resolving = true;
      Scope parameters;
      auto local = decl_scopes_.find(&decl);
      parameters.parent = local == decl_scopes_.end() ? nullptr : local->second;
      for (const auto& name : decl.parameters) parameters.symbols[name].type_parameter = true;
      decl.underlying = type_of(decl.type, *decl.file, &parameters);
      decl.resolving = false;
      decl.resolved = true;
    }
    ref = decl.underlying;
  }
  return kUnknown;
}

TypeRef Program::behind(TypeRef ref) {
  auto direct = underlying(ref);
  const GoType& of = type(direct);
  return of.kind == GoType::Kind::Pointer ? underlying(of.elem) : direct;
}

std::optional<Program::FieldFound> Program::find_field(TypeRef in, const std::string& name) {
  struct Level {
    TypeRef type;
    std::vector<std::string> path;
  };
  std::vector<Level> level{{in, {}}};
  for (unsigned depth = 0; depth <= kMaxPromotion && !level.empty(); depth++) {
    std::vector<Level> next;
    std::optional<FieldFound> found;
    for (const Level& at : level) {
      auto named_type = at.type;
      if (auto direct = type(named_type); direct.kind == GoType::Kind::Pointer)
        named_type = direct.elem;
      named_type = unaliased(named_type);
      const GoType of = type(underlying(named_type));
      if (of.kind != GoType::Kind::Struct) continue;
      for (const auto& field : of.fields) {
        if (field.name == name) {
          if (found) return std::nullopt;  // ambiguous
          found = FieldFound{type(named_type).decl, field.type, at.path};
        } else if (field.embedded && next.size() < 64) {
          auto path = at.path;
          path.push_back(field.name);
          next.push_back({field.type, std::move(path)});
        }
      }
    }
    if (found) return found;
    level = std::move(next);
  }
  return std::nullopt;
}

const Function* Program::find_method(TypeRef in, const std::string& name) {
  std::vector<TypeRef> level{in};
  for (unsigned depth = 0; depth <= kMaxPromotion && !level.empty(); depth++) {
    std::vector<TypeRef> next;
    for (TypeRef at : level) {
      if (type(at).kind == GoType::Kind::Pointer) at = type(at).elem;
      at = unaliased(at);
      if (const TypeDecl* decl = type(at).decl)
        if (auto method = decl->methods.find(name); method != decl->methods.end())
          return method->second;
      const GoType of = type(underlying(at));
      if (of.kind != GoType::Kind::Struct) continue;
      for (const auto& field : of.fields)
        if (field.embedded && next.size() < 64) next.push_back(field.type);
    }
    level = std::move(next);
  }
  return nullptr;
}

const TypeDecl* Program::only_owner(Package& package, const std::string& field) {
  const TypeDecl* owner = nullptr;
  for (const auto& [name, decl] : package.types) {
    const GoType of = type(underlying(named(*decl)));
    if (of.kind != GoType::Kind::Struct || decl->alias) continue;
    for (const auto& one : of.fields) {
      if (one.name != field) continue;
      if (owner) return nullptr;
      owner = decl;
    }
  }
  return owner;
}

}  // namespace overhang::source
