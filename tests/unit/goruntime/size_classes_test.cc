#include "goruntime/size_classes.h"

#include <gtest/gtest.h>

namespace overhang {
namespace {

// Expected sizes as Go's allocator gives them: the capacity that append rounds up to for byte and
// pointer slices (go1.26, `cap(append([]byte(nil), make([]byte, n)...))`), and the table's comment
// in internal/runtime/gc/sizeclasses.go.
TEST(SizeClasses, RoundAsTheAllocatorDoes) {
  EXPECT_EQ(slot_size_for(0, false), 0u);
  EXPECT_EQ(slot_size_for(1, false), 8u);
  EXPECT_EQ(slot_size_for(33, false), 48u);
  EXPECT_EQ(slot_size_for(1025, false), 1152u);
  EXPECT_EQ(slot_size_for(32768, false), 32768u);
  EXPECT_EQ(slot_size_for(32769, false), 40960u);
  EXPECT_EQ(slot_size_for(1 << 20, false), 1u << 20);
}

TEST(SizeClasses, LeaveRoomForTheMallocHeader) {
  EXPECT_EQ(slot_size_for(512, true), 512u) << "bitmap at the span's end, no header";
  EXPECT_EQ(slot_size_for(520, true), 576u) << "520 + 8";
  EXPECT_EQ(slot_size_for(576, true), 640u) << "576 + 8 is over the class of 576";
  EXPECT_EQ(slot_size_for(32760, true), 32768u);
  EXPECT_EQ(slot_size_for(32768, true), 32768u) << "large objects have no header";
}

TEST(SizeClasses, SurviveSizesThatNothingHas) { EXPECT_GT(slot_size_for(~0ull, true), 1ull << 60); }

}  // namespace
}  // namespace overhang
