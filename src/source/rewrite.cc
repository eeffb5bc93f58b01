#include "source/rewrite.h"

#include <algorithm>

#include "source/code_writer.h"
#include "source/surroundings.h"

namespace overhang::source {
namespace {

class Rewriter {
 public:
  Rewriter(const Flows& flows, const Candidate& candidate, const RewriteOptions& options)
      : flows_(flows),
        program_(flows.program()),
        candidate_(candidate),
        flow_(candidate.flow),
        slice_(candidate.slice),
        options_(options),
        around_(flows, candidate),
        code_(flows.program(), candidate, options.go_minor) {}

  Rewrite run() {
    auto remedies = options_.remedies;
    bool choice = remedies.size() > 1;
    // To copy all for each element that goes costs the square of them. An array that is filled
    // again is worth keeping, if it does not itself weigh more than what its slots keep.
    if (cuts_little() || (options_.clearing_frees_much && filled_again()))
      std::stable_partition(remedies.begin(), remedies.end(),
                            [](Remedy remedy) { return remedy == Remedy::Clear; });
    for (Remedy remedy : remedies) {
      if (choice && !helps(remedy)) continue;
      if (choice && remedy == Remedy::Copy && clearing_helps() && cuts_one()) continue;
      bool last_resort = options_.plain_data || remedies.front() == Remedy::Clear;
      if (choice && remedy == Remedy::Copy && last_resort && copies_each_time()) {
        no("a copy each time costs as much as the slice is long");
        remedy = Remedy::CopyIfCapExceeds;
      }
      carry_out(remedy);
      if (!out_.edits.empty()) break;
    }
    forget_if_shadowed();
    out_.imports = code_.imports();
    if (!code_.obstacle().empty()) out_.obstacle = code_.obstacle();
    if (!out_.edits.empty()) out_.obstacle.clear();
    return std::move(out_);
  }

 private:
  // `len := len(xs)`: what is written would not mean what it says.
  void forget_if_shadowed() {
    for (const char* name : {"len", "cap", "append", "new", "nil", "int", "string", "byte"})
      for (const Edit& edit : out_.edits) {
        if (!code_.has_word(edit.text, name) || !code_.shadowed(name)) continue;
        out_ = {};
        no(std::string("`") + name + "` has another meaning here");
        return;
      }
  }

  void carry_out(Remedy remedy) {
    switch (remedy) {
      case Remedy::Clear:
        clear();
        break;
      case Remedy::NilWhenEmpty:
        nil_when_empty();
        break;
      case Remedy::Copy:
        copy();
        break;
      case Remedy::CopyIfCapExceeds:
        copy_if_cap_exceeds();
        break;
      case Remedy::ThreeIndex:
        break;
    }
  }

  bool cuts_little() const {
    return slice_.form == Form::Delete || slice_.form == Form::DeleteSome ||
           slice_.form == Form::Advance || around_.removes_one();
  }

  // x = x[:0], and somewhere x = append(x, …)
  bool filled_again() const {
    const auto& flows = flows_.to(flow_.place);
    return slice_.form == Form::Zero && (candidate_.in_place || exchanges()) &&
           !candidate_.filter && std::any_of(flows.begin(), flows.end(), [&](std::uint32_t index) {
             const Flow& flow = flows_.all()[index];
             Node right = without_parentheses(flow.right);
             return flow.value.place == flow_.place && flow.value.kind == Value::Kind::Alias &&
                    right.is("call_expression") && right.field("function").text() == "append";
           });
  }
  // a, b = b, a[:0]: what a shows is cleared before.
  bool exchanges() const {
    return !candidate_.through_call && !candidate_.filter && gives_to_each_other(flow_.statement);
  }
  bool cuts_one() const {
    return around_.removes_one() || (slice_.form == Form::Advance && slice_.low.text() == "1");
  }

  // x = x[:n] where nothing else takes as long as x is: a copy would. But of a few that stay, or of
  // what is another's.
  bool copies_each_time() const {
    bool own = candidate_.in_place || (flow_.left && same_argument());
    if (!own || candidate_.filter || shows_nothing()) return false;
    if (slice_.form == Form::ThreeIndex) return false;  // the next append copies as well
    const Root& root = flow_.root;
    bool own_copy =
        root.variable && root.variable->function && !root.pointer && flow_.place.starts_with("f:");
    return !own_copy && !around_.keeps_few() && !around_.goes_through_all();
  }

