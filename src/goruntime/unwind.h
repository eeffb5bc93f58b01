// Iterates the physical frames of a stack (traceback.go: unwinder), innermost first.
#pragma once

#include <optional>
#include <string_view>

#include "goruntime/goroutines.h"
#include "goruntime/stack_map.h"

namespace overhang {

// The part [begin, end) of a stack that is in use, in our memory.
class StackMemory {
 public:
  StackMemory() = default;
  StackMemory(Address begin, ByteSpan bytes) : begin_(begin), bytes_(bytes) {}

  Address begin() const { return begin_; }
  Address end() const { return begin_ + bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  std::optional<std::uint64_t> word(Address address) const {
    return load<std::uint64_t>(bytes_, address - begin_);
  }
  // The `size` bytes at `address`, or nullptr where they are not all within.
  const std::byte* at(Address address, std::uint64_t size) const {
    auto part = slice(bytes_, address - begin_, size);
    return part ? part->data() : nullptr;
  }

 private:
  Address begin_ = 0;
  ByteSpan bytes_;
};

// Where unwinding begins.
struct StackPosition {
  Address pc = 0;
  Address sp = 0;
  bool from_registers = false;  // pc is the next instruction, maybe in the midst of a function
  bool from_syscall = false;    // g.syscallpc and syscallsp
  Address lr = 0;               // who called, on link-register machines; 0: it stands on the stack
};

class Unwinder {
 public:
  Unwinder(PcCache& cache, const StackArchitecture& arch) : cache_(cache), arch_(arch) {}

  // Goes to the innermost frame. `memory` holds the position's sp and must outlive the iteration.
  void start(const StackMemory& memory, const StackPosition& position);
  bool valid() const { return facts_ != nullptr; }
  void next();
  // Only while valid().
  const StackFrame& frame() const { return frame_; }
  const PcFacts& facts() const { return *facts_; }

  // Once no longer valid(): why the outermost function was not reached (a fixed phrase); empty if
  // it was.
  std::string_view failure() const { return failure_; }
  // …and from where up no frame accounts for the stack's words.
  Address unaccounted() const { return unaccounted_; }

 private:
  void resolve(bool innermost, bool from_syscall);
  void stop(std::string_view failure, Address unaccounted);

  PcCache& cache_;
  const StackArchitecture& arch_;
  const StackMemory* memory_ = nullptr;
  StackFrame frame_;
  const PcFacts* facts_ = nullptr;
  Address return_pc_ = 0;  // stkframe.lr
  bool trap_ = false;      // unwindTrap: pc is the instruction itself, not the one after a call
  FrameRole callee_ = FrameRole::Ordinary;
  std::string_view failure_;
  Address unaccounted_ = 0;
};

}  // namespace overhang
