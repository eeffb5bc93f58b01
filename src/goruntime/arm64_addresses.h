// Of arm64's instructions, how code forms the address of a variable.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace overhang::arm64 {

// Rn of an instruction, and the immediate of ldr, str and add (not scaled).
inline std::uint32_t base_register(std::uint32_t word) { return word >> 5 & 31; }
inline std::uint64_t immediate12(std::uint32_t word) { return word >> 10 & 0xFFF; }
// add Xd, Xn, #imm
inline bool is_add(std::uint32_t word) { return (word & 0xFFC00000u) == 0x91000000u; }
// ldr Xt, [Xn, #imm * 8]
inline bool is_ldr(std::uint32_t word) { return (word & 0xFFC00000u) == 0xF9400000u; }
// str Xt, [Xn, #imm * 8]
inline bool is_str(std::uint32_t word) { return (word & 0xFFC00000u) == 0xF9000000u; }

// The page of 4 KiB that `adrp Xd`, at address `at`, puts into Xd; nothing for other instructions.
inline std::optional<Address> adrp_page(std::uint32_t word, Address at) {
  if ((word & 0x9F000000u) != 0x90000000u) return std::nullopt;
  // 21 bits with a sign, in pages: immhi, immlo.
  auto pages = std::uint64_t{word >> 5 & 0x7FFFF} << 2 | (word >> 29 & 3);
  if (pages & (1u << 20)) pages -= 1u << 21;
  return (at & ~Address{4095}) + (pages << 12);
}

// What the assembler makes of a variable's address, $sym(SB), and of its word, sym(SB).
struct VariableAccess {
  enum class Kind : std::uint8_t { Address, Load, Store };
  Kind kind = Kind::Address;
  Address target = 0;
  std::uint32_t register_number = 0;  // that gets the address or word, or is stored
};

// Of two instructions, the first at `at`: the page of the address, and the rest.
inline std::optional<VariableAccess> variable_access(std::uint32_t first, std::uint32_t second,
                                                     Address at) {
  auto page = adrp_page(first, at);
  if (!page || base_register(second) != (first & 31)) return std::nullopt;
  auto access = [&](VariableAccess::Kind kind, std::uint64_t unit) {
    return VariableAccess{kind, *page + immediate12(second) * unit, second & 31};
  };
  if (is_add(second)) return access(VariableAccess::Kind::Address, 1);
  if (is_ldr(second)) return access(VariableAccess::Kind::Load, 8);
  if (is_str(second)) return access(VariableAccess::Kind::Store, 8);
  return std::nullopt;
}

// Bytes from the base register on, of a load or store of any size, or of two registers; nothing for
// other instructions.
inline std::optional<std::int64_t> access_offset(std::uint32_t word) {
  auto with_sign = [&](unsigned shift, unsigned bits) {
    auto value = static_cast<std::int64_t>(word >> shift & ((1u << bits) - 1));
    return value - ((value >> (bits - 1)) << bits);
  };
  bool vector = word >> 26 & 1;
  if ((word & 0x3B000000u) == 0x39000000u) {  // an offset without a sign
    auto log = vector && (word >> 23 & 1) ? 4u : word >> 30;
    return static_cast<std::int64_t>(immediate12(word) << log);
  }
  if ((word & 0x3B200000u) == 0x38000000u) return with_sign(12, 9);
  if ((word & 0x3B800000u) == 0x29000000u) {  // ldp, stp
    auto opc = word >> 30;
    return with_sign(15, 7) * (std::int64_t{4} << (vector ? opc : opc >> 1));
  }
  if ((word & 0x3F000000u) == 0x08000000u) return 0;  // exclusive and ordered ones
  return std::nullopt;
}

// Go 1.19, and 1.20 in position-independent programs, take the address into a register and load or
// store by way of it: what the instruction after variable_access's two does with `address`.
inline std::optional<VariableAccess> access_through(const VariableAccess& address,
                                                    std::uint32_t third) {
  using Kind = VariableAccess::Kind;
  bool load = is_ldr(third), through = base_register(third) == address.register_number;
  if (address.kind != Kind::Address || !through || !(load || is_str(third))) return std::nullopt;
  return VariableAccess{load ? Kind::Load : Kind::Store, address.target + immediate12(third) * 8,
                        third & 31};
}

}  // namespace overhang::arm64