  // Whether the remedy is one at this statement.
  bool helps(Remedy remedy) const {
    if (remedy == Remedy::Clear) return clearing_helps();
    // What a longer slice hides, nil_when_empty leaves.
    if (remedy == Remedy::NilWhenEmpty)
      return slice_.form == Form::Zero && !candidate_.filter && right_is_slice();
    return true;
  }
  bool clearing_helps() const {
    return (candidate_.in_place || candidate_.through_call || exchanges()) &&
           !options_.plain_data && !code_.is_string() && slice_.form != Form::ThreeIndex;
  }

  bool no(std::string why) {
    if (out_.obstacle.empty()) out_.obstacle = std::move(why);
    return false;
  }

  // --- text ---

  const std::string& text() const { return flow_.file->tree->text(); }
  std::uint32_t line_begin(std::uint32_t at) const {
    auto before = at == 0 ? std::string::npos : text().rfind('\n', at - 1);
    return static_cast<std::uint32_t>(before + 1);  // npos + 1 is 0
  }
  std::string indent() const {
    auto first = line_begin(flow_.statement.begin());
    auto end = first;
    while (end < text().size() && (text()[end] == '\t' || text()[end] == ' ')) end++;
    return text().substr(first, end - first);
  }
  std::string newline() const { return text().find("\r\n") == std::string::npos ? "\n" : "\r\n"; }
  // Whether a statement stands among others of a block; is the first thing in its line.
  static bool in_block(const Node& statement) {
    Node around = statement.parent();
    while (around.is("labeled_statement")) around = around.parent();
    auto kind = around.kind();
    return kind == "block" || kind == "expression_case" || kind == "default_case" ||
           kind == "communication_case" || kind == "type_case";
  }
  bool begins_line(const Node& statement) const {
    return text().find_first_not_of(" \t", line_begin(statement.begin())) == statement.begin();
  }
  // `lines` of code, indented as the statement is; within them a leading tab is one step more.
  std::string block_of(const std::vector<std::string>& lines) const {
    std::string out;
    for (const auto& line : lines) out += indent() + line + newline();
    return out;
  }
  // Lines before the statement and behind it.
  void surround(const std::vector<std::string>& before, const std::vector<std::string>& after) {
    if (one_line_body()) {
      auto lines = before;
      lines.emplace_back(flow_.statement.text());
      lines.insert(lines.end(), after.begin(), after.end());
      return break_up(lines);
    }
    auto first = line_begin(anchor().begin());
    if (!before.empty()) out_.edits.push_back({first, first, block_of(before)});
    if (after.empty()) return;
    auto end = text().find('\n', flow_.statement.end());
    if (end == std::string::npos) end = text().size() - 1;
    auto at = static_cast<std::uint32_t>(end + 1);
    out_.edits.push_back({at, at, block_of(after)});
  }
  void insert_before(const std::vector<std::string>& lines) { surround(lines, {}); }
  void insert_after(const std::vector<std::string>& lines) { surround({}, lines); }
  void replace(const Node& node, std::string by) {
    out_.edits.push_back({node.begin(), node.end(), std::move(by)});
  }
  void replace_statement(const std::vector<std::string>& lines) {
    if (one_line_body()) return break_up(lines);
    auto code = block_of(lines);
    // Without the first line's indentation and the last line's end, which stand there already.
    code = code.substr(indent().size(), code.size() - indent().size() - newline().size());
    replace(flow_.statement, code);
  }

