#include "source/surroundings.h"

#include <algorithm>

namespace overhang::source {
namespace {

bool is_local(const Variable& variable) { return variable.function != nullptr; }

bool is_comparison(const Node& node) {
  auto sign = node.is("binary_expression") ? node.field("operator").text() : std::string_view();
  return sign == "<" || sign == "<=" || sign == ">" || sign == ">=";
}

}  // namespace

std::string squeezed(std::string_view text) {
  std::string out;
  for (char c : text)
    if (c != ' ' && c != '\t') out += c;
  return out;
}

std::string as_operand(std::string_view text) {
  return text.starts_with('*') ? "(" + std::string(text) + ")" : std::string(text);
}

namespace {

// Whether an expression is compared with something by its size.
bool compares(const Node& root, const std::string& operand) {
  return any_within(root, [&](const Node& node) {
    return is_comparison(node) && (squeezed(node.field("left").text()) == operand ||
                                   squeezed(node.field("right").text()) == operand);
  });
}

}  // namespace

bool Surroundings::is_pure(const Node& expression) const {
  return is_pure(expression, *flow_.file, 0);
}

bool Surroundings::is_pure(const Node& node, const File& file, unsigned depth) const {
  if (!node) return true;
  if (depth > 20) return false;
  auto kind = node.kind();
  if (kind == "func_literal" || kind == "composite_literal" ||
      (kind == "unary_expression" && node.text().starts_with("<-")))
    return false;
  auto called = node.field("function").text();
  if (kind == "call_expression" && called != "len" && called != "cap") {
    const Function* function = flows_.callee(file, node);
    auto statements = function ? function->body.children() : std::vector<Node>();
    if (statements.size() != 1 || !statements[0].is("return_statement")) return false;
    if (!is_pure(statements[0], *function->file, depth + 4)) return false;
  }
  for (const Node& child : node.children())
    if (!is_pure(child, file, depth + 1)) return false;
  return true;
}

bool Surroundings::reads_elements(const Node& bound, unsigned depth) const {
  if (!bound || depth > 20) return false;
  if (bound.is("index_expression")) return true;
  if (bound.is("call_expression"))
    if (const Function* function = flows_.callee(*flow_.file, bound))
      if (reads_elements(function->body, depth + 1)) return true;
  for (const Node& child : bound.children())
    if (reads_elements(child, depth + 1)) return true;
  return false;
}

bool Surroundings::holds_length(const Node& bound, unsigned depth) const {
  Node node = without_parentheses(bound);
  if (!node || depth > 6) return false;
  if (is_length(node)) return true;
  const Variable* variable = node.is("identifier") ? variable_at(node) : nullptr;
  if (!variable || variable->parameter) return false;
  const auto& flows = flows_.to(variable_place(*variable));
  return flows.size() == 1 && holds_length(flows_.all()[flows[0]].right, depth + 1);
}

bool Surroundings::grows() const {
  if (slice_.form != Form::Truncate && slice_.form != Form::Window) return false;
  Node high = without_parentheses(slice_.high);
  if (high.is("call_expression") && high.field("function").text() == "cap") return true;
  if (only_where_shorter()) return true;
  return high.is("binary_expression") && high.field("operator").text() == "+" &&
         (holds_length(high.field("left")) || holds_length(high.field("right")));
}

// if len(x) < n { x = x[:n] }, and nothing that has to do with x stands between.
bool Surroundings::only_where_shorter() const {
  Node block = flow_.statement.parent(), around = block.parent();
  if (!block.is("block") || !slice_.high) return false;
  bool then = around.is("if_statement") && around.field("consequence").same(block);
  if (!then || !says_shorter(around.field("condition"))) return false;
  auto siblings = block.children();
  return !siblings.empty() && siblings[0].same(flow_.statement);
}

bool Surroundings::says_shorter(const Node& condition, unsigned depth) const {
  Node node = without_parentheses(condition);
  if (!node.is("binary_expression") || depth > 6) return false;
  Node left = node.field("left"), right = node.field("right");
  auto sign = node.field("operator").text();
  if (sign == "&&") return says_shorter(left, depth + 1) || says_shorter(right, depth + 1);
  if (sign == ">" || sign == ">=") std::swap(left, right);
  return is_comparison(node) && is_length(without_parentheses(left)) &&
         squeezed(right.text()) == squeezed(slice_.high.text());
}

// Whether a bound is reckoned from a length that the slice had before the statement.
bool Surroundings::is_old_length(const Node& bound, unsigned depth) const {
  Node node = without_parentheses(bound);
  if (!node || depth > 6) return false;
  if (node.is("binary_expression"))
    return is_old_length(node.field("left"), depth + 1) ||
           is_old_length(node.field("right"), depth + 1);
  const Variable* variable = node.is("identifier") ? variable_at(node) : nullptr;
  if (!variable || variable->parameter) return false;
  const auto& flows = flows_.to(variable_place(*variable));
  return std::any_of(flows.begin(), flows.end(), [&](std::uint32_t index) {
    const Flow& set = flows_.all()[index];
    return set.statement.begin() < flow_.statement.begin() && at_most_length(set.right);
  });
}

// n := len(x); …; if len(x) < n { x = x[:n] }: shows what was cut off since then.
bool Surroundings::restores_own_length() const {
  return only_where_shorter() && is_old_length(slice_.high);
}

// Whether the statement is of the same function as `other`, or of one that that function calls.
bool Surroundings::may_run_within(const Flow& other) const {
  if (!other.function || other.function == flow_.function) return true;
  return any_within(other.function->body, [&](const Node& node) {
    return node.is("call_expression") && flows_.callee(*other.file, node) == flow_.function;
  });
}

// n := len(x); x = x[:n-1]; use(x[:n][n-1])
bool Surroundings::shows_old_length() const {
  if (!flow_.function || slice_.form == Form::Advance) return false;
  auto names = names_of_cut();
  auto own = squeezed(slice_.high.text());
  return any_within(flow_.function->body, [&](const Node& node) {
    if (!node.is("slice_expression") || node.begin() < flow_.statement.end()) return false;
    auto of = squeezed(without_parentheses(node.field("operand")).text());
    Node high = node.field("end");
    return std::find(names.begin(), names.end(), of) != names.end() &&
           squeezed(high.text()) != own && is_old_length(high);
  });
}

// x = x[:n+1] and then, before anything else reads x, x[n] = …
bool Surroundings::sets_what_shows() const {
  Node high = without_parentheses(slice_.high);
  if (!high.is("binary_expression") || high.field("right").text() != "1") return false;
  auto name = squeezed(flow_.left.text());
  auto shown = squeezed(as_operand(name)) + "[";
  auto first = squeezed(high.field("left").text());
  for (const Node& sibling : flow_.statement.parent().children()) {
    if (sibling.begin() <= flow_.statement.begin()) continue;
    if (sibling.is("assignment_statement")) {
      auto left = squeezed(sibling.field("left").text());
      if (left == shown + first + "]" || left == shown + "len(" + name + ")-1]") return true;
    }
    if (squeezed(sibling.text()).find(name) != std::string::npos) return false;
  }
  return false;
}

// x[:cap(x)][n] = nil, clear(x[len(x):cap(x)])
bool Surroundings::only_written(const Node& slicing) {
  Node of = slicing.parent();
  if (of.is("index_expression")) {
    Node list = of.parent(), statement = list.parent();
    return statement.is("assignment_statement") && list.same(statement.field("left"));
  }
  if (!of.is("argument_list")) return false;
  auto called = of.parent().field("function").text();
  return called == "clear" || called == "copy" ? of.first().same(slicing) : false;
}

// x = x[:n] of an n of which nothing is known, where cap(x) is asked for; or of a length that x had
// before it was cut.
bool Surroundings::may_grow() const {
  if (slice_.form != Form::Truncate || slice_.expression.is("call_expression")) return false;
  Node high = without_parentheses(slice_.high);
  const Variable* variable = high.is("identifier") ? variable_at(high) : nullptr;
  if (variable && holds_length(high)) return cut_since(variable->declaration);
  if (within_length() || !flow_.function) return false;
  auto names = names_of_cut();
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return compares(flow_.function->body, "cap(" + name + ")");
  });
}

