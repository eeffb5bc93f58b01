// How reference paths become frames: what recurs is folded, what is too deep or too much is cut.
#include "retain/frame_table.h"

#include <gtest/gtest.h>

namespace overhang {
namespace {

constexpr AccessSteps::Step kRest = 1, kRoot = 2, kNext = 3, kLeft = 4, kRight = 5, kHidden = 6;
constexpr TypeId kNode{7}, kOther{8};

class Frames : public testing::Test {
 protected:
  FrameTable frames_{kRest, [](TypeId) { return false; }};
  FrameIndex root_ = frames_.root(kRoot);
};

TEST_F(Frames, EqualStepsAreOneFrame) {
  auto node = frames_.child(root_, kNext, kNode, false);
  EXPECT_EQ(frames_.child(root_, kNext, kNode, false), node);
  EXPECT_EQ(frames_.root(kRoot), root_);
  EXPECT_NE(frames_.child(root_, kNext, kOther, false), node);
  EXPECT_NE(frames_.child(root_, kNext, kNode, true), node);
  EXPECT_NE(frames_.child(root_, kLeft, kNode, false), node);
  EXPECT_EQ(frames_[node].parent, root_);
  EXPECT_EQ(frames_[node].depth, 1);
}

TEST_F(Frames, AListIsTwo) {
  auto head = frames_.child(root_, kLeft, kNode, false);
  auto tail = frames_.child(head, kNext, kNode, false);
  EXPECT_NE(tail, head);
  EXPECT_EQ(frames_.child(tail, kNext, kNode, false), tail);
}

// The third occurrence of a type leads back to the second: left and right of the root stay apart.
TEST_F(Frames, ATreeIsThree) {
  auto top = frames_.child(root_, kNext, kNode, false);
  auto left = frames_.child(top, kLeft, kNode, false);
  auto right = frames_.child(top, kRight, kNode, false);
  EXPECT_EQ(frames_.child(left, kLeft, kNode, false), left);
  EXPECT_EQ(frames_.child(left, kRight, kNode, false), left);
  EXPECT_EQ(frames_.child(right, kLeft, kNode, false), right);
  EXPECT_EQ(frames_.size(), 4u);
}

TEST_F(Frames, ACircleOfTwoTypesLeadsBack) {
  auto node = frames_.child(root_, kNext, kNode, false);
  auto other = frames_.child(node, kLeft, kOther, false);
  auto again = frames_.child(other, kRight, kNode, false);
  EXPECT_EQ(frames_.child(again, kLeft, kOther, false), other);
}

// What hangs on hidden slots is no part of what stands above them.
TEST_F(Frames, HiddenSlotsAreNotFoldedAway) {
  auto array = frames_.child(root_, kNext, kNode, true);
  auto element = frames_.child(array, kLeft, kNode, false);
  auto hidden = frames_.hidden_slots(array, kHidden, 3);
  EXPECT_EQ(frames_.hidden_slots(array, kHidden, 3), hidden);
  EXPECT_NE(frames_.hidden_slots(array, kHidden, 4), hidden);
  auto below = frames_.child(hidden, kLeft, kNode, false);
  EXPECT_NE(below, element);
  EXPECT_TRUE(frames_[below].hidden);
  EXPECT_EQ(frames_[below].site, 3u);
  EXPECT_FALSE(frames_[element].hidden);
  auto deeper = frames_.child(below, kLeft, kNode, false);
  EXPECT_EQ(deeper, below);
}

TEST_F(Frames, DeeperThanTheLimitIsOneFrame) {
  auto at = root_;
  for (std::uint32_t type = 10; type < 10 + 2 * FrameTable::kMaxDepth; type++)
    at = frames_.child(at, kNext, TypeId(type), false);
  EXPECT_TRUE(frames_[at].rest);
  EXPECT_EQ(frames_[at].step, kRest);
  EXPECT_EQ(frames_.size(), FrameTable::kMaxDepth + 1);
  EXPECT_EQ(frames_.child(at, kLeft, kOther, false), at);
}

TEST_F(Frames, MoreThanTheLimitAreOneFrameUnderTheirParent) {
  for (std::uint32_t type = 10; type < 10 + FrameTable::kMaxFrames; type++)
    EXPECT_FALSE(frames_[frames_.child(root_, kNext, TypeId(type), false)].rest);
  auto known = frames_.child(root_, kNext, TypeId(10), false);
  EXPECT_FALSE(frames_[known].rest);
  auto rest = frames_.child(root_, kLeft, kNode, false);
  EXPECT_TRUE(frames_[rest].rest);
  EXPECT_EQ(frames_[rest].parent, root_);
  EXPECT_EQ(frames_.child(root_, kRight, kNode, false), rest);
  EXPECT_EQ(frames_[frames_.child(known, kRight, kNode, false)].parent, known);
}

}  // namespace
}  // namespace overhang