  // func (q *Q) reset() { q.items = q.items[:0] }, defer func() { … }(): the block, without
  // comments.
  Node one_line_body() const {
    Node block = flow_.statement.parent(), function = block.parent();
    bool body = function.is("function_declaration") || function.is("method_declaration") ||
                function.is("func_literal");
    if (!block.is("block") || !body || block.line() != block.end_line()) return {};
    if (block.text().find("//") != std::string_view::npos ||
        block.text().find("/*") != std::string_view::npos)
      return {};
    // Elements of composite literals are aligned by gofmt.
    for (Node node = function; node && !node.is("block"); node = node.parent())
      if (node.is("literal_value")) return {};
    return block;
  }
  // `lines` in the statement's place, and those beside it, each in a line of its own.
  void break_up(const std::vector<std::string>& lines) {
    Node block = one_line_body();
    std::string out = newline();
    auto add = [&](std::string_view line) {
      out += indent() + "\t" + std::string(line) + newline();
    };
    for (const Node& one : block.children()) {
      if (!one.same(flow_.statement))
        add(one.text());
      else
        for (const auto& line : lines) add(line);
    }
    out_.edits.push_back({block.begin() + 1, block.end() - 1, out + indent()});
  }

  // Only white space and a comment follow in the statement's last line.
  bool ends_line() const {
    auto at = text().find_first_not_of(" \t\r", flow_.statement.end());
    return at == std::string::npos || text()[at] == '\n' || text().compare(at, 2, "//") == 0;
  }
  bool room_for_lines() {
    bool own = in_block(flow_.statement) && begins_line(flow_.statement) && ends_line();
    if (own || one_line_body()) return true;
    return no("the statement does not stand in lines of its own");
  }
  // if x = x[:n]; … {: what comes before that may stand before all of it.
  Node anchor() const {
    Node around = flow_.statement.parent();
    if (!around.field("initializer").same(flow_.statement)) return flow_.statement;
    return around.is("for_clause") ? around.parent() : around;
  }
  bool room_before() {
    Node first = anchor();
    if (first.same(flow_.statement)) return room_for_lines();
    if (in_block(first) && begins_line(first)) return true;
    return no("the statement does not stand in lines of its own");
  }

  // --- pieces of code ---

  std::string left_text() const { return std::string(flow_.left.text()); }
  // `(x.items)` is x.items; `(&array)` stays.
  std::string operand_text() const {
    Node plain = without_parentheses(slice_.operand);
    bool operation = plain.is("unary_expression") && !plain.text().starts_with('*');
    return std::string((operation ? slice_.operand : plain).text());
  }
  // (n - 1) is n-1, as gofmt writes it in brackets.
  static std::string bound_text(const Node& bound) {
    Node plain = without_parentheses(bound);
    return plain.same(bound) ? std::string(bound.text()) : squeezed(plain.text());
  }
  std::size_t assigned() const { return flow_.statement.field("left").children().size(); }

  bool is_pure(const Node& expression) const { return around_.is_pure(expression); }

  // --- what else reads the array ---

  bool may_clear() {
    if (!candidate_.in_place && !exchanges()) return no("another slice shows the same array");
    // What is cleared afterwards is written once.
    bool afterwards = cleared_afterwards();
    bool once =
        left_may_stay() && is_pure(slice_.operand) && is_pure(slice_.low) && is_pure(slice_.high);
    if (!afterwards && !once)
      return no("the statement calls a function, which would be called twice");
    if (around_.regrown()) return no("the program reslices it beyond its length again");
    if (auto why = around_.sharing(); !why.empty()) return no(why);
    bool after = afterwards || slice_.form == Form::Delete;
    if (!after && (around_.reads_elements(slice_.low) || around_.reads_elements(slice_.high)))
      return no("its bound is read from an element");
    return true;
  }
  // What x = slices.DeleteFunc(x, …) hides; or append(x[:n], y...), where y may be of x.
  bool cleared_afterwards() const {
    if (candidate_.filter) return !without_parentheses(flow_.right).is("identifier");
    bool call = slice_.expression.is("call_expression");
    return slice_.form == Form::DeleteSome || (slice_.form == Form::Delete && !slice_.rest) ||
           (slice_.form != Form::Delete && call);
  }

