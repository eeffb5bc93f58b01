// Objects and places share 32 bits: none is taken for the other, up to the last of each.
#include <gtest/gtest.h>

#include "graph/root_places.h"
#include "graph/views.h"

namespace overhang {
namespace {

TEST(Holder, TellsObjectsFromPlaces) {
  for (std::uint32_t value : {0u, 1u, 0x7FFFFFFFu, 0x80000000u, 0x80000001u, kMaxObjects - 1}) {
    auto holder = ObjectInfo(TypeId(7), true, Holder::object(ObjectId(value))).holder();
    EXPECT_TRUE(holder.is_object()) << value;
    EXPECT_FALSE(holder.is_place() || holder.none()) << value;
    EXPECT_EQ(holder.as_object(), ObjectId(value));
  }
  for (std::uint32_t index : {0u, 1u, Holder::kMaxPlaces - 1}) {
    auto holder = ObjectInfo(TypeId(7), true, Holder::place(index)).holder();
    EXPECT_TRUE(holder.is_place()) << index;
    EXPECT_FALSE(holder.is_object() || holder.none()) << index;
    EXPECT_EQ(holder.as_place(), index);
  }
  EXPECT_TRUE(Holder().none());
  EXPECT_FALSE(Holder().is_object() || Holder().is_place());
}

}  // namespace
}  // namespace overhang