// Whether the same function cuts the slice between a declaration and the statement.
bool Surroundings::cut_since(const Node& declaration) const {
  for (auto index : flows_.to(flow_.place)) {
    const Flow& flow = flows_.all()[index];
    if (flow.value.kind == Value::Kind::Reslice && flow.function == flow_.function &&
        flow.file == flow_.file && flow.statement.begin() > declaration.begin() &&
        flow.statement.begin() < flow_.statement.begin())
      return true;
  }
  return false;
}

// unsafe.Slice(&x[0], cap(x)), unsafe.Pointer(&x)
bool Surroundings::read_unsafely() const {
  auto given = [&](const std::vector<std::uint32_t>& flows) {
    return std::any_of(flows.begin(), flows.end(),
                       [&](std::uint32_t index) { return flows_.all()[index].place == kUnsafe; });
  };
  return given(flows_.from(flow_.place)) || given(flows_.from("[]" + flow_.place));
}

bool Surroundings::regrown() const {
  if (shows_old_length() || read_unsafely()) return true;
  auto ours = [&](const std::string& place) {
    return place == flow_.place || (candidate_.in_place && place == slice_.place) ||
           sharers().names(place);
  };
  for (const Flow& flow : flows_.all()) {
    const Value& value = flow.value;
    if (value.kind != Value::Kind::Reslice || !ours(value.place)) continue;
    Candidate other;
    other.flow = flow;
    other.slice = value;
    Surroundings there(flows_, other);
    if (there.restores_own_length() && !may_run_within(flow)) continue;
    if ((there.grows() || there.may_grow()) && !there.sets_what_shows()) return true;
  }
  for (const Flow& flow : flows_.slicings()) {
    if (!ours(flow.value.place) || only_written(flow.right)) continue;
    // Those that go somewhere were asked above.
    Node at = flow.right.parent();
    while (at.is("parenthesized_expression") || at.is("expression_list")) at = at.parent();
    if (at.is("assignment_statement") || at.is("short_var_declaration")) continue;
    Candidate other;
    other.flow = flow;
    other.slice = flow.value;
    if (Surroundings(flows_, other).grows()) return true;
  }
  return false;
}