  // Whether the left side calls nothing, or is written once and has nothing to do with the slice
  // that is cleared before it: m[key()] = list[:n].
  bool left_may_stay() const {
    if (is_pure(flow_.left)) return true;
    bool once = slice_.form == Form::Zero || slice_.form == Form::Advance ||
                slice_.form == Form::Truncate || slice_.form == Form::Window;
    if (!once || candidate_.filter || assigned() != 1) return false;
    auto set = identifiers(flow_.left), cut = identifiers(flow_.right);
    return std::none_of(set.begin(), set.end(), [&](const Node& a) {
      return std::any_of(cut.begin(), cut.end(),
                         [&](const Node& b) { return a.text() == b.text(); });
    });
  }

  // --- clear ---

  bool clear() {
    if (candidate_.through_call) return clear_spare();
    if (!may_clear()) return false;
    if (slice_.form == Form::Delete && slice_.rest) return clear_deleted();
    if (slice_.form == Form::Delete || cleared_afterwards()) return clear_spare();
    if (assigned() != 1 && !exchanges()) {
      if (split_and_clear()) return true;
      if (slice_.form == Form::Advance) return false;
      if (slice_.form == Form::Window) return no("it is one of several assignments");
      return clear_spare(around_.removes_one());
    }
    if (flow_.statement.parent().is("for_clause") && clear_first_in_assignment()) return true;
    if (!room_before()) return false;
    auto lines = clearing_before();
    if (lines.empty()) return no("its elements cannot be cleared");
    insert_before(lines);
    return true;
  }

  // for …; s[0], s = nil, s[1:] {: s[0] is that of before.
  bool clear_first_in_assignment() {
    auto value = code_.zero();
    if (slice_.form != Form::Advance || slice_.low.text() != "1" || value.empty()) return false;
    replace(flow_.statement, as_operand(operand_text()) + "[0], " + left_text() + " = " + value +
                                 ", " + std::string(flow_.right.text()));
    return true;
  }

  // What the slice hides, before it does.
  std::vector<std::string> clearing_before() {
    auto of = as_operand(operand_text());
    auto low = bound_text(slice_.low), high = bound_text(slice_.high);
    if (candidate_.filter) {
      auto length = "len(" + std::string(flow_.right.text()) + ")";
      return tail_cleared(left_text(), length, one_for_each());
    }
    switch (slice_.form) {
      case Form::Zero:
        return code_.clearing(operand_text(), "", "");
      case Form::Advance:
        return head_cleared(of, low);
      case Form::Truncate:
        return guarded(of, high);
      case Form::Window: {
        auto before = code_.clearing(operand_text(), "", low);
        auto after = guarded(of, high);
        if (before.empty() || after.empty() || (options_.go_minor < kClear)) return {};
        before.insert(before.end(), after.begin(), after.end());
        return before;
      }
      default:
        return {};
    }
  }

  // s[0] = nil before s[1:], clear(s[:n]) before s[n:].
  std::vector<std::string> head_cleared(const std::string& of, const std::string& low) {
    auto value = low == "1" ? code_.zero() : std::string();
    bool plain = !value.empty() && (!value.starts_with('*') || options_.go_minor < kClear);
    if (plain) return {of + "[0] = " + value};
    return code_.clearing(operand_text(), "", low);
  }

  // Whether the variable that the kept elements are appended to gets one for each of the slice.
  bool one_for_each() const {
    unsigned appended = 0;
    for (auto index : flows_.from(flow_.value.place)) {
      const Flow& flow = flows_.all()[index];
      if (flow.place != flow_.value.place) continue;
      auto arguments = without_parentheses(flow.right).field("arguments").children();
      bool one = arguments.size() == 2 && !arguments[1].is("variadic_argument");
      Node loop = flow.statement;
      while (loop && !loop.is("for_statement")) loop = loop.parent();
      Node clause = loop.is("for_statement") ? loop.first() : Node();
      if (!one || !clause.is("range_clause") ||
          squeezed(clause.field("right").text()) != squeezed(slice_.operand.text()))
        return false;
      appended++;
    }
    return appended == 1;
  }

