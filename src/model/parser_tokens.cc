#include <charconv>
#include <set>

#include "model/parser.h"

namespace overhang::model {
namespace {

const std::set<std::string, std::less<>> kKeywords = {"type", "var",  "for", "range",
                                                      "nil",  "show", "map", "struct"};

}  // namespace

std::string Parser::shown(const Token& token) const {
  if (token.kind == Token::Kind::End) return "the end of the script";
  if (token.kind == Token::Kind::Line) return "the end of the line";
  return "'" + std::string(source_.substr(token.begin, token.end - token.begin)) + "'";
}

Status Parser::expect(std::string_view mark) {
  if (take(mark)) return {};
  return wrong("'{}' is missing before {}", mark, shown(peek()));
}

Result<std::string> Parser::word(const char* what) {
  if (peek().kind != Token::Kind::Word || kKeywords.contains(peek().text))
    return wrong("{} is missing before {}", what, shown(peek()));
  return tokens_[next_++].text;
}

Result<std::int64_t> Parser::number() {
  std::string digits;
  for (char c : peek().text)
    if (c != '_') digits += c;
  std::int64_t value = 0;
  auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc()) return wrong("{} is too large a number", shown(peek()));
  next_++;
  return value;
}

}  // namespace overhang::model
