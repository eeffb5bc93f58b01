// Whether three words of a frame are a slice, and the only one over its array: what the code that
// runs when the frame's call returns does with them.
//
// A frame holds a slice as three words: pointer, len and cap, and other slices of the same array
// may share words of it: `all` and `part := all[:n]` have one pointer, and the cap of one is the
// len of the other. So the words alone never tell that nothing else shows more of the array; the
// code does. When a call returns, all registers are free: whatever the function still knows stands
// in its frame, or is a constant. From there values are followed, through registers and the frame,
// to all that the code may still do. The words are a slice if it hands all three to something that
// takes a slice: growslice, a function, a struct in memory. It is the only one if no number between
// len and cap, neither the cap itself nor another word of the frame nor a constant, is ever used as
// the len of something at that pointer: compared with an index, passed or stored beside the
// pointer; and if the pointer goes nowhere without its len and cap. Expressions that slice anew
// later (s[:cap(s)]) do not count: what is beyond the len is spare, not visible, until they run.
//
// Whatever cannot be followed is a doubt.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>

#include "goruntime/frame_flow.h"
#include "goruntime/runtime.h"

namespace overhang {
namespace machine {
struct Machine;
}

struct LocalSlice {
  std::int32_t pointer = 0, len = 0, cap = 0;  // bytes from the stack pointer; cap −1: not kept
  std::uint64_t element = 0;                   // bytes
};

class LocalSliceProver {
 public:
  explicit LocalSliceProver(const Runtime& runtime);
  ~LocalSliceProver();
  LocalSliceProver(const LocalSliceProver&) = delete;
  LocalSliceProver& operator=(const LocalSliceProver&) = delete;

  // `pc`: where the frame's call returns to. `frame`: its bytes from the stack pointer on, all that
  // the function's code addresses by it. `room`: elements that the array has from the pointer on,
  // at most. False where there is a doubt.
  bool is_slice(Address pc, ByteSpan frame, const LocalSlice& slice, std::uint64_t room);
  // The same of what is known to be a slice or string (without a cap): whether it is the only one
  // at that pointer. The compiler keeps one word for all that begin there.
  bool is_only(Address pc, ByteSpan frame, const LocalSlice& slice, std::uint64_t room);
  // Whether that may be true of any frame there: whatever the words hold, the code takes these
  // three for a slice. Asked once for each.
  bool may_be_slice(Address pc, const LocalSlice& slice);

 private:
  struct Code;
  Code& code_of(const Function& function);
  bool ask(Address pc, ByteSpan frame, const LocalSlice& slice, std::uint64_t room, bool known);
  bool follow(const Code& code, const Function& function, std::size_t start,
              const std::map<std::int32_t, Tags>& slots, const LocalSlice& slice, std::uint64_t len,
              std::uint64_t room, bool known);

  const Runtime& runtime_;
  const machine::Machine* machine_;                               // null: code is not read
  std::unordered_map<Address, std::unique_ptr<Code>> functions_;  // by entry
  std::uint64_t work_ = 0;                                        // instructions followed
};

}  // namespace overhang
