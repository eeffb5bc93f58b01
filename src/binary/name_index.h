// A flat hash over names that stand elsewhere: a look-up gives the row of the first of that name.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace overhang {

class NameIndex {
 public:
  bool built() const { return !slots_.empty(); }

  // Indexes the rows [0, count) by name_of(row); rows with an empty name are left out.
  template <class NameOf>
  void build(std::size_t count, NameOf&& name_of) {
    count = std::min<std::size_t>(count, UINT32_MAX - 1);
    slots_.assign(std::bit_ceil(count * 2 + 1), Slot{});
    for (std::size_t row = 0; row < count; row++) {
      std::string_view name = name_of(row);
      if (name.empty()) continue;
      auto& slot = slots_[place(name, name_of)];
      if (!slot.row_plus_one) slot = {tag_of(name), static_cast<std::uint32_t>(row + 1)};
    }
  }
  template <class NameOf>
  std::optional<std::size_t> find(std::string_view name, NameOf&& name_of) const {
    if (slots_.empty()) return std::nullopt;
    auto& slot = slots_[place(name, name_of)];
    if (!slot.row_plus_one) return std::nullopt;
    return slot.row_plus_one - 1;
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t row_plus_one = 0;  // 0: free
  };
  static std::uint32_t tag_of(std::string_view name) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>{}(name));
  }
  // Where `name` stands, or the free slot where it would. There always is one: the table is at
  // most half full.
  template <class NameOf>
  std::size_t place(std::string_view name, NameOf&& name_of) const {
    auto tag = tag_of(name);
    auto mask = slots_.size() - 1;
    auto at = tag & mask;
    while (slots_[at].row_plus_one &&
           !(slots_[at].tag == tag && name_of(std::size_t{slots_[at].row_plus_one - 1}) == name))
      at = (at + 1) & mask;
    return at;
  }
  std::vector<Slot> slots_;  // a power of two
};

}  // namespace overhang
