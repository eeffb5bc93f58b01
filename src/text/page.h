// The page that the text report is laid out on: kWidth columns, colours kept apart from layout.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/style.h"

namespace overhang {

class Page {
 public:
  static constexpr std::size_t kWidth = 100;  // columns
  using Style = TextStyle;

  explicit Page(bool colour) : colour_(colour) {}

  // One line, cut to the page's width.
  void line(std::string_view text = {}, Style style = Style::Plain);
  // A paragraph whose lines all start `indent` columns in.
  void paragraph(std::string_view text, std::size_t indent);
  // "     keeps   a · b · c": items flow within the columns to the right of the label.
  void labelled(std::string_view label, const std::vector<std::string>& items,
                std::string_view separator);
  // The same for a text that is broken at spaces.
  void labelled(std::string_view label, std::string_view text);
  // A line of pieces that the caller has fitted to the width.
  struct Piece {
    std::string text;
    Style style = Style::Plain;
  };
  void pieces(const std::vector<Piece>& pieces);

  std::string take() { return std::move(out_); }

 private:
  void put(std::string_view text, Style style);
  std::string out_;
  bool colour_;
};

}  // namespace overhang
