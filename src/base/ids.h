// Dense indices with distinct types: an object's id is no type's id.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace overhang {

template <class Tag>
struct Id {
  std::uint32_t value = 0;
  constexpr Id() = default;
  constexpr explicit Id(std::uint32_t v) : value(v) {}
  friend constexpr auto operator<=>(Id, Id) = default;
};

// A slot of an in-use heap span, allocated or not; dense over the whole heap in address order.
using ObjectId = Id<struct ObjectTag>;
// An in-use heap span, in address order.
using SpanId = Id<struct SpanTag>;
// A row of the TypeTable; 0 is the unknown type.
using TypeId = Id<struct TypeTag>;

inline constexpr ObjectId kNoObject{0xFFFFFFFFu};
// Ids of objects are below this: 4.2 thousand million. The numbers from here on name what is no
// object where both can stand (graph/root_places.h: Holder).
inline constexpr std::uint32_t kMaxObjects = 0xF8000000u;
inline constexpr TypeId kUnknownType{0};

}  // namespace overhang

template <class Tag>
struct std::hash<overhang::Id<Tag>> {
  std::size_t operator()(overhang::Id<Tag> id) const noexcept {
    return id.value * 0x9E3779B97F4A7C15ull >> 20;
  }
};
