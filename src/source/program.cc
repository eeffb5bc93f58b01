#include "source/program.h"

#include <algorithm>
#include <array>

namespace overhang::source {
namespace {

constexpr std::uint64_t kMaxBytes = 64 << 20;  // of all files that a run reads
constexpr std::size_t kMaxPackages = 256;

// The last element of an import path, or the one before a major version: the name that most
// packages have.
std::string usual_name(std::string_view path) {
  auto last = path.substr(path.rfind('/') + 1);
  bool version = last.size() > 1 && last[0] == 'v' &&
                 last.find_first_not_of("0123456789", 1) == std::string_view::npos;
  if (version && last.size() < path.size()) {
    path.remove_suffix(last.size() + 1);
    last = path.substr(path.rfind('/') + 1);
  }
  if (auto dot = last.rfind(".v"); dot != std::string_view::npos) last = last.substr(0, dot);
  if (last.starts_with("go-")) last.remove_prefix(3);
  if (last.ends_with("-go")) last.remove_suffix(3);
  return std::string(last);
}

// The first elements of the standard library's import paths.
constexpr std::array<std::string_view, 59> kStandard = {
    "archive", "bufio",    "builtin", "bytes",   "cmp",      "compress", "container", "context",
    "crypto",  "database", "debug",   "embed",   "encoding", "errors",   "expvar",    "flag",
    "fmt",     "go",       "hash",    "html",    "image",    "index",    "internal",  "io",
    "iter",    "log",      "maps",    "math",    "mime",     "net",      "os",        "path",
    "plugin",  "reflect",  "regexp",  "runtime", "slices",   "sort",     "strconv",   "strings",
    "structs", "sync",     "syscall", "testing", "text",     "time",     "unicode",   "unique",
    "unsafe",  "vendor",   "weak",    "C",       "arena",    "simd",     "cmd",       "main",
    "",        "_",        "."};

std::vector<std::string> type_parameters_of(const Node& list) {
  std::vector<std::string> out;
  for (const Node& declaration : list.children())
    for (const Node& name : declaration.fields("name")) out.emplace_back(name.text());
  return out;
}

}  // namespace

std::string Function::display_name() const {
  if (receiver.empty()) return name;
  return pointer_receiver ? "(*" + receiver + ")." + name : receiver + "." + name;
}

const Scope::Symbol* Scope::find(const std::string& name) const {
  for (const Scope* scope = this; scope; scope = scope->parent)
    if (auto at = scope->symbols.find(name); at != scope->symbols.end()) return &at->second;
  return nullptr;
}

Program::Program(Loader loader) : loader_(std::move(loader)) { types_.emplace_back(); }
Program::~Program() = default;

Package* Program::loaded(const std::string& import_path) const {
  auto at = packages_.find(import_path);
  return at == packages_.end() ? nullptr : at->second.get();
}

Package* Program::imported(const std::string& import_path) {
  auto first = std::string_view(import_path).substr(0, import_path.find('/'));
  bool standard = std::find(kStandard.begin(), kStandard.end(), first) != kStandard.end();
  return standard ? loaded(import_path) : package(import_path);
}

Package* Program::package(const std::string& import_path) {
  if (auto at = packages_.find(import_path); at != packages_.end()) return at->second.get();
  auto& slot = packages_[import_path];
  full_ |= bytes_read_ > kMaxBytes || packages_.size() > kMaxPackages;
  if (full_) return nullptr;
  auto texts = loader_(import_path);
  auto package = std::make_unique<Package>();
  package->path = import_path;
  for (auto& [path, text] : texts) {
    bytes_read_ += text.size();
    full_ |= bytes_read_ > kMaxBytes;
    if (full_) break;
    auto file = std::make_unique<File>();
    file->tree = SyntaxTree::parse(std::move(text));
    file->path = std::move(path);
    file->package = package.get();
    if (!file->tree) {
      skipped_.push_back(file->path);
      continue;
    }
    package->files.push_back(std::move(file));
  }
  if (package->files.empty()) return nullptr;
  Package* out = package.get();
  slot = std::move(package);
  declare(*out);
  return out;
}

namespace {

std::string package_name_of(const File& file) {
  for (const Node& node : file.tree->root().children())
    if (node.is("package_clause")) return std::string(node.first().text());
  return {};
}

}  // namespace

void Program::declare(Package& package) {
  // A folder may hold files of other packages, which a build leaves out: most decide.
  std::map<std::string, std::size_t> names;
  for (auto& file : package.files) names[package_name_of(*file)]++;
  package.name = std::max_element(names.begin(), names.end(), [](const auto& a, const auto& b) {
                   return a.second < b.second;
                 })->first;
  std::erase_if(package.files, [&](auto& file) { return package_name_of(*file) != package.name; });
  for (auto& file : package.files) {
    for (const Node& node : file->tree->root().children()) {
      if (node.is("type_declaration"))
        for (const Node& spec : node.children()) declare_type(spec, *file);
    }
    read_imports(*file);
  }
  for (auto& file : package.files) {
    for (const Node& node : file->tree->root().children()) {
      if (node.is("function_declaration") || node.is("method_declaration"))
        declare_function(node, *file);
      if (!node.is("var_declaration")) continue;
      for (const Node& child : node.children()) {
        if (child.is("var_spec")) declare_variables(child, *file);
        if (child.is("var_spec_list"))
          for (const Node& spec : child.children()) declare_variables(spec, *file);
      }
    }
  }
}

void Program::read_imports(File& file) {
  auto read = [&](const Node& spec) {
    auto path = std::string(spec.field("path").text());
    if (path.size() < 2) return;
    path = path.substr(1, path.size() - 2);
    auto name = std::string(spec.field("name").text());
    file.imports[name.empty() ? usual_name(path) : name] = path;
  };
  for (const Node& node : file.tree->root().children()) {
    if (!node.is("import_declaration")) continue;
    for (const Node& child : node.children()) {
      if (child.is("import_spec")) read(child);
      for (const Node& spec : child.children())
        if (spec.is("import_spec")) read(spec);
    }
  }
}

void Program::declare_type(const Node& spec, File& file) {
  if (!spec.is("type_spec") && !spec.is("type_alias")) return;
  TypeDecl& decl = decls_.emplace_back();
  decl.name = std::string(spec.field("name").text());
  decl.package = file.package;
  decl.file = &file;
  decl.type = spec.field("type");
  decl.parameters = type_parameters_of(spec.field("type_parameters"));
  decl.alias = spec.is("type_alias");
  file.package->types.try_emplace(decl.name, &decl);
}

const TypeDecl* Program::add_local_type(const Node& spec, File& file, const Scope* scope) {
  TypeDecl& decl = decls_.emplace_back();
  decl.name = std::string(spec.field("name").text());
  decl.package = file.package;
  decl.file = &file;
  decl.type = spec.field("type");
  decl.alias = spec.is("type_alias");
  // The walk's scopes go as it leaves them: what the type may name is resolved now.
  Scope& own = scopes_.emplace_back();
  own.symbols[decl.name].type = &decl;
  for (; scope; scope = scope->parent)
    for (const auto& [name, symbol] : scope->symbols)
      if (symbol.type || symbol.type_parameter) own.symbols.try_emplace(name, symbol);
  decl_scopes_[&decl] = &own;
  // The executable names it after the package, as it does the package's own types.
  file.package->types.try_emplace(decl.name, &decl);
  return &decl;
}

Variable* Program::add_variable(std::string name, TypeRef type, Package* package, File* file) {
  Variable& variable = variables_.emplace_back();
  variable.id = static_cast<std::uint32_t>(variables_.size());
  variable.name = std::move(name);
  variable.type = type;
  variable.package = package;
  variable.file = file;
  return &variable;
}

void Program::declare_variables(const Node& spec, File& file) {
  auto names = spec.fields("name");
  auto values = spec.field("value").children();
  auto declared = spec.field("type");
  for (std::size_t i = 0; i < names.size(); i++) {
    auto type = declared ? type_of(declared, file, nullptr) : kUnknown;
    Variable* variable = add_variable(std::string(names[i].text()), type, file.package, &file);
    variable->declaration = names[i];
    variable->typed = bool(declared);
    if (!values.empty()) {
      bool each = values.size() == names.size();
      variable->initial = values[each ? i : 0];
      variable->initial_index = each ? 0 : i;
    }
    file.package->variables.try_emplace(variable->name, variable);
  }
}

void Program::declare_function(const Node& node, File& file) {
  Function& function = functions_.emplace_back();
  function.id = static_cast<std::uint32_t>(functions_.size());
  function.name = std::string(node.field("name").text());
  function.package = file.package;
  function.file = &file;
  function.node = node;
  function.body = node.field("body");
  function.type_parameters = type_parameters_of(node.field("type_parameters"));
  Scope scope;
  Node receiver = node.field("receiver").first();
  Node receiver_type = receiver.field("type");
  if (receiver_type.is("parenthesized_type")) receiver_type = receiver_type.first();
  if (receiver_type.is("pointer_type")) {
    function.pointer_receiver = true;
    receiver_type = receiver_type.first();
  }
  if (receiver_type.is("generic_type")) {
    for (const Node& argument : receiver_type.field("type_arguments").children())
      function.type_parameters.emplace_back(argument.text());
    receiver_type = receiver_type.field("type");
  }
  function.receiver = std::string(receiver_type.text());
  for (const auto& name : function.type_parameters) scope.symbols[name].type_parameter = true;
  if (receiver) {
    auto decl = file.package->types.find(function.receiver);
    auto type = decl == file.package->types.end() ? kUnknown : named(*decl->second);
    if (decl != file.package->types.end())
      decl->second->methods.try_emplace(function.name, &function);
    if (Node name = receiver.field("name")) {
      function.self =
          add_variable(std::string(name.text()),
                       function.pointer_receiver ? pointer_to(type) : type, file.package, &file);
      function.self->declaration = name;
      function.self->receiver = function.self->parameter = true;
    }
  } else if (function.name != "init" && function.name != "_") {
    file.package->functions.try_emplace(function.name, &function);
  }
  declare_parameters(function, scope);
  for (Variable* variable : function.parameters)
    if (variable) variable->function = &function;
  for (Variable* variable : function.named_results)
    if (variable) variable->function = &function;
  if (function.self) function.self->function = &function;
  file.package->all_functions.push_back(&function);
}

void Program::declare_parameters(Function& function, const Scope& scope) {
  File& file = *function.file;
  auto declare_one = [&](const Node& name, TypeRef type) {
    Variable* variable = add_variable(std::string(name.text()), type, file.package, &file);
    variable->declaration = name;
    variable->around = function.node;
    variable->parameter = true;
    return variable;
  };
  for (const Node& parameter : function.node.field("parameters").children()) {
    auto type = type_of(parameter.field("type"), file, &scope);
    if (parameter.is("variadic_parameter_declaration")) {
      type = slice_of(type);
      function.variadic = true;
    }
    auto names = parameter.fields("name");
    if (names.empty()) function.parameters.push_back(nullptr);
    for (const Node& name : names) function.parameters.push_back(declare_one(name, type));
  }
  Node result = function.node.field("result");
  if (!result) return;
  if (!result.is("parameter_list")) {
    function.results.push_back(type_of(result, file, &scope));
    return;
  }
  for (const Node& one : result.children()) {
    auto type = type_of(one.field("type"), file, &scope);
    auto names = one.fields("name");
    if (names.empty()) function.results.push_back(type);
    for (const Node& name : names) {
      function.results.push_back(type);
      function.named_results.push_back(declare_one(name, type));
    }
  }
}

}  // namespace overhang::source