const Sharers& Surroundings::sharers() const {
  if (!sharers_) sharers_ = std::make_shared<Sharers>(flows_, candidate_);
  return *sharers_;
}

std::string Surroundings::sharing() const {
  if (!sharers().obstacle().empty() || sharers().exchanges()) return sharers().obstacle();
  // old := *h, or a copy of the struct that holds it.
  const Variable* cut = slice_.root.variable;
  bool own_copy = cut && is_local(*cut) && cut != flow_.root.variable && !candidate_.through_call &&
                  (!slice_.root.pointer || slice_.place != flow_.place);
  return own_copy && read_after(flows_, *cut, flow_.statement) ? "what it hides is read afterwards"
                                                               : "";
}

// x[i] = …, copy(x[i:], …), append(x[:i], x[i+1:]...)
bool Surroundings::elements_are_set() const {
  auto elements = "[]" + flow_.place;
  for (auto index : flows_.to(elements)) {
    const Flow& flow = flows_.all()[index];
    if (flow.left && flow.left.is("index_expression")) return true;
  }
  for (auto index : flows_.to(flow_.place))
    if (flows_.all()[index].value.form == Form::Delete &&
        flows_.all()[index].value.place == flow_.place)
      return true;
  return std::any_of(flows_.slicings().begin(), flows_.slicings().end(), [&](const Flow& flow) {
    Node list = flow.right.parent();
    return flow.value.place == flow_.place && list.is("argument_list") &&
           list.parent().field("function").text() == "copy" && list.first().same(flow.right);
  });
}

std::string Surroundings::writing_through() const {
  const char* why = "elements are set that another slice shows";
  if (!elements_are_set()) return {};
  // Cut from another slice: its owner sees what is set in this one, unless it is made here.
  if (!candidate_.in_place && !candidate_.through_call) {
    const Variable* cut = slice_.root.variable;
    if (slice_.place.empty()) return {};
    bool own = cut && is_local(*cut) && !cut->parameter && !slice_.root.pointer &&
               !read_after(flows_, *cut, flow_.statement);
    return own ? "" : why;
  }
  return sharing().empty() || candidate_.through_call ? "" : why;
}