  // clear(s[n:]), where n may lie beyond len: only if it does not.
  std::vector<std::string> guarded(const std::string& of, const std::string& high) {
    bool sure = around_.within_length();
    if (sure && options_.go_minor < kClear && around_.removes_one()) {
      auto value = code_.zero();
      if (!value.empty()) return {of + "[" + high + "] = " + value};
    }
    return tail_cleared(operand_text(), high, sure);
  }
  std::vector<std::string> tail_cleared(const std::string& slice, const std::string& low,
                                        bool sure) {
    auto lines = code_.clearing(slice, low, "");
    if (lines.empty()) return lines;
    if (lines.size() > 1) {
      // A loop does nothing where it begins beyond the end.
      if (auto begin = as_statement(as_int(low)); !begin.empty())
        return code_.clearing(slice, begin, "");
      lines = code_.clearing(slice, low, "len(" + slice + ")");
    }
    if (sure) return lines;
    std::vector<std::string> out{"if " + as_int(low) + " < len(" + slice + ") {"};
    for (const auto& line : lines) out.push_back("\t" + line);
    out.emplace_back("}");
    return out;
  }

  // n+1 as gofmt writes it outside of brackets; "" of what is not as simple.
  static std::string as_statement(const std::string& bound) {
    auto sign = bound.find_first_of("+-*/%&|^<> ");
    if (sign == std::string::npos) return bound;
    bool simple = sign > 0 && (bound[sign] == '+' || bound[sign] == '-') &&
                  bound.find_first_of("+-*/%&|^<> ()", sign + 1) == std::string::npos &&
                  bound.find('(') == std::string::npos;
    return simple ? bound.substr(0, sign) + " " + bound[sign] + " " + bound.substr(sign + 1) : "";
  }

  // A bound may be of any integer type; where its type is not known, a conversion does no harm.
  std::string as_int(const std::string& high) const {
    return candidate_.filter || is_int(slice_.high_type) ? high : "int(" + high + ")";
  }
  bool is_int(TypeRef ref) const {
    const GoType& type = program_.type(ref);
    return type.kind == GoType::Kind::Basic && type.name == "int";
  }

  // All that lies past the length, afterwards; or the slot that it ended with before.
  bool clear_spare(bool one = false) {
    if (!candidate_.in_place && !same_argument()) return no("another slice shows the same array");
    if (flow_.implicit || !flow_.left || !is_pure(flow_.left))
      return no("the slice has no name here");
    if (around_.regrown()) return no("the program reslices it beyond its length again");
    if (auto why = around_.sharing(); !why.empty()) return no(why);
    if (!room_for_lines()) return false;
    return one ? clear_slot_behind() : clear_rest_of_old();
  }
  // The slot past the length, by a line that follows the statement.
  bool clear_slot_behind() {
    auto left = left_text(), length = "len(" + left + ")";
    if (options_.go_minor < kClear && !code_.zero().empty()) {
      insert_after({code_.in_brackets(as_operand(left), "", length + "+1") + "[" + length +
                    "] = " + code_.zero()});
      return true;
    }
    auto lines = code_.clearing(left, length, length + "+1");
    if (lines.empty()) return false;
    insert_after(lines);
    return true;
  }
  // What the slice showed before and shows no more. The spare room may be far larger.
  bool clear_rest_of_old() {
    if (!begins_where_it_did()) return no("the slice may begin elsewhere afterwards");
    auto left = left_text(), length = "len(" + left + ")";
    auto old = new_name({"old", "before", "whole", "former"});
    if (old.empty()) return no("no name is free for the slice of before");
    auto lines = code_.clearing(old, length, "");
    if (lines.empty()) return false;
    // A loop does nothing where it begins beyond the end.
    if (lines.size() == 1 && !is_never_longer()) {
      lines[0].insert(0, "\t");
      lines.insert(lines.begin(), "if " + length + " < len(" + old + ") {");
      lines.emplace_back("}");
    }
    surround({old + " := " + left}, lines);
    out_.names.push_back(old);
    return true;
  }
  std::string new_name(std::initializer_list<const char*> names) const {
    for (const char* name : names)
      if (!options_.taken_names.contains(name) && !code_.unused_name({name}).empty()) return name;
    return {};
  }
  // By a function of package slices that deletes.
  bool is_never_longer() const {
    return !candidate_.through_call && !slice_.rest &&
           (slice_.form == Form::DeleteSome || slice_.form == Form::Delete);
  }
  // Whether the slice's first element is what it was, whatever the function returns.
  bool begins_where_it_did() const {
    auto keeps = [](const Value& value) {
      return value.kind == Value::Kind::Alias ||
             (value.kind == Value::Kind::Reslice && is_absent_or_zero_form(value.form));
    };
    if (!candidate_.through_call) return keeps(slice_);
    const auto& results = flows_.to(flow_.value.place);
    return !results.empty() &&
           std::all_of(results.begin(), results.end(),
                       [&](std::uint32_t index) { return keeps(flows_.all()[index].value); });
  }
  static bool is_absent_or_zero_form(Form form) {
    return form == Form::Truncate || form == Form::Zero || form == Form::Delete ||
           form == Form::DeleteSome;
  }
  // x = cut(x, …): the function gets the very slice.
  bool same_argument() const {
    if (!candidate_.through_call) return false;
    auto left = squeezed(left_text());
    for (const Node& argument : without_parentheses(flow_.right).field("arguments").children())
      if (squeezed(argument.text()) == left) return true;
    Node function = without_parentheses(flow_.right).field("function");
    return function.is("selector_expression") && squeezed(function.field("operand").text()) == left;
  }

