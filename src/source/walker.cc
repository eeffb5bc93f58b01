// The walk over a package's functions: statement by statement, with the names in scope.
#include <algorithm>

#include "source/flows.h"

namespace overhang::source {
namespace {

constexpr unsigned kMaxNesting = 400;  // of statements and expressions

class Walker {
 public:
  Walker(Flows& flows, File& file)
      : flows_(flows), program_(flows.program()), file_(file), evaluator_(program_, file) {}

  void walk(const Function& function) {
    function_ = &function;
    around_ = function.node;
    Scope parameters;
    for (const auto& name : function.type_parameters)
      parameters.symbols[name].type_parameter = true;
    if (function.self) parameters.symbols[function.self->name].variable = function.self;
    for (Variable* variable : function.parameters)
      if (variable) parameters.symbols[variable->name].variable = variable;
    for (Variable* variable : function.named_results)
      if (variable) parameters.symbols[variable->name].variable = variable;
    add_receivers("", function.parameters);
    if (function.self) add_receivers(function.name, function.parameters);
    // Parameters and the body are one block.
    enter(parameters, [&] { visit_all(function.body); });
    function_ = nullptr;
  }

  // Of a method, or of function values ("").
  void add_receivers(const std::string& method, const std::vector<Variable*>& parameters) {
    for (std::size_t i = 0; i < parameters.size(); i++)
      flows_.add_receiver(dynamic_place(method, parameters.size(), i), parameters[i]);
  }

  // `var x = …` at package level.
  void walk_variable(const Node& spec) {
    statement_ = spec;
    auto names = spec.fields("name");
    auto values = spec.field("value").children();
    for (std::size_t i = 0; i < names.size(); i++) {
      auto at = file_.package->variables.find(std::string(names[i].text()));
      if (at == file_.package->variables.end()) continue;
      initialise(*at->second, names[i], values, i, names.size());
    }
    for (const Node& value : values) visit(value);
  }

 private:
  template <class Body>
  void enter(Scope& scope, Body&& body) {
    scope.parent = evaluator_.scope;
    auto* outer = scope_;
    scope_ = &scope;
    evaluator_.scope = &scope;
    body();
    evaluator_.scope = scope.parent;
    scope_ = outer;
  }
  template <class Body>
  void in_block(Body&& body) {
    Scope scope;
    enter(scope, body);
  }
  void visit_all(const Node& node) {
    for (const Node& child : node.children()) visit(child);
  }

  static bool is_statement(std::string_view kind) {
    return kind.ends_with("_statement") || kind == "short_var_declaration" || kind == "var_spec" ||
           kind == "range_clause";
  }
  // Statements that have others within.
  static bool is_compound(std::string_view kind) {
    return kind == "if_statement" || kind == "for_statement" ||
           kind == "expression_switch_statement" || kind == "type_switch_statement" ||
           kind == "select_statement" || kind == "labeled_statement";
  }

  void visit(const Node& node) {
    if (!node || nesting_ >= kMaxNesting) return;
    nesting_++;
    auto outer = statement_;
    auto kind = node.kind();
    if (is_statement(kind) && !is_compound(kind)) {
      statement_ = node;
      flows_.add_literals_around(file_, node, literals_);
    }
    visit_kind(node, kind);
    statement_ = outer;
    nesting_--;
  }

  void visit_kind(const Node& node, std::string_view kind) {
    if (kind == "identifier") return use(node);
    if (kind == "assignment_statement") return assignment(node);
    if (kind == "inc_statement" || kind == "dec_statement") {
      visit_all(node);
      return keep_key(node.first());
    }
    if (kind == "short_var_declaration") return short_declaration(node);
    if (kind == "var_spec") return local_variables(node);
    if (kind == "type_declaration") return local_types(node);
    if (kind == "const_declaration") return constants(node);
    if (kind == "range_clause") return range(node);
    if (kind == "return_statement") return returned(node);
    if (kind == "send_statement") return sent(node);
    if (kind == "receive_statement") return received(node);
    if (kind == "call_expression" || kind == "type_conversion_expression") return call(node);
    if (kind == "composite_literal") {
      auto type = evaluator_.value(node).type;
      return literal(node.field("body"), type, node.parent().is("unary_expression"));
    }
    if (kind == "binary_expression") return binary(node);
    if (kind == "slice_expression") return slicing(node);
    if (kind == "func_literal") return function_literal(node);
    if (kind == "type_switch_statement") return type_switch(node);
    if (kind == "selector_expression") {
      // A call in the operand, f().m(), is another.
      bool called = is_called(node);
      visit(node.field("operand"));
      if (!called) method_value(node);
      return;
    }
    if (kind == "for_statement") {
      // The body of a loop over a function is a function that it calls (range()).
      auto around = literals_.size();
      in_block([&] { visit_all(node); });
      return literals_.resize(around);
    }
    if (kind == "block" || is_compound(kind) || kind == "expression_case" ||
        kind == "default_case" || kind == "communication_case" || kind == "type_case")
      return in_block([&] { visit_all(node); });
    visit_all(node);
  }

