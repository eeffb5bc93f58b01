#include "model/lexer.h"

#include <array>

namespace overhang::model {
namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

// Longer ones first.
constexpr std::array<std::string_view, 22> kMarks = {"...", ":=", "++", ":", ".", ",", ";", "[",
                                                     "]",   "(",  ")",  "{", "}", "=", "*", "&",
                                                     "+",   "-",  "/",  "%", "<", ">"};

}  // namespace

Result<std::vector<Token>> tokens_of(std::string_view source) {
  std::vector<Token> out;
  Position at{1, 1};
  std::size_t i = 0;
  auto step = [&](std::size_t bytes) {
    i += bytes;
    at.column += static_cast<unsigned>(bytes);
  };
  auto add = [&](Token::Kind kind, std::size_t bytes) {
    out.push_back({kind, std::string(source.substr(i, bytes)), at, i, i + bytes});
    step(bytes);
  };
  while (i < source.size()) {
    char c = source[i];
    auto rest = source.substr(i);
    if (c == '\n') {
      add(Token::Kind::Line, 1);
      at = {at.line + 1, 1};
    } else if (c == ' ' || c == '\t' || c == '\r') {
      step(1);
    } else if (rest.starts_with("//")) {
      step(std::min(rest.find('\n'), rest.size()));
    } else if (letter(c)) {
      std::size_t n = 1;
      while (n < rest.size() && (letter(rest[n]) || digit(rest[n]))) n++;
      add(Token::Kind::Word, n);
    } else if (digit(c)) {
      std::size_t n = 1;
      while (n < rest.size() && (digit(rest[n]) || rest[n] == '_')) n++;
      add(Token::Kind::Number, n);
    } else if (c == '"') {
      auto end = rest.find_first_of("\"\n", 1);
      if (end == std::string_view::npos || rest[end] != '"')
        return fail(ErrorKind::BadInput, "{}:{}: this string has no end", at.line, at.column);
      add(Token::Kind::Text, end + 1);
      out.back().text = out.back().text.substr(1, end - 1);
    } else {
      std::string_view found;
      for (auto mark : kMarks)
        if (found.empty() && rest.starts_with(mark)) found = mark;
      if (found.empty())
        return fail(ErrorKind::BadInput, "{}:{}: {} has no meaning here", at.line, at.column,
                    c > ' ' && c < 127 ? fmt::format("'{}'", c) : "this character");
      add(Token::Kind::Mark, found.size());
    }
  }
  out.push_back({Token::Kind::End, "", at, i, i});
  return out;
}

}  // namespace overhang::model
