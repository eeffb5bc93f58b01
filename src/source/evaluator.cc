// Expressions: what they are values of, and of which type.
#include <algorithm>
#include <array>

#include "source/flows.h"

namespace overhang::source {
namespace {

constexpr unsigned kMaxDepth = 100;  // of nested expressions

}  // namespace

Value fresh(TypeRef type) {
  Value out;
  out.kind = Value::Kind::Fresh;
  out.type = type;
  out.root.fresh = true;
  return out;
}

std::string variable_place(const Variable& variable) { return "v:" + std::to_string(variable.id); }

Value as_place(const Variable& variable) {
  Value out;
  out.kind = Value::Kind::Alias;
  out.place = variable_place(variable);
  out.type = variable.type;
  out.root.variable = &variable;
  return out;
}

Value element_of(Program& program, const Value& place) {
  Value out;
  out.kind = Value::Kind::Alias;
  out.place = "[]" + place.place;
  out.type = program.type(program.behind(place.type)).elem;
  out.root = place.root;
  out.root.pointer = true;
  return out;
}

Value key_of(Program& program, const Value& place) {
  Value out = element_of(program, place);
  out.place = "{}" + place.place;
  out.type = program.type(program.behind(place.type)).key;
  return out;
}

std::string result_place(const Function& function, std::size_t index) {
  return "r:" + std::to_string(function.id) + ":" + std::to_string(index);
}

std::string field_place(const TypeDecl& owner, const std::string& field) {
  return "f:" + owner.package->path + "." + owner.name + "." + field;
}

Node without_parentheses(Node node) {
  for (unsigned i = 0; i < kMaxDepth && node.is("parenthesized_expression"); i++)
    node = node.first();
  return node;
}

bool is_zero(const Node& bound) { return bound.text() == "0"; }
bool is_absent_or_zero(const Node& bound) { return !bound || is_zero(bound); }

Variable* Evaluator::variable_named(const std::string& name) const {
  if (scope)
    if (const auto* symbol = scope->find(name)) return symbol->variable;
  auto at = file_.package->variables.find(name);
  return at == file_.package->variables.end() ? nullptr : at->second;
}

std::string Evaluator::package_named(std::string_view text) const {
  auto name = std::string(text);
  if (scope && scope->find(name)) return {};
  if (file_.package->variables.contains(name)) return {};
  auto at = file_.imports.find(name);
  return at == file_.imports.end() ? std::string() : at->second;
}

// A package-level variable's type, from what it is initialised with.
void Evaluator::infer(Variable& variable) {
  if (variable.typed) return;
  variable.typed = true;  // a cycle ends here
  Evaluator there(program_, *variable.file);
  variable.type = variable.initial_index == 0
                      ? there.value(variable.initial).type
                      : there.result(variable.initial, variable.initial_index).type;
}

// The type where the expression names one.
TypeRef Evaluator::declared_type(const Node& expression) {
  auto kind = expression.kind();
  if (kind == "identifier" && variable_named(std::string(expression.text()))) return kUnknown;
  if (kind == "identifier" && file_.package->functions.contains(std::string(expression.text())))
    return kUnknown;
  if (kind == "selector_expression" && package_named(expression.field("operand").text()).empty())
    return kUnknown;
  if (kind == "parenthesized_expression") return declared_type(expression.first());
  if (kind == "unary_expression") {
    auto of =
        expression.text().starts_with('*') ? declared_type(expression.field("operand")) : kUnknown;
    return of == kUnknown ? kUnknown : program_.pointer_to(of);
  }
  auto type = program_.type_of(expression, file_, scope);
  // A qualified name may be a function's too.
  if (kind == "selector_expression" && program_.type(type).decl == nullptr) return kUnknown;
  return type;
}

Value Evaluator::value(const Node& expression) {
  if (!expression || depth_ >= kMaxDepth) return {};
  depth_++;
  Value out = value_within(expression);
  depth_--;
  return out;
}

Value Evaluator::value_within(const Node& expression) {
  auto kind = expression.kind();
  if (kind == "identifier") return identifier(expression);
  if (kind == "parenthesized_expression") return value(expression.first());
  if (kind == "selector_expression") return selector(expression);
  if (kind == "index_expression") return index(expression);
  if (kind == "unary_expression") return unary(expression);
  if (kind == "slice_expression") return slice(expression);
  if (kind == "call_expression") return call(expression);
  if (kind == "type_instantiation_expression") return value(expression.first());
  if (kind == "type_assertion_expression") {
    Value of = value(expression.field("operand"));
    of.type = program_.type_of(expression.field("type"), file_, scope);
    return of;
  }
  if (kind == "type_conversion_expression") {
    Node type = expression.field("type");
    if (type.is("generic_type")) {
      auto called = callee(expression);
      if (called.function) return call(expression);
      Node name = type.field("type");
      if (name.is("qualified_type"))
        if (auto path = package_named(name.field("package").text()); !path.empty())
          return library_call(expression, path, name.field("name").text(),
                              {expression.field("operand")});
    }
    return conversion(expression.field("operand"), program_.type_of(type, file_, scope));
  }
  if (kind == "composite_literal")
    return fresh(program_.type_of(expression.field("type"), file_, scope));
  if (kind == "func_literal") return fresh(kUnknown);
  if (kind == "interpreted_string_literal" || kind == "raw_string_literal")
    return fresh(program_.basic("string"));
  if (kind == "int_literal") return fresh(program_.basic("int"));
  if (kind == "float_literal") return fresh(program_.basic("float64"));
  if (kind == "rune_literal") return fresh(program_.basic("int32"));
  if (kind == "true" || kind == "false") return fresh(program_.basic("bool"));
  if (kind == "nil") return fresh(kUnknown);
  if (kind == "binary_expression") {
    auto text = expression.field("operator").text();
    bool compares = text == "==" || text == "!=" || text == "<" || text == ">" || text == "<=" ||
                    text == ">=" || text == "&&" || text == "||";
    if (compares) return fresh(program_.basic("bool"));
    // 2 in 2*n is of n's type, 1 in 1<<n is not.
    bool literal = without_parentheses(expression.field("left")).is("int_literal") &&
                   text != "<<" && text != ">>";
    return fresh(value(expression.field(literal ? "right" : "left")).type);
  }
  return {};
}

Value Evaluator::identifier(const Node& expression) {
  auto name = std::string(expression.text());
  Variable* variable = variable_named(name);
  Value out;
  if (!variable) {
    if (scope && scope->find(name)) return out;
    if (auto at = file_.package->functions.find(name); at != file_.package->functions.end())
      return fresh(program_.function_type(*at->second));
    return out;
  }
  infer(*variable);
  out.kind = Value::Kind::Alias;
  out.place = variable_place(*variable);
  out.type = variable->type;
  out.root.variable = variable;
  return out;
}

Value Evaluator::selector(const Node& expression) {
  Node operand = expression.field("operand");
  auto name = std::string(expression.field("field").text());
  Value out;
  if (operand.is("identifier")) {
    if (auto path = package_named(operand.text()); !path.empty()) {
      Package* package = program_.imported(path);
      if (!package) return out;
      if (auto at = package->variables.find(name); at != package->variables.end()) {
        infer(*at->second);
        out.kind = Value::Kind::Alias;
        out.place = variable_place(*at->second);
        out.type = at->second->type;
        out.root.variable = at->second;
      } else if (auto function = package->functions.find(name);
                 function != package->functions.end()) {
        return fresh(program_.function_type(*function->second));
      }
      return out;
    }
  }
  Value of = value(operand);
  // &T{…}.f and the like are nobody's fields.
  if (of.kind == Value::Kind::Address) of.kind = Value::Kind::Alias;
  out.root = of.root;
  auto found = program_.find_field(of.type, name);
  if (!found) {
    if (const Function* method = program_.find_method(of.type, name))
      return fresh(program_.function_type(*method));
    const GoType& type = program_.type(of.type);
    const GoType& pointee = type.kind == GoType::Kind::Pointer ? program_.type(type.elem) : type;
    if (pointee.kind == GoType::Kind::Named && !pointee.decl) {
      out.kind = Value::Kind::Alias;
      out.place = "f:" + pointee.package_path + "." + pointee.name + "." + name;
      out.root.pointer |= type.kind == GoType::Kind::Pointer;
      return out;
    }
    bool exported = !name.empty() && name[0] >= 'A' && name[0] <= 'Z';
    if (of.type != kUnknown || exported) return out;
    const TypeDecl* owner = program_.only_owner(*file_.package, name);
    if (!owner) return out;
    found = program_.find_field(program_.named(*owner), name);
    if (!found) return out;
    out.root.pointer = true;
  }
  out.kind = Value::Kind::Alias;
  out.type = found->type;
  if (found->owner)
    out.place = field_place(*found->owner, name);
  else if (!of.place.empty())
    out.place = of.place + "." + name;
  else
    return {};
  const GoType& direct = program_.type(program_.underlying(of.type));
  if (direct.kind == GoType::Kind::Pointer || !found->path.empty()) {
    bool pointer = direct.kind == GoType::Kind::Pointer;
    // Promoted through an embedded pointer: the object is another one.
    TypeRef at = of.type;
    for (const auto& step : found->path) {
      auto field = program_.find_field(at, step);
      if (!field) break;
      at = field->type;
      pointer |= program_.type(program_.underlying(at)).kind == GoType::Kind::Pointer;
    }
    out.root.pointer |= pointer;
  }
  return out;
}

Value Evaluator::index(const Node& expression) {
  Value of = value(expression.field("operand"));
  // f[T] is a function, not an element.
  if (program_.type(of.type).kind == GoType::Kind::Func) return of;
  const GoType* type = &program_.type(program_.behind(of.type));
  Value out;
  out.root = of.root;
  out.type = type->elem;
  if (type->kind == GoType::Kind::Basic && type->name == "string") return fresh(kUnknown);
  if (of.place.empty()) return out;
  out.kind = Value::Kind::Alias;
  out.place = "[]" + of.place;
  if (type->kind != GoType::Kind::Array) out.root.pointer = true;
  return out;
}

Value Evaluator::unary(const Node& expression) {
  Node operand = without_parentheses(expression.field("operand"));
  auto sign = expression.text().substr(0, 1);
  Value of = value(operand);
  if (sign == "&") {
    Value out = of;
    out.type = of.type == kUnknown ? kUnknown : program_.pointer_to(of.type);
    if (of.kind == Value::Kind::Alias) out.kind = Value::Kind::Address;
    return out;
  }
  if (sign == "*") {
    const GoType& type = program_.type(program_.underlying(of.type));
    if (of.kind == Value::Kind::Address) {
      of.kind = Value::Kind::Alias;
      of.type = type.elem;
      return of;
    }
    Value out;
    out.root = of.root;
    out.root.pointer = true;
    out.type = type.kind == GoType::Kind::Pointer ? type.elem : kUnknown;
    if (of.place.empty()) return out;
    out.kind = Value::Kind::Alias;
    out.place = "*" + of.place;
    return out;
  }
  if (expression.text().starts_with("<-")) {
    Value out;
    out.type = program_.type(program_.underlying(of.type)).elem;
    out.root = of.root;
    out.root.pointer = true;
    if (of.place.empty()) return out;
    out.kind = Value::Kind::Alias;
    out.place = "[]" + of.place;
    return out;
  }
  return fresh(sign == "!" ? program_.basic("bool") : of.type);
}

Value Evaluator::slice(const Node& expression) {
  Node operand = expression.field("operand");
  Value of = value(operand);
  Value out = of;
  const GoType& behind = program_.type(program_.behind(of.type));
  if (behind.kind == GoType::Kind::Array) {
    out.type = program_.slice_of(behind.elem);
    out.root.pointer = true;
  }
  Node low = expression.field("start"), high = expression.field("end"),
       max = expression.field("capacity");
  auto whole = [&](const Node& bound) {
    return !bound || (bound.is("call_expression") &&
                      bound.text() == "len(" + std::string(operand.text()) + ")");
  };
  if (is_absent_or_zero(low) && whole(high) && !max) {
    // The same slice; of an array, one that shows all of it.
    if (out.kind == Value::Kind::Address) out.kind = Value::Kind::Alias;
    // Of a type that is not known (the standard library's, mostly) the form tells: of a slice it
    // would change nothing.
    bool array = behind.kind == GoType::Kind::Array || of.type == kUnknown;
    if (array && operand.is("selector_expression") && !of.place.empty()) {
      out.array_field = true;
      out.expression = expression;
      out.operand = operand;
    }
    return out;
  }
  out.kind = Value::Kind::Reslice;
  if (of.kind == Value::Kind::Fresh || of.kind == Value::Kind::Unknown ||
      of.kind == Value::Kind::Call)
    out.place.clear();
  out.expression = expression;
  out.operand = operand;
  out.low = low;
  out.high = high;
  out.high_type = value(high).type;
  out.max = max;
  bool nested = of.kind == Value::Kind::Reslice;
  if (max || (nested && of.form == Form::ThreeIndex))
    out.form = Form::ThreeIndex;
  else if (nested)
    out.form = Form::Window;
  else if (is_absent_or_zero(low))
    out.form = is_zero(high) ? Form::Zero : Form::Truncate;
  else
    out.form = whole(high) ? Form::Advance : Form::Window;
  return out;
}

Value Evaluator::conversion(const Node& argument, TypeRef type) {
  Value of = value(argument);
  auto kind = [&](TypeRef ref) { return program_.type(program_.underlying(ref)).kind; };
  // A string from bytes, bytes from a string: a copy.
  bool copies = of.type != kUnknown && type != kUnknown && kind(of.type) != kind(type) &&
                (kind(type) == GoType::Kind::Basic || kind(of.type) == GoType::Kind::Basic);
  if (copies || of.kind == Value::Kind::Unknown) return fresh(type);
  if (of.kind == Value::Kind::Fresh || type != kUnknown) of.type = type;
  return of;
}

}  // namespace overhang::source
