#include "goruntime/receivers.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>

#include "goruntime/arm64_addresses.h"
#include "goruntime/chunks.h"

namespace overhang {
namespace {

constexpr std::uint64_t kReach = 96;  // bytes between the address and the call
constexpr std::uint64_t kLea = 7;     // bytes: lea rax, [rip + disp32]; and mov, either way

unsigned byte_at(ByteSpan code, std::size_t at) {
  return at < code.size() ? static_cast<unsigned>(code[at]) : 0;
}

// Bytes of ModRM, SIB and displacement at `at`.
std::size_t operand_size(ByteSpan code, std::size_t at) {
  auto modrm = byte_at(code, at);
  auto mode = modrm >> 6, rm = modrm & 7;
  if (mode == 3) return 1;
  std::size_t size = 1;
  if (rm == 4) {
    size++;
    if (mode == 0 && (byte_at(code, at + 1) & 7) == 5) size += 4;
  } else if (mode == 0 && rm == 5) {
    size += 4;
  }
  return size + (mode == 1 ? 1 : mode == 2 ? 4 : 0);
}

// One instruction of those that the compiler puts between an address and the call that takes it:
// moves, arithmetic on registers, vector moves and nops.
struct Instruction {
  std::size_t size = 0;     // bytes; 0: none of these
  bool writes_rax = false;  // as a destination
};

Instruction decode_two_byte(ByteSpan code, std::size_t opcode_at, unsigned rex) {
  auto opcode = byte_at(code, opcode_at + 1);
  auto modrm = byte_at(code, opcode_at + 2);
  auto operand = operand_size(code, opcode_at + 2);
  Instruction out{opcode_at + 2 + operand, false};
  bool reg_is_rax = ((modrm >> 3 & 7) | (rex & 4) << 1) == 0;
  bool rm_is_rax = modrm >> 6 == 3 && ((modrm & 7) | (rex & 1) << 3) == 0;
  switch (opcode) {
    case 0x1F:  // nop
    case 0x10:  // movups and the like, between vector registers and memory
    case 0x11:
    case 0x28:
    case 0x29:
    case 0x57:  // xorps
    case 0xEF:  // pxor
    case 0x6F:  // movdqu
    case 0x7F:
    case 0x6E:  // movd, movq to a vector register
      return out;
    case 0x7E:  // movd, movq from one
      out.writes_rax = rm_is_rax;
      return out;
    case 0xB6:  // movzx, movsx
    case 0xB7:
    case 0xBE:
    case 0xBF:
      out.writes_rax = reg_is_rax;
      return out;
    default:
      return {};
  }
}

Instruction decode(ByteSpan code) {
  std::size_t at = 0;
  bool narrow = false;
  while (byte_at(code, at) == 0x66 || byte_at(code, at) == 0xF2 || byte_at(code, at) == 0xF3) {
    narrow |= byte_at(code, at) == 0x66;
    if (++at > 4) return {};
  }
  unsigned rex = 0;
  if ((byte_at(code, at) & 0xF0) == 0x40) rex = byte_at(code, at++);
  auto opcode = byte_at(code, at);
  if (opcode == 0x0F) return decode_two_byte(code, at, rex);
  if (opcode == 0x90) return {at + 1, (rex & 1) != 0};
  if (opcode >= 0xB8 && opcode <= 0xBF) {  // mov r, imm
    std::size_t immediate = rex & 8 ? 8 : narrow ? 2 : 4;
    return {at + 1 + immediate, ((opcode & 7) | (rex & 1) << 3) == 0};
  }
  auto modrm = byte_at(code, at + 1);
  auto size = at + 1 + operand_size(code, at + 1);
  bool reg_is_rax = ((modrm >> 3 & 7) | (rex & 4) << 1) == 0;
  bool rm_is_rax = modrm >> 6 == 3 && ((modrm & 7) | (rex & 1) << 3) == 0;
  switch (opcode) {
    case 0x88:  // mov r/m, r
    case 0x89:
    case 0x01:  // add, or, and, sub, xor r/m, r
    case 0x09:
    case 0x21:
    case 0x29:
    case 0x31:
      return {size, rm_is_rax};
    case 0x8A:  // mov r, r/m
    case 0x8B:
    case 0x8D:  // lea
    case 0x63:  // movsxd
    case 0x03:
    case 0x0B:
    case 0x23:
    case 0x2B:
    case 0x33:
      return {size, reg_is_rax};
    case 0x39:  // cmp, test
    case 0x3B:
    case 0x85:
      return {size, false};
    case 0xC6:  // mov r/m, imm
      return {size + 1, rm_is_rax};
    case 0xC7:
      return {size + (narrow ? 2 : 4), rm_is_rax};
    case 0x83:  // arithmetic with a constant
      return {size + 1, rm_is_rax};
    case 0x81:
      return {size + (narrow ? 2 : 4), rm_is_rax};
    default:
      return {};
  }
}

// Of arm64: an instruction that neither branches nor writes R0.
bool leaves_r0(std::uint32_t word) {
  auto rd = word & 31, rt2 = word >> 10 & 31;
  bool store = (word & 0x3FC00000u) == 0x39000000u;  // str, strb, strh: an unsigned offset
  bool load = (word & 0x3FC00000u) == 0x39400000u;
  bool vector = (word & 0x3F000000u) == 0x3D000000u;  // either, of a vector register
  bool store_pair = (word & 0x7FC00000u) == 0x29000000u;
  bool load_pair = (word & 0x7FC00000u) == 0x29400000u;
  bool immediate = (word & 0x1F000000u) == 0x11000000u ||  // add, sub
                   (word & 0x1F800000u) == 0x12800000u ||  // movz, movn, movk
                   (word & 0x1F800000u) == 0x12000000u ||  // and, orr, eor
                   (word & 0x1F000000u) == 0x10000000u;    // adr, adrp
  bool registers = (word & 0x1F000000u) == 0x0A000000u ||  // mov
                   (word & 0x1F200000u) == 0x0B000000u;
  if (word == 0xD503201Fu || store || vector || store_pair) return true;
  if (load_pair) return rd != 0 && rt2 != 0;
  return (load || immediate || registers) && rd != 0;
}

class Search {
 public:
  explicit Search(const Runtime& runtime) : runtime_(runtime) {}

