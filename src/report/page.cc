#include "report/page.h"

#include "report/columns.h"

namespace overhang {
namespace {

constexpr std::size_t kLabelIndent = 5;
constexpr std::size_t kLabelWidth = 9;  // the label and the space after it

std::string_view escape_of(Page::Style style) {
  switch (style) {
    case Page::Style::Bold:
      return "\x1b[1m";
    case Page::Style::Dim:
      return "\x1b[2m";
    case Page::Style::Alarm:
      return "\x1b[1;31m";
    case Page::Style::Plain:
      break;
  }
  return {};
}

}  // namespace

void Page::put(std::string_view text, Style style) {
  auto escape = colour_ ? escape_of(style) : std::string_view();
  out_ += escape;
  out_ += text;
  if (!escape.empty()) out_ += "\x1b[0m";
}

void Page::line(std::string_view text, Style style) {
  put(cut_middle(text, kWidth), style);
  out_ += '\n';
}

void Page::paragraph(std::string_view text, std::size_t indent) {
  for (auto& row : flow({std::string(text)}, {}, kWidth - indent))
    line(std::string(indent, ' ') + row);
}

void Page::labelled(std::string_view label, const std::vector<std::string>& items,
                    std::string_view separator) {
  auto head = pad_right(std::string(label), kLabelWidth);
  for (auto& row : flow(items, separator, kWidth - kLabelIndent - kLabelWidth)) {
    pieces({{std::string(kLabelIndent, ' ')}, {head, Style::Dim}, {row}});
    head.assign(kLabelWidth, ' ');
  }
}

void Page::labelled(std::string_view label, std::string_view text) {
  labelled(label, std::vector<std::string>{std::string(text)}, " ");
}

void Page::pieces(const std::vector<Piece>& pieces) {
  for (auto& piece : pieces) put(piece.text, piece.style);
  out_ += '\n';
}

}  // namespace overhang
