#include "base/words.h"

#include <array>
#include <cstddef>

namespace overhang {
namespace {

// In the order of the enumerations.
constexpr std::array kCategories = {"tail", "head", "clipped", "gap", "window", "interior"};
constexpr std::array kSiteKinds = {"global",   "field", "map",  "element",
                                   "captured", "local", "other"};
constexpr std::array kRemedies = {"clear", "nil_when_empty", "copy", "copy_if_cap_exceeds",
                                  "three_index"};

template <class Enum, std::size_t kCount>
std::optional<Enum> named(const std::array<const char*, kCount>& names, std::string_view name) {
  for (std::size_t i = 0; i < kCount; i++)
    if (name == names[i]) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace

const char* category_name(Category category) {
  return kCategories[static_cast<std::size_t>(category)];
}
const char* site_kind_name(SiteKind kind) { return kSiteKinds[static_cast<std::size_t>(kind)]; }
const char* remedy_name(Remedy remedy) { return kRemedies[static_cast<std::size_t>(remedy)]; }

std::optional<Category> category_named(std::string_view name) {
  return named<Category>(kCategories, name);
}
std::optional<Remedy> remedy_named(std::string_view name) { return named<Remedy>(kRemedies, name); }

}  // namespace overhang