  bool clear_deleted() {
    if (assigned() != 1 || !flow_.left) return no("it is one of several assignments");
    auto low = slice_.low ? std::string(slice_.low.text()) : "0";
    auto high = std::string(slice_.high.text());
    bool same = squeezed(left_text()) == squeezed(operand_text());
    if (!same) return no("the slice gets another name");
    bool one = squeezed(high) == squeezed(low) + "+1" || (low == "0" && high == "1");
    if (options_.go_minor >= kDeleteClears && is_int(slice_.high_type) &&
        (one || low == "0" || squeezed(high).starts_with(squeezed(low) + "+"))) {
      auto slices = code_.package_name("slices");
      if (!slices.empty()) {
        replace(flow_.right, slices + ".Delete(" + left_text() + ", " + low + ", " + high + ")");
        return true;
      }
    }
    if (!room_for_lines()) return false;
    return one ? clear_slot_behind() : clear_rest_of_old();
  }

  // Whether the statement declares what stands at its left.
  bool declares(const Node& left) const {
    for (const Flow* flow : flows_.of_statement(flow_))
      if (flow->left.same(left) && flow->root.variable)
        return flow->root.variable->declaration.same(left);
    return false;
  }

  // x, q = q[0], q[1:] becomes three statements.
  bool split_and_clear() {
    auto lefts = flow_.statement.field("left").children(),
         rights = flow_.statement.field("right").children();
    bool sets = flow_.statement.is("assignment_statement") ||
                (flow_.statement.is("short_var_declaration") && slice_.form == Form::Advance &&
                 !declares(flow_.left));
    if (!sets || lefts.size() != rights.size() || !room_for_lines())
      return no("it is one of several assignments");
    std::vector<std::string> first, last;
    auto ours = identifiers(flow_.right), left = identifiers(flow_.left);
    ours.insert(ours.end(), left.begin(), left.end());
    for (std::size_t i = 0; i < lefts.size(); i++) {
      auto one = std::string(lefts[i].text()) + (declares(lefts[i]) ? " := " : " = ") +
                 std::string(rights[i].text());
      if (lefts[i].same(flow_.left)) {
        last.push_back(one);
        continue;
      }
      bool apart = lefts[i].is("identifier") &&
                   std::none_of(ours.begin(), ours.end(),
                                [&](auto& n) { return n.text() == lefts[i].text(); });
      // Set before another is read: cur, prev = next, cur.
      for (std::size_t k = 0; k < rights.size() && apart; k++) {
        if (k == i) continue;
        for (const Node& name : identifiers(rights[k]))
          apart = apart && name.text() != lefts[i].text();
      }
      if (!apart || !is_pure(rights[i])) return no("it is one of several assignments");
      first.push_back(one);
    }
    auto lines = clearing_before();
    if (lines.empty()) return false;
    first.insert(first.end(), lines.begin(), lines.end());
    first.insert(first.end(), last.begin(), last.end());
    replace_statement(first);
    return true;
  }

