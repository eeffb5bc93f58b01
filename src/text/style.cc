#include "text/style.h"

namespace overhang {
namespace {

std::string_view escape_of(TextStyle style) {
  switch (style) {
    case TextStyle::Bold:
      return "\x1b[1m";
    case TextStyle::Dim:
      return "\x1b[2m";
    case TextStyle::Alarm:
      return "\x1b[1;31m";
    case TextStyle::Plain:
      break;
  }
  return {};
}

}  // namespace

void append_styled(std::string& out, std::string_view text, TextStyle style, bool colour) {
  auto escape = colour ? escape_of(style) : std::string_view();
  out += escape;
  out += text;
  if (!escape.empty()) out += "\x1b[0m";
}

}  // namespace overhang
