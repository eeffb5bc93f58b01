#include "source/code_writer.h"

#include <algorithm>
#include <cctype>

namespace overhang::source {
namespace {

// The name by which `file` imports a package; "" where it does not.
std::string import_name(const File& file, const std::string& path) {
  for (const auto& [name, imported] : file.imports)
    if (imported == path && name != "." && name != "_") return name;
  return {};
}

}  // namespace

// What gets the slice says best what it is of, unless that cannot be written here.
TypeRef CodeWriter::slice_type() const {
  for (TypeRef type : {flow_.type, flow_.value.type, slice_.type}) {
    auto kind = program_.type(program_.underlying(type)).kind;
    if (kind != GoType::Kind::Interface && !type_text(type).empty()) return type;
  }
  return flow_.type != kUnknown ? flow_.type : slice_.type;
}

bool CodeWriter::is_string() const {
  const GoType& of = program_.type(program_.underlying(slice_type()));
  return of.kind == GoType::Kind::Basic && of.name == "string";
}

TypeRef CodeWriter::element_type() const {
  const GoType& of = program_.type(program_.underlying(slice_type()));
  return of.kind == GoType::Kind::Slice ? of.elem : kUnknown;
}

// A type as the file writes it; "" where that is not known.
std::string CodeWriter::type_text(TypeRef ref, unsigned depth) const {
  const GoType& of = program_.type(ref);
  if (depth > 10) return {};
  auto prefixed = [&](const char* prefix) {
    auto elem = type_text(of.elem, depth + 1);
    return elem.empty() ? elem : prefix + elem;
  };
  switch (of.kind) {
    case GoType::Kind::Basic:
    case GoType::Kind::Interface:
      return of.name;
    case GoType::Kind::Pointer:
      return prefixed("*");
    case GoType::Kind::Slice:
      return prefixed("[]");
    case GoType::Kind::Parameter:
      return parameter_here(of.name);
    case GoType::Kind::Named: {
      if (of.decl && !of.decl->parameters.empty()) return {};
      if (of.package_path == flow_.file->package->path)
        return is_local_name(of.name) ? std::string() : of.name;
      auto package = import_name(*flow_.file, of.package_path);
      if (is_local_name(package)) return {};
      return package.empty() ? package : package + "." + of.name;
    }
    default:
      return {};
  }
}

// The method's own name for its type's parameter.
std::string CodeWriter::parameter_here(const std::string& name) const {
  if (!flow_.function) return {};
  const auto& here = flow_.function->type_parameters;
  if (std::find(here.begin(), here.end(), name) != here.end()) return name;
  auto decl = flow_.file->package->types.find(flow_.function->receiver);
  if (decl == flow_.file->package->types.end()) return {};
  const auto& there = decl->second->parameters;
  auto at = std::find(there.begin(), there.end(), name) - there.begin();
  auto index = static_cast<std::size_t>(at);
  return index < there.size() && index < here.size() ? here[index] : std::string();
}

// The zero value of an element; "" where it cannot be written.
std::string CodeWriter::zero() const {
  TypeRef elem = element_type();
  const GoType& of = program_.type(program_.underlying(elem));
  auto name = type_text(elem);
  switch (of.kind) {
    case GoType::Kind::Pointer:
    case GoType::Kind::Slice:
    case GoType::Kind::Map:
    case GoType::Kind::Chan:
    case GoType::Kind::Func:
    case GoType::Kind::Interface:
      return "nil";
    case GoType::Kind::Basic:
      return of.name == "string" ? "\"\"" : of.name == "bool" ? "false" : "0";
    case GoType::Kind::Struct:
    case GoType::Kind::Array:
      return name.empty() ? name : name + "{}";
    default:
      return name.empty() ? name : "*new(" + name + ")";
  }
}

std::string CodeWriter::in_brackets(const std::string& slice, const std::string& low,
                                    const std::string& high) {
  auto binary = [](const std::string& bound) {
    return bound.find_first_of("+-/%") != std::string::npos;
  };
  // As gofmt spaces them.
  bool spaced = !low.empty() && !high.empty() && (binary(low) || binary(high));
  return slice + "[" + low + (spaced ? " : " : ":") + high + "]";
}

// Each a statement of its own, without names in the block around it, where another may stand.
std::vector<std::string> CodeWriter::clearing(const std::string& slice, const std::string& low,
                                              const std::string& high) {
  auto of = slice.starts_with('*') ? "(" + slice + ")" : slice;
  auto part = low.empty() && high.empty() ? slice : in_brackets(of, low, high);
  if (go_minor_ >= kClear && !shadowed("clear")) return {"clear(" + part + ")"};
  auto value = zero();
  if (value.empty()) {
    obstacle_ = "the zero value of its elements cannot be written here";
    return {};
  }
  auto hidden = unused_name({"hidden", "rest", "stale"});
  auto i = unused_name({"i", "k", "index"});
  if (hidden.empty() || i.empty()) return {};
  auto set = [&](const std::string& array) { return "\t" + array + "[" + i + "] = " + value; };
  if (low.empty()) return {"for " + i + " := range " + part + " {", set(of), "}"};
  if (high.empty())
    return {"for " + i + " := " + low + "; " + i + " < len(" + slice + "); " + i + "++ {", set(of),
            "}"};
  auto last = high == "len(" + slice + ")" ? "" : high;
  return {"for " + i + ", " + hidden + " := 0, " + of + "[" + low + ":" + last + "]; " + i +
              " < len(" + hidden + "); " + i + "++ {",
          set(hidden), "}"};
}

bool CodeWriter::has_word(const std::string& text, const std::string& word) {
  auto letter = [&](std::size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) ||
                                text[at] == '_' || text[at] == '.');
  };
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    if ((at == 0 || !letter(at - 1)) && !letter(at + word.size())) return true;
  return false;
}

