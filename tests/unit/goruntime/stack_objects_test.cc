// The walk over stack words on forged stacks (mgcstack.go), and GC programs.
#include "goruntime/stack_objects.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "goruntime/gc_program.h"

namespace overhang {
namespace {

constexpr Address kStack = 0xc000100000;
constexpr Address kHeap = 0xc000800000;  // values in [kHeap, kHeap + 4096) are heap pointers
constexpr Address kData = 0x500000;      // masks and programs stand here

class StackScanOn : public testing::Test {
 protected:
  StackScanOn() : words_(64), data_(256) {
    Image::Segment segment;
    segment.start = kData;
    segment.size = data_.size();
    segment.data = data_.data();
    image_.add_segment(segment);
  }
  void SetUp() override { scan_.begin(kStack, kStack + words_.size() * 8, memory_, roots_); }
  void set_data(std::size_t offset, std::initializer_list<unsigned> bytes) {
    for (auto byte : bytes) data_[offset++] = std::byte(byte);
  }
  // Address of word i, and what the found roots' slots are as such indices.
  static Address at(std::size_t i) { return kStack + i * 8; }
  std::set<std::size_t> found(bool conservative) const {
    std::set<std::size_t> out;
    for (auto& root : roots_)
      if (root.conservative == conservative) out.insert((root.slot - kStack) / 8);
    return out;
  }
  using Slots = std::set<std::size_t>;