  std::vector<Receiver> run() {
    bool arm = runtime_.layout().architecture == Architecture::Arm64;
    for (const Module& module : runtime_.modules())
      for_each_chunk(
          runtime_.image(), module.text, module.etext, kReach,
          [&](ByteSpan code, Address at) { arm ? read_arm64(code, at) : read_amd64(code, at); });
    return {found_.begin(), found_.end()};
  }

 private:
  // Wherever an instruction may begin is tried: what is none leads to a variable and on to the
  // entry of a method by chance alone, which is as good as never.
  void read_amd64(ByteSpan code, Address entry) {
    auto* begin = reinterpret_cast<const unsigned char*>(code.data());
    auto last = std::min<std::size_t>(code.size(), kChunk + kLea);
    for (std::size_t at = 2; at + kLea - 2 <= last; at++) {
      auto* modrm = static_cast<const unsigned char*>(std::memchr(begin + at, 0x05, last - at));
      if (!modrm) return;
      at = static_cast<std::size_t>(modrm - begin);
      bool lea = modrm[-1] == 0x8D, mov = modrm[-1] == 0x8B || modrm[-1] == 0x89;
      if (at + kLea - 2 > code.size() || !(lea || mov) || modrm[-2] != 0x48) continue;
      auto after = at - 2 + kLea;
      auto displacement = load_unchecked<std::int32_t>(code.data() + at + 1);
      auto target = entry + after + static_cast<std::uint64_t>(std::int64_t{displacement});
      if (!runtime_.module_of_data(target)) continue;
      auto rest = code.subspan(after, std::min<std::size_t>(kReach, code.size() - after));
      note(target, mov, called_next_amd64(rest, entry + after));
    }
  }