  void binary(const Node& node) {
    visit_all(node);
    Node left = node.field("left"), right = node.field("right");
    if (!left.is("nil") && !right.is("nil")) return;
    Value value = evaluator_.value(left.is("nil") ? right : left);
    if (!value.place.empty()) flows_.add_nil_comparison(value.place);
  }

  void slicing(const Node& node) {
    visit_all(node);
    Value value = evaluator_.value(node);
    if (value.kind != Value::Kind::Reslice || value.place.empty()) return;
    flows_.add_slicing(flow_to({}, std::move(value), {}, node));
  }

  void use(const Node& node) {
    auto name = std::string(node.text());
    if (Variable* variable = evaluator_.variable_named(name))
      return flows_.add_use(*variable, node);
    if (is_called(node) || (evaluator_.scope && evaluator_.scope->find(name))) return;
    if (auto at = file_.package->functions.find(name); at != file_.package->functions.end())
      flows_.add_function_value(*at->second);
  }
  void method_value(const Node& node) {
    Node operand = node.field("operand");
    auto name = std::string(node.field("field").text());
    if (auto path = evaluator_.package_named(operand.text());
        operand.is("identifier") && !path.empty()) {
      Package* package = program_.loaded(path);
      if (!package) return;
      if (auto at = package->functions.find(name); at != package->functions.end())
        flows_.add_function_value(*at->second);
      return;
    }
    TypeRef type = evaluator_.value(operand).type;
    if (program_.find_field(type, name)) return;
    if (const Function* method = program_.find_method(type, name))
      flows_.add_function_value(*method);
  }
  static std::string_view called_text(const Node& call) { return call.field("function").text(); }
  bool is_called(const Node& node) const { return called_.same(node); }

  Variable* define(const Node& name, TypeRef type) {
    Variable* variable =
        program_.add_variable(std::string(name.text()), type, file_.package, &file_);
    variable->function = function_;
    variable->declaration = name;
    variable->around = around_;
    if (scope_) scope_->symbols[variable->name] = {variable, nullptr, false};
    return variable;
  }

  Flow flow_to(const Value& place, Value value, const Node& left, const Node& right) {
    Flow flow;
    flow.place = place.place;
    flow.type = place.type;
    flow.root = place.root;
    flow.value = std::move(value);
    flow.statement = statement_ ? statement_ : right;
    flow.left = left;
    flow.right = right;
    flow.function = function_;
    flow.file = &file_;
    flow.around = around_;
    return flow;
  }

  void implicit_flow(const Value& place, Value value, const Node& right, bool argument = false) {
    Flow flow = flow_to(place, std::move(value), {}, right);
    flow.implicit = true;
    flow.argument = argument;
    flows_.add(std::move(flow));
  }

  // `place` gets what `right` says, and its elements what that is made of.
  void assign(const Value& place, const Node& left, const Node& right, std::size_t index,
              bool several) {
    if (place.kind != Value::Kind::Alias) return;
    Value value =
        several ? evaluator_.result(without_parentheses(right), index) : evaluator_.value(right);
    assign_elements(place, without_parentheses(right));
    flows_.add(flow_to(place, std::move(value), left, right));
  }

