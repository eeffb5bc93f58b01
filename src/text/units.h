// Numbers as a person reads them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace overhang {

// Decimal units, one digit after the point: "812 B", "8.2 KB", "733.9 MB".
std::string format_bytes(std::uint64_t bytes);
// With thousands separators: "1,135,616".
std::string format_count(std::uint64_t count);
// `part` of `whole` in per cent: "89.8 %"; "<0.1 %" for what is there but rounds to nothing.
std::string format_share(std::uint64_t part, std::uint64_t whole);
// "1.4 ms", "11 ms", "1.6 s".
std::string format_duration(double ms);
// The count and the noun, in the plural unless it is one: "1 slot", "900,000 slots".
std::string format_number_of(std::uint64_t count, std::string_view noun);

}  // namespace overhang
