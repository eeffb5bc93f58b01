#include "goruntime/amd64_code.h"

#include <capstone/capstone.h>

#include <algorithm>
#include <array>
#include <memory>

namespace overhang::amd64 {
namespace {

using namespace machine;

constexpr unsigned kGeneralRegisters = 16, kRsp = 4;

// One row a register, by its widths.
constexpr std::array<std::array<unsigned, 4>, kGeneralRegisters> kNames{{
    {X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL},
    {X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL},
    {X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL},
    {X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL},
    {X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL},
    {X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL},
    {X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL},
    {X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL},
    {X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B},
    {X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B},
    {X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B},
    {X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B},
    {X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B},
    {X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B},
    {X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B},
    {X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B},
}};

Gpr general_register(unsigned name) {
  static const auto table = [] {
    std::array<Gpr, X86_REG_ENDING> out{};
    out.fill(kNoRegister);
    for (Gpr r = 0; r < kGeneralRegisters; r++)
      for (unsigned alias : kNames[r]) out[alias] = r == kRsp ? kStackPointer : r;
    out[X86_REG_AH] = kRax;
    out[X86_REG_BH] = kRbx;
    out[X86_REG_CH] = kRcx;
    out[X86_REG_DH] = kRdx;
    return out;
  }();
  return name < table.size() ? table[name] : kNoRegister;
}

Operand operand(const cs_insn& in, const cs_x86_op& op) {
  Operand out;
  out.size = op.size;
  switch (op.type) {
    case X86_OP_REG:
      out.base = general_register(op.reg);
      out.kind = out.base == kNoRegister ? Operand::Kind::Other : Operand::Kind::Register;
      for (unsigned first : {X86_REG_XMM0, X86_REG_YMM0, X86_REG_ZMM0}) {
        if (op.reg < first || op.reg >= first + kVectors) continue;
        out.kind = Operand::Kind::Vector;
        out.base = static_cast<Gpr>(op.reg - first);
      }
      return out;
    case X86_OP_IMM:
      out.kind = Operand::Kind::Immediate;
      out.value = op.imm;
      return out;
    case X86_OP_MEM:
      out.kind = Operand::Kind::Memory;
      out.base = general_register(op.mem.base);
      out.index = general_register(op.mem.index);
      out.scale = static_cast<std::uint8_t>(op.mem.scale);
      out.value = op.mem.disp;
      if (op.mem.base == X86_REG_RIP) {
        out.absolute = true;
        out.value = static_cast<std::int64_t>(in.address + in.size) + op.mem.disp;
      }
      return out;
    default:
      return out;
  }
}

Operation operation_of(const cs_insn& in) {
  switch (in.id) {
    case X86_INS_MOV:
    case X86_INS_MOVABS:
    case X86_INS_MOVZX:
    case X86_INS_MOVSX:
    case X86_INS_MOVSXD:
    case X86_INS_MOVUPS:
    case X86_INS_MOVAPS:
    case X86_INS_MOVDQU:
    case X86_INS_MOVDQA:
      return Operation::Move;
    case X86_INS_LEA:
      return Operation::Lea;
    case X86_INS_ADD:
    case X86_INS_SUB:
    case X86_INS_AND:
    case X86_INS_OR:
    case X86_INS_XOR:
    case X86_INS_INC:
    case X86_INS_DEC:
    case X86_INS_NEG:
    case X86_INS_NOT:
    case X86_INS_SHL:
    case X86_INS_SHR:
    case X86_INS_SAR:
    case X86_INS_ROL:
    case X86_INS_ROR:
      return Operation::Arithmetic;
    case X86_INS_IMUL:
      return in.detail->x86.op_count >= 2 ? Operation::Arithmetic : Operation::Other;
    case X86_INS_CMP:
      return Operation::Compare;
    case X86_INS_TEST:
      return Operation::Test;
    case X86_INS_JMP:
      return Operation::Jump;
    case X86_INS_CALL:
      return Operation::Call;
    case X86_INS_RET:
      return Operation::Return;
    case X86_INS_UD2:
    case X86_INS_INT3:
      return Operation::Trap;
    case X86_INS_NOP:
      return Operation::Nop;
    default:
      return Operation::Other;
  }
}

Condition condition_of(const cs_insn& in) {
  switch (in.id) {
    case X86_INS_JE:
    case X86_INS_JNE:
      return Condition::Equality;
    case X86_INS_JA:
    case X86_INS_JAE:
    case X86_INS_JB:
    case X86_INS_JBE:
      return Condition::Unsigned;
    case X86_INS_JG:
    case X86_INS_JGE:
    case X86_INS_JL:
    case X86_INS_JLE:
    case X86_INS_JO:
    case X86_INS_JNO:
    case X86_INS_JP:
    case X86_INS_JNP:
    case X86_INS_JS:
    case X86_INS_JNS:
      return Condition::Other;
    default:
      return Condition::None;
  }
}

bool is_conditional_move(unsigned id) {
  return id == X86_INS_CMOVA || id == X86_INS_CMOVAE || id == X86_INS_CMOVB ||
         id == X86_INS_CMOVBE || id == X86_INS_CMOVE || id == X86_INS_CMOVG ||
         id == X86_INS_CMOVGE || id == X86_INS_CMOVL || id == X86_INS_CMOVLE ||
         id == X86_INS_CMOVNE || id == X86_INS_CMOVNO || id == X86_INS_CMOVNP ||
         id == X86_INS_CMOVNS || id == X86_INS_CMOVO || id == X86_INS_CMOVP || id == X86_INS_CMOVS;
}

Instruction converted(const cs_insn& in) {
  Instruction out;
  out.at = in.address;
  out.size = static_cast<std::uint8_t>(in.size);
  out.operation = operation_of(in);
  out.condition = condition_of(in);
  if (out.condition != Condition::None) out.operation = Operation::Branch;
  if (is_conditional_move(in.id)) out.operation = Operation::ConditionalMove;
  const cs_x86& x86 = in.detail->x86;
  Operand* operands[] = {&out.a, &out.b, &out.c};
  // What a nop of several bytes seems to address (nopl 0(ax)(ax*1)) it does not.
  auto operand_count = out.operation == Operation::Nop ? std::uint8_t{0} : x86.op_count;
  for (std::uint8_t i = 0; i < operand_count && i < 3; i++)
    *operands[i] = operand(in, x86.operands[i]);
  // The first operand is one of two, but for imul r, r, imm.
  if (out.operation == Operation::Arithmetic && out.c.kind == Operand::Kind::None) {
    out.c = out.b;
    out.b = out.a;
  }
  if (out.operation == Operation::ConditionalMove) out.c = out.a;
  bool to = out.operation == Operation::Jump || out.operation == Operation::Branch ||
            out.operation == Operation::Call;
  if (to && out.a.is_immediate()) out.target = static_cast<Address>(out.a.value);
  if (in.id == X86_INS_XOR && out.a.is_register() && out.c.is_register() &&
      out.a.base == out.c.base)
    out.operation = Operation::Zero;
  auto* detail = in.detail;
  for (std::uint8_t i = 0; i < detail->regs_write_count; i++)
    if (auto r = general_register(detail->regs_write[i]); r != kNoRegister)
      out.implicit_writes |= RegisterSet{1} << r;
  const auto* reads = detail->regs_read;
  const auto* writes = detail->regs_write;
  out.reads_flags = std::find(reads, reads + detail->regs_read_count, X86_REG_EFLAGS) !=
                    reads + detail->regs_read_count;
  out.writes_flags = std::find(writes, writes + detail->regs_write_count, X86_REG_EFLAGS) !=
                     writes + detail->regs_write_count;
  out.is_mask =
      in.id == X86_INS_AND || (in.id == X86_INS_SAR && out.c.is_immediate() && out.c.value == 63);
  return out;
}

std::optional<std::vector<Instruction>> decode(ByteSpan code, Address at) {
  csh handle = 0;
  if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK) return std::nullopt;
  cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
  auto* in = cs_malloc(handle);
  std::vector<Instruction> out;
  auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
  auto left = code.size();
  while (left > 0 && cs_disasm_iter(handle, &bytes, &left, &at, in)) out.push_back(converted(*in));
  cs_free(in, 1);
  cs_close(&handle);
  if (left != 0) return std::nullopt;
  return out;
}

// cmd/internal/obj/x86/asm6.go: nop.
std::size_t nop(ByteSpan code) {
  auto at = [&](std::size_t i) {
    return i < code.size() ? std::to_integer<unsigned>(code[i]) : 0u;
  };
  std::size_t n = 0;
  while (n < code.size() && at(n) == 0x66) n++;
  if (at(n) == 0x90) return n + 1;
  if (at(n) != 0x0F || at(n + 1) != 0x1F) return 0;
  auto mode = at(n + 2) >> 6, base = at(n + 2) & 7;
  n += 3;
  if (mode != 3 && base == 4) n++;  // SIB
  if (mode == 1) n += 1;
  if (mode == 2 || (mode == 0 && base == 5)) n += 4;
  return n <= code.size() ? n : 0;
}

constexpr std::array<Gpr, 9> kArguments{kRax, kRbx, kRcx, kRdi, kRsi, kR8, kR9, kR10, kR11};

}  // namespace

const Machine kMachine{.decode = decode,
                       .nop = nop,
                       .arguments = kArguments,
                       .barrier_buffer = kR11,
                       .temporary = kNoRegister,
                       .barrier_slot = kRdi,
                       .duff_writes = 1u << kRsi | 1u << kRdi};

}  // namespace overhang::amd64