  void assign_elements(const Value& place, const Node& right) {
    copy_elements(place, right);
    Value element = element_of(program_, place);
    if (right.is("composite_literal")) {
      auto kind = right.field("type").kind();
      if (kind != "slice_type" && kind != "map_type" && kind != "array_type" &&
          kind != "implicit_length_array_type" && kind != "type_identifier")
        return;
      // The literal's own: that of a package-level variable may not be known yet.
      TypeRef type = evaluator_.value(right).type;
      if (program_.type(program_.underlying(type)).kind == GoType::Kind::Struct) return;
      for (const Node& item : right.field("body").children()) {
        if (item.is("keyed_element")) {
          for (const Node& part : item.children()) add_element(element, part.first());
        } else {
          add_element(element, item.first());
        }
      }
    } else if (right.is("call_expression") && right.field("function").text() == "append") {
      auto arguments = right.field("arguments").children();
      for (std::size_t i = 1; i < arguments.size(); i++)
        if (!arguments[i].is("variadic_argument")) add_element(element, arguments[i]);
    }
  }

  // append(x, y...), slices.Clone(y), maps.Clone(y): the slices that are y's elements are those of
  // `place` too.
  void copy_elements(const Value& place, const Node& right) {
    if (!right.is("call_expression")) return;
    auto arguments = right.field("arguments").children();
    Node function = without_parentheses(right.field("function"));
    if (function.text() == "append") {
      for (const Node& argument : arguments)
        if (argument.is("variadic_argument")) copy_elements_of(argument.first(), place);
    } else if (function.field("field").text() == "Clone" && arguments.size() == 1) {
      auto path = evaluator_.package_named(function.field("operand").text());
      if (path == "slices" || path == "maps" || path.starts_with("golang.org/x/exp/"))
        copy_elements_of(arguments[0], place);
    }
  }
  void copy_elements_of(const Node& from, const Value& to) {
    Value source = evaluator_.value(from);
    if (source.place.empty() || to.place.empty()) return;
    Value element = element_of(program_, source);
    auto kind = program_.type(program_.underlying(element.type)).kind;
    if (kind == GoType::Kind::Slice || kind == GoType::Kind::Struct || kind == GoType::Kind::Array)
      implicit_flow(element_of(program_, to), std::move(element), from);
  }

  void add_element(const Value& element, const Node& from) {
    if (!from || from.is("literal_value")) return;
    Value value = evaluator_.value(from);
    if (value.kind == Value::Kind::Fresh || value.kind == Value::Kind::Unknown) return;
    implicit_flow(element, std::move(value), from);
  }

  void assignment(const Node& node) {
    auto lefts = node.field("left").children(), rights = node.field("right").children();
    for (const Node& left : lefts) visit(left);
    for (const Node& right : rights) visit(right);
    for (const Node& left : lefts) keep_key(left);
    if (node.field("operator").text() != "=") return;
    bool several = rights.size() == 1 && lefts.size() > 1;
    if (!several && rights.size() != lefts.size()) return;
    for (std::size_t i = 0; i < lefts.size(); i++)
      assign(evaluator_.value(lefts[i]), lefts[i], rights[several ? 0 : i], i, several);
  }
  // m[k] = v, m[k]++: the map keeps k.
  void keep_key(const Node& left) {
    if (!left.is("index_expression")) return;
    Value map = evaluator_.value(left.field("operand"));
    if (map.place.empty() || program_.type(program_.behind(map.type)).kind != GoType::Kind::Map)
      return;
    Node key = left.field("index");
    implicit_flow(key_of(program_, map), evaluator_.value(key), key);
  }
  void initialise(Variable& variable, const Node& name, const std::vector<Node>& values,
                  std::size_t index, std::size_t names) {
    if (values.empty()) return;
    bool several = values.size() == 1 && names > 1;
    if (!several && index >= values.size()) return;
    assign(as_place(variable), name, values[several ? 0 : index], index, several);
  }

  void short_declaration(const Node& node) {
    auto lefts = node.field("left").children(), rights = node.field("right").children();
    for (const Node& right : rights) visit(right);
    bool several = rights.size() == 1 && lefts.size() > 1;
    if (!scope_ || (!several && rights.size() != lefts.size())) return;
    // All right sides are read before any name is new.
    std::vector<TypeRef> types;
    std::vector<Value> values;
    for (std::size_t i = 0; i < lefts.size(); i++) {
      types.push_back(several ? type_of_several(rights[0], i) : evaluator_.value(rights[i]).type);
      values.push_back(several ? evaluator_.result(without_parentheses(rights[0]), i)
                               : evaluator_.value(rights[i]));
    }
    for (std::size_t i = 0; i < lefts.size(); i++) {
      if (!lefts[i].is("identifier") || lefts[i].text() == "_") continue;
      auto known = scope_->symbols.find(std::string(lefts[i].text()));
      bool again = known != scope_->symbols.end() && known->second.variable;
      Value place = as_place(again ? *known->second.variable : *define(lefts[i], types[i]));
      if (!several) assign_elements(place, without_parentheses(rights[i]));
      flows_.add(flow_to(place, std::move(values[i]), lefts[i], rights[several ? 0 : i]));
    }
  }

