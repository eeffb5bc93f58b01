// The unwinder on forged stacks of a link-register machine: every expectation is counted out by
// hand from traceback.go's rules for arm64.
#include <gtest/gtest.h>

#include <vector>

#include "unit/goruntime/forged_stack.h"

namespace overhang {
namespace {

class UnwinderOnArm64 : public UnwinderOnForgedStack {
 protected:
  UnwinderOnArm64() : UnwinderOnForgedStack(Architecture::Arm64) {}

  void expect_frame(Address pc, Address sp, Address fp) {
    ASSERT_TRUE(unwinder().valid()) << unwinder().failure();
    EXPECT_EQ(unwinder().frame().pc, pc);
    EXPECT_EQ(unwinder().frame().sp, sp);
    EXPECT_EQ(unwinder().frame().fp(), fp);
    EXPECT_EQ(unwinder().frame().argp(), fp + 8);
    EXPECT_EQ(unwinder().frame().varp(), fp > sp ? fp - 8 : fp);
  }
  void expect_end(const char* failure = "") {
    unwinder().next();
    EXPECT_FALSE(unwinder().valid());
    EXPECT_EQ(unwinder().failure(), failure);
  }
};

TEST_F(UnwinderOnArm64, FindsReturnAddressesAtTheBottomsOfFrames) {
  auto inner = function(16), outer = function(32), top = function(0, kFuncFlagTopFrame);
  start({outer + 0x20, 0xf0, top + 4, 1, 2, 0xf1, 0}, {inner + 0x10, kStack});
  expect_frame(inner + 0x10, kStack, kStack + 16);
  unwinder().next();
  expect_frame(outer + 0x20, kStack + 16, kStack + 48);
  EXPECT_EQ(unwinder().frame().lookup_pc(), outer + 0x1f);
  EXPECT_EQ(unwinder().frame().continpc, outer + 0x20);
  unwinder().next();
  expect_frame(top + 4, kStack + 48, kStack + 48);
  expect_end();
}

TEST_F(UnwinderOnArm64, TakesTheLinkRegisterWhereThereIsNoFrameYet) {
  auto leaf = function(0), outer = function(16), top = function(0, kFuncFlagTopFrame);
  // At sp stands who called `outer`, not who called `leaf`.
  start({top + 4, 0xf0, 0}, {leaf + 0x10, kStack, true, false, outer + 0x20});
  expect_frame(leaf + 0x10, kStack, kStack);
  EXPECT_EQ(unwinder().frame().lookup_pc(), leaf + 0x10);
  unwinder().next();
  expect_frame(outer + 0x20, kStack, kStack + 16);
  unwinder().next();
  expect_frame(top + 4, kStack + 16, kStack + 16);
  expect_end();

  // With a frame the register holds anything.
  start({top + 4, 0xf0, 0}, {outer + 0x10, kStack, true, false, leaf + 0x20});
  unwinder().next();
  expect_frame(top + 4, kStack + 16, kStack + 16);
}

// newproc: gostartcall leaves goexit's address in sched.lr.
TEST_F(UnwinderOnArm64, BeginsAGoroutineThatHasNotStarted) {
  auto entry = function(0), goexit = function(0, kFuncFlagTopFrame);
  start({0, 0, 0, 0}, {entry, kStack, false, false, goexit + 4});
  expect_frame(entry, kStack, kStack);
  EXPECT_EQ(unwinder().frame().lookup_pc(), entry);
  unwinder().next();
  expect_frame(goexit + 4, kStack, kStack);
  expect_end();
}

// pushCall and preparePanic save the link register 16 bytes below what was interrupted.
TEST_F(UnwinderOnArm64, StepsOverWhatASignalHandlerPushed) {
  auto preempt = function(32, 0, FrameRole::AsyncPreempt);
  auto leaf = function(0), outer = function(16), top = function(0, kFuncFlagTopFrame);
  // asyncPreempt's frame; {link register, unused}; outer's frame.
  start({leaf + 0x10, 1, 2, 0xf0, outer + 0x20, 0, top + 4, 0xf1, 0}, {preempt + 8, kStack});
  expect_frame(preempt + 8, kStack, kStack + 32);
  unwinder().next();
  expect_frame(leaf + 0x10, kStack + 48, kStack + 48);
  EXPECT_EQ(unwinder().frame().lookup_pc(), leaf + 0x10);
  unwinder().next();
  expect_frame(outer + 0x20, kStack + 48, kStack + 64);
  unwinder().next();
  expect_frame(top + 4, kStack + 64, kStack + 64);
  expect_end();

  // Where the interrupted function has a frame, its return address stands there, and the pushed
  // register may hold anything.
  start({outer + 0x10, 1, 2, 0xf0, 0xc000000010, 0, top + 4, 0xf1, 0}, {preempt + 8, kStack});
  unwinder().next();
  expect_frame(outer + 0x10, kStack + 48, kStack + 64);
  unwinder().next();
  expect_frame(top + 4, kStack + 64, kStack + 64);
}

TEST_F(UnwinderOnArm64, ContinuesATrappedFunctionAtItsDeferreturnOrNever) {
  auto sigpanic = function(16, 0, FrameRole::Sigpanic);
  auto deferring = function(16), plain = function(0), top = function(0, kFuncFlagTopFrame);
  facts(deferring).function.deferreturn = 0x40;
  start({plain + 0x10, 0xf0, deferring + 0x20, 0, top + 4, 0xf1, 0}, {sigpanic + 4, kStack});
  unwinder().next();
  expect_frame(plain + 0x10, kStack + 32, kStack + 32);
  EXPECT_EQ(unwinder().frame().continpc, 0u);
  unwinder().next();
  expect_frame(deferring + 0x20, kStack + 32, kStack + 48);
  EXPECT_EQ(unwinder().frame().continpc, deferring + 0x20);

  start({deferring + 0x10, 0xf0, 0, 0, top + 4, 0xf1, 0}, {sigpanic + 4, kStack});
  unwinder().next();
  expect_frame(deferring + 0x10, kStack + 32, kStack + 48);
  EXPECT_EQ(unwinder().frame().continpc, deferring + 0x41);
}

TEST_F(UnwinderOnArm64, BeginsWithTheCallerOfANilFunction) {
  auto caller = function(16), top = function(0, kFuncFlagTopFrame);
  start({top + 4, 0xf0, 0}, {0, kStack, true, false, caller + 0x10});
  expect_frame(caller + 0x10, kStack, kStack + 16);
  EXPECT_EQ(unwinder().frame().lookup_pc(), caller + 0xf);
  unwinder().next();
  expect_frame(top + 4, kStack + 16, kStack + 16);
}

TEST_F(UnwinderOnArm64, EndsWhereFramesWithoutASizeReturnToOneAnother) {
  auto one = function(0), other = function(0);
  start({one + 4, 0}, {one + 4, kStack});
  expect_frame(one + 4, kStack, kStack);
  expect_end("frame is its own caller");
  EXPECT_EQ(unwinder().unaccounted(), kStack);

  // The word at sp is the return address of every frame that begins there.
  start({one + 4, 0}, {other + 4, kStack, true, false, other + 8});
  int frames = 0;
  for (; unwinder().valid() && frames < 10; unwinder().next()) frames++;
  EXPECT_EQ(frames, 3);
  EXPECT_EQ(unwinder().failure(), "frame is its own caller");

  // Calls injected without end leave the stack.
  auto preempt = function(16, 0, FrameRole::AsyncPreempt);
  start(std::vector<std::uint64_t>(1000, preempt + 4), {preempt + 8, kStack});
  for (frames = 0; unwinder().valid() && frames < 2000; unwinder().next()) frames++;
  EXPECT_EQ(frames, 250);
  EXPECT_EQ(unwinder().failure(), "frame leaves the stack");
}

TEST_F(UnwinderOnArm64, GivesUpWhereTheStackMakesNoSense) {
  auto leaf = function(0), framed = function(16), huge = function(INT32_MAX);
  auto negative = function(-16);
  struct {
    std::uint64_t return_address;
    const char* failure;
  } const cases[] = {{0, "return address is null"},
                     {0xdead, "return address outside Go code"},
                     {huge + 4, "frame leaves the stack"},
                     {negative + 4, "frame size unknown at a pc"}};
  for (auto& c : cases) {
    SCOPED_TRACE(c.failure);
    start({c.return_address, 0, 0, 0}, {framed + 4, kStack});
    ASSERT_TRUE(unwinder().valid());
    expect_end(c.failure);
    EXPECT_EQ(unwinder().unaccounted(), kStack + 16);
  }
  for (auto sp : {kStack - 8, kStack + 24, ~Address{0} - 7, Address{0}}) {
    start({0, 0}, {framed + 4, sp});
    EXPECT_FALSE(unwinder().valid());
    EXPECT_EQ(unwinder().failure(), "frame leaves the stack");
  }
  // A frame without a size at the stack's very end has no word to return by.
  start({0, 0}, {leaf + 4, kStack + 16});
  ASSERT_TRUE(unwinder().valid());
  expect_end("return address is null");
}

}  // namespace
}  // namespace overhang
