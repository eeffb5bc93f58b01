// Text measured in terminal columns. Names come from the target: they may be long, may hold bytes
// that are no UTF-8, or control characters that would drive the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace overhang {

// `text` with everything that is not printable (control and format characters, broken UTF-8)
// replaced by '?'. All functions below expect text that has been through it.
std::string printable(std::string_view text);

// Columns that `text` takes: 0 for combining marks, 2 for wide East Asian characters.
std::size_t display_width(std::string_view text);

// `text` if it fits `width` columns, else its start and its end around "…".
std::string cut_middle(std::string_view text, std::size_t width);

// `text` followed by spaces up to `width` columns; unchanged where it is wider.
std::string pad_right(std::string text, std::size_t width);

// Lays `items` out in lines of at most `width` columns with `separator` between items on a line.
// An item that is wider than a line is broken at spaces, and a word that is wider is cut.
std::vector<std::string> flow(const std::vector<std::string>& items, std::string_view separator,
                              std::size_t width);

}  // namespace overhang