  // v, ok := m[k], x.(T), <-ch.
  TypeRef type_of_several(const Node& right, std::size_t index) {
    Node plain = without_parentheses(right);
    if (plain.is("call_expression") || plain.is("type_conversion_expression"))
      return evaluator_.result(plain, index).type;
    return index == 0 ? evaluator_.value(plain).type : program_.basic("bool");
  }

  void local_variables(const Node& node) {
    auto names = node.fields("name");
    auto values = node.field("value").children();
    for (const Node& value : values) visit(value);
    auto declared = node.field("type");
    std::vector<TypeRef> types;
    for (std::size_t i = 0; i < names.size(); i++) {
      TypeRef type = declared ? program_.type_of(declared, file_, evaluator_.scope) : kUnknown;
      if (!declared && !values.empty())
        type = values.size() == names.size() ? evaluator_.value(values[i]).type
                                             : type_of_several(values[0], i);
      types.push_back(type);
    }
    std::vector<Variable*> variables;
    for (std::size_t i = 0; i < names.size(); i++) variables.push_back(define(names[i], types[i]));
    for (std::size_t i = 0; i < names.size(); i++)
      initialise(*variables[i], names[i], values, i, names.size());
  }

  void local_types(const Node& node) {
    if (!scope_) return;
    for (const Node& spec : node.children())
      if (spec.is("type_spec") || spec.is("type_alias"))
        scope_->symbols[std::string(spec.field("name").text())] = {
            nullptr, program_.add_local_type(spec, file_, evaluator_.scope), false};
  }

  void constants(const Node& node) {
    if (!scope_) return;
    for (const Node& spec : node.children())
      for (const Node& name : spec.fields("name")) define(name, kUnknown);
  }

  void range(const Node& node) {
    Node right = node.field("right");
    visit(right);
    Value over = evaluator_.value(right);
    const GoType& type = program_.type(program_.behind(over.type));
    bool counted = type.kind == GoType::Kind::Slice || type.kind == GoType::Kind::Array;
    TypeRef key = counted ? program_.basic("int") : type.key;
    auto lefts = node.field("left").children();
    auto between = node.text().substr(0, right.begin() - node.begin());
    bool defines = between.find(":=") != std::string_view::npos;
    if (!over.place.empty() && over.kind != Value::Kind::Address) {
      bool reads = lefts.size() > 1 && lefts[1].text() != "_";
      flows_.add_range_loop({over.place, node.parent(), function_, &file_, reads});
    }
    for (std::size_t i = 0; i < lefts.size(); i++) {
      bool channel = type.kind == GoType::Kind::Chan;
      bool value = i == 1 || channel;
      if (!lefts[i].is("identifier") || lefts[i].text() == "_") continue;
      Value place = defines ? as_place(*define(lefts[i], value ? type.elem : key))
                            : evaluator_.value(lefts[i]);
      if (!value || over.place.empty() || over.kind != Value::Kind::Alias) continue;
      implicit_flow(place, element_of(program_, over), right);
    }
    // A type of a package that is not there may be a function's, as iter.Seq is.
    bool named = type.kind == GoType::Kind::Named || type.kind == GoType::Kind::Parameter;
    if (named || type.kind == GoType::Kind::Func || type.kind == GoType::Kind::Unknown)
      literals_.emplace_back(lefts.size(), kUnknown);
  }