bool CodeWriter::shadowed(const std::string& name) const {
  const Package& package = *flow_.file->package;
  if (package.functions.contains(name) || package.variables.contains(name) ||
      package.types.contains(name))
    return true;
  return used_in_function(name) && is_local_name(name);
}

bool CodeWriter::is_local_name(const std::string& name) const {
  for (const Variable& variable : program_.variables())
    if (variable.name == name && variable.function && variable.file == flow_.file &&
        variable.function == flow_.function)
      return true;
  return false;
}

bool CodeWriter::used_in_function(const std::string& name) const {
  if (!flow_.function) return true;
  auto all = identifiers(flow_.function->node);
  return std::any_of(all.begin(), all.end(), [&](const Node& node) { return node.text() == name; });
}

std::string CodeWriter::unused_name(std::initializer_list<const char*> names) const {
  for (const char* name : names)
    if (!used_in_function(name)) return name;
  return {};
}

// Another package's name, perhaps: that of one whose path ends otherwise is not known.
bool CodeWriter::names_something(const Node& node, const std::string& name, unsigned depth) {
  if (depth > 400) return true;
  if (node.is("import_spec")) {
    auto path = node.field("path").text();
    return node.field("name").text() == name || path.ends_with("/" + name + "\"");
  }
  if ((node.is("identifier") || node.is("package_identifier")) && node.text() == name) return true;
  for (const Node& child : node.children())
    if (names_something(child, name, depth + 1)) return true;
  return false;
}

std::string CodeWriter::package_name(const std::string& path) {
  auto name = import_name(*flow_.file, path);
  if (!name.empty()) return name;
  if (shadowed(path) || names_something(flow_.file->tree->root(), path)) return {};
  imports_.push_back(path);
  return path;
}

// Among several arguments, gofmt writes a slice's bounds without spaces.
std::string CodeWriter::as_argument(std::string expression) const {
  if (!without_parentheses(flow_.right).is("slice_expression")) return expression;
  auto at = expression.rfind(" : ");
  if (at != std::string::npos && expression.find(']', at) == expression.size() - 1)
    expression.replace(at, 3, ":");
  return expression;
}

// An expression of a copy of `expression`; "" where none can be written.
std::string CodeWriter::copied(const std::string& expression) {
  if (is_string()) {
    auto strings = go_minor_ >= kStringsClone ? package_name("strings") : "";
    if (!strings.empty()) return strings + ".Clone(" + expression + ")";
    return "string([]byte(" + expression + "))";
  }
  const GoType& type = program_.type(slice_type());
  auto name = type_text(slice_type());
  bool known = type.kind != GoType::Kind::Unknown && !name.empty();
  // It may be a string.
  if (program_.type(program_.underlying(slice_type())).kind == GoType::Kind::Unknown) {
    obstacle_ = "the slice's type is not known";
    return {};
  }
  // Better than nothing, unless it is for empty slices.
  bool cloned = go_minor_ >= kSlices && !known && slice_.form != Form::Zero;
  if (go_minor_ >= kSlicesClone || cloned) {
    auto slices = package_name("slices");
    if (!slices.empty()) return slices + ".Clone(" + expression + ")";
  }
  if (!known) {
    obstacle_ = "the slice's type cannot be written here";
    return {};
  }
  return "append(" + name + "(nil), " + as_argument(expression) + "...)";
}

}  // namespace overhang::source