// Other texts of the sliced value: x for `old := x`.
std::vector<std::string> Surroundings::names_of_cut() const {
  std::vector<std::string> out{squeezed(slice_.operand.text()), squeezed(flow_.left.text()),
                               squeezed(without_parentheses(slice_.operand).text())};
  return out;
}

bool Surroundings::is_cut(const Node& node) const {
  auto names = names_of_cut();
  return std::find(names.begin(), names.end(), squeezed(node.text())) != names.end();
}

bool Surroundings::is_length(const Node& node) const {
  auto names = names_of_cut();
  auto is = [&](const std::string& text) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return text == "len(" + name + ")"; });
  };
  return is(squeezed(node.text())) || is(length_by_method(node));
}

// "len(q.items)" of `q.len()`, whose body returns len(s.items) of its receiver s; "" of all else.
std::string Surroundings::length_by_method(const Node& node) const {
  Node called = node.is("call_expression") ? node.field("function") : Node();
  const Function* method =
      called.is("selector_expression") && node.field("arguments").children().empty()
          ? flows_.callee(*flow_.file, node)
          : nullptr;
  auto statements = method ? method->body.children() : std::vector<Node>();
  if (statements.size() != 1 || !statements[0].is("return_statement") || !method->self) return {};
  auto result = squeezed(statements[0].text());
  auto own = "returnlen(" + method->self->name;
  bool whole = result == own + ")";
  if (!result.ends_with(")") || (!whole && !result.starts_with(own + "."))) return {};
  return "len(" + squeezed(called.field("operand").text()) + result.substr(own.size());
}

// A length, or less.
bool Surroundings::at_most_length(const Node& bound, unsigned depth) const {
  if (!bound || depth > 6) return false;
  Node node = without_parentheses(bound);
  if (is_length(node)) return true;
  if (node.is("binary_expression")) {
    auto sign = node.field("operator").text();
    return (sign == "-" || sign == "/") && at_most_length(node.field("left"), depth + 1);
  }
  // copy(x, y), min(n, len(x))
  if (node.is("call_expression")) {
    auto called = node.field("function").text();
    auto arguments = node.field("arguments").children();
    if (called == "copy") return !arguments.empty() && is_cut(arguments[0]);
    return called == "min" && std::any_of(arguments.begin(), arguments.end(), [&](const Node& one) {
             return at_most_length(one, depth + 1);
           });
  }
  if (!node.is("identifier")) return false;
  // Every value that the variable gets.
  const Variable* variable = variable_at(node);
  if (!variable || variable->parameter || !only_shrinks(*variable)) return false;
  const auto& flows = flows_.to(variable_place(*variable));
  return !flows.empty() && std::all_of(flows.begin(), flows.end(), [&](std::uint32_t index) {
    return at_most_length(flows_.all()[index].right, depth + 1);
  });
}

const Variable* Surroundings::variable_at(const Node& identifier) const {
  return flows_.variable_at(identifier);
}

// x[n] is read or set before, in the same function: then n < len(x).
bool Surroundings::indexed_before() const {
  auto wanted =
      squeezed(as_operand(slice_.operand.text()) + "[" + std::string(slice_.high.text()) + "]");
  auto other =
      squeezed(as_operand(flow_.left.text()) + "[" + std::string(slice_.high.text()) + "]");
  Node block = flow_.statement.parent();
  for (const Node& sibling : block.children()) {
    if (sibling.begin() >= flow_.statement.begin()) break;
    // Not where it depends on something.
    bool plain = sibling.is("assignment_statement") || sibling.is("short_var_declaration") ||
                 sibling.is("expression_statement");
    if (!plain) continue;
    auto text = squeezed(sibling.text());
    if (text.find(wanted) != std::string::npos || text.find(other) != std::string::npos)
      return true;
  }
  return false;
}