  void returned(const Node& node) {
    Node list = node.first();
    auto values = list.is("expression_list") ? list.children() : std::vector<Node>();
    for (const Node& value : values) visit(value);
    if (!function_ || !around_.same(function_->node)) return;
    auto result = [&](std::size_t i) {
      Value place;
      place.kind = Value::Kind::Alias;
      place.place = result_place(*function_, i);
      if (i < function_->results.size()) place.type = function_->results[i];
      return place;
    };
    if (values.empty())
      for (std::size_t i = 0; i < function_->named_results.size(); i++)
        implicit_flow(result(i), as_place(*function_->named_results[i]), node);
    bool several = values.size() == 1 && function_->results.size() > 1;
    if (several)
      for (std::size_t i = 0; i < function_->results.size(); i++)
        flows_.add(flow_to(result(i), evaluator_.result(without_parentheses(values[0]), i), {},
                           values[0]));
    else
      for (std::size_t i = 0; i < values.size(); i++) {
        copy_elements(result(i), without_parentheses(values[i]));
        flows_.add(flow_to(result(i), evaluator_.value(values[i]), {}, values[i]));
      }
  }

  void sent(const Node& node) {
    visit_all(node);
    Value channel = evaluator_.value(node.field("channel"));
    if (channel.kind != Value::Kind::Alias) return;
    flows_.add(flow_to(element_of(program_, channel), evaluator_.value(node.field("value")), {},
                       node.field("value")));
  }

  void received(const Node& node) {
    Node right = node.field("right");
    visit(right);
    auto lefts = node.field("left").children();
    if (lefts.empty()) return;
    auto between = node.text().substr(0, right.begin() - node.begin());
    Value value = evaluator_.value(right);
    if (between.find(":=") == std::string_view::npos) {
      for (const Node& left : lefts) visit(left);
      return assign(evaluator_.value(lefts[0]), lefts[0], right, 0, false);
    }
    for (std::size_t i = 0; i < lefts.size(); i++) {
      if (!lefts[i].is("identifier") || lefts[i].text() == "_") continue;
      Variable* variable = define(lefts[i], i == 0 ? value.type : program_.basic("bool"));
      if (i == 0) implicit_flow(as_place(*variable), value, right);
    }
  }

  void call(const Node& node) {
    called_ = without_parentheses(node.field("function"));
    visit_all(node);
    auto callee = evaluator_.callee(node);
    if (called_text(node) == "copy" && !evaluator_.variable_named("copy"))
      if (auto arguments = node.field("arguments").children(); arguments.size() == 2)
        copy_elements_of(arguments[1], evaluator_.value(arguments[0]));
    if (!callee.function) {
      dynamic_call(node, callee);
      return kept_outside(node);
    }
    flows_.add_literals_around(file_, node, literals_);
    const Function& function = *callee.function;
    flows_.add_callee(file_, node, function);
    if (function.self && !callee.receiver.place.empty()) pass_receiver(function, callee.receiver);
    auto arguments = node.is("call_expression") ? node.field("arguments").children()
                                                : std::vector<Node>{node.field("operand")};
    for (std::size_t i = 0; i < arguments.size(); i++) {
      auto last = function.parameters.size() - 1;
      if (function.parameters.empty()) break;
      if (i >= last && function.variadic && !arguments[i].is("variadic_argument")) break;
      if (i > last || !function.parameters[i]) continue;
      Node plain = arguments[i].is("variadic_argument") ? arguments[i].first() : arguments[i];
      Value value = evaluator_.value(plain);
      if (value.kind == Value::Kind::Unknown) continue;
      implicit_flow(as_place(*function.parameters[i]), std::move(value), plain, true);
    }
  }

  void dynamic_call(const Node& call, const Evaluator::Callee& callee) {
    Node function = without_parentheses(call.field("function"));
    if (function.is("identifier")) {
      if (evaluator_.variable_named(std::string(function.text()))) call_dynamically(call, "");
    } else if (function.is("selector_expression")) {
      Node operand = function.field("operand");
      if (auto path = evaluator_.package_named(operand.text());
          operand.is("identifier") && !path.empty()) {
        // C calls back what is exported to it.
        if (path == "C") flows_.add_dynamic_call(file_, {call.end(), kCallOfC, {}});
        return;
      }
      auto name = std::string(function.field("field").text());
      bool field = program_.find_field(callee.receiver.type, name).has_value();
      call_dynamically(call, field ? "" : name);
    } else if (call.is("call_expression")) {
      call_dynamically(call, "");
    }
  }
  void call_dynamically(const Node& call, const std::string& method) {
    auto arguments = call.field("arguments").children();
    Parameters types;
    for (std::size_t i = 0; i < arguments.size(); i++) {
      bool spread = arguments[i].is("variadic_argument");
      Node given = spread ? arguments[i].first() : arguments[i];
      Value value = evaluator_.value(given);
      // An untyped constant has its default type here.
      bool basic = program_.type(value.type).kind == GoType::Kind::Basic;
      types.push_back(spread || basic ? kUnknown : value.type);
      if (value.place.empty()) continue;
      Value place;
      place.kind = Value::Kind::Alias;
      place.place = dynamic_place(method, arguments.size(), i);
      implicit_flow(place, std::move(value), given);
    }
    flows_.add_dynamic_call(file_, {call.end(), method, std::move(types)});
  }

