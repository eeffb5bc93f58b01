#include "text/columns.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace overhang {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 1;  // bytes
  bool valid = false;
};

// The code point at the start of `text` (not empty); one invalid byte where there is none.
CodePoint decode(std::string_view text) {
  auto lead = static_cast<std::uint8_t>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t value = lead & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; i++) {
    auto byte = static_cast<std::uint8_t>(text[i]);
    if ((byte & 0xC0) != 0x80) return {};
    value = value << 6 | (byte & 0x3Fu);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[size] || value > 0x10FFFF || surrogate) return {};
  return {value, size, true};
}

struct Range {
  char32_t first, last;
};

template <std::size_t N>
bool within_any(char32_t value, const std::array<Range, N>& ranges) {
  return std::ranges::any_of(ranges,
                             [=](const Range& r) { return value >= r.first && value <= r.last; });
}

// Controls, and the format characters that move, hide or reorder what stands around them.
bool is_printable(char32_t value) {
  static constexpr std::array<Range, 8> kUnprintable = {{{0x00, 0x1F},
                                                         {0x7F, 0x9F},
                                                         {0xAD, 0xAD},
                                                         {0x61C, 0x61C},
                                                         {0x200B, 0x200F},
                                                         {0x2028, 0x202E},
                                                         {0x2060, 0x206F},
                                                         {0xFEFF, 0xFEFF}}};
  return !within_any(value, kUnprintable);
}

// The blocks of Unicode's combining marks and of East_Asian_Width W and F, coarsely: a name cut a
// column early is no harm.
std::size_t width_of(char32_t value) {
  static constexpr std::array<Range, 6> kCombining = {{{0x300, 0x36F},
                                                       {0x483, 0x489},
                                                       {0x1AB0, 0x1AFF},
                                                       {0x1DC0, 0x1DFF},
                                                       {0x20D0, 0x20FF},
                                                       {0xFE00, 0xFE0F}}};
  static constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115F},
                                                  {0x2E80, 0xA4CF},
                                                  {0xA960, 0xA97F},
                                                  {0xAC00, 0xD7A3},
                                                  {0xF900, 0xFAFF},
                                                  {0xFE30, 0xFE6F},
                                                  {0xFF00, 0xFF60},
                                                  {0x1F300, 0x1FAFF},
                                                  {0x20000, 0x3FFFD}}};
  if (value < 0x300) return 1;
  if (within_any(value, kCombining)) return 0;
  return within_any(value, kWide) ? 2 : 1;
}

// The longest start of `text` that fits `width` columns.
std::string_view start_of(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  while (end < text.size()) {
    auto point = decode(text.substr(end));
    auto columns = width_of(point.value);
    if (columns > width) break;
    width -= columns;
    end += point.size;
  }
  return text.substr(0, end);
}

// The longest end of `text` that fits `width` columns.
std::string_view end_of(std::string_view text, std::size_t width) {
  auto too_wide = display_width(text);
  std::size_t begin = 0;
  while (too_wide > width && begin < text.size()) {
    auto point = decode(text.substr(begin));
    too_wide -= width_of(point.value);
    begin += point.size;
  }
  return text.substr(begin);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    auto space = std::min(text.find(' '), text.size());
    if (space > 0) words.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto point = decode(text);
    if (point.valid && is_printable(point.value))
      out += text.substr(0, point.size);
    else
      out += '?';
    text.remove_prefix(point.size);
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    auto point = decode(text);
    width += width_of(point.value);
    text.remove_prefix(point.size);
  }
  return width;
}

std::string cut_middle(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  auto front = width / 2;
  auto back = width - front - 1;
  if (width == 1) front = 0;
  return std::string(start_of(text, front)) + "…" + std::string(end_of(text, back));
}

std::string pad_right(std::string text, std::size_t width) {
  auto columns = display_width(text);
  if (columns < width) text.append(width - columns, ' ');
  return text;
}

std::vector<std::string> flow(const std::vector<std::string>& items, std::string_view separator,
                              std::size_t width) {
  std::vector<std::string> lines;
  std::size_t used = 0;  // columns of the last line
  auto put = [&](std::string_view piece, std::string_view joint) {
    auto columns = display_width(piece);
    if (!lines.empty() && used + display_width(joint) + columns <= width) {
      lines.back().append(joint).append(piece);
      used += display_width(joint) + columns;
    } else {
      lines.emplace_back(piece);
      used = columns;
    }
  };
  for (auto& item : items) {
    if (display_width(item) <= width) {
      put(item, separator);
      continue;
    }
    auto joint = separator;
    for (auto& word : words_of(item)) {
      put(cut_middle(word, width), joint);
      joint = " ";
    }
  }
  return lines;
}

}  // namespace overhang
