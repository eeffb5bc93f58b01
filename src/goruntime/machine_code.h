// A function's instructions, as far as following values through registers and the frame needs, in
// one form for all machines. (amd64_code.h and arm64_code.h make them.)
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "image/image.h"

namespace overhang::machine {

// As the machine numbers them, but for the stack pointer.
using Gpr = std::uint8_t;
inline constexpr Gpr kStackPointer = 31;
inline constexpr Gpr kScratch = 32;  // of instructions that are told as two
inline constexpr Gpr kNoRegister = 0xFF;
inline constexpr unsigned kRegisters = 33, kVectors = 32;
using RegisterSet = std::uint64_t;  // bit: register

struct Operand {
  enum class Kind : std::uint8_t {
    None,
    Register,
    Memory,
    Immediate,
    Vector,  // a register of that kind
    Other,
  };
  Kind kind = Kind::None;
  Gpr base = kNoRegister;   // of memory; the register itself, of its kind
  Gpr index = kNoRegister;  // of memory
  std::uint8_t scale = 1;
  std::uint8_t size = 0;   // bytes
  bool absolute = false;   // of memory: `value` is an address
  std::int64_t value = 0;  // an immediate; memory's displacement

  bool is_register() const { return kind == Kind::Register; }
  bool is_memory() const { return kind == Kind::Memory; }
  bool is_immediate() const { return kind == Kind::Immediate; }
  // A word of the frame: `value` bytes from the stack pointer.
  bool in_frame() const { return is_memory() && base == kStackPointer && index == kNoRegister; }
};

enum class Operation : std::uint8_t {
  Move,             // a <- b, with or without extension
  Lea,              // a <- address of b
  Arithmetic,       // a <- b op c; c may be none
  Zero,             // a <- 0
  ConditionalMove,  // a <- b or c
  Compare,          // a with b
  Test,             // of bits
  Jump,             // to `target`; 0: computed
  Branch,
  Call,  // `target`; 0: computed
  Return,
  Trap,
  Nop,
  Other,    // operands: a, b and c, of which a may be written
  Unknown,  // what it does is not told
};

enum class Condition : std::uint8_t { None, Equality, Unsigned, Other };

struct Instruction {
  Address at = 0;
  Address target = 0;
  std::uint8_t size = 0;  // bytes
  Operation operation = Operation::Other;
  Condition condition = Condition::None;  // of a branch
  // Of arithmetic: b and c, or b's sign: of b little is left if c is a number (masks).
  bool is_mask = false;
  bool reads_flags = false, writes_flags = false;
  RegisterSet implicit_writes = 0;
  Operand a, b, c;
  Address next() const { return at + size; }
  bool masks() const { return is_mask && c.is_immediate() && c.value >= 0; }
};

// What calls do with a machine's registers.
struct Machine {
  // All instructions of a function that starts at `at`; nothing where bytes are none.
  std::optional<std::vector<Instruction>> (*decode)(ByteSpan code, Address at);
  // The size of the nop that code begins with, bytes; 0: it begins with none.
  std::size_t (*nop)(ByteSpan code);
  std::span<const Gpr> arguments;  // ABIInternal: of integers, and of results, in order
  Gpr barrier_buffer;              // of gcWriteBarrier, which keeps all others
  Gpr temporary;                   // that accesses to variables go through, of the assembler's own
  Gpr barrier_slot;                // up to Go 1.20: the address of the word to set, its argument
  RegisterSet duff_writes;         // by duffzero and duffcopy
};

// Null: one whose code is not read.
const Machine* machine_for(Architecture architecture);

}  // namespace overhang::machine