  void read_arm64(ByteSpan code, Address entry) {
    using Kind = arm64::VariableAccess::Kind;
    for (std::size_t at = 0; at + 8 <= code.size() && at < kChunk; at += 4) {
      auto word = [&](std::size_t k) { return load<std::uint32_t>(code, at + 4 * k).value_or(0); };
      auto access = arm64::variable_access(word(0), word(1), entry + at);
      if (!access) continue;
      std::size_t size = 8;
      auto through = arm64::access_through(*access, word(2));
      if (through && access->register_number != 0) {
        access = through;
        size = 12;
      }
      if (access->register_number != 0 || !runtime_.module_of_data(access->target)) continue;
      auto rest = code.subspan(at + size, std::min<std::size_t>(kReach, code.size() - at - size));
      note(access->target, access->kind != Kind::Address,
           called_next_arm64(rest, entry + at + size));
    }
  }

  void note(Address target, bool pointer, Address called) {
    auto function = called ? runtime_.find_function(called) : std::nullopt;
    if (!function || function->entry != called) return;
    auto type = receiver_type(function->name);
    if (type.empty()) return;
    if (found_.size() == kMaxReceivers) {
      runtime_.diagnostics().lose("method calls on global variables");
      return;
    }
    found_.insert({target, std::move(type), pointer});
  }

  const Runtime& runtime_;
  std::set<Receiver> found_;
};

}  // namespace

Address called_next_amd64(ByteSpan code, Address at) {
  for (std::size_t next = 0; next + 5 <= code.size();) {
    if (byte_at(code, next) == 0xE8) {
      auto displacement = load_unchecked<std::int32_t>(code.data() + next + 1);
      return at + next + 5 + static_cast<std::uint64_t>(std::int64_t{displacement});
    }
    if (byte_at(code, next) == 0xEB && byte_at(code, next + 1) < 0x80) {  // jmp, forwards
      next += 2 + byte_at(code, next + 1);
      continue;
    }
    auto instruction = decode(code.subspan(next));
    if (instruction.size == 0 || instruction.writes_rax) return 0;
    next += instruction.size;
  }
  return 0;
}

Address called_next_arm64(ByteSpan code, Address at) {
  for (std::size_t next = 0; next + 4 <= code.size(); next += 4) {
    auto word = load_unchecked<std::uint32_t>(code.data() + next);
    if ((word & 0xFC000000u) == 0x94000000u) {  // bl: 26 bits with a sign, in words
      auto words = std::uint64_t{word & 0x03FFFFFFu};
      if (words & (1u << 25)) words -= 1u << 26;
      return at + next + words * 4;
    }
    if (auto words = std::size_t{word & 0x01FFFFFFu};
        (word & 0xFE000000u) == 0x14000000u && words > 0)  // b, forwards
      next += (words - 1) * 4;
    else if (!leaves_r0(word))
      return 0;
  }
  return 0;
}

// "net/http.(*Server).Serve"; the linker leaves out type arguments ("main.(*Ring[...]).push"), and
// writes dots of a path's last element as %2e.
std::string receiver_type(std::string_view function) {
  auto open = function.find(".(*");
  if (open == std::string_view::npos) return {};
  auto close = function.find(").", open);
  if (close == std::string_view::npos) return {};
  auto type = function.substr(open + 3, close - open - 3);
  auto method = function.substr(close + 2);
  if (type.empty() || method.empty() || type.find_first_of("(*)") != std::string_view::npos ||
      method.find_first_of(".-[(") != std::string_view::npos)
    return {};
  auto name = std::string(function.substr(0, open + 1)).append(type);
  for (auto at = name.find("%2e"); at != std::string::npos; at = name.find("%2e", at))
    name.replace(at, 3, ".");
  return name;
}

std::vector<Receiver> receivers_in_data(const Runtime& runtime) { return Search(runtime).run(); }

}  // namespace overhang
