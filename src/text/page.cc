#include "text/page.h"

#include "text/columns.h"

namespace overhang {
namespace {

constexpr std::size_t kLabelIndent = 5;
constexpr std::size_t kLabelWidth = 9;  // the label and the space after it

}  // namespace

void Page::put(std::string_view text, Style style) { append_styled(out_, text, style, colour_); }

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
