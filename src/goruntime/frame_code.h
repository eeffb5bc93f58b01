// A function's code as the frame's owner runs it: its instructions, and what its calls are.
#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "goruntime/machine_code.h"
#include "goruntime/runtime.h"

namespace overhang {

enum class Callee : std::uint8_t {
  Function,
  Computed,      // by a func value or an interface
  WriteBarrier,  // keeps all registers but the buffer's
  Duff,          // keeps all but those it copies with
  CapCheck,      // panics: an index is beyond a cap
  OtherPanic,    // does not return
  Growslice,
  Runtime,
};

struct Call {
  Callee callee = Callee::Computed;
  std::size_t arguments = 0;  // registers at most
};

class FrameCode {
 public:
  // Empty where the code is not in the image, longer than 64 KiB, or not all understood.
  FrameCode(const Runtime& runtime, const machine::Machine& machine, const Function& function);

  const machine::Machine& machine() const { return machine_; }
  const std::vector<machine::Instruction>& instructions() const { return instructions_; }
  const Call& call_at(std::size_t index) const { return calls_.at(index); }
  std::optional<std::size_t> index_of(Address at) const {
    auto found = by_address_.find(at);
    return found == by_address_.end() ? std::nullopt : std::optional(found->second);
  }
  // Whether the instruction goes on in another function, to which the registers are its arguments
  // (a method's wrapper does).
  bool leaves(const machine::Instruction& in) const {
    bool jumps =
        in.operation == machine::Operation::Jump || in.operation == machine::Operation::Branch;
    return jumps && in.target != 0 && !index_of(in.target);
  }
  // The instruction behind which the frame has been made: the stack pointer does not move there.
  std::size_t behind_prologue() const;
  // What gcWriteBarrier returns; before Go 1.21 nothing.
  std::optional<machine::Gpr> barrier_buffer() const;
  // Whether instruction `index` loads what a pointer is about to replace, for the collector alone
  // (cmd/compile/internal/ssa/writebarrier.go). Since Go 1.21.
  bool is_barriers_load(std::size_t index) const { return barriers_loads_.contains(index); }
  // Whether the code takes that address for anything but an access there or a write barrier's
  // argument (up to Go 1.20). True where its code is not known.
  bool keeps_address(Address target) const;
  // Whether an operand is memory at that address, or the address itself is taken: [rip+x].
  bool addresses(Address target) const { return absolutes_.contains(target); }
  // How many of the code's constants are at most `value`.
  std::uint64_t rank(std::uint64_t value) const;

 private:
  Call call(const machine::Instruction& in) const;
  std::size_t argument_registers(const Function& callee) const;
  bool checks_cap(const machine::Instruction& in) const;
  void find_barriers_loads();
  void find_barriers_addresses();
  bool is_temporary(std::size_t index) const;

  const Runtime& runtime_;
  const machine::Machine& machine_;
  Function function_;
  std::vector<machine::Instruction> instructions_;
  std::unordered_map<Address, std::size_t> by_address_;
  std::unordered_map<std::size_t, Call> calls_;
  std::set<std::size_t> barriers_loads_;
  std::set<std::int64_t> immediates_;
  std::set<Address> absolutes_;
  std::set<std::size_t> barriers_addresses_;  // instructions
};

// Behind the nops at `pc`, as far as the function goes. The assembler aligns what follows a call by
// nops, and where variables stand after the call DWARF tells from the next instruction on.
Address behind_nops(const Runtime& runtime, Address pc);

}  // namespace overhang
