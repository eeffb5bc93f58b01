// The words of a script.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/script.h"

namespace overhang::model {

struct Token {
  enum class Kind : std::uint8_t { Word, Number, Text, Mark, Line, End };
  Kind kind = Kind::End;
  std::string text;  // of a string literal, what stands between its quotes
  Position at;
  std::size_t begin = 0, end = 0;  // bytes in the source

  bool is(std::string_view mark) const {
    return (kind == Kind::Mark || kind == Kind::Word) && text == mark;
  }
};

// The last one is End. Errors: BadInput, with the position.
Result<std::vector<Token>> tokens_of(std::string_view source);

}  // namespace overhang::model
