// A slice's pointer, len and cap, followed through the code that runs when a frame's call returns.
//
// Which of them a register or a word of the frame may hold at an instruction is the union over all
// ways there; calls leave nothing in registers. (local_slice.h says what for.) Registers that are
// known to point into the frame are followed too, since code reaches large locals by them, and
// constants, since arm64 takes those from registers which are immediates on amd64.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "goruntime/frame_code.h"

namespace overhang {

// What a register or word may hold: of each value all that comes together there.
using Tags = std::uint16_t;
inline constexpr Tags kPointer = 1, kPart = 2;   // the slice's pointer; one made from it
inline constexpr Tags kLen = 4, kFromLen = 8;    // its len; a number made from it
inline constexpr Tags kCap = 16, kFromCap = 32;  // its cap; a number made from it
inline constexpr Tags kBetween = 64;             // another number that would show more than len
inline constexpr Tags kBuffer = 128;             // the write barrier's buffer
inline constexpr Tags kHolder = 256;             // the address of what the header stands in (Home)
inline constexpr Tags kElement = 512;            // that of an element of it, an array
inline constexpr Tags kBeyond = 1024;  // a number that, as an index or offset, is not below len
inline constexpr Tags kPointers = kPointer | kPart, kLens = kLen | kFromLen,
                      kCaps = kCap | kFromCap;
inline constexpr Tags kTooLong = kCaps | kBetween;  // as a len

// Of registers that hold an address in the frame: where, in bytes from the stack pointer.
inline constexpr std::int32_t kElsewhere = INT32_MIN;
using FrameAddresses = std::array<std::int32_t, machine::kRegisters>;
constexpr FrameAddresses none_but_sp() {
  FrameAddresses out{};
  out.fill(kElsewhere);
  out[machine::kStackPointer] = 0;
  return out;
}

// Of registers that hold a constant: which.
inline constexpr std::int64_t kNoNumber = INT64_MIN;
using Numbers = std::array<std::int64_t, machine::kRegisters>;
constexpr Numbers no_numbers() {
  Numbers out{};
  out.fill(kNoNumber);
  return out;
}

struct FrameState {
  bool reached = false;
  std::array<Tags, machine::kRegisters> registers{};
  std::array<Tags, machine::kVectors> vectors{};
  FrameAddresses addresses = none_but_sp();
  Numbers numbers = no_numbers();
  std::map<std::int32_t, Tags> slots;  // of the frame, by offset; without tags: none

  bool join(const FrameState& other);  // whether that changed anything
  // Of the frame's words that `size` bytes at `at` touch.
  Tags frame(std::int64_t at, std::int64_t size) const;
  void set(machine::Gpr to, Tags tags, std::int64_t address = kElsewhere,
           std::int64_t number = kNoNumber);
  void forget(machine::RegisterSet set);
  void forget_registers();
};

// A header that stands in memory, where code reaches it by an address.
struct Home {
  Address header = 0;                 // of its first word, in a module's data; 0: elsewhere
  Address holder = 0;                 // of what it stands in there; 0: nobody takes that address
  std::optional<std::int64_t> frame;  // what it stands in is in the frame, here
  std::int64_t offset = 0;            // of its first word in what it stands in
  bool indexed = false;               // and that is an array of headers
};

class FrameFlow {
 public:
  // Follows the words of a header in memory.
  FrameFlow(const FrameCode& code, const Home& home) : FrameFlow(code, ~std::uint64_t{0}, 0) {
    home_ = home;
  }
  // Numbers beyond `len` that are no more than `room` would show more.
  FrameFlow(const FrameCode& code, std::uint64_t len, std::uint64_t room);

  // Starts at instruction `index` with the frame's words as they are.
  void start(std::size_t index, const std::map<std::int32_t, Tags>& slots);
  void start(std::size_t index, const FrameState& state) { merge(index, state); }
  // Follows all that comes after. False where that cannot be done.
  bool run();
  // visit(index, state before it) for each instruction that is reached, after run().
  template <class Visit>
  void for_each(Visit&& visit);

  // As it stands, but that memory which is known to be in the frame is said to be, and constants
  // that arithmetic and comparisons take from registers are told.
  static machine::Instruction resolved(const machine::Instruction& in, const FrameState& state);
  Tags tags_of(const machine::Operand& operand, const FrameState& state) const;
  // As it stands before instruction `index`; a state that is not reached where the block is none.
  FrameState before(std::size_t index) const;
  std::uint64_t visits() const { return visits_; }

 private:
  void merge(std::size_t index, const FrameState& state);
  template <class Visit>
  void walk(std::size_t i, FrameState& state, Visit&& visit);
  void flow_to(const machine::Instruction& in, const FrameState& state);
  bool step(std::size_t i, FrameState& state);
  bool step_call(const Call& call, FrameState& state) const;
  Tags immediate(std::int64_t value) const;
  static void write(const machine::Operand& to, Tags tags, FrameState& state);
  void transfer(const machine::Instruction& as_written, FrameState& state) const;
  Tags home_word(const machine::Operand& operand, const FrameState& state) const;
  bool is_holder(const machine::Operand& operand, const FrameState& state) const;

  static constexpr std::uint64_t kMostVisits = 200'000;  // instructions, of one question
  const FrameCode& code_;
  const std::vector<machine::Instruction>& in_;
  std::uint64_t len_, room_;
  std::optional<Home> home_;
  std::vector<bool> leaders_;                 // instructions to which a branch leads, or behind one
  std::map<std::size_t, FrameState> states_;  // by leader
  std::set<std::size_t> work_;
  std::uint64_t visits_ = 0;
  bool failed_ = false;
};

// From a leader to the next, with `state` as it stands there.
template <class Visit>
void FrameFlow::walk(std::size_t i, FrameState& state, Visit&& visit) {
  for (bool first = true; !failed_; i++, first = false) {
    if (i >= in_.size() || ++visits_ > kMostVisits) {
      failed_ = true;
      return;
    }
    if (!first && leaders_[i]) return merge(i, state);
    visit(i, state);
    if (!step(i, state)) return;
  }
}

template <class Visit>
void FrameFlow::for_each(Visit&& visit) {
  for (auto& [leader, state] : states_) {
    FrameState now = state;
    walk(leader, now, visit);
  }
}

}  // namespace overhang
