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
    if (use.begin() >= statement.end()) return true;
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
      slice_(candidate.slice) {
  find_own();
  bool compared = flow_.left && !candidate_.through_call;
  if (compared && !same_object(flow_.left, slice_.operand))
    refuse("another slice shows the same array");
  check_cut_struct();
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
      // What its other calls return is another array.
      seen_.insert(value.place);
      if (seen_.insert("<" + value.place).second) go_back(value.place, depth + 1);
      continue;
    }
    if (!leads || value.place.empty() || value.place == place) continue;
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

// S{xs} as the value of a local variable: it lives no longer than that.
bool Sharers::in_local_literal(const Flow& flow) const {
  if (!flow.root.fresh || flow.root.pointer) return false;
  for (Node node = flow.right; node && !node.same(flow.statement); node = node.parent())
    if (node.is("composite_literal"))
      return node.parent().is("expression_list") && flow.statement.is("short_var_declaration");
  return false;
}

void Sharers::reached(const Flow& flow, Kind kind) {
  if (flow.file == flow_.file && flow.statement.same(flow_.statement) && flow.place == flow_.place)
    return;
  if (flow.place == flow.value.place && is_bare(flow.place)) return;  // x = append(x, …)
  if (flow.statement.is("go_statement"))
    return refuse("a goroutine is given the same slice", flow.file, flow.statement);
  if (flow.place.starts_with("r:")) return follow(flow.place, kind);
  if (own_.contains(flow.place) && (is_bare(flow.place) || same_object(flow))) return;
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
    const Variable* variable = nullptr;
    for (const Variable& one : program_.variables()) {
      if (one.name != node.text() || one.file != flow_.file || !one.function) continue;
      for (const Node& use : flows_.uses(one))
        if (use.same(node)) variable = &one;
    }
    const Flow* only = nullptr;
    if (variable && !variable->parameter)
      for (auto index : flows_.to(variable_place(*variable))) {
        const Flow& flow = flows_.all()[index];
        if (flow.value.place == variable_place(*variable)) continue;  // x = append(x, …)
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

// Calls through interfaces come to all methods of the name, those of function values to all
// function literals of as many parameters.
const Sharers::Calls& Sharers::reaching_calls() {
  if (calls_known_ || !flow_.function) return calls_;
  calls_known_ = true;
  std::map<const File*, std::vector<const Function*>> functions;
  for (const Function& function : program_.functions())
    functions[function.file].push_back(&function);
  std::set<const Function*> reaching{flow_.function};
  std::set<std::string> methods;
  std::set<unsigned> literals;  // by the number of their parameters
  for (Node node = flow_.statement.parent(); node; node = node.parent())
    if (node.is("func_literal")) literals.insert(parameters_of(node));
  auto reach = [&](const File* file, std::uint32_t call_end) {
    if (!calls_.insert({file, call_end}).second) return false;
    for (const Function* function : functions[file])
      if (function->node.begin() < call_end && call_end <= function->node.end())
        reaching.insert(function);
    return true;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (const Function* function : reaching)
      if (!function->receiver.empty()) methods.insert(function->name);
    for (const auto& [at, callee] : flows_.callees())
      if (reaching.contains(callee) && reach(at.first, at.second)) {
        changed = true;
        const auto& around = flows_.literals_around(*at.first, at.second);
        literals.insert(around.begin(), around.end());
      }
    for (const auto& [file, calls] : flows_.dynamic_calls())
      for (const DynamicCall& call : calls)
        if (call.method.empty() ? literals.contains(call.arguments) : methods.contains(call.method))
          changed = reach(file, call.end) || changed;
  }
  return calls_;
}

bool Sharers::read_after_call(const Variable& variable, const Flow* got) {
  const Calls& calls = reaching_calls();
  if (!variable.function || !variable.file) return false;
  const Node& function = variable.function->node;
  auto from = got && got->function == variable.function ? got->statement.begin()
                                                        : variable.declaration.begin();
  // Of an object that each round of a loop has anew, another round's call is about another.
  const Variable* object = got ? got->value.root.variable : nullptr;
  auto at = calls.lower_bound({variable.file, function.begin()});
  for (; at != calls.end() && at->first == variable.file && at->second <= function.end(); ++at) {
    auto call_end = at->second;
    for (const Node& use : flows_.uses(variable)) {
      if (call_end > from && use.begin() >= call_end) return true;
      Node loop = innermost_loop(use);
      bool around = loop && loop.begin() < call_end && call_end <= loop.end() &&
                    variable.declaration.begin() < loop.begin() && loop.begin() < from &&
                    from < loop.end();
      bool anew = object && object->function == variable.function &&
                  loop.begin() < object->declaration.begin() &&
                  object->declaration.begin() < loop.end();
      if (around && !anew) return true;
    }
  }
  return false;
}

void Sharers::check_variables() {
  for (const auto& [variable, got] : variables_) {
    if (!variable || !variable->function || !obstacle_.empty()) continue;
    bool here = variable->function == flow_.function;
    bool read = here ? is_named_result(*variable) || read_after(flows_, *variable, flow_.statement)
                     : read_after_call(*variable, got);
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
