// How much of an array code may still reach by a pointer and a len in a frame.
//
// Where nothing needs a slice's cap any more, the compiler keeps pointer and len alone (a range
// loop, s[i], string(b)). Which words these are only the code tells, and it tells more: all that
// can be read and written by the pointer. From where a call returns everything is followed that
// comes from the pointer; each access has to be within len elements: at an index that a comparison
// with the len has let pass, or at a constant one. Handed on are pointer and len side by side, and
// the function that takes them is read as well; what is returned is followed in the caller. Stored
// anywhere but in the frame, or not understood, the pointer may show anything.
//
// So what lies behind the len is out of the program's reach. That the number is the len of what the
// source calls a slice or string there, and no other bound (if n <= len(s), then s[i] for i < n),
// has to be seen too: pointer and len came side by side, as arguments, results or from memory; or
// the number is what a slice expression was checked for; or an index is checked against it where
// such a check panics.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "goruntime/frame_code.h"
#include "goruntime/goroutines.h"
#include "goruntime/runtime.h"

namespace overhang {

// What the code reaches is [pointer, pointer + len * element).
struct LocalReach {
  std::uint64_t element = 0;  // bytes
  std::uint64_t least = 0;    // holds where len is at least so many
  // Numbers that indexes below len are held against, too: they may be the len of more.
  std::vector<std::uint64_t> others;
};

class LocalReachProver {
 public:
  explicit LocalReachProver(const Runtime& runtime);
  ~LocalReachProver();
  LocalReachProver(const LocalReachProver&) = delete;
  LocalReachProver& operator=(const LocalReachProver&) = delete;

  // Of words of frame `frame` of a stack, which stands within a call, by their offsets from its
  // stack pointer. `element`: bytes of the array's elements; 0: unknown. Null where code may reach
  // more. Asked once for each place in the code.
  const LocalReach* reach(std::span<const StackFrame> stack, std::size_t frame,
                          std::int32_t pointer, std::int32_t len, std::uint64_t element);

 private:
  // What a register or a word of the frame holds.
  struct Value {
    enum class Kind : std::uint8_t {
      Unknown,
      Number,  // n
      Frame,   // an address in the frame, n bytes from the stack pointer
      Len,
      Index,    // n times a number below len
      Near,     // n bytes from the pointer
      Element,  // n bytes from the begin of an element
    };
    Kind kind = Kind::Unknown;
    bool ours = false;  // it may come from the pointer
    std::int64_t n = 0;
    auto operator<=>(const Value&) const = default;
  };
  class Flow;
  class Origins;
  struct Answer;
  struct Code;
  using Registers = std::vector<std::pair<std::size_t, Value>>;  // by number of argument
  static constexpr std::size_t kCallers = 2;                     // that results are followed to
  Code& code_of(Address function);
  const std::vector<std::uint32_t>& loads_of(const Function& function);
  const Answer& within(std::span<const StackFrame> stack, std::size_t frame, std::int32_t pointer,
                       std::int32_t len, std::uint64_t element);
  const Answer& behind(Address pc, const Registers& results, std::uint64_t element);
  const Answer& through(Address function, std::size_t argument, std::uint64_t element,
                        unsigned depth);
  void spill_freely(Flow& flow, const Function& function, Address pc);
  std::optional<LocalReach> ask(std::span<const StackFrame> stack, std::size_t frame,
                                std::int32_t pointer, std::int32_t len, std::uint64_t element);
  void follow(Flow& flow, Answer& out, unsigned depth);

  const Runtime& runtime_;
  const machine::Machine* machine_;  // null: code is not read
  std::unordered_map<Address, std::unique_ptr<Code>> functions_;
  std::unordered_map<Address, std::vector<std::uint32_t>> loads_;  // by function
  std::map<std::tuple<Address, std::int32_t, std::int32_t, std::uint64_t>, Answer> within_;
  std::map<std::tuple<Address, Registers, std::uint64_t>, Answer> behind_;
  std::map<std::tuple<Address, std::size_t, std::uint64_t>, Answer> through_;
  // By the frame's and its callers' places, and what was asked.
  using Question =
      std::tuple<std::array<Address, kCallers + 1>, std::int32_t, std::int32_t, std::uint64_t>;
  std::map<Question, std::optional<LocalReach>> reaches_;
  std::uint64_t work_ = 0;  // instructions followed
};

}  // namespace overhang