bool Surroundings::nil_is_told() const {
  constexpr std::size_t kMost = 64;
  std::vector<std::string> places{flow_.place};
  for (std::size_t i = 0; i < places.size(); i++) {
    auto place = places[i];
    auto name = place.starts_with("f:") ? place.substr(place.rfind('.') + 1) : std::string();
    bool exported = !name.empty() && name[0] >= 'A' && name[0] <= 'Z';
    if (exported || flows_.is_compared_with_nil(place)) return true;
    for (auto index : flows_.copies_of(place)) {
      const Flow& flow = flows_.all()[index];
      if (flow.place.starts_with("r:") && flow.function && flow.file->package->name != "main") {
        auto first = flow.function->name.substr(0, 1);
        if (first >= "A" && first <= "Z") return true;
      }
      bool known = std::find(places.begin(), places.end(), flow.place) != places.end();
      if (!known && places.size() < kMost) places.push_back(flow.place);
    }
    // What a function returns goes to its callers.
    if (place.starts_with("r:"))
      for (auto index : flows_.from(place)) {
        const auto& to = flows_.all()[index].place;
        bool known = std::find(places.begin(), places.end(), to) != places.end();
        if (!known && places.size() < kMost) places.push_back(to);
      }
  }
  return false;
}

// A literal, a constant (an identifier that is no variable), or what is reckoned from such.
bool Surroundings::is_constant(const Node& bound, unsigned depth) const {
  Node node = without_parentheses(bound);
  if (depth > 6) return false;
  if (node.is("int_literal")) return true;
  if (node.is("binary_expression"))
    return is_constant(node.field("left"), depth + 1) &&
           is_constant(node.field("right"), depth + 1);
  if (!node.is("identifier")) return false;
  const Variable* variable = variable_at(node);
  if (!variable) return true;
  return variable->declaration.parent().is("const_spec");
}

bool Surroundings::keeps_few() const {
  if (slice_.form == Form::Truncate || slice_.form == Form::ThreeIndex)
    return slice_.high && is_constant(slice_.high);
  Node low = without_parentheses(slice_.low);
  if (slice_.form == Form::Advance && is_length(low)) return true;
  return slice_.form == Form::Advance && low.is("binary_expression") &&
         low.field("operator").text() == "-" && is_length(without_parentheses(low.field("left"))) &&
         is_constant(low.field("right"));
}

bool Surroundings::goes_through_all() const {
  auto ours = [&](const Node& node) {
    return is_cut(node.is("slice_expression") ? node.field("operand") : node);
  };
  Node function = flow_.around;
  return any_within(function.field("body"), [&](const Node& node) {
    if (node.is("range_clause")) {
      Node around = node.parent().field("body");
      return ours(node.field("right")) && !any_within(around, [](const Node& inner) {
               return inner.is("return_statement") || inner.is("break_statement");
             });
    }
    if (!node.is("call_expression")) return false;
    Node called = node.field("function");
    auto package = called.field("operand").text();
    bool long_one = called.text() == "copy" || package == "sort" || package == "slices";
    return long_one && ours(node.field("arguments").first());
  });
}

bool Surroundings::within_length() const {
  Node high = without_parentheses(slice_.high);
  const Variable* variable = high.is("identifier") ? variable_at(high) : nullptr;
  if (variable && cut_since(variable->declaration)) return false;
  return at_most_length(slice_.high) || indexed_before() || only_where_longer() ||
         (variable && counts_elements(*variable));
}

// if len(x) > n { x = x[:n] }, if len(x) <= n { return }; x = x[:n]: nothing that has to do with x
// or n stands between.
bool Surroundings::only_where_longer() const {
  Node statement = flow_.statement, block = statement.parent(), around = block.parent();
  if (!slice_.high) return false;
  auto siblings = block.children();
  auto own = std::find_if(siblings.begin(), siblings.end(),
                          [&](const Node& node) { return node.same(statement); });
  if (own == siblings.end()) return false;
  if (own != siblings.begin()) {
    const Node& before = *(own - 1);
    auto then = before.field("consequence").children();
    bool ends = !then.empty() && leaves(then.back(), {}) && !before.field("alternative") &&
                !before.field("initializer");
    return before.is("if_statement") && ends && compares_length(before.field("condition"), false);
  }
  return around.is("if_statement") && around.field("consequence").same(block) &&
         compares_length(around.field("condition"), true);
}

