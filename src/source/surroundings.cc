#include "source/surroundings.h"

#include <algorithm>

namespace overhang::source {
namespace {

bool is_local(const Variable& variable) { return variable.function != nullptr; }

// Whether `test` holds of a node, or of one below it.
template <class Test>
bool any_within(const Node& root, const Test& test) {
  std::vector<Node> open{root};
  while (!open.empty()) {
    Node node = open.back();
    open.pop_back();
    if (test(node)) return true;
    auto children = node.children();
    open.insert(open.end(), children.begin(), children.end());
  }
  return false;
}

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

// if n <= cap(x) { x = x[:n] }: n may be more than the length, or less.
bool Surroundings::asks_capacity() const {
  if (!slice_.high || !flow_.function) return false;
  auto bound = squeezed(slice_.high.text());
  auto names = names_of_cut();
  auto is_capacity = [&](const Node& node) {
    auto text = squeezed(node.text());
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return text == "cap(" + name + ")"; });
  };
  return any_within(flow_.function->body, [&](const Node& node) {
    if (!is_comparison(node)) return false;
    Node left = node.field("left"), right = node.field("right");
    return (is_capacity(left) && squeezed(right.text()) == bound) ||
           (is_capacity(right) && squeezed(left.text()) == bound);
  });
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

bool Surroundings::regrown() const {
  if (shows_old_length()) return true;
  for (const Flow& flow : flows_.all()) {
    const Value& value = flow.value;
    if (value.kind != Value::Kind::Reslice || value.place != flow_.place) continue;
    Candidate other;
    other.flow = flow;
    other.slice = value;
    Surroundings there(flows_, other);
    if (there.restores_own_length() && !may_run_within(flow)) continue;
    if (there.asks_capacity() || (there.grows() && !there.sets_what_shows())) return true;
  }
  return false;
}

// S{xs} as the value of a local variable: it lives no longer than that.
bool Surroundings::in_local_literal(const Flow& flow) const {
  if (!flow.root.fresh || flow.root.pointer) return false;
  for (Node node = flow.right; node && !node.same(flow.statement); node = node.parent())
    if (node.is("composite_literal"))
      return node.parent().is("expression_list") && flow.statement.is("short_var_declaration");
  return false;
}

// A copy of the header in a field, a package-level variable, a channel.
bool Surroundings::stored_elsewhere() const {
  for (auto index : flows_.copies_of(flow_.place)) {
    const Flow& flow = flows_.all()[index];
    if (flow.place == flow_.place) continue;
    if (flow.place.starts_with("f:")) {
      if (in_local_literal(flow)) continue;
      return true;
    }
    const Variable* variable = flow.root.variable;
    bool local = variable && is_local(*variable);
    if (!local && !flow.place.starts_with("r:")) return true;
  }
  return false;
}

// A local variable of this function that shows the array, or points into it, and is read after
// the statement.
bool Surroundings::read_afterwards() const {
  auto own = [&](const std::string& place) {
    return place == flow_.place || place == slice_.place || place == "[]" + flow_.place ||
           place == "[]" + slice_.place;
  };
  for (const Flow& flow : flows_.all()) {
    if (flow.function != flow_.function || !flow.place.starts_with("v:")) continue;
    const Variable* variable = flow.root.variable;
    if (!variable || !is_local(*variable) || variable->parameter) continue;
    if (flow.place == flow_.place) continue;
    const Value& value = flow.value;
    bool shows = (value.kind == Value::Kind::Alias || value.kind == Value::Kind::Reslice) &&
                 (value.place == flow_.place || value.place == slice_.place);
    bool points = value.kind == Value::Kind::Address && own(value.place);
    if (!shows && !points) continue;
    if (candidate_.filter && value.form == Form::Zero) continue;  // kept: what stays
    if (used_after(*variable)) return true;
  }
  // old := *h, or a copy of the struct that holds it.
  const Variable* cut = slice_.root.variable;
  bool own_copy = cut && is_local(*cut) && cut != flow_.root.variable &&
                  (!slice_.root.pointer || slice_.place != flow_.place);
  return own_copy && used_after(*cut);
}

// The statement's block ends in a return: there is no next round.
bool Surroundings::leaves_block() const {
  auto siblings = flow_.statement.parent().children();
  return !siblings.empty() && siblings.back().is("return_statement");
}

bool Surroundings::used_after(const Variable& variable) const {
  // In a loop around the statement, all of it comes after too, unless the variable is the loop's.
  Node loop;
  for (Node node = flow_.statement.parent(); node; node = node.parent()) {
    bool own =
        node.begin() <= variable.declaration.begin() && variable.declaration.begin() < node.end();
    if (own) break;
    if (node.is("for_statement") && !leaves_block()) loop = node;
  }
  for (const Node& use : flows_.uses(variable)) {
    if (use.begin() >= flow_.statement.end()) return true;
    bool within = use.begin() >= flow_.statement.begin();
    if (loop && use.begin() >= loop.begin() && !within) return true;
  }
  return false;
}

// Other texts of the sliced value: x for `old := x`.
std::vector<std::string> Surroundings::names_of_cut() const {
  std::vector<std::string> out{squeezed(slice_.operand.text()), squeezed(flow_.left.text()),
                               squeezed(without_parentheses(slice_.operand).text())};
  return out;
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
  if (!node.is("identifier")) return false;
  // Every value that the variable gets.
  const Variable* variable = variable_at(node);
  if (!variable || variable->parameter) return false;
  const auto& flows = flows_.to(variable_place(*variable));
  return !flows.empty() && std::all_of(flows.begin(), flows.end(), [&](std::uint32_t index) {
    return at_most_length(flows_.all()[index].right, depth + 1);
  });
}

const Variable* Surroundings::variable_at(const Node& identifier) const {
  for (const Variable& variable : program_.variables()) {
    if (variable.name != identifier.text() || variable.file != flow_.file) continue;
    for (const Node& use : flows_.uses(variable))
      if (use.same(identifier)) return &variable;
  }
  return nullptr;
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
    auto text = squeezed(sibling.text());
    if (text.find(wanted) != std::string::npos || text.find(other) != std::string::npos)
      return true;
  }
  return false;
}

bool Surroundings::within_length() const { return at_most_length(slice_.high) || indexed_before(); }

// s[:len(s)-1]
bool Surroundings::removes_one() const {
  Node high = without_parentheses(slice_.high);
  if (high.is("identifier")) {
    const Variable* variable = variable_at(high);
    if (!variable) return false;
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
