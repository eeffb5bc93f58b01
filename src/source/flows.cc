#include "source/flows.h"

#include <algorithm>

namespace overhang::source {
namespace {

constexpr std::size_t kMaxFlows = 4 << 20;
const std::vector<std::uint32_t> kNoFlows;
const std::vector<Node> kNoUses;
const std::set<Parameters> kNoLiterals;
const std::vector<const Variable*> kNoReceivers;

}  // namespace

void Flows::add(Flow flow) {
  if (all_.size() >= kMaxFlows) return;
  auto index = static_cast<std::uint32_t>(all_.size());
  if (!flow.place.empty()) to_[flow.place].push_back(index);
  if (flow.value.kind == Value::Kind::Address && !flow.value.place.empty())
    address_of_[flow.value.place].push_back(index);
  if (flow.value.kind == Value::Kind::Alias && !flow.value.place.empty())
    copies_of_[flow.value.place].push_back(index);
  if (!flow.value.place.empty()) from_[flow.value.place].push_back(index);
  flow.id = index;
  all_.push_back(std::move(flow));
}

const std::vector<std::uint32_t>& Flows::to(const std::string& place) const {
  auto at = to_.find(place);
  return at == to_.end() ? kNoFlows : at->second;
}

const std::vector<std::uint32_t>& Flows::address_of(const std::string& place) const {
  auto at = address_of_.find(place);
  return at == address_of_.end() ? kNoFlows : at->second;
}

const std::vector<std::uint32_t>& Flows::copies_of(const std::string& place) const {
  auto at = copies_of_.find(place);
  return at == copies_of_.end() ? kNoFlows : at->second;
}

const std::vector<std::uint32_t>& Flows::from(const std::string& place) const {
  auto at = from_.find(place);
  return at == from_.end() ? kNoFlows : at->second;
}

void Flows::add_slicing(Flow flow) {
  if (slicings_.size() < kMaxFlows) slicings_.push_back(std::move(flow));
}

void Flows::add_use(const Variable& variable, const Node& identifier) {
  uses_[variable.id].push_back(identifier);
  variables_at_[identifier.id()] = &variable;
}

// They were added one after another.
std::vector<const Flow*> Flows::of_statement(const Flow& flow) const {
  auto is_of_it = [&](std::uint32_t id) {
    return id < all_.size() && all_[id].file == flow.file &&
           all_[id].statement.same(flow.statement);
  };
  auto id = flow.id;
  while (id > 0 && is_of_it(id - 1)) id--;
  std::vector<const Flow*> out;
  for (; is_of_it(id); id++) out.push_back(&all_[id]);
  return out;
}

const Variable* Flows::variable_at(const Node& identifier) const {
  auto at = variables_at_.find(identifier.id());
  return at == variables_at_.end() ? nullptr : at->second;
}

std::string dynamic_place(const std::string& method, std::size_t arguments, std::size_t index) {
  return kDynamic + method + ":" + std::to_string(arguments) + ":" + std::to_string(index);
}

const std::vector<const Variable*>& Flows::receivers(const std::string& dynamic_place) const {
  auto at = receivers_.find(dynamic_place);
  return at == receivers_.end() ? kNoReceivers : at->second;
}

const std::vector<Node>& Flows::uses(const Variable& variable) const {
  auto at = uses_.find(variable.id);
  return at == uses_.end() ? kNoUses : at->second;
}

// Calls that begin alike, f()(), do not end alike.
void Flows::add_callee(const File& file, const Node& call, const Function& function) {
  callees_[{&file, call.end()}] = &function;
}

const std::set<Parameters>& Flows::literals_around(const File& file, std::uint32_t end) const {
  auto at = literals_around_.find({&file, end});
  return at == literals_around_.end() ? kNoLiterals : at->second;
}

bool gives_to_each_other(const Node& assignment) {
  if (!assignment.is("assignment_statement") || assignment.field("operator").text() != "=")
    return false;
  auto lefts = assignment.field("left").children(), rights = assignment.field("right").children();
  if (lefts.size() < 2 || lefts.size() != rights.size()) return false;
  std::vector<std::string_view> set, given;
  for (const Node& left : lefts) set.push_back(left.text());
  for (Node right : rights) {
    right = without_parentheses(right);
    if (right.is("slice_expression")) {
      if (!is_absent_or_zero(right.field("start")) || right.field("capacity")) return false;
      right = without_parentheses(right.field("operand"));
    }
    given.push_back(right.text());
  }
  std::sort(set.begin(), set.end());
  std::sort(given.begin(), given.end());
  bool once = std::adjacent_find(set.begin(), set.end()) == set.end();
  bool calls = any_within(assignment.field("left"),
                          [](const Node& node) { return node.is("call_expression"); });
  return once && !calls && set == given;
}

Parameters types_of(const std::vector<Variable*>& parameters, bool variadic) {
  Parameters out;
  for (const Variable* parameter : parameters)
    out.push_back(parameter ? parameter->type : kUnknown);
  if (variadic && !out.empty()) out.back() = kUnknown;
  return out;
}

const Function* Flows::callee(const File& file, const Node& call) const {
  auto at = callees_.find({&file, call.end()});
  return at == callees_.end() ? nullptr : at->second;
}

}  // namespace overhang::source
