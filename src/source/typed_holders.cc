#include "source/typed_holders.h"

#include <algorithm>
#include <map>

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

namespace {

constexpr unsigned kMostAncestors = 64;

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The lines of the statement that an identifier stands in, but of such as have a body its own.
std::pair<std::uint32_t, std::uint32_t> lines_around(const Node& identifier) {
  constexpr std::string_view kPlain[] = {"assignment_statement", "short_var_declaration",
                                         "expression_statement", "return_statement",
                                         "send_statement",       "inc_statement",
                                         "dec_statement",        "go_statement",
                                         "defer_statement",      "var_spec"};
  std::pair own{identifier.line(), identifier.end_line()};
  Node node = identifier.parent();
  for (unsigned i = 0; node && i < kMostAncestors; i++, node = node.parent()) {
    auto kind = node.kind();
    if (std::find(std::begin(kPlain), std::end(kPlain), kind) != std::end(kPlain))
      return {node.line(), node.end_line()};
    if (kind == "block" || kind.ends_with("_statement") || kind.ends_with("_declaration")) break;
  }
  return own;
}

// Whether elements of the type may be of that name.
bool may_be(const Program& program, TypeRef type, const std::string& element) {
  auto name = full_name(program, type);
  if (!name.empty() && !element.empty()) return name == element;
  auto inner = program.type(type).kind;
  bool named = element.find('.') != std::string::npos;
  return !named || (inner != GoType::Kind::Basic && inner != GoType::Kind::Interface);
}

// Whether a variable of the type may be such a slice or a pointer to an element, or contain one.
bool may_hold(Program& program, TypeRef type, const std::string& element) {
  const GoType& under = program.type(program.underlying(type));
  switch (under.kind) {
    case GoType::Kind::Slice:
    case GoType::Kind::Pointer:
      return may_be(program, under.elem, element);
    case GoType::Kind::Basic:
      return under.name == "string" && element.empty();
    case GoType::Kind::Unknown:
    case GoType::Kind::Struct:
    case GoType::Kind::Array:
      return true;
    default:
      return false;
  }
}

// The package-level variable that an identifier names, in its own package or behind a package's
// name; nullptr: none.
const Variable* package_variable(Flows& flows, const File& file, const Node& identifier) {
  auto in = [](const Package* package, const std::string& name) -> const Variable* {
    if (!package) return nullptr;
    auto found = package->variables.find(name);
    return found == package->variables.end() ? nullptr : found->second;
  };
  std::string name(identifier.text());
  Node parent = identifier.parent();
  auto imported = file.imports.find(name);
  if (imported != file.imports.end() && parent.is("selector_expression"))
    return in(flows.program().loaded(imported->second), std::string(parent.field("field").text()));
  const Variable* variable = in(file.package, name);
  const Variable* known = flows.variable_at(identifier);
  return known && known != variable ? nullptr : variable;
}

// Of a struct type, the only field that is such a slice.
std::optional<SliceHolder::Field> only_field(Program& program, TypeRef type,
                                             const std::string& element) {
  std::optional<SliceHolder::Field> out;
  const GoType own = program.type(program.unaliased(type));
  const GoType under = program.type(program.underlying(type));
  bool named = own.kind == GoType::Kind::Named;
  for (const auto& field : under.fields) {
    if (!may_hold(program, field.type, element)) continue;
    bool slice = program.type(program.underlying(field.type)).kind == GoType::Kind::Slice;
    if (!slice || out) return std::nullopt;
    out = {named ? own.package_path + "." + own.name : std::string(), field.name};
  }
  return out;
}

// Of a local variable; Flows knows its uses.
bool is_declaration(const Program& program, const Node& identifier) {
  const auto& all = program.variables();
  return std::any_of(all.begin(), all.end(), [&](const Variable& variable) {
    return variable.function && variable.declaration.id() == identifier.id();
  });
}

}  // namespace

std::optional<SliceHolder> variable_on_lines(Flows& flows, const std::string& element,
                                             const std::set<CodeLine>& lines) {
  Program& program = flows.program();
  std::map<const File*, std::set<std::uint32_t>> wanted;
  for (const CodeLine& line : lines) {
    Package* package = program.package(line.package);
    if (!package) continue;
    flows.add(*package);
    for (const auto& file : package->files)
      if (file_name(file->path) == line.file) wanted[file.get()].insert(line.line);
  }
  std::size_t count = 0;
  std::map<const Variable*, std::size_t> explained;  // lines
  for (const auto& [file, its] : wanted) {
    count += its.size();
    std::set<std::pair<const Variable*, std::uint32_t>> on;
    for (const Node& identifier : identifiers(file->tree->root())) {
      auto [first, last] = lines_around(identifier);
      auto line = its.lower_bound(first);
      if (line == its.end() || *line > last) continue;
      const Variable* variable = package_variable(flows, *file, identifier);
      if (!variable || !may_hold(program, variable->type, element)) continue;
      if (is_declaration(program, identifier)) continue;
      for (; line != its.end() && *line <= last; ++line) on.emplace(variable, *line);
    }
    for (const auto& [variable, line] : on) explained[variable]++;
  }
  const Variable* only = nullptr;
  for (const auto& [variable, explains] : explained) {
    if (explains != count) continue;
    if (only) return std::nullopt;
    only = variable;
  }
  if (!only) return std::nullopt;
  SliceHolder holder;
  holder.kind = SliceHolder::Kind::Global;
  holder.package = only->package->path;
  holder.variable = only->name;
  auto kind = program.type(program.underlying(only->type)).kind;
  if (kind == GoType::Kind::Array) return std::nullopt;
  if (kind == GoType::Kind::Struct) {
    auto field = only_field(program, only->type, element);
    if (!field) return std::nullopt;
    holder.fields = {*field};
  }
  return holder;
}

}  // namespace overhang::source
