// How slices move through a package: which place gets which value, at which statement.
//
// A place is something that holds a value, by a key that all its names share:
//   v:12               a variable, by its declaration
//   f:main.Pool.inUse  a field of a struct type, of whichever object
//   *P  []P            what P points to; an element of P (slice, array, map, channel)
//   {}P                a key of map P
//   r:7:0              a result of a function
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "source/program.h"

namespace overhang::source {

// How a slice is made from another.
enum class Form : std::uint8_t {
  None,
  Truncate,    // x[:n]
  Zero,        // x[:0]
  Advance,     // x[n:]
  Window,      // x[a:b], or a function that returns a part of its argument
  ThreeIndex,  // x[a:b:c], slices.Clip(x)
  Delete,      // append(x[:i], x[j:]...), slices.Delete(x, i, j)
  DeleteSome,  // slices.DeleteFunc, Compact: what goes is not told by the call
};

// The variable by which an expression begins: p of p.pool.inUse.
struct Root {
  const Variable* variable = nullptr;
  bool pointer = false;  // what is meant lies behind a pointer, not in the variable itself
  bool fresh = false;    // in an object that the expression makes
};

struct Value {
  enum class Kind : std::uint8_t {
    Unknown,
    Fresh,    // memory of its own
    Alias,    // what `place` holds
    Address,  // &place
    Reslice,  // a part of what `place` holds; "": of something without a name
    Call,     // `place`: the function's result
  };
  Kind kind = Kind::Unknown;
  TypeRef type = kUnknown;
  std::string place;
  Root root;
  Form form = Form::None;
  Node expression;      // Reslice: the slice expression or call that makes it; Call: the call
  Node operand;         // Reslice: what is cut
  Node low, high, max;  // Reslice: the bounds; Delete: what is cut out, low to high
  TypeRef high_type = kUnknown;  // Reslice: of `high`, any integer type
  Node rest;                     // Delete by append: the second slice expression
  bool standard = false;         // made by a function of the standard library
  // Alias: all of an array that is a field, which shows a part of the struct's memory.
  bool array_field = false;
  const Function* callee = nullptr;  // Call
};

// `place` gets `value`.
struct Flow {
  std::string place;
  TypeRef type = kUnknown;  // of the place
  Root root;
  Value value;
  Node statement, left, right;         // left: none but in assignments
  const Function* function = nullptr;  // nullptr: at package level
  File* file = nullptr;
  Node around;  // the innermost function or function literal
  // An argument's way into a parameter, an element's into a composite literal, …: not an
  // assignment of its own.
  bool implicit = false;
  bool argument = false;  // into a parameter, at a call
  std::uint32_t id = 0;   // its number in Flows
};

// for … := range PLACE
struct RangeLoop {
  std::string place;
  Node loop;
  const Function* function = nullptr;
  const File* file = nullptr;
  bool reads_elements = false;  // has a variable for them
};

// The types of a function's parameters, or of what it is given; kUnknown where they are not known,
// of variadic parameters and of untyped constants.
using Parameters = std::vector<TypeRef>;
Parameters types_of(const std::vector<Variable*>& parameters, bool variadic);

// A call of a function value, or of a method that an interface has.
struct DynamicCall {
  std::uint32_t end = 0;
  std::string method;  // "": of a function value
  Parameters given;
};

// What a DynamicCall has for a method where C is called, which may call what is exported to it.
inline constexpr const char* kCallOfC = "C.";

// Where values go that nothing else is known of: a package's that is not there.
inline constexpr const char* kOutside = "outside";
// And by package unsafe, which may read the slots of a slice without asking for its length.
inline constexpr const char* kUnsafe = "unsafe";
// "d:METHOD:3:0": the first of three arguments of calls of a method that an interface has, or of
// function values ("").
inline constexpr const char* kDynamic = "d:";
std::string dynamic_place(const std::string& method, std::size_t arguments, std::size_t index);

class Flows {
 public:
  explicit Flows(Program& program) : program_(program) {}

