#include "goruntime/type_names.h"

#include <algorithm>
#include <cctype>

namespace overhang {
namespace {

bool ends_path(char c) {
  return std::string_view(" *[](){},;<>").find(c) != std::string_view::npos;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// objabi.PathToPrefix writes dots of a path's last element and other special bytes as %xx.
void append_unescaped(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
}

// Whether `text` begins with a major version and the dot after it: "v2.".
bool is_major_version(std::string_view text) {
  if (text.size() < 3 || text[0] != 'v') return false;
  std::size_t i = 1;
  while (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i]))) i++;
  return i > 1 && i < text.size() && text[i] == '.';
}

// One run without delimiters: "net/http.Request", "...io.Reader", "func", "chan".
void append_shortened(std::string_view token, std::string& out) {
  auto start = token.find_first_not_of('.');
  if (start == std::string_view::npos) start = token.size();
  out += token.substr(0, start);
  token.remove_prefix(start);
  auto slash = token.rfind('/');
  if (slash == std::string_view::npos) return append_unescaped(token, out);
  auto tail = token.substr(slash + 1);
  if (is_major_version(tail)) {
    auto path = token.substr(0, slash);
    auto before = path.rfind('/');
    append_unescaped(before == std::string_view::npos ? path : path.substr(before + 1), out);
    tail.remove_prefix(tail.find('.'));
  }
  append_unescaped(tail, out);
}

}  // namespace

std::string short_type_name(std::string_view full) {
  if (full.find_first_of("/%") == std::string_view::npos) return std::string(full);
  std::string out;
  for (std::size_t i = 0; i < full.size();) {
    if (full[i] == '"') {  // a struct tag
      auto end = i + 1;
      while (end < full.size() && full[end] != '"') end += full[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, full.size());
      out += full.substr(i, end - i);
      i = end;
    } else if (ends_path(full[i])) {
      out += full[i++];
    } else {
      auto end = i;
      while (end < full.size() && !ends_path(full[end]) && full[end] != '"') end++;
      append_shortened(full.substr(i, end - i), out);
      i = end;
    }
  }
  return out;
}

}  // namespace overhang
