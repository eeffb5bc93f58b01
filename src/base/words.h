// The words that output, scripts and code share (DESIGN.md §2 and §5): categories of hidden memory,
// kinds of holders, remedies. Their names stand in the JSON report.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace overhang {

enum class Category : std::uint8_t { Tail, Head, Clipped, Gap, Window, Interior };

// What holds a slice. In the order in which a person looks for them: what lives longest first.
enum class SiteKind : std::uint8_t { Global, Field, Map, Element, Captured, Local, Other };

enum class Remedy : std::uint8_t {
  Clear,             // of the hidden slots
  NilWhenEmpty,      // slices with len 0
  Copy,              // all slices
  CopyIfCapExceeds,  // slices with cap > factor * len
  ThreeIndex,        // s[:len:len]: lets go of nothing
};

const char* category_name(Category category);
const char* site_kind_name(SiteKind kind);
const char* remedy_name(Remedy remedy);
// The other way round; nothing for other names.
std::optional<Category> category_named(std::string_view name);
std::optional<Remedy> remedy_named(std::string_view name);

}  // namespace overhang
