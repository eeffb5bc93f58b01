// An array in text: its slots to scale, and under them the slices that show it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/names.h"
#include "text/style.h"
#include "text/units.h"

namespace overhang::model {

// Columns of a terminal with text in one style each; widths are counted in characters, all of which
// take one column.
class Canvas {
 public:
  using Style = TextStyle;
  static constexpr std::size_t kWidth = 100;

  explicit Canvas(bool colour) : colour_(colour) {}

  // One after another on the same line.
  Canvas& put(std::string_view text, Style style = Style::Plain);
  // Ends the line.
  void end();
  // Text that is broken at spaces to lines of the width, each indented.
  void paragraph(std::string_view text, std::size_t indent, Style style = Style::Plain);
  std::string take() { return std::move(out_); }

 private:
  bool colour_;
  std::string out_;
};

// "576 B", "1,135,616 B"
std::string bytes_text(std::uint64_t bytes);

// Explains the marks that draw_array makes.
void draw_legend(Canvas& canvas);
// Numbers that tell elements apart: 1 for the first object that is asked about.
class Numbers {
 public:
  std::uint64_t of(ObjectIndex object) {
    return numbers_.try_emplace(object, numbers_.size() + 1).first->second;
  }

 private:
  std::map<ObjectIndex, std::uint64_t> numbers_;
};

// "A  8 × *Conn, 64 B", the slots, and the slices and strings over them by name. Up to 16 pointers
// have their objects' numbers beside them, up to 32 slots take two columns each, up to 64 one; of
// longer arrays a column stands for several.
void draw_array(Canvas& canvas, const Memory& memory, const Visible& visible, ObjectIndex array,
                const std::string& label, Numbers& numbers);

}  // namespace overhang::model
