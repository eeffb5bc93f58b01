// Dense indices with distinct types: an object's id is no type's id.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace overhang {

template <class Tag, class Number = std::uint32_t>
struct Id {
  Number value = 0;
  constexpr Id() = default;
  constexpr explicit Id(Number v) : value(v) {}
  friend constexpr auto operator<=>(Id, Id) = default;
};

// An in-use heap span, in address order.
using SpanId = Id<struct SpanTag>;
// A row of the TypeTable; 0 is the unknown type.
using TypeId = Id<struct TypeTag>;

inline constexpr TypeId kUnknownType{0};

}  // namespace overhang

template <class Tag, class Number>
struct std::hash<overhang::Id<Tag, Number>> {
  std::size_t operator()(overhang::Id<Tag, Number> id) const noexcept {
    return id.value * 0x9E3779B97F4A7C15ull >> 20;
  }
};