// Whether a condition says that n is at most the length; or, where it does not hold, that.
bool Surroundings::compares_length(const Node& condition, bool holds, unsigned depth) const {
  Node node = without_parentheses(condition);
  if (!node.is("binary_expression") || depth > 6) return false;
  Node left = node.field("left"), right = node.field("right");
  auto sign = node.field("operator").text();
  if (sign == (holds ? "&&" : "||"))
    return compares_length(left, holds, depth + 1) || compares_length(right, holds, depth + 1);
  if (!is_comparison(node)) return false;
  // n < len(x)
  if (sign == ">" || sign == ">=") std::swap(left, right);
  if (!holds) std::swap(left, right);
  return squeezed(left.text()) == squeezed(slice_.high.text()) &&
         is_length(without_parentheses(right));
}

// n := 0, and n++ once in a loop over x's elements.
bool Surroundings::counts_elements(const Variable& variable) const {
  const auto& flows = flows_.to(variable_place(variable));
  if (variable.parameter || flows.size() != 1 || flows_.all()[flows[0]].right.text() != "0")
    return false;
  unsigned counted = 0;
  for (const Node& use : flows_.uses(variable)) {
    Node statement = changed_by(use);
    if (!statement) continue;
    Node loop = statement.parent();
    while (loop && !loop.is("for_statement") && !loop.is("func_literal")) loop = loop.parent();
    Node clause = loop.is("for_statement") ? loop.first() : Node();
    bool ours = clause.is("range_clause") && is_cut(clause.field("right"));
    bool once = loop.begin() > variable.declaration.begin() && !in_loop_since(loop, variable);
    if (!statement.is("inc_statement") || !ours || !once) return false;
    counted++;
  }
  return counted == 1;
}

// Whether a loop stands around a node, but not around the variable's declaration.
bool Surroundings::in_loop_since(const Node& at, const Variable& variable) {
  for (Node node = at.parent(); node && node.begin() > variable.declaration.begin();
       node = node.parent())
    if (node.is("for_statement") || node.is("func_literal")) return true;
  return false;
}

// n++, n += 2, f(&n): what changes a variable beside the values that flow to it.
Node Surroundings::changed_by(const Node& use) {
  Node around = use.parent();
  while (around.is("parenthesized_expression")) around = around.parent();
  if (around.is("inc_statement") || around.is("dec_statement")) return around;
  if (around.is("unary_expression") && around.text().starts_with('&')) return around;
  Node statement = around.is("expression_list") ? around.parent() : Node();
  bool set = statement.is("assignment_statement") && around.same(statement.field("left"));
  return set && statement.field("operator").text() != "=" ? statement : Node();
}

// Whether nothing but the values that flow to it changes a variable; or makes it smaller.
bool Surroundings::only_shrinks(const Variable& variable) const {
  const auto& uses = flows_.uses(variable);
  return std::none_of(uses.begin(), uses.end(), [](const Node& use) {
    Node change = changed_by(use);
    return change && !change.is("dec_statement");
  });
}

// s[:len(s)-1]
bool Surroundings::removes_one() const {
  Node high = without_parentheses(slice_.high);
  if (high.is("identifier")) {
    const Variable* variable = variable_at(high);
    if (!variable || !only_shrinks(*variable)) return false;
    const auto& flows = flows_.to(variable_place(*variable));
    if (flows.size() != 1) return false;
    high = without_parentheses(flows_.all()[flows[0]].right);
  }
  if (!high.is("binary_expression") || high.field("operator").text() != "-" ||
      high.field("right").text() != "1")
    return false;
  Node left = without_parentheses(high.field("left"));
  if (is_length(left)) return true;
  const Variable* variable = left.is("identifier") ? variable_at(left) : nullptr;
  if (!variable) return false;
  const auto& flows = flows_.to(variable_place(*variable));
  return flows.size() == 1 && is_length(without_parentheses(flows_.all()[flows[0]].right));
}

}  // namespace overhang::source