  // atomic.Value.Store(x), list.PushBack(x), pool.Put(x): methods of packages that are not there,
  // by the names of those that keep what they are given.
  void kept_outside(const Node& call) {
    Node method = without_parentheses(call.field("function"));
    auto name = method.field("field").text();
    if (Node of = method.field("operand");
        of.is("identifier") && evaluator_.package_named(of.text()) == "unsafe") {
      auto arguments = call.field("arguments").children();
      if (arguments.empty()) return;
      // unsafe.Pointer(&x) but not *(*string)(unsafe.Pointer(&x)), which asks for the length.
      bool header = name == "Pointer" && arguments[0].is("unary_expression") &&
                    !arguments[0].field("operand").is("index_expression") &&
                    call.parent().parent().field("function").text() != "(*string)";
      if (header || name == "Slice" || name == "SliceData") give_outside(arguments[0], kUnsafe);
      return;
    }
    // encoding/json writes nil as null.
    for (const char* told : {"Marshal", "Encode", "DeepEqual", "JSON"})
      if (name.find(told) != std::string_view::npos)
        for (const Node& argument : call.field("arguments").children())
          if (auto place = evaluator_.value(argument).place; !place.empty())
            flows_.add_nil_comparison(place);
    bool keeps = name.find("Store") != std::string_view::npos || name.starts_with("Push") ||
                 name.find("Swap") != std::string_view::npos || name == "Put" ||
                 name == "NewBuffer" || name == "NewReader" || name == "WithValue" ||
                 name == "ValueOf" || is_iterator(method);
    if (!method.is("selector_expression") || !keeps) return;
    for (const Node& argument : call.field("arguments").children())
      if (!argument.is("variadic_argument")) give_outside(argument);
  }
  // slices.Values(x): it goes through x whenever it is asked to, slices.Chunk(x) gives parts of it.
  bool is_iterator(const Node& function) const {
    auto name = function.field("field").text();
    return (name == "All" || name == "Values" || name == "Backward" || name == "Chunk") &&
           evaluator_.package_named(function.field("operand").text()) == "slices";
  }
  void give_outside(const Node& given, const char* where = kOutside) {
    Value value = evaluator_.value(given);
    if (value.place.empty()) return;
    Value place;
    place.kind = Value::Kind::Alias;
    place.place = where;
    implicit_flow(place, std::move(value), given);
  }

  void pass_receiver(const Function& function, Value receiver) {
    bool pointer = program_.type(program_.underlying(receiver.type)).kind == GoType::Kind::Pointer;
    if (function.pointer_receiver && !pointer && receiver.kind == Value::Kind::Alias)
      receiver.kind = Value::Kind::Address;
    if (!function.pointer_receiver && pointer) receiver.place.insert(0, "*");
    implicit_flow(as_place(*function.self), std::move(receiver), {}, true);
  }

  // A composite literal's fields get their values; `pointer`: of &T{…}.
  void literal(const Node& body, TypeRef type, bool pointer) {
    if (nesting_ >= kMaxNesting) return;
    nesting_++;
    if (program_.type(type).kind == GoType::Kind::Pointer) {  // elided &T in a []*T
      pointer = true;
      type = program_.type(type).elem;
    }
    TypeRef under = program_.underlying(type);
    const GoType of = program_.type(under);
    std::size_t position = 0;
    for (const Node& item : body.children()) {
      auto parts = item.is("keyed_element") ? item.children() : std::vector<Node>{item};
      Node value = parts.empty() ? Node() : parts.back().first();
      bool keyed = parts.size() == 2;
      if (of.kind == GoType::Kind::Struct) {
        auto name = keyed                         ? std::string(parts[0].text())
                    : position < of.fields.size() ? of.fields[position].name
                                                  : std::string();
        literal_field(type, name, value, pointer);
      } else {
        if (keyed) literal_part(parts[0].first(), of.key);
        literal_part(value, of.elem);
      }
      position++;
    }
    nesting_--;
  }

