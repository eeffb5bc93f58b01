#include "model/parser.h"

namespace overhang::model {
namespace {

void write(const std::vector<Statement>& statements, const std::string& indent, std::string& out) {
  for (const Statement& statement : statements) {
    out += indent + statement.text + "\n";
    if (statement.op != Statement::Op::For) continue;
    write(statement.body, indent + "\t", out);
    out += indent + "}\n";
  }
}

}  // namespace

Result<Script> Parser::script() {
  OVERHANG_TRY(script_.statements, statements());
  if (!end()) return wrong("'}}' closes nothing");
  return std::move(script_);
}

Result<std::vector<Statement>> Parser::statements() {
  Depth depth(depth_);
  if (depth_ > kDeepest) return wrong("this is nested too deeply");
  std::vector<Statement> out;
  for (skip_lines(); !end() && !peek().is("}"); skip_lines()) {
    auto first = next_;
    OVERHANG_TRY(auto statement, one());
    statement.at = tokens_[first].at;
    statement.last_line = tokens_[next_ - 1].at.line;
    if (statement.op != Statement::Op::For)
      statement.text =
          source_.substr(tokens_[first].begin, tokens_[next_ - 1].end - tokens_[first].begin);
    if (!end() && peek().kind != Token::Kind::Line && !peek().is(";") && !peek().is("}"))
      return wrong("{} is not expected here", shown(peek()));
    out.push_back(std::move(statement));
  }
  return out;
}

Result<Statement> Parser::one() {
  Statement out;
  auto at = peek().at;
  if (take("show")) return out;
  if (take("type")) {
    out.op = Statement::Op::Type;
    OVERHANG_TRY(auto name, word("the type's name"));
    if (script_.types->named(name)) return wrong_at(at, "there is a type {} already", name);
    OVERHANG_TRY(out.type, struct_type(name));
    return out;
  }
  if (take("var")) return variable();
  if (take("for")) return loop(at);
  if (peek().is("clear") || peek().is("delete")) {
    out.op = peek().is("clear") ? Statement::Op::Clear : Statement::Op::Delete;
    next_++;
    OVERHANG_CHECK(expect("("));
    OVERHANG_TRY(out.values, expressions());
    OVERHANG_CHECK(expect(")"));
    std::size_t wanted = out.op == Statement::Op::Clear ? 1 : 2;
    if (out.values.size() != wanted) return wrong_at(at, "{} argument(s) expected", wanted);
    return out;
  }
  OVERHANG_TRY(out.targets, expressions());
  if (out.targets.size() == 1 && out.targets[0].op == Op::Copy) {
    out.op = Statement::Op::Copy;
    out.values.swap(out.targets);
    return out;
  }
  bool define = peek().is(":=");
  if (!define && !peek().is("=")) return wrong("'=' or ':=' is missing before {}", shown(peek()));
  next_++;
  OVERHANG_TRY(out.values, expressions());
  out.op = define ? Statement::Op::Define : Statement::Op::Assign;
  if (out.values.size() != out.targets.size())
    return wrong_at(at, "{} values for {} places", out.values.size(), out.targets.size());
  if (!define) return out;
  for (const Expr& target : out.targets) {
    if (target.op != Op::Name) return wrong_at(target.at, "only a name can be defined");
    out.names.push_back(target.name);
  }
  out.targets.clear();
  return out;
}

Result<Statement> Parser::variable() {
  Statement out;
  out.op = Statement::Op::Var;
  do {
    OVERHANG_TRY(auto name, word("the variable's name"));
    out.names.push_back(std::move(name));
  } while (take(","));
  if (!peek().is("=")) {
    OVERHANG_TRY(out.type, type());
  }
  if (take("=")) {
    auto at = peek().at;
    OVERHANG_TRY(out.values, expressions());
    if (out.values.size() != out.names.size())
      return wrong_at(at, "{} values for {} names", out.values.size(), out.names.size());
  }
  return out;
}

Result<Statement> Parser::loop(Position at) {
  Statement out;
  out.op = Statement::Op::For;
  auto first = next_ - 1;
  constexpr auto kForms = "loops are 'for range N {{' and 'for i := range N {{'";
  if (!take("range")) {
    OVERHANG_TRY(auto name, word("a loop's variable"));
    out.names = {name};
    OVERHANG_CHECK(expect(":="));
    if (!take("range")) {
      bool counts =
          peek().text == "0" && peek(1).is(";") && peek(2).text == name && peek(3).is("<");
      if (!counts) return wrong_at(at, kForms);
      next_ += 4;
      OVERHANG_TRY(auto times, expression());
      out.values.push_back(std::move(times));
      out.recount = true;
      if (!take(";") || !take(name) || !take("++")) return wrong_at(at, kForms);
    }
  }
  if (out.values.empty()) {
    OVERHANG_TRY(auto times, expression());
    out.values.push_back(std::move(times));
  }
  OVERHANG_CHECK(expect("{"));
  out.text = source_.substr(tokens_[first].begin, tokens_[next_ - 1].end - tokens_[first].begin);
  OVERHANG_TRY(out.body, statements());
  OVERHANG_CHECK(expect("}"));
  return out;
}

Result<Script> parse(std::string_view source, std::shared_ptr<Types> types) {
  OVERHANG_TRY(auto tokens, tokens_of(source));
  return Parser(source, std::move(tokens), std::move(types)).script();
}

std::string text_of(const std::vector<Statement>& statements) {
  std::string out;
  write(statements, "", out);
  return out;
}

}  // namespace overhang::model
