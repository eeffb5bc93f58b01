#include "model/parser.h"

namespace overhang::model {

Expr Parser::node(Op op, Position at, std::vector<Expr> args) {
  Expr out;
  out.op = op;
  out.at = at;
  out.args = std::move(args);
  return out;
}

Result<Expr> Parser::expression() {
  Depth depth(depth_);
  if (depth_ > kDeepest) return wrong("this is nested too deeply");
  OVERHANG_TRY(auto left, product());
  for (unsigned n = 0; peek().is("+") || peek().is("-"); n++) {
    if (n == kLongest) return wrong("this expression is too long");
    auto sign = tokens_[next_++];
    OVERHANG_TRY(auto right, product());
    left = node(Op::Binary, sign.at, {std::move(left), std::move(right)});
    left.name = sign.text;
  }
  return left;
}

Result<Expr> Parser::product() {
  OVERHANG_TRY(auto left, unary());
  for (unsigned n = 0; peek().is("*") || peek().is("/") || peek().is("%"); n++) {
    if (n == kLongest) return wrong("this expression is too long");
    auto sign = tokens_[next_++];
    OVERHANG_TRY(auto right, unary());
    left = node(Op::Binary, sign.at, {std::move(left), std::move(right)});
    left.name = sign.text;
  }
  return left;
}

Result<Expr> Parser::unary() {
  auto at = peek().at;
  if (!take("&")) return primary();
  OVERHANG_TRY(auto of, primary());
  if (of.op != Op::Index && (of.op != Op::Composite || of.type->kind != Kind::Struct))
    return wrong_at(at, "& is for struct literals and for elements of slices: &T{{}}, &s[i]");
  return node(Op::Address, at, {std::move(of)});
}

Result<Expr> Parser::primary() {
  OVERHANG_TRY(auto out, operand());
  for (unsigned n = 0;; n++) {
    if (n == kLongest) return wrong("this expression is too long");
    auto at = peek().at;
    if (take(".")) {
      OVERHANG_TRY(auto name, word("a field's name"));
      out = node(Op::Field, at, {std::move(out)});
      out.name = std::move(name);
    } else if (take("[")) {
      OVERHANG_TRY(out, subscript(std::move(out), at));
    } else {
      return out;
    }
  }
}

Result<Expr> Parser::subscript(Expr of, Position at) {
  Expr bounds[3];
  std::size_t colons = 0;
  for (;;) {
    if (!peek().is(":") && !peek().is("]")) {
      OVERHANG_TRY(bounds[colons], expression());
    }
    if (take("]")) break;
    if (colons == 2) return wrong("']' is missing before {}", shown(peek()));
    OVERHANG_CHECK(expect(":"));
    colons++;
  }
  if (colons == 0 && bounds[0].op == Op::None) return wrong_at(at, "an index is missing");
  if (colons == 0) return node(Op::Index, at, {std::move(of), std::move(bounds[0])});
  if (colons == 2 && (bounds[1].op == Op::None || bounds[2].op == Op::None))
    return wrong_at(at, "s[i:j:k] needs both j and k");
  return node(Op::Slice, at,
              {std::move(of), std::move(bounds[0]), std::move(bounds[1]), std::move(bounds[2])});
}

Result<Expr> Parser::operand() {
  auto at = peek().at;
  if (take("(")) {
    OVERHANG_TRY(auto inner, expression());
    OVERHANG_CHECK(expect(")"));
    return inner;
  }
  if (peek().kind == Token::Kind::Number) {
    auto out = node(Op::Number, at);
    OVERHANG_TRY(out.number, number());
    return out;
  }
  if (peek().kind == Token::Kind::Text) {
    auto out = node(Op::Text, at);
    out.name = tokens_[next_++].text;
    out.number = static_cast<std::int64_t>(out.name.size());
    return out;
  }
  if (take("nil")) return node(Op::Nil, at);
  if (peek().is("[") || peek().is("map")) {
    OVERHANG_TRY(auto* of, type());
    return literal(of, at);
  }
  OVERHANG_TRY(auto name, word("an expression"));
  if (peek().is("{") && script_.types->named(name)) return literal(script_.types->named(name), at);
  if ((name == "slices" || name == "strings") && peek().is(".") &&
      peek(1).kind == Token::Kind::Word && peek(2).is("(")) {
    next_++;
    name += "." + tokens_[next_++].text;
  }
  if (peek().is("(")) return call(name, at);
  auto out = node(Op::Name, at);
  out.name = std::move(name);
  return out;
}

Result<Expr> Parser::literal(const Type* of, Position at) {
  bool many = of->kind == Kind::Slice || of->kind == Kind::Map;
  if (peek().is("(") && !many && of->kind != Kind::Pointer)
    return wrong("a {} cannot be made of nil", of->name);
  if (!peek().is("(") && !many && of->kind != Kind::Struct)
    return wrong("there are no literals of type {} here", of->name);
  if (take("(")) {
    if (!take("nil")) return wrong("conversions are of nil only: {}(nil)", of->name);
    OVERHANG_CHECK(expect(")"));
    auto out = node(Op::Nothing, at);
    out.type = of;
    return out;
  }
  OVERHANG_CHECK(expect("{"));
  auto out = node(Op::Composite, at);
  out.type = of;
  skip_lines();
  while (!take("}")) {
    if (of->kind == Kind::Struct) {
      OVERHANG_TRY(auto name, word("a field's name"));
      if (!of->field(name)) return wrong("{} has no field {}", of->name, name);
      OVERHANG_CHECK(expect(":"));
      out.names.push_back(std::move(name));
    } else if (of->kind != Kind::Slice) {
      return wrong("a literal of type {} is empty here", of->name);
    }
    OVERHANG_TRY(auto value, expression());
    out.args.push_back(std::move(value));
    skip_lines();
    if (take(",")) {
      skip_lines();
    } else if (!peek().is("}")) {
      return wrong("',' or '}}' is missing before {}", shown(peek()));
    }
  }
  return out;
}

Result<Expr> Parser::call(const std::string& name, Position at) {
  struct Known {
    std::string_view name;
    Op op;
    std::size_t least, most;  // arguments, without a type
  };
  static constexpr Known kKnown[] = {
      {"append", Op::Append, 1, 1 << 20},
      {"make", Op::Make, 0, 2},
      {"new", Op::New, 0, 0},
      {"len", Op::Len, 1, 1},
      {"cap", Op::Cap, 1, 1},
      {"copy", Op::Copy, 2, 2},
      {"slices.Clone", Op::Clone, 1, 1},
      {"strings.Clone", Op::Clone, 1, 1},
      {"strings.Repeat", Op::Repeat, 2, 2},
  };
  for (const Known& known : kKnown) {
    if (known.name != name) continue;
    OVERHANG_CHECK(expect("("));
    auto out = node(known.op, at);
    bool first = true;
    if (known.op == Op::Make || known.op == Op::New) {
      OVERHANG_TRY(out.type, type());
      first = false;
    }
    while (!take(")")) {
      if (!first) OVERHANG_CHECK(expect(","));
      if (!first && take(")")) break;
      first = false;
      OVERHANG_TRY(auto argument, expression());
      out.args.push_back(std::move(argument));
      if (known.op == Op::Append && take("...")) {
        out.spread = true;
        OVERHANG_CHECK(expect(")"));
        break;
      }
    }
    bool few = out.args.size() < known.least ||
               (known.op == Op::Make && out.type->kind == Kind::Slice && out.args.empty());
    if (few || out.args.size() > known.most || (out.spread && out.args.size() != 2))
      return wrong_at(at, "{} has {} arguments", name, few ? "too few" : "too many");
    return out;
  }
  return wrong_at(at, "there is no function {} here", name);
}

Result<std::vector<Expr>> Parser::expressions() {
  std::vector<Expr> out;
  do {
    OVERHANG_TRY(auto value, expression());
    out.push_back(std::move(value));
  } while (take(","));
  return out;
}

}  // namespace overhang::model