  // --- the other remedies ---

  bool copy() {
    Node right = without_parentheses(flow_.right);
    if (!right) return no("there is no expression to copy");
    if (right.is("variadic_argument")) right = right.first();
    if (candidate_.filter && !flow_.right) return no("there is no expression to copy");
    if (around_.regrown()) return no("the program reslices it beyond its length again");
    if (auto why = around_.writing_through(); !why.empty()) return no(why);
    if (flow_.statement.parent().is("for_clause"))
      return no("a copy in every round of the loop costs too much");
    if (flow_.left && assigned() > flow_.statement.field("right").children().size())
      return copy_after();
    bool told_apart = around_.nil_is_told();
    if (shows_nothing() && !told_apart) {
      replace(flow_.right, "nil");
      return true;
    }
    auto code = code_.copied(std::string(flow_.right.text()));
    if (code.empty()) return no("a copy cannot be written here");
    // append([]T(nil), x...) of nothing is nil.
    // pool <- s[:0]: what is sent is meant to be filled again.
    if (slice_.form == Form::Zero && flow_.statement.is("send_statement"))
      return no("its array is sent to be used again");
    if (told_apart && code.starts_with("append(")) return no("nil may be told from empty");
    replace(flow_.right, code);
    return true;
  }
  // x, ok := f(): one of several results.
  bool copy_after() {
    if (!room_for_lines() || !is_pure(flow_.left)) return no("the call gives several results");
    auto code = code_.copied(left_text());
    if (code.empty()) return no("a copy cannot be written here");
    insert_after({left_text() + " = " + code});
    return true;
  }

  bool nil_when_empty() {
    bool cuts_end = slice_.form == Form::Truncate || slice_.form == Form::Zero ||
                    slice_.form == Form::Delete || slice_.form == Form::DeleteSome;
    if (flow_.implicit || !flow_.left || code_.is_string() || !cuts_end)
      return no("nil_when_empty is for slices that are truncated");
    if (around_.regrown()) return no("the program reslices it beyond its length again");
    if (around_.nil_is_told()) return no("nil may be told from empty");
    if (shows_nothing()) {
      replace(flow_.right, "nil");
      return true;
    }
    if (!room_for_lines() || !is_pure(flow_.left)) return no("the statement calls a function");
    auto left = left_text();
    insert_after({"if len(" + left + ") == 0 {", "\t" + left + " = nil", "}"});
    return true;
  }
  // x = s[:0]
  bool shows_nothing() const {
    return slice_.form == Form::Zero && !candidate_.filter && !code_.is_string() &&
           right_is_slice() && is_pure(flow_.right) && flow_.statement.is("assignment_statement");
  }
  bool right_is_slice() const { return without_parentheses(flow_.right).is("slice_expression"); }

  bool copy_if_cap_exceeds() {
    if (flow_.implicit || !flow_.left || code_.is_string())
      return no("copy_if_cap_exceeds is for slices that are assigned");
    if (slice_.form == Form::ThreeIndex || slice_.form == Form::Advance)
      return no("the slice's capacity does not tell how large its array is");
    if (around_.regrown()) return no("the program reslices it beyond its length again");
    if (auto why = around_.writing_through(); !why.empty()) return no(why);
    if (!room_for_lines() || !is_pure(flow_.left)) return no("the statement calls a function");
    auto left = left_text();
    auto code = code_.copied(left);
    if (code.empty()) return false;
    if (code.starts_with("append(") && around_.nil_is_told())
      return no("nil may be told from empty");
    insert_after({"if cap(" + left + ") > 4*len(" + left + ") {", "\t" + left + " = " + code, "}"});
    return true;
  }

  const Flows& flows_;
  Program& program_;
  const Candidate& candidate_;
  const Flow& flow_;
  const Value& slice_;
  RewriteOptions options_;
  Surroundings around_;
  CodeWriter code_;
  Rewrite out_;
};

}  // namespace

Rewrite rewrite(const Flows& flows, const Candidate& candidate, const RewriteOptions& options) {
  return Rewriter(flows, candidate, options).run();
}

}  // namespace overhang::source
