// The numbers of heap objects: 32 bits in overhang, 64 in overhang-wide (OVERHANG_WIDE_IDS), which
// the layers from here on are compiled for a second time. Nothing below them knows objects by id.
#pragma once

#include "base/ids.h"

namespace overhang {

// Of an object, and of a row of any list that may be as long as there are objects.
#ifdef OVERHANG_WIDE_IDS
using ObjectIndex = std::uint64_t;
#else
using ObjectIndex = std::uint32_t;
#endif
inline constexpr bool kWideIds = sizeof(ObjectIndex) == 8;

// A slot of an in-use heap span, allocated or not; dense over the whole heap in address order.
using ObjectId = Id<struct ObjectTag, ObjectIndex>;

inline constexpr ObjectId kNoObject{~ObjectIndex{0}};
// Ids of objects are below this: 4.2 thousand million, or more than an address space holds. The
// numbers from here on name what is no object where both can stand (graph/root_places.h: Holder).
inline constexpr ObjectIndex kMaxObjects =
    static_cast<ObjectIndex>(kWideIds ? std::uint64_t{1} << 48 : 0xF8000000u);

}  // namespace overhang
