// A function's amd64 instructions, as far as following values through registers and the frame
// needs. Decoded by Capstone.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace overhang::amd64 {

// As the machine numbers them: rax 0, rcx 1, rdx 2, rbx 3, rsp 4, rbp 5, rsi 6, rdi 7, r8 to r15.
using Gpr = std::uint8_t;
inline constexpr Gpr kRax = 0, kRcx = 1, kRdx = 2, kRbx = 3, kRsp = 4, kRsi = 6, kRdi = 7, kR8 = 8,
                     kR9 = 9, kR10 = 10, kR11 = 11, kNoRegister = 0xFF;
inline constexpr unsigned kRegisters = 16;

struct Operand {
  enum class Kind : std::uint8_t {
    None,
    Register,
    Memory,
    Immediate,
    Other,  // a vector register
  };
  Kind kind = Kind::None;
  Gpr base = kNoRegister;   // of memory; the register itself
  Gpr index = kNoRegister;  // of memory
  std::uint8_t scale = 1;
  std::uint8_t size = 0;   // bytes
  bool absolute = false;   // of memory: `value` is an address (rip-relative)
  std::int64_t value = 0;  // an immediate; memory's displacement

  bool is_register() const { return kind == Kind::Register; }
  bool is_memory() const { return kind == Kind::Memory; }
  // A word of the frame: [rsp + value].
  bool in_frame() const { return is_memory() && base == kRsp && index == kNoRegister; }
};

enum class Operation : std::uint8_t {
  Move,        // a <- b, with or without extension
  Lea,         // a <- address of b
  Arithmetic,  // a <- a op b (op c); b may be none
  Zero,        // xor r, r: a <- 0
  ConditionalMove,
  Compare,
  Test,
  Jump,  // to `target`; 0: computed
  Branch,
  Call,  // `target`; 0: computed
  Return,
  Trap,
  Nop,
  Other,  // operands: a, b and c
};

enum class Condition : std::uint8_t { None, Equality, Unsigned, Other };

struct Instruction {
  Address at = 0;
  Address target = 0;
  std::uint8_t size = 0;  // bytes
  Operation operation = Operation::Other;
  Condition condition = Condition::None;  // of a branch
  // and a, immediate that is not negative; sar a, 63: of a's value little is left.
  bool is_mask = false;
  std::uint16_t implicit_writes = 0;  // bit: register
  Operand a, b, c;
  Address next() const { return at + size; }
};

// All instructions of a function that starts at `at`; nothing where bytes are none.
std::optional<std::vector<Instruction>> decode(ByteSpan code, Address at);

}  // namespace overhang::amd64
