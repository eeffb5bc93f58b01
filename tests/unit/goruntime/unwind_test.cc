// The unwinder on forged stacks: every expectation is counted out by hand from traceback.go's
// rules for amd64.
#include "goruntime/unwind.h"

#include <gtest/gtest.h>

#include <vector>

#include "unit/goruntime/forged_stack.h"

namespace overhang {
namespace {

class UnwinderOn : public UnwinderOnForgedStack {
 protected:
  UnwinderOn() : UnwinderOnForgedStack(Architecture::Amd64) {}
};

TEST_F(UnwinderOn, FollowsReturnAddressesToTheOutermostFunction) {
  auto leaf = function(0), middle = function(24), top = function(0, kFuncFlagTopFrame);
  // leaf: its return address alone. middle: two locals, the saved frame pointer, its return
  // address. top: a word that only looks like a return address.
  start({middle + 0x20, 11, 22, 0xb0, top + 1, leaf}, {leaf + 0x10, kStack, false, false});

  ASSERT_TRUE(unwinder().valid());
  auto frame = unwinder().frame();
  EXPECT_EQ(frame.pc, leaf + 0x10);
  EXPECT_EQ(frame.lookup_pc(), leaf + 0xf);
  EXPECT_EQ(frame.continpc, leaf + 0x10);
  EXPECT_EQ(frame.sp, kStack);
  EXPECT_EQ(frame.fp(), kStack + 8);
  EXPECT_EQ(frame.varp(), kStack);  // no frame, so no saved frame pointer
  EXPECT_EQ(frame.argp(), kStack + 8);

  unwinder().next();
  ASSERT_TRUE(unwinder().valid());
  frame = unwinder().frame();
  EXPECT_EQ(frame.pc, middle + 0x20);
  EXPECT_EQ(frame.lookup_pc(), middle + 0x1f);
  EXPECT_EQ(frame.sp, kStack + 8);
  EXPECT_EQ(frame.fp(), kStack + 40);
  EXPECT_EQ(frame.varp(), kStack + 24);
  EXPECT_EQ(frame.argp(), kStack + 40);

  unwinder().next();
  ASSERT_TRUE(unwinder().valid());
  EXPECT_EQ(unwinder().frame().pc, top + 1);
  EXPECT_EQ(unwinder().frame().lookup_pc(), top);
  EXPECT_EQ(unwinder().frame().fp(), kStack + 48);

  unwinder().next();
  EXPECT_FALSE(unwinder().valid());
  EXPECT_EQ(unwinder().failure(), "");
}

TEST_F(UnwinderOn, TakesTheProgramCounterItselfAtAnEntryAndInRegisters) {
  auto leaf = function(0);
  start({leaf}, {leaf, kStack, false, false});  // a goroutine that has not started
  EXPECT_EQ(unwinder().frame().lookup_pc(), leaf);
  start({leaf}, {leaf + 8, kStack, true, false});
  EXPECT_EQ(unwinder().frame().lookup_pc(), leaf + 8);
}

TEST_F(UnwinderOn, ContinuesATrappedFunctionAtItsDeferreturnOrNever) {
  auto sigpanic = function(8, 0, FrameRole::Sigpanic);
  auto deferring = function(0), plain = function(0), top = function(0, kFuncFlagTopFrame);
  facts(deferring).function.deferreturn = 0x40;
  start({0, deferring + 0x12, sigpanic, 0, plain + 0x34}, {sigpanic + 4, kStack, false, false});
  unwinder().next();
  ASSERT_TRUE(unwinder().valid());
  EXPECT_EQ(unwinder().frame().pc, deferring + 0x12);
  EXPECT_EQ(unwinder().frame().lookup_pc(), deferring + 0x12);  // the instruction that trapped
  EXPECT_EQ(unwinder().frame().continpc, deferring + 0x41);

  start({0, plain + 0x12, top + 1, 0}, {sigpanic + 4, kStack, false, false});
  unwinder().next();
  ASSERT_TRUE(unwinder().valid());
  EXPECT_EQ(unwinder().frame().continpc, 0u);
  unwinder().next();  // the trapped function's caller is an ordinary one
  ASSERT_TRUE(unwinder().valid());
  EXPECT_EQ(unwinder().frame().lookup_pc(), top);
  EXPECT_EQ(unwinder().frame().continpc, top + 1);
}

TEST_F(UnwinderOn, StopsAtFunctionsThatSwitchStacksUnlessInnermost) {
  auto leaf = function(0), switcher = function(0, kFuncFlagSpWrite);
  auto callback = function(0, kFuncFlagSpWrite, FrameRole::Cgocallback);
  auto top = function(0, kFuncFlagTopFrame);
  start({top + 1, 0}, {switcher + 4, kStack, false, false});
  unwinder().next();
  EXPECT_TRUE(unwinder().valid());

  start({switcher + 4, top + 1, 0}, {leaf + 4, kStack, false, false});
  unwinder().next();
  ASSERT_TRUE(unwinder().valid());  // the frame itself is known…
  unwinder().next();
  EXPECT_FALSE(unwinder().valid());  // …its caller is not
  EXPECT_EQ(unwinder().failure(), "caller switches stacks");
  EXPECT_EQ(unwinder().unaccounted(), kStack + 16);

  start({callback + 4, top + 1, 0}, {leaf + 4, kStack, false, false});
  unwinder().next();
  unwinder().next();
  ASSERT_TRUE(unwinder().valid());
  EXPECT_EQ(unwinder().frame().pc, top + 1);
}

TEST_F(UnwinderOn, BeginsWithTheCallerOfANilFunction) {
  auto caller = function(0);
  start({caller + 0x10, 0}, {0, kStack, true, false});
  ASSERT_TRUE(unwinder().valid());
  EXPECT_EQ(unwinder().frame().pc, caller + 0x10);
  EXPECT_EQ(unwinder().frame().sp, kStack + 8);
  EXPECT_EQ(unwinder().frame().lookup_pc(), caller + 0xf);
}

TEST_F(UnwinderOn, GivesUpWhereTheStackMakesNoSense) {
  auto leaf = function(0), huge = function(INT32_MAX), negative = function(-8);
  auto unknown = function(0);
  facts(unknown).sp_delta.reset();
  auto no_table = function(0);
  facts(no_table).function.pcsp = 0;

  struct {
    std::uint64_t return_address;
    const char* failure;
  } const cases[] = {
      {0, "return address is null"},
      {0xdead, "return address outside Go code"},
      {huge + 4, "frame leaves the stack"},
      {negative + 4, "frame size unknown at a pc"},
      {unknown + 4, "frame size unknown at a pc"},
      {no_table + 4, "function without frame information"},
  };
  for (auto& c : cases) {
    SCOPED_TRACE(c.failure);
    start({c.return_address, 0, 0}, {leaf + 4, kStack, false, false});
    ASSERT_TRUE(unwinder().valid());
    unwinder().next();
    EXPECT_FALSE(unwinder().valid());
    EXPECT_EQ(unwinder().failure(), c.failure);
    EXPECT_EQ(unwinder().unaccounted(), kStack + 8);
  }
  for (auto sp : {kStack - 8, kStack + 24, ~Address{0} - 7, Address{0}}) {
    start({0, 0, 0}, {leaf + 4, sp, false, false});
    EXPECT_FALSE(unwinder().valid());
    EXPECT_EQ(unwinder().failure(), "frame leaves the stack");
  }
  start({0, 0, 0}, {0xdead, kStack, false, false});
  EXPECT_EQ(unwinder().failure(), "goroutine stopped outside Go code");
}

TEST_F(UnwinderOn, EndsWithTheStackThoughEveryFrameReturnsToItself) {
  auto self = function(0);
  start(std::vector<std::uint64_t>(1000, self + 4), {self + 4, kStack, false, false});
  int frames = 0;
  for (; unwinder().valid() && frames <= 1000; unwinder().next()) frames++;
  EXPECT_EQ(frames, 1000);
  EXPECT_EQ(unwinder().failure(), "frame leaves the stack");
}

}  // namespace
}  // namespace overhang