  // Walks all functions of the package, once.
  void add(Package& package);
  std::size_t packages() const { return walked_.size(); }
  const std::deque<Flow>& all() const { return all_; }
  const std::vector<std::uint32_t>& to(const std::string& place) const;
  // Flows of a place's address.
  const std::vector<std::uint32_t>& address_of(const std::string& place) const;
  // Flows of the place's value as it is.
  const std::vector<std::uint32_t>& copies_of(const std::string& place) const;
  // Flows of the place's value, of a part of it, of its address, of what a function returns.
  const std::vector<std::uint32_t>& from(const std::string& place) const;
  Program& program() const { return program_; }
  void add(Flow flow);
  // Every slice expression, whether what it makes goes anywhere or not: a flow to no place.
  const std::deque<Flow>& slicings() const { return slicings_; }
  void add_slicing(Flow flow);
  // Places that something compares with nil.
  bool is_compared_with_nil(const std::string& place) const {
    return nil_compared_.contains(place);
  }
  void add_nil_comparison(const std::string& place) { nil_compared_.insert(place); }
  const std::vector<RangeLoop>& range_loops() const { return range_loops_; }
  void add_range_loop(RangeLoop loop) { range_loops_.push_back(std::move(loop)); }
  // A local variable's uses, in the order of the files.
  const std::vector<Node>& uses(const Variable& variable) const;
  void add_use(const Variable& variable, const Node& identifier);
  // The flows of the same statement, the one itself too.
  std::vector<const Flow*> of_statement(const Flow& flow) const;
  // The variable that an identifier names; nullptr: none that is known, or its declaration.
  const Variable* variable_at(const Node& identifier) const;
  // The program's function that a call expression calls; nullptr: none that is known.
  const Function* callee(const File& file, const Node& call) const;
  void add_callee(const File& file, const Node& call, const Function& function);
  using Callees = std::map<std::pair<const File*, std::uint32_t>, const Function*>;
  const Callees& callees() const { return callees_; }
  // Of a call that add_callee() told, or of a statement: the parameters of the function literals
  // around it, and of the bodies of loops over functions.
  const std::set<Parameters>& literals_around(const File& file, std::uint32_t end) const;
  void add_literals_around(const File& file, const Node& node,
                           const std::vector<Parameters>& literals) {
    if (!literals.empty())
      literals_around_[{&file, node.end()}].insert(literals.begin(), literals.end());
  }
  const std::map<const File*, std::vector<DynamicCall>>& dynamic_calls() const {
    return dynamic_calls_;
  }
  void add_dynamic_call(const File& file, DynamicCall call) {
    dynamic_calls_[&file].push_back(std::move(call));
  }
  // Functions and methods that are not only called: f in run(f), x.f in run(x.f).
  bool is_value(const Function& function) const { return function_values_.contains(&function); }
  void add_function_value(const Function& function) { function_values_.insert(&function); }
  // Parameters that may get what flows to such a place; nullptr: one without a name.
  const std::vector<const Variable*>& receivers(const std::string& dynamic_place) const;
  void add_receiver(const std::string& dynamic_place, const Variable* parameter) {
    receivers_[dynamic_place].push_back(parameter);
  }

 private:
  Program& program_;
  std::deque<Flow> all_;  // stable: packages are added while others are searched
  std::unordered_map<std::string, std::vector<std::uint32_t>> to_, address_of_, copies_of_, from_;
  std::unordered_map<std::uint32_t, std::vector<Node>> uses_;
  std::unordered_map<const void*, const Variable*> variables_at_;  // by the identifier's node
  std::unordered_map<std::string, std::vector<const Variable*>> receivers_;
  std::unordered_set<const Function*> function_values_;
  Callees callees_;  // by the call's end
  std::map<std::pair<const File*, std::uint32_t>, std::set<Parameters>> literals_around_;
  std::map<const File*, std::vector<DynamicCall>> dynamic_calls_;
  std::deque<Flow> slicings_;
  std::vector<RangeLoop> range_loops_;
  std::unordered_set<std::string> nil_compared_;
  std::unordered_set<const Package*> walked_;
};

// Whether an assignment gives the slices on its left to each other, cut or not: a, b = b, a[:0].
// Those that were of different arrays still are.
bool gives_to_each_other(const Node& assignment);

// Memory of its own, of that type.
Value fresh(TypeRef type);
std::string variable_place(const Variable& variable);
Value as_place(const Variable& variable);
// An element of the slice, array, map or channel at a place; a map's key.
Value element_of(Program& program, const Value& place);
Value key_of(Program& program, const Value& place);
std::string result_place(const Function& function, std::size_t index);
std::string field_place(const TypeDecl& owner, const std::string& field);

// Reads expressions: their types, and what they are values of.
class Evaluator {
 public:
  Evaluator(Program& program, File& file) : program_(program), file_(file) {}
  Value value(const Node& expression);
  // Of result `index` of a call that gives several.
  Value result(const Node& call, std::size_t index);
  const Scope* scope = nullptr;  // where the expression stands

  // The function or method that a call expression calls, if it is of a package that is there.
  struct Callee {
    const Function* function = nullptr;
    Value receiver;  // of a method
  };
  Callee callee(const Node& call);
  Variable* variable_named(const std::string& name) const;
  // The import path of `name` where that names a package here; "" else.
  std::string package_named(std::string_view name) const;

 private:
  Value value_within(const Node& expression);
  Value identifier(const Node& expression);
  Value selector(const Node& expression);
  Value index(const Node& expression);
  Value unary(const Node& expression);
  Value slice(const Node& expression);
  Value call(const Node& expression);
  Value append(const Node& expression, const std::vector<Node>& arguments);
  Value library_call(const Node& expression, std::string_view path, std::string_view name,
                     const std::vector<Node>& arguments);
  Value conversion(const Node& argument, TypeRef type);
  Value builtin(const Node& expression, std::string_view name, const std::vector<Node>& arguments);
  TypeRef declared_type(const Node& expression);
  TypeRef inferred(const Function& function, TypeRef result, const std::vector<Node>& arguments);
  void infer(Variable& variable);

  Program& program_;
  File& file_;
  unsigned depth_ = 0;  // of nested expressions
};

// Whether a slice of constant 0 bounds is meant: nothing, or "0".
bool is_zero(const Node& bound);
bool is_absent_or_zero(const Node& bound);
// `((x))` is x.
Node without_parentheses(Node node);

}  // namespace overhang::source