  void literal_part(const Node& part, TypeRef type) {
    if (part.is("literal_value")) return literal(part, type, false);
    visit(part);
  }

  void literal_field(TypeRef type, const std::string& name, const Node& value, bool pointer) {
    auto field = program_.find_field(type, name);
    literal_part(value, field ? field->type : kUnknown);
    if (value.is("literal_value")) return;
    if (!field || !field->owner) return give_outside(value);
    Value place;
    place.kind = Value::Kind::Alias;
    place.place = field_place(*field->owner, name);
    place.type = field->type;
    place.root.fresh = true;
    place.root.pointer = pointer;
    assign_elements(place, without_parentheses(value));
    Flow flow = flow_to(place, evaluator_.value(value), {}, value);
    flow.implicit = true;
    flows_.add(std::move(flow));
  }

  void function_literal(const Node& node) {
    auto outer = around_;
    around_ = node;
    auto statement = statement_;
    statement_ = {};
    in_block([&] {
      bool variadic = false;
      auto declare = [&](const Node& list) {
        std::vector<Variable*> out;
        if (!list.is("parameter_list")) return out;
        for (const Node& parameter : list.children()) {
          auto type = program_.type_of(parameter.field("type"), file_, evaluator_.scope);
          bool many = parameter.is("variadic_parameter_declaration");
          if (many) type = program_.slice_of(type);
          variadic |= many;
          auto names = parameter.fields("name");
          if (names.empty()) out.push_back(nullptr);
          for (const Node& name : names) out.push_back(define(name, type));
        }
        for (Variable* variable : out)
          if (variable) variable->parameter = true;
        return out;
      };
      auto parameters = declare(node.field("parameters"));
      declare(node.field("result"));
      add_receivers("", parameters);
      literals_.push_back(types_of(parameters, variadic));
      visit_all(node.field("body"));
    });
    literals_.pop_back();
    statement_ = statement;
    around_ = outer;
  }

  void type_switch(const Node& node) {
    Node alias = node.field("alias").first();
    Value subject = evaluator_.value(node.field("value"));
    in_block([&] {
      visit(node.field("initializer"));
      visit(node.field("value"));
      for (const Node& clause : node.children()) {
        if (!clause.is("type_case") && !clause.is("default_case")) continue;
        in_block([&] {
          auto types = clause.fields("type");
          if (alias) {
            auto type = types.size() == 1 ? program_.type_of(types[0], file_, evaluator_.scope)
                                          : subject.type;
            Variable* variable = define(alias, type);
            implicit_flow(as_place(*variable), subject, alias);
          }
          for (const Node& child : clause.children()) {
            bool is_type = std::any_of(types.begin(), types.end(),
                                       [&](const Node& type) { return type.same(child); });
            if (!is_type) visit(child);
          }
        });
      }
    });
  }

  Flows& flows_;
  Program& program_;
  File& file_;
  Evaluator evaluator_;
  const Function* function_ = nullptr;
  Node around_, statement_;
  Node called_;                       // the function of the call that is being visited
  std::vector<Parameters> literals_;  // of function literals around, and loops over functions
  Scope* scope_ = nullptr;
  unsigned nesting_ = 0;
};

}  // namespace

void Flows::add(Package& package) {
  if (!walked_.insert(&package).second) return;
  for (auto& file : package.files) {
    for (const Node& node : file->tree->root().children()) {
      if (!node.is("var_declaration")) continue;
      for (const Node& child : node.children()) {
        if (child.is("var_spec")) Walker(*this, *file).walk_variable(child);
        if (child.is("var_spec_list"))
          for (const Node& spec : child.children()) Walker(*this, *file).walk_variable(spec);
      }
    }
  }
  for (const Function* function : package.all_functions)
    Walker(*this, *function->file).walk(*function);
}

}  // namespace overhang::source
