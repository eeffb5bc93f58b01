#include "source/sharers.h"

#include <algorithm>

#include "source/surroundings.h"

namespace overhang::source {
namespace {

constexpr unsigned kMaxDepth = 12;
constexpr std::size_t kMaxPlaces = 4096;

bool contains(const Node& outer, const Node& inner) {
  return outer.begin() <= inner.begin() && inner.end() <= outer.end();
}

bool is_breakable(const Node& node) {
  auto kind = node.kind();
  return kind == "for_statement" || kind == "expression_switch_statement" ||
         kind == "type_switch_statement" || kind == "select_statement";
}

// A loop or a label around a node, within its function literal.
Node innermost_loop(const Node& at) {
  for (Node node = at.parent(); node && !node.is("func_literal"); node = node.parent())
    if (node.is("for_statement")) return node;
  return {};
}

bool is_bare(const std::string& place) {
  return place.starts_with("v:") && place.find('.') == std::string::npos;
}

bool is_named_result(const Variable& variable) {
  if (!variable.function) return false;
  const auto& results = variable.function->named_results;
  return std::find(results.begin(), results.end(), &variable) != results.end();
}

// Where a use takes place: one that is deferred at the end of the function or literal around it.
std::uint32_t takes_place(const Node& use) {
  std::uint32_t out = use.begin();
  for (Node node = use.parent(); node && !node.is("source_file"); node = node.parent()) {
    if (!node.is("defer_statement")) continue;
    Node function = node.parent();
    while (function && !function.is("func_literal") && !function.is("function_declaration") &&
           !function.is("method_declaration"))
      function = function.parent();
    if (function) out = std::max(out, function.end());
  }
  return out;
}

// Whether the variable is declared within the node.
bool declares(const Node& node, const Variable& variable) {
  return node.begin() <= variable.declaration.begin() && variable.declaration.begin() < node.end();
}

}  // namespace

bool leaves(const Node& statement, const Node& loop) {
  auto siblings = statement.parent().children();
  // The clauses of a switch have their values among their children, before the statements.
  if (siblings.empty()) return false;
  Node last = siblings.back();
  if (last.is("return_statement")) return true;
  if (!loop || !last.is("break_statement")) return false;
  if (Node label = last.first()) {
    for (Node node = loop.parent(); node; node = node.parent())
      if (node.is("labeled_statement") && node.field("label").text() == label.text()) return true;
    return false;
  }
  for (Node node = last.parent(); node; node = node.parent())
    if (is_breakable(node)) return node.same(loop);
  return false;
}

bool read_after(const Flows& flows, const Variable& variable, const Node& statement) {
  // In a loop around the statement, all of it comes after too, unless the variable is the loop's.
  Node loop;
  for (Node node = statement.parent(); node && !declares(node, variable); node = node.parent())
    if (node.is("for_statement") && !leaves(statement, node)) loop = node;
  for (const Node& use : flows.uses(variable)) {
    if (takes_place(use) >= statement.end()) return true;
    if (use.begin() >= statement.begin()) continue;
    if (loop && use.begin() >= loop.begin()) return true;
    for (Node node = use.parent(); node && !declares(node, variable); node = node.parent())
      if (node.is("func_literal") && !contains(node, statement)) return true;
  }
  return false;
}

Sharers::Sharers(const Flows& flows, const Candidate& candidate)
    : flows_(flows),
      program_(flows.program()),
      candidate_(candidate),
      flow_(candidate.flow),
      slice_(candidate.slice),
      exchanges_(!candidate.through_call && !candidate.filter &&
                 gives_to_each_other(candidate.flow.statement)) {
  find_own();
  find_exchanged();
  bool compared = flow_.left && !candidate_.through_call && !exchanges_;
  if (compared && !same_object(flow_.left, slice_.operand))
    refuse("another slice shows the same array");
  check_cut_struct();
  check_arrays();
  auto own = own_;
  for (const auto& place : own) go_back(place, 0);
  for (const auto& place : own_) follow(place, Kind::Slice);
  follow_struct_copies();
  follow_all();
  check_variables();
  check_loops();
}

// The place that is cut, what names it by a pointer, what it points to.
void Sharers::find_own() {
  std::vector<std::string> todo{flow_.place};
  if (candidate_.in_place && !slice_.place.empty() && !candidate_.through_call)
    todo.push_back(slice_.place);
  if (!candidate_.holder.empty() && candidate_.distance <= 1) todo.push_back(candidate_.holder);
  while (!todo.empty() && own_.size() < kMaxPlaces) {
    auto place = todo.back();
    todo.pop_back();
    if (place.empty() || !own_.insert(place).second || !place.starts_with('*')) continue;
    auto pointer = place.substr(1);
    for (auto index : flows_.to(pointer)) {
      const Value& value = flows_.all()[index].value;
      if (value.kind == Value::Kind::Address) todo.push_back(value.place);
      if (value.kind == Value::Kind::Alias) todo.push_back("*" + value.place);
    }
  }
  auto dot = flow_.place.rfind('.');
  if (flow_.place.starts_with("f:") && dot != std::string::npos)
    owner_ = flow_.place.substr(2, dot - 2);
}

// All that the statement sets: they are the cut slice's own places in turn.
void Sharers::find_exchanged() {
  if (!exchanges_) return;
  for (const Flow* flow : flows_.of_statement(flow_))
    if (flow->left) {
      own_.insert(flow->place);
      names_.insert(flow->place);
    }
}

// An array's copy has slices of its own, of the same memory.
void Sharers::check_arrays() {
  for (const auto& place : own_) {
    if (!place.starts_with("[]")) continue;
    for (auto index : flows_.copies_of(place.substr(2)))
      if (const Flow& flow = flows_.all()[index];
          program_.type(program_.underlying(flow.value.type)).kind == GoType::Kind::Array)
        refuse("the array that holds the slice is copied elsewhere");
  }
}

bool Sharers::is_local(const std::string& place, const Variable* variable) const {
  return variable && variable->function != nullptr && place.starts_with("v:");
}

// v := m[k]; v.items = …; m[k] = v
bool Sharers::written_back(const Variable& variable, const std::string& place) const {
  const auto& flows = flows_.from(variable_place(variable));
  return std::any_of(flows.begin(), flows.end(),
                     [&](std::uint32_t index) { return flows_.all()[index].place == place; });
}

// A struct in a local variable that is a copy of another: what is set in it is not set there.
void Sharers::check_cut_struct() {
  const Variable* variable = flow_.root.variable;
  if (!flow_.place.starts_with("f:") || !variable || !variable->function || flow_.root.pointer)
    return;
  bool copied = variable->parameter && !is_named_result(*variable);
  for (auto index : flows_.to(variable_place(*variable))) {
    const Value& value = flows_.all()[index].value;
    if (value.kind == Value::Kind::Alias && !written_back(*variable, value.place)) copied = true;
  }
  if (copied) refuse("the struct that holds the slice is a copy of another");
}

// --- where the array comes from ---

// s := *h; s = s[:n]; *h = s: in the statement's own block, so that no other way leads past it.
bool Sharers::written_back_to(const std::string& place) const {
  for (auto index : flows_.from(flow_.place)) {
    const Flow& flow = flows_.all()[index];
    if (flow.place == place && flow.file == flow_.file && flow.left &&
        flow.statement.begin() > flow_.statement.begin() &&
        flow.statement.parent().same(flow_.statement.parent()) && same_object(flow))
      return true;
  }
  return false;
}

void Sharers::go_back(const std::string& place, unsigned depth) {
  if (depth > kMaxDepth) return refuse("another slice shows the same array");
  const Variable* variable = nullptr;
  for (auto index : flows_.to(place)) {
    const Flow& flow = flows_.all()[index];
    const Value& value = flow.value;
    if (is_bare(place)) variable = flow.root.variable;
    bool leads = value.kind == Value::Kind::Alias || value.kind == Value::Kind::Reslice;
    if (value.kind == Value::Kind::Call) {
      if (exchanges_ && depth == 0) return refuse("another slice shows the same array");
      // What its other calls return is another array.
      seen_.insert(value.place);
      if (seen_.insert("<" + value.place).second) go_back(value.place, depth + 1);
      continue;
    }
    if (!leads || value.place.empty() || value.place == place) continue;
    if (exchanges_ && own_.contains(value.place) && gives_to_each_other(flow.statement)) continue;
    // Two of them may begin as one.
    if (exchanges_) return refuse("another slice shows the same array");
    if (value.place == flow_.place || own_.contains(value.place)) continue;
    if (depth == 0 && written_back_to(value.place)) {
      own_.insert(value.place);
      continue;
    }
    if (is_local(value.place, value.root.variable) && is_bare(value.place)) {
      if (!seen_.insert("<" + value.place).second) continue;
      // What a function returns, its variable shows no more.
      if (!place.starts_with("r:")) variables_.emplace_back(value.root.variable, nullptr);
      follow(value.place, Kind::Slice);
      go_back(value.place, depth + 1);
      continue;
    }
    refuse("another slice shows the same array");
  }
  // A parameter's array is its caller's: without a caller that is known, anything.
  const Variable* cut = flow_.root.variable;
  if (depth == 0 && cut && cut->function && place == variable_place(*cut)) variable = cut;
  if (!variable || !variable->parameter || !is_bare(place)) return;
  bool called = std::any_of(flows_.to(place).begin(), flows_.to(place).end(),
                            [&](std::uint32_t index) { return flows_.all()[index].argument; });
  if (!is_named_result(*variable) && !called && depth == 0)
    refuse("the slice is a parameter: its caller may read it");
}

// --- where it goes ---

void Sharers::follow(const std::string& place, Kind kind) {
  if (place.empty() || !seen_.insert(place).second) return;
  if (seen_.size() > kMaxPlaces) return refuse("too many others may show the same array");
  queue_.emplace_back(place, kind);
}

void Sharers::follow_all() {
  while (!queue_.empty()) {
    auto [place, kind] = queue_.back();
    queue_.pop_back();
    for (auto index : flows_.from(place)) {
      const Flow& flow = flows_.all()[index];
      auto how = flow.value.kind;
      if (how == Value::Kind::Alias || how == Value::Kind::Call ||
          (how == Value::Kind::Reslice && kind == Kind::Slice))
        reached(flow, kind);
    }
    if (kind != Kind::Slice) continue;
    for (auto index : flows_.address_of("[]" + place)) reached(flows_.all()[index], Kind::Pointer);
  }
}

// rows = append(rows, r), where each turn of a loop has an r of its own: in one element of rows.
bool Sharers::stored_once(const Flow& flow) const {
  const Variable* variable = flow.value.root.variable;
  if (!flow.place.starts_with("[]") || !is_bare(flow.value.place) ||
      !is_local(flow.value.place, variable) || flow.value.kind != Value::Kind::Alias)
    return false;
  // A parameter may be given the same twice, as a function literal may run twice.
  if (variable->parameter || !variable->around.same(flow.around)) return false;
  Node loop = innermost_loop(flow.statement);
  if (loop && !declares(loop, *variable)) return false;
  const auto& on = flows_.from(flow.value.place);
  return std::count_if(on.begin(), on.end(), [&](std::uint32_t index) {
           return flows_.all()[index].place != flow.value.place &&
                  own_.contains(flows_.all()[index].place);
         }) == 1;
}

// S{xs} as the value of a local variable: it lives no longer than that.
bool Sharers::in_local_literal(const Flow& flow) const {
  if (!flow.root.fresh || flow.root.pointer) return false;
  for (Node node = flow.right; node && !node.same(flow.statement); node = node.parent())
    if (node.is("composite_literal"))
      return node.parent().is("expression_list") && flow.statement.is("short_var_declaration");
  return false;
}

namespace {

// "Lock" of mu.Lock(); "" of all else.
std::string_view method_called(const Node& node) {
  return node.is("call_expression") ? node.field("function").field("field").text()
                                    : std::string_view();
}
bool locks(const Function& function) {
  return any_within(function.body, [](const Node& node) {
    return method_called(node) == "Lock" || method_called(node) == "RLock";
  });
}

}  // namespace

void Sharers::reached(const Flow& flow, Kind kind) {
  if (flow.file == flow_.file && flow.statement.same(flow_.statement) && flow.place == flow_.place)
    return;
  if (flow.place == flow.value.place && is_bare(flow.place)) return;  // x = append(x, …)
  if (exchanges_ && own_.contains(flow.place) && flow.place != flow.value.place) {
    if (!own_.contains(flow.value.place) || !gives_to_each_other(flow.statement))
      refuse("another slice shows the same array");
    return;
  }
  if (flow.statement.is("go_statement"))
    return refuse("a goroutine is given the same slice", flow.file, flow.statement);
  if (flow.place.starts_with("r:")) {
    if (flow.function && flow.function != flow_.function && locks(*flow.function))
      return refuse("the same slice is handed out of a lock", flow.file, flow.statement);
    return follow(flow.place, kind);
  }
  if (flow.place.starts_with(kDynamic)) return passed_on(flow, kind);
  if (own_.contains(flow.place) && (is_bare(flow.place) || same_object(flow) || stored_once(flow)))
    return;
  if (into_cut_place(flow)) return;
  if (is_local(flow.place, flow.root.variable)) {
    bool cut = kind == Kind::Struct && flow.root.variable == flow_.root.variable;
    if (cut) return;  // check_cut_struct
    bool kept = candidate_.filter && flow.value.form == Form::Zero &&
                flow.function == flow_.function && flow.file == flow_.file;
    if (kept) return;
    variables_.emplace_back(flow.root.variable, &flow);
    if (own_.contains(flow.value.place)) names_.insert(flow.place);
    return follow(flow.place, kind);
  }
  // next := make([]T, n); copy(next, x); x = next: the elements move.
  if (flow.place.starts_with("[]") && flow.value.place.starts_with("[]")) {
    auto moved = flow.value.place.substr(2);
    const auto& on = flows_.from(flow.place.substr(2));
    bool back = std::any_of(on.begin(), on.end(), [&](std::uint32_t index) {
      return flows_.all()[index].place == moved;
    });
    if (back || flow.place == flow.value.place) return;
  }
  // Into a slice or map of slices that a local variable has.
  auto holder = flow.place.starts_with("[]") ? flow.place.substr(2) : std::string();
  bool own_container = is_bare(holder) && is_local(holder, flow.root.variable) &&
                       !flow.root.variable->parameter && !flow.statement.is("send_statement");
  if (own_container) {
    variables_.emplace_back(flow.root.variable, &flow);
    follow(flow.place, kind);
    return follow(holder, Kind::Container);
  }
  if (kind == Kind::Slice && in_local_literal(flow)) return;
  if (kind == Kind::Struct) {
    // Elements change places; or what was read there is written back.
    const Value& value = flow.value;
    bool back = value.root.variable && is_bare(value.place) &&
                std::any_of(flows_.to(value.place).begin(), flows_.to(value.place).end(),
                            [&](std::uint32_t index) {
                              return flows_.all()[index].value.place == flow.place;
                            });
    if (flow.place == value.place || back) return;
    return refuse("the struct that holds the slice is copied elsewhere", flow.file, flow.statement);
  }
  refuse(kind == Kind::Pointer ? "a pointer to an element is stored elsewhere"
                               : "the same slice is stored elsewhere too",
         flow.file, flow.statement);
}

namespace {

// Whether a value of a type may be given to a parameter of another, as far as they are known.
bool may_be_given(Program& program, TypeRef given, TypeRef parameter, unsigned depth = 0) {
  given = program.unaliased(given);
  parameter = program.unaliased(parameter);
  const GoType &from = program.type(given), &to = program.type(parameter);
  auto open = [](const GoType& type) {
    return type.kind == GoType::Kind::Unknown || type.kind == GoType::Kind::Parameter;
  };
  if (given == parameter || open(from) || open(to) || depth > 8) return true;
  bool from_named = from.kind == GoType::Kind::Named, to_named = to.kind == GoType::Kind::Named;
  if (from_named && to_named && from.package_path == to.package_path && from.name == to.name)
    return true;
  if (program.type(program.underlying(parameter)).kind == GoType::Kind::Interface)
    return depth == 0;
  if (from_named && (to_named || depth > 0)) return false;
  if (from_named) return may_be_given(program, program.underlying(given), parameter, depth);
  if (to_named && depth > 0) return false;
  if (to_named) return may_be_given(program, given, program.underlying(parameter), depth);
  if (from.kind != to.kind) return false;
  if (from.kind == GoType::Kind::Basic) return from.name == to.name;
  return may_be_given(program, from.elem, to.elem, depth + 1) &&
         may_be_given(program, from.key, to.key, depth + 1);
}

}  // namespace

// To a function value, or to a method by an interface: to each of the program's that it may be.
void Sharers::passed_on(const Flow& flow, Kind kind) {
  bool function_value = flow.place.starts_with(std::string(kDynamic) + ":");
  bool any = false;
  for (const Variable* parameter : flows_.receivers(flow.place)) {
    if (!parameter) continue;
    bool literal = parameter->around.is("func_literal");
    if (function_value && !literal && !flows_.is_value(*parameter->function)) continue;
    TypeRef given = flow.value.type;
    if (!may_be_given(program_, given, parameter->type)) continue;
    any = true;
    if (!contains(parameter->around, flow_.statement) || parameter->file != flow_.file)
      variables_.emplace_back(parameter, &flow);
    follow(variable_place(*parameter), kind);
  }
  bool unnamed =
      std::any_of(flows_.receivers(flow.place).begin(), flows_.receivers(flow.place).end(),
                  [](const Variable* parameter) { return parameter == nullptr; });
  if (function_value && !any && !unnamed)
    refuse("a function that is not known is given the same slice");
}

// Whether a struct of the field's type lies in a value of that type.
bool Sharers::holds_owner(TypeRef type, unsigned depth) const {
  const GoType& of = program_.type(type);
  if (depth > 4) return false;
  if (of.kind == GoType::Kind::Array) return holds_owner(of.elem, depth + 1);
  if (of.kind == GoType::Kind::Named) {
    if (of.package_path + "." + of.name == owner_) return true;
    return of.decl && holds_owner(program_.underlying(type), depth + 1);
  }
  if (of.kind != GoType::Kind::Struct) return false;
  return std::any_of(of.fields.begin(), of.fields.end(), [&](const GoType::Field& field) {
    return holds_owner(field.type, depth + 1);
  });
}

void Sharers::follow_struct_copies() {
  if (owner_.empty()) return;
  for (const Flow& flow : flows_.all()) {
    const Value& value = flow.value;
    if (value.kind != Value::Kind::Alias || value.place.empty()) continue;
    TypeRef type = flow.argument || value.type == kUnknown ? flow.type : value.type;
    if (!holds_owner(type)) continue;
    // A local variable that is not read again: its struct moves.
    const Variable* variable = value.root.variable;
    bool local = is_local(value.place, variable) && is_bare(value.place);
    if (local && (flow.place.starts_with("r:") || !read_after(flows_, *variable, flow.statement)))
      continue;
    reached(flow, Kind::Struct);
  }
}

// --- one object under two names ---

// "rows[i]" of what r gets in `for i, r := range rows`; "" of all else.
std::string Sharers::ranged_element(const Flow& flow) const {
  Node clause = flow.statement;
  if (!clause.is("range_clause")) return {};
  auto names = clause.field("left").children();
  if (names.size() != 2 || !names[0].is("identifier") || names[0].text() == "_") return {};
  return squeezed(clause.field("right").text()) + "[" + std::string(names[0].text()) + "]";
}

// "q.items" of `append(q.items[:n], x)`; of `old[1:]` where old := q.items.
std::string Sharers::path_of(Node node, unsigned depth) const {
  for (unsigned i = 0; i < kMaxDepth; i++) {
    node = without_parentheses(node);
    bool dereferences = node.is("unary_expression") &&
                        (node.text().starts_with('*') || node.text().starts_with('&'));
    if (node.is("slice_expression") || dereferences) {
      node = node.field("operand");
    } else if (node.is("call_expression") && node.field("function").text() == "append") {
      node = node.field("arguments").first();
    } else {
      break;
    }
  }
  if (node.is("selector_expression")) {
    auto operand = path_of(node.field("operand"), depth);
    return operand + "." + std::string(node.field("field").text());
  }
  if (node.is("identifier") && depth < 4) {
    const Variable* variable = flows_.variable_at(node);
    const Flow* only = nullptr;
    if (variable && variable->function && !variable->parameter)
      for (auto index : flows_.to(variable_place(*variable))) {
        const Flow& flow = flows_.all()[index];
        if (flow.value.place == variable_place(*variable)) continue;  // x = append(x, …)
        if (auto element = ranged_element(flow);
            !element.empty() && flows_.to(variable_place(*variable)).size() == 1)
          return element;
        if (only || flow.implicit || !flow.right) return std::string(node.text());
        bool names = flow.value.kind == Value::Kind::Alias ||
                     flow.value.kind == Value::Kind::Reslice ||
                     flow.value.kind == Value::Kind::Address;
        if (!names) return std::string(node.text());
        only = &flow;
      }
    if (only) return path_of(only->right, depth + 1);
  }
  return squeezed(node.text());
}

bool Sharers::same_object(const Node& left, const Node& sliced) const {
  if (squeezed(left.text()) == squeezed(sliced.text()) && flow_.place == slice_.place) return true;
  return path_of(left) == path_of(sliced);
}

bool Sharers::same_object(const Flow& flow) const {
  if (flow.left) return same_object(flow.left, flow.right);
  // *b = Buffer{buf: b.buf[:0]}
  Node literal = flow.right;
  while (literal && !literal.is("composite_literal")) literal = literal.parent();
  auto lefts = flow.statement.field("left").children();
  auto name = flow.place.substr(flow.place.rfind('.') + 1);
  return lefts.size() == 1 && literal.parent().is("expression_list") &&
         path_of(lefts[0]) + "." + name == path_of(flow.right);
}

// *h = less before the statement that cuts *h: what shows the array is what is cut. The variable
// that leads there is the same all the time, and nothing comes to the first again.
bool Sharers::into_cut_place(const Flow& flow) const {
  const Variable* root = flow_.root.variable;
  bool same = flow.left && flow_.left && root && flow.root.variable == root &&
              flow.place == flow_.place &&
              squeezed(flow.left.text()) == squeezed(flow_.left.text());
  if (!same || flow.function != flow_.function || !flow.around.same(flow_.around) ||
      flow.statement.end() > flow_.statement.begin() || innermost_loop(flow.statement))
    return false;
  const auto& sets = flows_.to(variable_place(*root));
  return root->parameter && std::all_of(sets.begin(), sets.end(), [&](std::uint32_t index) {
           return flows_.all()[index].argument;
         });
}

// --- variables and loops that still show it ---

namespace {

bool is_exported_to_c(const Function& function) {
  const auto& text = function.file->tree->text();
  return function.receiver.empty() &&
         text.find("//export " + function.name + "\n") != std::string::npos;
}

}  // namespace

namespace {

bool may_be_given(Program& program, const Parameters& given, const Parameters& parameters) {
  if (given.size() != parameters.size()) return false;
  for (std::size_t i = 0; i < given.size(); i++)
    if (!may_be_given(program, given[i], parameters[i])) return false;
  return true;
}

}  // namespace

// Calls through interfaces come to all methods of the name, those of function values to all
// functions and function literals of such parameters.
const Sharers::Calls& Sharers::reaching_calls() {
  if (calls_known_ || !flow_.function) return calls_;
  calls_known_ = true;
  std::map<const File*, std::vector<const Function*>> functions;
  for (const Function& function : program_.functions())
    functions[function.file].push_back(&function);
  std::set<const Function*> reaching{flow_.function};
  std::set<std::string> methods;
  std::set<Parameters> values;  // what functions have that are given as such
  const auto& around = flows_.literals_around(*flow_.file, flow_.statement.end());
  values.insert(around.begin(), around.end());
  auto reach = [&](const File* file, std::uint32_t call_end) {
    if (!calls_.insert({file, call_end}).second) return false;
    for (const Function* function : functions[file])
      if (function->node.begin() < call_end && call_end <= function->node.end())
        reaching.insert(function);
    return true;
  };
  auto comes_to_value = [&](const DynamicCall& call) {
    return std::any_of(values.begin(), values.end(), [&](const Parameters& parameters) {
      return may_be_given(program_, call.given, parameters);
    });
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (const Function* function : reaching) {
      if (!function->receiver.empty()) methods.insert(function->name);
      if (is_exported_to_c(*function)) methods.insert(kCallOfC);
      if (flows_.is_value(*function))
        values.insert(types_of(function->parameters, function->variadic));
    }
    for (const auto& [at, callee] : flows_.callees())
      if (reaching.contains(callee) && reach(at.first, at.second)) {
        changed = true;
        const auto& inner = flows_.literals_around(*at.first, at.second);
        values.insert(inner.begin(), inner.end());
      }
    for (const auto& [file, calls] : flows_.dynamic_calls())
      for (const DynamicCall& call : calls)
        if (call.method.empty() ? comes_to_value(call) : methods.contains(call.method))
          changed = reach(file, call.end) || changed;
  }
  return calls_;
}

bool Sharers::read_after_call(const Variable& variable, const Flow* got) {
  const Calls& calls = reaching_calls();
  const Node& function = variable.around;
  auto from = got && got->function == variable.function ? got->statement.begin()
                                                        : variable.declaration.begin();
  // Of an object that each round of a loop has anew, another round's call is about another.
  const Variable* object = got ? got->value.root.variable : nullptr;
  auto at = calls.lower_bound({variable.file, function.begin()});
  for (; at != calls.end() && at->first == variable.file && at->second <= function.end(); ++at) {
    auto call_end = at->second;
    for (const Node& use : flows_.uses(variable)) {
      if (call_end > from && takes_place(use) >= call_end) return true;
      Node loop = innermost_loop(use);
      bool in_loop = loop && loop.begin() < call_end && call_end <= loop.end() &&
                     variable.declaration.begin() < loop.begin() && loop.begin() < from &&
                     from < loop.end();
      bool anew = object && object->function == variable.function &&
                  loop.begin() < object->declaration.begin() &&
                  object->declaration.begin() < loop.end();
      if (in_loop && !anew) return true;
    }
  }
  return false;
}

namespace {

// A function literal that is called where it stands, deferred or not, or by sort.Slice and the
// like.
bool runs_at_once(const Node& literal) {
  Node list = literal.parent();
  while (list.is("parenthesized_expression")) list = list.parent();
  Node call = list.is("argument_list") ? list.parent() : list;
  if (!call.is("call_expression") || call.parent().is("go_statement")) return false;
  if (!list.is("argument_list")) return true;
  auto package = call.field("function").field("operand").text();
  return package == "sort" || package == "slices" || package == "strings" || package == "bytes";
}

// mu.Unlock(), but not as the function ends.
bool unlocks(const Node& node) {
  auto name = method_called(node);
  return (name == "Unlock" || name == "RUnlock") && !node.parent().is("defer_statement");
}

}  // namespace

// Whether a variable of another function is read when that may run beside the statement: behind
// the lock under which it got the slice, or in a function literal that runs at another time.
bool Sharers::is_read_later(const Variable& variable, const Flow* got) const {
  auto from = got && got->file == variable.file && contains(variable.around, got->statement)
                  ? got->statement.begin()
                  : variable.declaration.begin();
  const auto& uses = flows_.uses(variable);
  if (uses.empty()) return false;
  auto last = uses.back().begin();
  bool unlocked = any_within(variable.around, [&](const Node& node) {
    return unlocks(node) && node.begin() > from && node.begin() < last;
  });
  if (unlocked) return true;
  for (const Node& use : uses)
    for (Node node = use.parent(); node && !node.same(variable.around); node = node.parent())
      if (node.is("func_literal") && !runs_at_once(node) && use.begin() > from) return true;
  return variable.around.is("func_literal") && variable.around.parent().parent().is("go_statement");
}

void Sharers::check_variables() {
  for (const auto& [variable, got] : variables_) {
    if (!variable || !variable->around || !obstacle_.empty()) continue;
    bool here = variable->file == flow_.file && contains(variable->around, flow_.statement);
    bool read = here ? is_named_result(*variable) || read_after(flows_, *variable, flow_.statement)
                     : read_after_call(*variable, got) || is_read_later(*variable, got);
    if (read)
      refuse("what it hides is read afterwards by way of " + variable->name, variable->file,
             variable->declaration);
  }
}

bool Sharers::calls_within(const File& file, const Node& node) {
  const Calls& calls = reaching_calls();
  auto at = calls.lower_bound({&file, node.begin()});
  return at != calls.end() && at->first == &file && at->second <= node.end();
}

// `range x` goes on with the slice that x was when the loop began.
void Sharers::check_loops() {
  for (const RangeLoop& loop : flows_.range_loops()) {
    if (!loop.reads_elements || !obstacle_.empty()) continue;
    if (!seen_.contains(loop.place) && !own_.contains(loop.place)) continue;
    if (loop.file == flow_.file && contains(loop.loop, flow_.statement)) {
      // Of x = x[1:] in a loop over x no more goes than was read.
      bool behind = slice_.form == Form::Advance && slice_.low.text() == "1" &&
                    innermost_loop(flow_.statement).same(loop.loop);
      bool over = candidate_.filter || leaves(flow_.statement, loop.loop);
      if (!behind && !over) refuse("a loop over the slice goes on", loop.file, loop.loop);
    } else if (calls_within(*loop.file, loop.loop.field("body"))) {
      refuse("a loop over the slice goes on", loop.file, loop.loop);
    }
  }
}

}  // namespace overhang::source