  std::vector<std::uint64_t> words_;
  std::vector<std::byte> data_;
  Image image_{Architecture::Amd64, {}};
  Diagnostics diagnostics_;
  std::function<bool(Address)> in_heap_ = [](Address a) { return a >= kHeap && a < kHeap + 4096; };
  StackMemory memory_{kStack, std::as_bytes(std::span(words_))};
  std::vector<StackRoot> roots_;
  StackScan scan_{image_, diagnostics_, in_heap_};
};

TEST_F(StackScanOn, TakesWordsWhoseBitsAreSetToTheLastOne) {
  for (std::size_t i = 0; i < 64; i++) words_[i] = kHeap + i;
  words_[2] = 0;
  words_[9] = 12345;  // not in the heap
  std::byte bits[] = {std::byte{0b0000'0111}, std::byte{0b1111'1110}};
  // Ten words: the bits past them in the last byte mean nothing.
  EXPECT_TRUE(scan_.masked(at(0), bits, 10, 3, false));
  scan_.finish();
  EXPECT_EQ(found(false), (Slots{0, 1}));
  EXPECT_EQ(roots_[1].value, kHeap + 1);
  EXPECT_EQ(roots_[1].frame, 3);

  roots_.clear();
  EXPECT_TRUE(scan_.masked(at(10), bits, 16, 3, false));
  EXPECT_EQ(found(false), (Slots{10, 11, 12, 19, 20, 21, 22, 23, 24, 25}));
  roots_.clear();
  EXPECT_FALSE(scan_.masked(at(63), bits, 2, 3, false));
  EXPECT_FALSE(scan_.masked(kStack - 8, bits, 2, 3, false));
  EXPECT_TRUE(roots_.empty());
}

TEST_F(StackScanOn, TakesAllWordsConservatively) {
  words_[0] = kHeap + 8;
  words_[1] = 77;
  words_[63] = kHeap + 9;
  scan_.conservative(kStack - 800, kStack + 80'000, -1);
  EXPECT_EQ(found(true), (Slots{0, 63}));
  EXPECT_TRUE(found(false).empty());
}

TEST_F(StackScanOn, FollowsPointersFromObjectToObjectAndLeavesOthersAlone) {
  set_data(0, {0b11});
  // Objects of two words at 10, 20, 30; a live local points into the second word of the first.
  StackObjectRecord record{0, 16, 16, 0};
  scan_.add_object(at(10), record, kData, 1);
  scan_.add_object(at(20), record, kData, 2);
  scan_.add_object(at(30), record, kData, 3);
  words_[10] = kHeap + 10;
  words_[11] = at(21);
  words_[20] = kHeap + 20;
  words_[21] = at(10);  // a circle
  words_[30] = kHeap + 30;
  scan_.word(at(0), at(11), 0, false);
  scan_.word(at(1), at(12), 0, false);  // past the first object: none
  scan_.finish();
  EXPECT_EQ(found(false), (Slots{10, 20}));
  EXPECT_EQ(roots_.back().frame, 2);  // the frame that owns the object
  EXPECT_TRUE(diagnostics_.warnings().empty());
}

TEST_F(StackScanOn, ScansAnObjectExactlyIfAnythingExactReachesIt) {
  set_data(0, {0b1});
  StackObjectRecord record{0, 8, 8, 0};
  scan_.add_object(at(10), record, kData, 1);
  scan_.add_object(at(20), record, kData, 1);
  words_[10] = kHeap + 10;
  words_[20] = kHeap + 20;
  scan_.word(at(0), at(10), 0, true);
  scan_.word(at(1), at(20), 0, true);
  scan_.word(at(2), at(10), 0, false);
  scan_.finish();
  EXPECT_EQ(found(false), (Slots{10}));
  EXPECT_EQ(found(true), (Slots{20}));
}

TEST_F(StackScanOn, ScansOnlyThePointerWordsOfAnObject) {
  set_data(8, {0b0101'0101, 0b1});
  StackObjectRecord record{0, 80, 72, 8};  // 9 words of pointers and scalars, then a scalar
  scan_.add_object(at(10), record, kData, 1);
  for (std::size_t i = 10; i < 20; i++) words_[i] = kHeap + i;
  scan_.word(0, at(10), 0, false);
  scan_.finish();
  EXPECT_EQ(found(false), (Slots{10, 12, 14, 16, 18}));
}

TEST_F(StackScanOn, RunsProgramsOfLargeObjects) {
  // After its length word: 2 bits "01", repeated 4 more times; end.
  set_data(16, {5, 0, 0, 0, 0x02, 0b01, 0x82, 4, 0});
  StackObjectRecord record{0, 80, -72, 16};
  scan_.add_object(at(10), record, kData, 1);
  for (std::size_t i = 10; i < 20; i++) words_[i] = kHeap + i;
  scan_.word(0, at(10), 0, false);
  scan_.finish();
  EXPECT_EQ(found(false), (Slots{10, 12, 14, 16, 18}));
}

TEST_F(StackScanOn, KnowsWhereReflectKeepsPointersOfRegisters) {
  // abi.RegArgs on amd64: 9 integers, 15 floats, 9 pointers, a bitmap: 34 words up to varp.
  for (std::size_t i = 0; i < 64; i++) words_[i] = kHeap + i;
  scan_.add_register_arguments(at(50), 4);
  scan_.word(0, at(16), 0, false);
  scan_.finish();
  EXPECT_EQ(found(false), (Slots{40, 41, 42, 43, 44, 45, 46, 47, 48}));
}

TEST_F(StackScanOn, RefusesObjectsThatCannotBe) {
  StackObjectRecord record{0, 16, 16, 0};
  scan_.add_object(at(10), record, kData, 1);
  scan_.add_object(at(11), record, kData, 1);                        // overlaps
  scan_.add_object(at(63), record, kData, 1);                        // leaves the stack
  scan_.add_object(at(20), {0, -16, 16, 0}, kData, 1);               // negative size
  scan_.add_object(at(20), {0, 16, 24, 0}, kData, 1);                // more pointers than bytes
  scan_.add_object(at(20), {0, INT32_MAX, INT32_MIN, 0}, kData, 1);  // and overflow
  ASSERT_EQ(diagnostics_.warnings().size(), 1u);
  EXPECT_EQ(diagnostics_.warnings()[0], "stack object out of place: 5");
}

TEST_F(StackScanOn, ScansConservativelyWhatHasNoMask) {
  StackObjectRecord record{0, 16, 16, 0x10000};
  scan_.add_object(at(10), record, kData, 1);
  words_[11] = kHeap + 11;
  scan_.word(0, at(10), 0, false);
  scan_.finish();
  EXPECT_EQ(found(true), (Slots{11}));
  EXPECT_EQ(diagnostics_.warnings().size(), 1u);
}

class GcProgramAt : public StackScanOn {
 protected:
  std::string run(std::initializer_list<unsigned> program, std::uint64_t bits) {
    std::fill(data_.begin(), data_.end(), std::byte{0xFF});
    set_data(0, program);
    auto mask = run_gc_program(image_, kData, bits);
    if (!mask) return "malformed";
    std::string text;
    for (std::uint64_t i = 0; i < bits; i++)
      text += ((*mask)[i / 8] >> (i % 8) & std::byte{1}) != std::byte{0} ? '1' : '0';
    return text;
  }
};

TEST_F(GcProgramAt, EmitsLiteralsAndRepeats) {
  EXPECT_EQ(run({0x03, 0b101, 0}, 3), "101");
  EXPECT_EQ(run({0x0A, 0b0000'0011, 0b10, 0}, 10), "1100000001");
  EXPECT_EQ(run({0x01, 1, 0x81, 5, 0}, 6), "111111");
  EXPECT_EQ(run({0x02, 0b01, 0x82, 2, 0x01, 0, 0}, 8), "10101000");  // the rest is zero
  // Lengths of 0 stand in a varint: 2 bits, 3 times more.
  EXPECT_EQ(run({0x02, 0b10, 0x80, 2, 3, 0}, 8), "01010101");
  // A two-byte varint: 150 repeats.
  EXPECT_EQ(run({0x01, 1, 0x81, 0x96, 0x01, 0}, 151), std::string(151, '1'));
  // The last element of an array may end past the last pointer.
  EXPECT_EQ(run({0x02, 0b01, 0x82, 200, 1, 0}, 5), "10101");
}

TEST_F(GcProgramAt, RefusesNonsense) {
  EXPECT_EQ(run({0x01, 1, 0x85, 5, 0}, 64), "malformed");            // repeats more than there is
  EXPECT_EQ(run({0x01, 1, 0x80, 0, 5, 0}, 64), "malformed");         // repeats nothing
  EXPECT_EQ(run({0x01, 1, 0x81, 0, 0}, 64), "malformed");            // not once
  EXPECT_EQ(run({0x01, 1, 0x81}, 64), "malformed");                  // a varint without end
  EXPECT_EQ(run_gc_program(image_, kData + 255, 64), std::nullopt);  // leaves the image
}

}  // namespace
}  // namespace overhang
