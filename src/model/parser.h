// Reads scripts; script.h shows the language. Recursive descent, of bounded depth.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/lexer.h"

namespace overhang::model {

class Parser {
 public:
  Parser(std::string_view source, std::vector<Token> tokens, std::shared_ptr<Types> types)
      : source_(source), tokens_(std::move(tokens)), script_{std::move(types), {}} {}

  // Errors: BadInput, with the position.
  Result<Script> script();

 private:
  using Op = Expr::Op;
  static constexpr std::uint64_t kLargestType = 1 << 24;  // bytes
  static constexpr unsigned kDeepest = 60;                // nested expressions, types and loops
  static constexpr unsigned kLongest = 200;  // operators of one expression, fields and indices

  // Counts how deep the caller is nested, for as long as it lives.
  struct Depth {
    explicit Depth(unsigned& depth) : depth_(++depth) {}
    ~Depth() { depth_--; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    unsigned& depth_;
  };

  // Words (parser_tokens.cc).
  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  bool end() const { return peek().kind == Token::Kind::End; }
  bool take(std::string_view mark) {
    if (end() || !peek().is(mark)) return false;
    next_++;
    return true;
  }
  void skip_lines() {
    while (peek().kind == Token::Kind::Line || peek().is(";")) next_++;
  }
  std::string shown(const Token& token) const;
  template <class... Args>
  tl::unexpected<Error> wrong_at(Position at, fmt::format_string<Args...> format,
                                 Args&&... args) const {
    return fail(ErrorKind::BadInput, "{}:{}: {}", at.line, at.column,
                fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  tl::unexpected<Error> wrong(fmt::format_string<Args...> format, Args&&... args) const {
    return wrong_at(peek().at, format, std::forward<Args>(args)...);
  }
  Status expect(std::string_view mark);
  Result<std::string> word(const char* what);
  Result<std::int64_t> number();

  // Types (parser_types.cc).
  Result<const Type*> type();
  Result<const Type*> sized_type();  // that values can be made of
  Result<const Type*> struct_type(const std::string& name);

  // Expressions (parser_expressions.cc).
  static Expr node(Op op, Position at, std::vector<Expr> args = {});
  Result<Expr> expression();
  Result<Expr> product();
  Result<Expr> unary();
  Result<Expr> primary();
  Result<Expr> subscript(Expr of, Position at);  // what follows "[": an index or bounds
  Result<Expr> operand();
  Result<Expr> literal(const Type* of, Position at);  // what follows a type: {…} or (nil)
  Result<Expr> call(const std::string& name, Position at);
  Result<std::vector<Expr>> expressions();

  // Statements (parser.cc).
  Result<std::vector<Statement>> statements();
  Result<Statement> one();
  Result<Statement> variable();
  Result<Statement> loop(Position at);

  std::string_view source_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  unsigned depth_ = 0;
  const Type* unfinished_ = nullptr;  // the struct that is being declared
  Script script_;
};

}  // namespace overhang::model
