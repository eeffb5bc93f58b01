// Objects and places share the bits of an id: none is taken for the other, up to the last of each.
#include <gtest/gtest.h>

#include "graph/root_places.h"
#include "graph/views.h"

namespace overhang {
namespace {

TEST(Holder, TellsObjectsFromPlaces) {
  for (ObjectIndex value : std::initializer_list<ObjectIndex>{0, 1, 0x7FFFFFFF, 0x80000000,
                                                              0x80000001, kMaxObjects - 1}) {
    auto holder = ObjectInfo(TypeId(7), true, Holder::object(ObjectId(value))).holder();
    EXPECT_TRUE(holder.is_object()) << value;
    EXPECT_FALSE(holder.is_place() || holder.none()) << value;
    EXPECT_EQ(holder.as_object(), ObjectId(value));
  }
  for (ObjectIndex index : std::initializer_list<ObjectIndex>{0, 1, Holder::kMaxPlaces - 1}) {
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
