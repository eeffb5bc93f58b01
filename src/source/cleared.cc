#include "source/cleared.h"

#include <algorithm>

namespace overhang::source {
namespace {

constexpr unsigned kMaxDepth = 6;  // of loops and blocks that are looked into

std::string squeezed(std::string_view text) {
  std::string out;
  for (char c : text)
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') out += c;
  if (out.size() > 2 && out.front() == '(' && out.back() == ')' &&
      out.find('(', 1) == std::string::npos)
    out = out.substr(1, out.size() - 2);
  return out;
}

class Beside {
 public:
  Beside(const Flows& flows, const Candidate& candidate) : flows_(flows), candidate_(candidate) {
    add_name(candidate.slice.operand);
    add_name(candidate.flow.left);
    add_name(candidate.flow.right);
  }

  bool cleared() const {
    const Node& statement = candidate_.flow.statement;
    Node block = statement.parent();
    bool all = candidate_.slice.form == Form::Zero || candidate_.filter;
    auto siblings = block.children();
    auto own = std::find_if(siblings.begin(), siblings.end(),
                            [&](const Node& node) { return node.same(statement); });
    if (own == siblings.end()) return false;
    for (auto at = siblings.begin(); at != siblings.end(); ++at) {
      if (at == own) {  // s[0], s = nil, s[1:]
        if (assigned_together(*at)) return true;
        continue;
      }
      // What follows counts only as far as it is about the same slots.
      if (at > own + 2) break;
      if (clears(*at, all, 0)) return true;
    }
    return false;
  }

 private:
  void add_name(const Node& node) {
    if (!node) return;
    auto text = squeezed(node.text());
    names_.push_back(text);
    if (text.starts_with('*')) names_.push_back("(" + text + ")");
  }
  bool ours(const Node& node) const {
    auto text = squeezed(node.text());
    return std::find(names_.begin(), names_.end(), text) != names_.end();
  }

  bool is_zero_value(const Node& node) const {
    if (node.is("nil") || node.text() == "0" || node.text() == "\"\"" || node.text() == "false")
      return true;
    if (node.is("composite_literal")) return node.field("body").children().empty();
    if (node.is("unary_expression")) {  // *new(T)
      Node call = node.field("operand");
      return node.text().starts_with('*') && call.field("function").text() == "new";
    }
    if (!node.is("identifier")) return false;
    // A variable that nothing is ever assigned to.
    for (const Variable& variable : flows_.program().variables())
      if (variable.name == node.text() && variable.file == candidate_.flow.file &&
          variable.function == candidate_.flow.function && !variable.parameter &&
          flows_.to(variable_place(variable)).empty())
        return true;
    return false;
  }

  bool element_set(const Node& left, const Node& right) const {
    if (!left.is("index_expression") || !is_zero_value(right)) return false;
    return ours(left.field("operand"));
  }

  bool assigned_together(const Node& node) const {
    auto lefts = node.field("left").children(), rights = node.field("right").children();
    if (!node.is("assignment_statement") || lefts.size() != rights.size()) return false;
    for (std::size_t i = 0; i < lefts.size(); i++)
      if (element_set(lefts[i], rights[i])) return true;
    return false;
  }

  bool clears(const Node& node, bool all, unsigned depth) const {
    if (depth > kMaxDepth) return false;
    if (node.is("expression_statement") || node.is("defer_statement"))
      return clears(node.first(), all, depth + 1);
    if (node.is("call_expression")) return call_clears(node);
    if (node.is("assignment_statement") && !all) return assigned_together(node);
    if (node.is("for_statement")) {
      for (const Node& child : node.field("body").children())
        if (clears(child, false, depth + 1)) return true;
      // for i, x := range s[n:] { x.… } and the like clear nothing.
      return false;
    }
    if (node.is("block") || node.is("if_statement"))
      for (const Node& child : node.children())
        if (clears(child, all, depth + 1)) return true;
    return false;
  }

  bool call_clears(const Node& call) const {
    auto name = std::string(call.field("function").text());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    bool clearing = name == "clear" || name.find("clear") != std::string::npos ||
                    name.find("zero") != std::string::npos;
    if (!clearing) return false;
    for (const Node& argument : call.field("arguments").children()) {
      if (ours(argument)) return true;
      if (argument.is("slice_expression") && ours(argument.field("operand"))) return true;
    }
    return false;
  }

  const Flows& flows_;
  const Candidate& candidate_;
  std::vector<std::string> names_;
};

}  // namespace

bool is_cleared(const Flows& flows, const Candidate& candidate) {
  return Beside(flows, candidate).cleared();
}

}  // namespace overhang::source
