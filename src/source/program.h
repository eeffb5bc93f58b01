// The declarations of a program's packages, as far as they are asked for: types with their fields
// and methods, functions, package-level variables. A light analyser: it knows the types that
// declarations and literals tell, and says "unknown" of everything else.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "source/syntax.h"

namespace overhang::source {

using TypeRef = std::uint32_t;  // a row of the program's types
inline constexpr TypeRef kUnknown = 0;

struct Package;
struct Function;
struct TypeDecl;

struct GoType {
  enum class Kind : std::uint8_t {
    Unknown,
    Basic,  // `name`: "int", "string"
    Named,
    Pointer,
    Slice,
    Array,
    Map,
    Chan,
    Func,
    Struct,
    Interface,
    Parameter,  // of a generic type or function
  };
  struct Field {
    std::string name;
    TypeRef type = kUnknown;
    bool embedded = false;
  };
  Kind kind = Kind::Unknown;
  std::string name;                // Named: without its package; Basic
  std::string package_path;        // Named
  const TypeDecl* decl = nullptr;  // Named: nullptr where its package is not there
  TypeRef elem = kUnknown, key = kUnknown;
  std::vector<Field> fields;     // Struct
  std::vector<TypeRef> results;  // Func
};

struct File {
  std::string path;
  std::unique_ptr<SyntaxTree> tree;
  Package* package = nullptr;
  std::map<std::string, std::string> imports;  // local name -> import path; "" for "." and "_"
};

struct Variable {
  std::uint32_t id = 0;
  std::string name;
  TypeRef type = kUnknown;
  const Function* function = nullptr;  // the declared function around it; nullptr: package level
  Package* package = nullptr;
  File* file = nullptr;
  Node declaration;  // its identifier
  Node around;       // the innermost function or function literal
  bool parameter = false, receiver = false;
  // Package level, without a type: what it is initialised with, and which result of that.
  Node initial;
  std::size_t initial_index = 0;
  bool typed = true;
};

struct Function {
  std::uint32_t id = 0;
  std::string name;
  std::string receiver;  // the receiver's type name; "" of a function
  bool pointer_receiver = false;
  Package* package = nullptr;
  File* file = nullptr;
  Node node, body;
  Variable* self = nullptr;           // the receiver's variable
  std::vector<Variable*> parameters;  // nullptr: without a name
  bool variadic = false;
  std::vector<TypeRef> results;
  std::vector<Variable*> named_results;  // as many as results, or none
  std::vector<std::string> type_parameters;
  // "(*Pool).remove"
  std::string display_name() const;
};

struct TypeDecl {
  std::string name;
  Package* package = nullptr;
  File* file = nullptr;
  Node type;
  std::vector<std::string> parameters;
  bool alias = false;
  std::map<std::string, Function*> methods;
  mutable TypeRef underlying = kUnknown;
  mutable bool resolving = false, resolved = false;
};

// Names in a block, a function, a generic declaration.
struct Scope {
  struct Symbol {
    Variable* variable = nullptr;
    const TypeDecl* type = nullptr;
    bool type_parameter = false;
  };
  const Scope* parent = nullptr;
  std::unordered_map<std::string, Symbol> symbols;
  const Symbol* find(const std::string& name) const;
};

struct Package {
  std::string path, name;
  std::vector<std::unique_ptr<File>> files;
  std::map<std::string, TypeDecl*> types;
  std::map<std::string, Variable*> variables;
  std::map<std::string, Function*> functions;
  std::vector<Function*> all_functions;  // methods too
};

struct SourceText {
  std::string path, text;
};

class Program {
 public:
  // The files of the package at an import path; none where it is not there.
  using Loader = std::function<std::vector<SourceText>(const std::string& import_path)>;
  explicit Program(Loader loader);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // nullptr where it is not there or the program has read its fill.
  Package* package(const std::string& import_path);
  // The same, but one of the standard library only if it has been asked for before.
  Package* imported(const std::string& import_path);
  // Only if it has been asked for before.
  Package* loaded(const std::string& import_path) const;

  const GoType& type(TypeRef ref) const { return types_[ref < types_.size() ? ref : 0]; }
  // The type that a type expression denotes.
  TypeRef type_of(const Node& node, File& file, const Scope* scope);
  TypeRef pointer_to(TypeRef elem) { return made_of(GoType::Kind::Pointer, elem); }
  TypeRef slice_of(TypeRef elem) { return made_of(GoType::Kind::Slice, elem); }
  TypeRef named(const TypeDecl& decl);
  TypeRef function_type(const Function& function);
  TypeRef basic(std::string_view name);
  // An alias is the type that it stands for.
  TypeRef unaliased(TypeRef ref);
  // Through names and aliases, to what the type is made of.
  TypeRef underlying(TypeRef ref);
  // The same, and through one pointer.
  TypeRef behind(TypeRef ref);

  // A field by its name, promoted ones too: the struct that declares it ("" if that has no name).
  struct FieldFound {
    const TypeDecl* owner = nullptr;
    TypeRef type = kUnknown;
    std::vector<std::string> path;  // the embedded fields on the way
  };
  std::optional<FieldFound> find_field(TypeRef type, const std::string& name);
  const Function* find_method(TypeRef type, const std::string& name);
  // The only struct type of the package that declares this field; nullptr: none or several.
  const TypeDecl* only_owner(Package& package, const std::string& field);

  Variable* add_variable(std::string name, TypeRef type, Package* package, File* file);
  const TypeDecl* add_local_type(const Node& spec, File& file, const Scope* scope);
  const std::deque<Variable>& variables() const { return variables_; }
  const std::deque<Function>& functions() const { return functions_; }
  const std::vector<std::string>& skipped() const { return skipped_; }  // files not parsed
  // Whether something was left out since the program has read its fill.
  bool full() const { return full_; }

 private:
  TypeRef add(GoType type);
  TypeRef type_of(const Node& node, File& file, const Scope* scope, unsigned depth);
  TypeRef struct_of(const Node& node, File& file, const Scope* scope, unsigned depth);
  TypeRef type_named(const std::string& name, File& file, const Scope* scope);
  void declare(Package& package);
  void declare_type(const Node& spec, File& file);
  void declare_variables(const Node& spec, File& file);
  void declare_function(const Node& node, File& file);
  void declare_parameters(Function& function, const Scope& scope);
  void read_imports(File& file);
  TypeRef made_of(GoType::Kind kind, TypeRef elem);

  Loader loader_;
  std::map<std::string, std::unique_ptr<Package>> packages_;
  std::deque<GoType> types_;
  std::deque<TypeDecl> decls_;
  std::deque<Variable> variables_;
  std::deque<Function> functions_;
  std::deque<Scope> scopes_;  // of local types
  std::map<std::string, TypeRef> basics_;
  std::map<const TypeDecl*, TypeRef> named_;
  std::map<std::pair<GoType::Kind, TypeRef>, TypeRef> made_of_;
  std::map<const TypeDecl*, const Scope*> decl_scopes_;
  std::vector<std::string> skipped_;
  bool full_ = false;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace overhang::source
