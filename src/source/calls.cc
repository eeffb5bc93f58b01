// Calls: the language's own functions, those of packages slices, strings and bytes, and the
// program's.
#include <algorithm>

#include "source/flows.h"

namespace overhang::source {
namespace {

bool is_slices_package(std::string_view path) {
  return path == "slices" || path == "golang.org/x/exp/slices";
}

// Functions of strings and bytes that return a part of their first argument.
bool returns_part(std::string_view name) {
  return name.starts_with("Trim") || name.starts_with("Cut");
}

// net.IP(nil), where net is not there to tell a type from a function.
bool is_converted_nil(const Node& node) {
  Node call = without_parentheses(node);
  if (!call.is("call_expression")) return false;
  auto arguments = call.field("arguments").children();
  return arguments.size() == 1 && arguments[0].is("nil");
}

// append(x[:i+1], x[i:]...), append(x[:i], append([]T{y}, x[i:]...)...): what the first slice
// leaves out, the second has again.
bool is_insertion(const Value& to, const Node& appended, unsigned depth = 0) {
  if (depth > 8) return false;
  Node node = without_parentheses(appended);
  if (node.is("slice_expression") && !node.field("end")) {
    auto first = node.field("start").text(), last = to.high.text();
    bool same = node.field("operand").text() == to.operand.text();
    return same && !first.empty() &&
           (first == last || last.starts_with(std::string(first) + "+") ||
            last.starts_with(std::string(first) + " +"));
  }
  if (!node.is("call_expression") || node.field("function").text() != "append") return false;
  auto arguments = node.field("arguments").children();
  return arguments.size() > 1 && arguments.back().is("variadic_argument") &&
         is_insertion(to, arguments.back().first(), depth + 1);
}

}  // namespace

Value Evaluator::append(const Node& expression, const std::vector<Node>& arguments) {
  if (arguments.empty()) return {};
  Value to = value(arguments[0]);
  if (to.kind == Value::Kind::Unknown && is_converted_nil(arguments[0])) return fresh(to.type);
  if (to.kind != Value::Kind::Reslice) return to;
  to.expression = expression;
  bool spread = arguments.size() == 2 && arguments[1].is("variadic_argument");
  if (spread && is_absent_or_zero(to.low) && is_insertion(to, arguments[1].first())) {
    to.kind = to.place.empty() ? Value::Kind::Unknown : Value::Kind::Alias;
    return to;
  }
  if (spread && is_absent_or_zero(to.low)) {
    Node rest = without_parentheses(arguments[1].first());
    if (rest.is("slice_expression") && rest.field("start") && !rest.field("end") &&
        rest.field("operand").text() == to.operand.text()) {
      to.form = Form::Delete;
      to.low = to.high;  // absent: from 0
      to.high = rest.field("start");
      if (is_absent_or_zero(to.low)) to.high_type = value(to.high).type;
      to.rest = rest;
      return to;
    }
  }
  return to;  // overwrites the array from there on
}

Value Evaluator::library_call(const Node& expression, std::string_view path, std::string_view name,
                              const std::vector<Node>& arguments) {
  Value out;
  bool any = !arguments.empty();
  auto part_of_first = [&](Form form) {
    Value of = value(arguments[0]);
    of.operand = arguments[0];
    of.low = arguments.size() > 1 ? arguments[1] : Node();
    of.high = arguments.size() > 2 ? arguments[2] : Node();
    if (of.kind != Value::Kind::Alias && of.kind != Value::Kind::Reslice) of.place.clear();
    of.kind = Value::Kind::Reslice;
    of.form = form;
    of.expression = expression;
    of.standard = path == "slices";
    if (of.type == kUnknown && path == "strings") of.type = program_.basic("string");
    if (of.type == kUnknown && path == "bytes") of.type = program_.slice_of(program_.basic("byte"));
    return of;
  };
  if (any && is_slices_package(path)) {
    if (name == "Delete") return part_of_first(Form::Delete);
    if (name == "DeleteFunc" || name == "Compact" || name == "CompactFunc")
      return part_of_first(Form::DeleteSome);
    if (name == "Clip") return part_of_first(Form::ThreeIndex);
    if (name == "Grow" || name == "Insert" || name == "Replace") return value(arguments[0]);
    if (name == "Clone") return fresh(value(arguments[0]).type);
  }
  if (any && (path == "strings" || path == "bytes")) {
    if (name == "Clone") return fresh(value(arguments[0]).type);
    if (returns_part(name)) return part_of_first(Form::Window);
    if (path == "strings" && (name == "Repeat" || name == "Join" || name == "ToLower"))
      return fresh(program_.basic("string"));
    // SplitSeq and FieldsSeq give functions.
    bool list = name == "Split" || name == "SplitN" || name == "SplitAfter" ||
                name == "SplitAfterN" || name == "Fields" || name == "FieldsFunc";
    if (path == "strings" && list) return fresh(program_.slice_of(program_.basic("string")));
  }
  if (Package* package = program_.imported(std::string(path)))
    if (auto at = package->functions.find(std::string(name)); at != package->functions.end()) {
      out.kind = Value::Kind::Call;
      out.place = result_place(*at->second, 0);
      out.type = at->second->results.empty() ? kUnknown : at->second->results[0];
      out.callee = at->second;
      out.expression = expression;
    }
  return out;
}

Value Evaluator::builtin(const Node& expression, std::string_view name,
                         const std::vector<Node>& arguments) {
  if (name == "append") return append(expression, arguments);
  if (name == "make") return fresh(arguments.empty() ? kUnknown : declared_type(arguments[0]));
  if (name == "new") {
    auto type = arguments.empty() ? kUnknown : declared_type(arguments[0]);
    return fresh(type == kUnknown ? kUnknown : program_.pointer_to(type));
  }
  if (name == "len" || name == "cap" || name == "copy") return fresh(program_.basic("int"));
  return {};
}

Evaluator::Callee Evaluator::callee(const Node& expression) {
  Callee out;
  Node function = expression.field("function");
  if (expression.is("type_conversion_expression")) {  // f[T](x) looks like a conversion
    function = expression.field("type");
    if (function.is("generic_type")) function = function.field("type");
    auto find_in = [&](Package* package, std::string_view name) {
      if (!package) return;
      auto at = package->functions.find(std::string(name));
      if (at != package->functions.end()) out.function = at->second;
    };
    if (function.is("qualified_type")) {
      auto path = package_named(function.field("package").text());
      if (!path.empty()) find_in(program_.imported(path), function.field("name").text());
    } else if (!variable_named(std::string(function.text()))) {
      find_in(file_.package, function.text());
    }
    return out;
  }
  function = without_parentheses(function);
  if (function.is("index_expression")) function = function.field("operand");
  if (function.is("type_instantiation_expression")) function = function.first();
  if (function.is("identifier")) {
    auto name = std::string(function.text());
    if (scope && scope->find(name)) return out;
    auto at = file_.package->functions.find(name);
    if (at != file_.package->functions.end()) out.function = at->second;
  } else if (function.is("selector_expression")) {
    auto name = std::string(function.field("field").text());
    Node operand = function.field("operand");
    if (operand.is("identifier")) {
      if (auto path = package_named(operand.text()); !path.empty()) {
        Package* package = program_.imported(path);
        if (!package) return out;
        auto at = package->functions.find(name);
        if (at != package->functions.end()) out.function = at->second;
        return out;
      }
    }
    out.receiver = value(operand);
    if (program_.find_field(out.receiver.type, name)) return out;
    out.function = program_.find_method(out.receiver.type, name);
    if (!out.function) return out;
    // A method of an embedded part: the receiver is that part.
    TypeRef own = out.receiver.type;
    if (program_.type(own).kind == GoType::Kind::Pointer) own = program_.type(own).elem;
    const TypeDecl* decl = program_.type(own).decl;
    if (!decl || !decl->methods.contains(name)) {
      auto part = program_.find_field(out.receiver.type, out.function->receiver);
      if (part && part->owner) {
        out.receiver.kind = Value::Kind::Alias;
        out.receiver.place = field_place(*part->owner, out.function->receiver);
        out.receiver.type = part->type;
      } else {
        out.receiver = {};
      }
    }
  }
  return out;
}

Value Evaluator::call(const Node& expression) {
  Node function = expression.field("function");
  auto arguments = expression.field("arguments").children();
  function = without_parentheses(function);
  if (function.is("identifier")) {
    auto name = std::string(function.text());
    bool own = variable_named(name) || file_.package->functions.contains(name);
    if (!own) {
      Value out = builtin(expression, name, arguments);
      if (out.kind != Value::Kind::Unknown) return out;
    }
  }
  if (auto type = declared_type(function); type != kUnknown && arguments.size() == 1)
    return conversion(arguments[0], type);
  Node plain = function.is("index_expression")                ? function.field("operand")
               : function.is("type_instantiation_expression") ? function.first()
                                                              : function;
  if (plain.is("selector_expression"))
    if (auto path = package_named(plain.field("operand").text());
        !path.empty() && plain.field("operand").is("identifier"))
      return library_call(expression, path, plain.field("field").text(), arguments);
  return result(expression, 0);
}

namespace {

// Binds type parameters by a parameter's type and its argument's.
void bind_parameters(const Program& program, TypeRef parameter, TypeRef argument,
                     std::map<std::string, TypeRef>& bound, unsigned depth) {
  const GoType& want = program.type(parameter);
  const GoType& have = program.type(argument);
  if (argument == kUnknown || depth > 8) return;
  if (want.kind == GoType::Kind::Parameter) {
    bound.try_emplace(want.name, argument);
  } else if (want.kind == have.kind) {
    bind_parameters(program, want.elem, have.elem, bound, depth + 1);
    bind_parameters(program, want.key, have.key, bound, depth + 1);
  }
}

TypeRef substituted(Program& program, TypeRef type, const std::map<std::string, TypeRef>& bound,
                    unsigned depth) {
  const GoType of = program.type(type);
  if (depth > 8) return type;
  if (of.kind == GoType::Kind::Parameter) {
    auto at = bound.find(of.name);
    return at == bound.end() ? type : at->second;
  }
  if (of.kind == GoType::Kind::Slice)
    return program.slice_of(substituted(program, of.elem, bound, depth + 1));
  if (of.kind == GoType::Kind::Pointer)
    return program.pointer_to(substituted(program, of.elem, bound, depth + 1));
  return type;
}

}  // namespace

// The result's type of a generic function for these arguments, as far as it follows from them.
TypeRef Evaluator::inferred(const Function& function, TypeRef result,
                            const std::vector<Node>& arguments) {
  std::map<std::string, TypeRef> bound;
  for (std::size_t i = 0; i < std::min(arguments.size(), function.parameters.size()); i++)
    if (const Variable* parameter = function.parameters[i])
      bind_parameters(program_, parameter->type, value(arguments[i]).type, bound, 0);
  return bound.empty() ? result : substituted(program_, result, bound, 0);
}

Value Evaluator::result(const Node& expression, std::size_t index) {
  Value out;
  // x, ok := m[k], i.(T), <-c
  if (expression.is("index_expression") || expression.is("type_assertion_expression") ||
      expression.is("unary_expression"))
    return index == 0 ? value(expression) : out;
  auto called = callee(expression);
  if (called.function) {
    out.kind = Value::Kind::Call;
    out.place = result_place(*called.function, index);
    if (index < called.function->results.size()) out.type = called.function->results[index];
    if (out.type != kUnknown && !called.function->type_parameters.empty() && depth_ < 16)
      out.type = inferred(*called.function, out.type, expression.field("arguments").children());
    out.callee = called.function;
    out.expression = expression;
    return out;
  }
  Node function = without_parentheses(expression.field("function"));
  TypeRef type = kUnknown;  // of the function value
  if (function.is("identifier")) {
    type = value(function).type;
  } else if (function.is("selector_expression")) {
    auto name = std::string(function.field("field").text());
    auto path = package_named(function.field("operand").text());
    // strings.Cut and the like.
    if (index > 0 && !path.empty())
      return library_call(expression, path, name, expression.field("arguments").children());
    if (auto field = program_.find_field(called.receiver.type, name)) type = field->type;
  }
  const GoType& of = program_.type(program_.underlying(type));
  if (of.kind == GoType::Kind::Func && index < of.results.size()) out.type = of.results[index];
  return out;
}

}  // namespace overhang::source
