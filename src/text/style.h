// How a terminal tells pieces of text apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace overhang {

enum class TextStyle : std::uint8_t { Plain, Bold, Dim, Alarm };

// Appends `text` in that style; without `colour` as it is.
void append_styled(std::string& out, std::string_view text, TextStyle style, bool colour);

}  // namespace overhang
