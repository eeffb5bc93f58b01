#include "goruntime/arm64_code.h"

#include <capstone/capstone.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/checked.h"

namespace overhang::arm64 {
namespace {

using namespace machine;

constexpr std::uint8_t kInstruction = 4;  // bytes

bool in_range(unsigned name, unsigned first, unsigned last) {
  return name >= first && name <= last;
}

// kNoRegister: none of the general ones, or the one that is always 0.
Gpr general_register(unsigned name) {
  if (in_range(name, ARM64_REG_X0, ARM64_REG_X28)) return static_cast<Gpr>(name - ARM64_REG_X0);
  if (in_range(name, ARM64_REG_W0, ARM64_REG_W30)) return static_cast<Gpr>(name - ARM64_REG_W0);
  if (name == ARM64_REG_X29) return 29;
  if (name == ARM64_REG_X30) return 30;
  return name == ARM64_REG_SP || name == ARM64_REG_WSP ? kStackPointer : kNoRegister;
}

bool is_zero_register(unsigned name) { return name == ARM64_REG_XZR || name == ARM64_REG_WZR; }

Gpr vector_register(unsigned name) {
  for (unsigned first :
       {ARM64_REG_B0, ARM64_REG_H0, ARM64_REG_S0, ARM64_REG_D0, ARM64_REG_Q0, ARM64_REG_V0})
    if (name >= first && name < first + kVectors) return static_cast<Gpr>(name - first);
  return kNoRegister;
}

std::uint8_t register_size(unsigned name) {  // bytes
  if (in_range(name, ARM64_REG_B0, ARM64_REG_B31)) return 1;
  if (in_range(name, ARM64_REG_H0, ARM64_REG_H0 + 31)) return 2;
  if (in_range(name, ARM64_REG_S0, ARM64_REG_S0 + 31)) return 4;
  if (in_range(name, ARM64_REG_Q0, ARM64_REG_Q0 + 31)) return 16;
  if (in_range(name, ARM64_REG_V0, ARM64_REG_V31)) return 16;
  bool half =
      in_range(name, ARM64_REG_W0, ARM64_REG_W30) || name == ARM64_REG_WSP || name == ARM64_REG_WZR;
  return half ? 4 : 8;
}

Operand immediate(std::int64_t value) {
  Operand out;
  out.kind = Operand::Kind::Immediate;
  out.value = value;
  out.size = 8;
  return out;
}

Operand whole_register(Gpr number) {
  Operand out;
  out.kind = Operand::Kind::Register;
  out.base = number;
  out.size = 8;
  return out;
}

Operand absolute(std::int64_t address) {
  Operand out;
  out.kind = Operand::Kind::Memory;
  out.absolute = true;
  out.value = address;
  return out;
}

Operand memory(Gpr base, std::int64_t displacement) {
  Operand out;
  out.kind = Operand::Kind::Memory;
  out.base = base;
  out.value = displacement;
  return out;
}

bool is_stack_pointer(const Operand& operand) {
  return operand.is_register() && operand.base == kStackPointer;
}

Condition condition_of(arm64_cc code) {
  switch (code) {
    case ARM64_CC_INVALID:
    case ARM64_CC_AL:
    case ARM64_CC_NV:
      return Condition::None;
    case ARM64_CC_EQ:
    case ARM64_CC_NE:
      return Condition::Equality;
    case ARM64_CC_HS:
    case ARM64_CC_LO:
    case ARM64_CC_HI:
    case ARM64_CC_LS:
      return Condition::Unsigned;
    default:
      return Condition::Other;
  }
}

// How instructions that move between registers and memory do it.
struct Transfer {
  enum class Kind : std::uint8_t { None, Load, Store, Exclusive } kind = Kind::None;
  std::uint8_t size = 0;  // bytes of each register; 0: all of it
};

Transfer transfer_of(unsigned id) {
  using Kind = Transfer::Kind;
  switch (id) {
    case ARM64_INS_LDR:
    case ARM64_INS_LDUR:
    case ARM64_INS_LDP:
    case ARM64_INS_LDNP:
    case ARM64_INS_LDAR:
    case ARM64_INS_LDAXR:
    case ARM64_INS_LDXR:
      return {Kind::Load, 0};
    case ARM64_INS_LDRB:
    case ARM64_INS_LDRSB:
    case ARM64_INS_LDURB:
    case ARM64_INS_LDURSB:
    case ARM64_INS_LDARB:
    case ARM64_INS_LDAXRB:
    case ARM64_INS_LDXRB:
      return {Kind::Load, 1};
    case ARM64_INS_LDRH:
    case ARM64_INS_LDRSH:
    case ARM64_INS_LDURH:
    case ARM64_INS_LDURSH:
    case ARM64_INS_LDARH:
      return {Kind::Load, 2};
    case ARM64_INS_LDRSW:
    case ARM64_INS_LDURSW:
    case ARM64_INS_LDPSW:
      return {Kind::Load, 4};
    case ARM64_INS_STR:
    case ARM64_INS_STUR:
    case ARM64_INS_STP:
    case ARM64_INS_STNP:
    case ARM64_INS_STLR:
      return {Kind::Store, 0};
    case ARM64_INS_STRB:
    case ARM64_INS_STURB:
    case ARM64_INS_STLRB:
      return {Kind::Store, 1};
    case ARM64_INS_STRH:
    case ARM64_INS_STURH:
    case ARM64_INS_STLRH:
      return {Kind::Store, 2};
    case ARM64_INS_STXR:
    case ARM64_INS_STLXR:
      return {Kind::Exclusive, 0};
    case ARM64_INS_STXRB:
    case ARM64_INS_STLXRB:
      return {Kind::Exclusive, 1};
    default:
      return {};
  }
}

// Of instructions that name a register first: whether it is read alone.
bool only_reads(unsigned id) {
  switch (id) {
    case ARM64_INS_CMP:
    case ARM64_INS_CMN:
    case ARM64_INS_TST:
    case ARM64_INS_CCMP:
    case ARM64_INS_CCMN:
    case ARM64_INS_CBZ:
    case ARM64_INS_CBNZ:
    case ARM64_INS_TBZ:
    case ARM64_INS_TBNZ:
    case ARM64_INS_FCMP:
    case ARM64_INS_FCMPE:
      return true;
    default:
      return false;
  }
}

class Decoder {
 public:
  Decoder(ByteSpan code, Address begin) : code_(code), begin_(begin) {}

  void read(const cs_insn& in);
  void read_unnamed(std::uint32_t word, Address at);
  std::vector<Instruction> take() { return std::move(out_); }

 private:
  Instruction& emit(Operation operation, const Operand& a = {}, const Operand& b = {},
                    const Operand& c = {});
  void unknown() { emit(Operation::Unknown); }
  Operand operand(const cs_arm64_op& op) const;
  Operand written(const cs_arm64_op& op) const;
  Operand beyond(Gpr base, std::int64_t displacement) const;
  void control(const cs_insn& in);
  std::optional<std::int64_t> take_page(const Operand& to, const Operand& from);
  void sum(bool plus);
  void bits(const cs_insn& in);
  void arithmetic();
  void multiply_add();
  void constant(const cs_insn& in);
  void move();
  void compare();
  void compare_further();
  void select();
  void transfer(const cs_insn& in, Transfer how);
  void literal(const cs_insn& in, Transfer how);

  ByteSpan code_;
  Address begin_, at_ = 0;
  std::vector<Instruction> out_;
  // What x27 is: an immediate, or memory whose address it holds.
  Operand temporary_;
  // Of the instruction that is being read.
  std::array<Operand, 4> operands_;
  std::array<bool, 4> little_left_{};  // an operand that is shifted so
  std::size_t count_ = 0;
  bool vector_ = false, sets_flags_ = false;
};

Instruction& Decoder::emit(Operation operation, const Operand& a, const Operand& b,
                           const Operand& c) {
  Instruction& out = out_.emplace_back();
  out.at = at_;
  out.size = kInstruction;
  out.operation = operation;
  out.a = a;
  out.b = b;
  out.c = c;
  out.reads_flags = operation == Operation::ConditionalMove;
  bool goes = operation == Operation::Jump || operation == Operation::Branch ||
              operation == Operation::Call || operation == Operation::Return;
  bool lost = goes || (a.is_register() && a.base == temporary_.base);
  if (a.is_register() && a.base == kTemporary) {
    bool number = operation == Operation::Move && b.is_immediate();
    bool address = operation == Operation::Lea && b.base != kTemporary;
    temporary_ = number || address ? b : Operand{};
  } else if (lost) {
    temporary_ = {};
  }
  return out;
}

// What is `displacement` beyond where a register points.
Operand Decoder::beyond(Gpr base, std::int64_t displacement) const {
  if (base != kTemporary || !temporary_.is_memory()) return memory(base, displacement);
  Operand out = temporary_;
  out.value = wrapping_add(out.value, displacement);
  return out;
}

// A register that is written is never what x27 stood for, nor the one that is always 0.
Operand Decoder::written(const cs_arm64_op& op) const {
  if (op.type != ARM64_OP_REG) return operand(op);
  if (is_zero_register(op.reg)) return {};
  auto number = general_register(op.reg);
  if (number == kNoRegister) return operand(op);
  Operand out = whole_register(number);
  out.size = register_size(op.reg);
  return out;
}

Operand Decoder::operand(const cs_arm64_op& op) const {
  Operand out;
  switch (op.type) {
    case ARM64_OP_REG:
      if (is_zero_register(op.reg)) return immediate(0);
      out.base = general_register(op.reg);
      out.size = register_size(op.reg);
      out.kind = Operand::Kind::Register;
      if (out.base == kNoRegister) {
        out.kind = Operand::Kind::Vector;
        out.base = vector_register(op.reg);
      }
      if (out.base == kTemporary && temporary_.is_immediate()) return temporary_;
      return out;
    case ARM64_OP_IMM:
      return immediate(op.shift.type == ARM64_SFT_LSL ? op.imm << (op.shift.value & 63) : op.imm);
    case ARM64_OP_MEM: {
      auto base = general_register(op.mem.base);
      if (op.mem.index == ARM64_REG_INVALID) return beyond(base, op.mem.disp);
      out = memory(base, 0);
      out.index = general_register(op.mem.index);
      out.scale = static_cast<std::uint8_t>(1u << (op.shift.value & 7));
      if (out.index == kTemporary && temporary_.is_immediate()) {
        out.index = kNoRegister;
        out.value = temporary_.value * out.scale;
      }
      return out;
    }
    default:
      out.kind = Operand::Kind::Other;
      return out;
  }
}

// What adrp has put into `from`, to which `to`, the same register, is about to be set.
std::optional<std::int64_t> Decoder::take_page(const Operand& to, const Operand& from) {
  if (out_.empty() || !to.is_register() || to.base != from.base) return std::nullopt;
  Instruction& last = out_.back();
  bool page = last.operation == Operation::Lea && last.b.absolute && last.a.is_register() &&
              last.a.base == to.base && last.next() == at_;
  if (!page) return std::nullopt;
  last.operation = Operation::Nop;
  last.a = {};
  return std::exchange(last.b, {}).value;
}

// a <- b +- c. With a number it is an address, as amd64's lea makes it.
void Decoder::sum(bool plus) {
  auto &a = operands_[0], &b = operands_[1], &c = operands_[2];
  if (sets_flags_) emit(Operation::Compare, b, c);
  if (c.is_immediate() && b.is_register() && b.size == 8 && !sets_flags_) {
    auto more = plus ? c.value : -c.value;
    auto page = take_page(a, b);
    emit(Operation::Lea, a, page ? absolute(wrapping_add(*page, more)) : beyond(b.base, more));
  } else if (is_stack_pointer(a) || is_stack_pointer(b)) {
    unknown();
  } else {
    arithmetic();
  }
}

// a <- b op c, or op b.
void Decoder::arithmetic() {
  auto nth = [&](std::size_t i) { return little_left_[i] ? Operand{} : operands_[i]; };
  auto& out = emit(Operation::Arithmetic, operands_[0], nth(1), nth(2));
  // No branch is one of a comparison's that may stand before it.
  out.writes_flags = sets_flags_;
}

// Bits of b, put into a.
void Decoder::bits(const cs_insn& in) {
  auto &a = operands_[0], &b = operands_[1], &c = operands_[2];
  if (in.id == ARM64_INS_ORR && b.is_immediate() && b.value == 0 && c.is_immediate()) {
    emit(Operation::Move, a, c);
    return;
  }
  arithmetic();
  bool half = a.size == 4;
  auto& out = out_.back();
  if (out.c.is_immediate() && half) out.c.value = static_cast<std::int32_t>(out.c.value);
  bool sign = in.id == ARM64_INS_ASR && c.is_immediate() && c.value == (half ? 31 : 63);
  out.is_mask = in.id == ARM64_INS_AND || sign;
}

// a <- b * c +- d
void Decoder::multiply_add() {
  auto product = whole_register(kScratch);
  emit(Operation::Arithmetic, product, operands_[1], operands_[2]);
  emit(Operation::Arithmetic, operands_[0], operands_[3], product);
}

void Decoder::constant(const cs_insn& in) {
  auto& a = operands_[0];
  auto value = static_cast<std::uint64_t>(operands_[1].value);
  auto cut = [&](std::uint64_t bits) {
    return immediate(static_cast<std::int64_t>(a.size == 4 ? bits & 0xFFFFFFFF : bits));
  };
  if (in.id == ARM64_INS_MOVZ) {
    emit(Operation::Move, a, cut(value));
  } else if (in.id == ARM64_INS_MOVN) {
    emit(Operation::Move, a, cut(~value));
  } else {
    // movk goes on with what the instruction before has begun.
    auto* before = out_.empty() ? nullptr : &out_.back();
    auto number = general_register(in.detail->arm64.operands[0].reg);
    bool goes_on = before && before->operation == Operation::Move && before->b.is_immediate() &&
                   before->a.is_register() && before->a.base == number;
    if (!goes_on) return unknown();
    auto shift = in.detail->arm64.operands[1].shift.value & 63;
    auto known = static_cast<std::uint64_t>(before->b.value);
    auto into = before->a;
    emit(Operation::Move, into, cut((known & ~(std::uint64_t{0xFFFF} << shift)) | value));
  }
}

void Decoder::move() {
  if (is_stack_pointer(operands_[1])) {
    emit(Operation::Lea, operands_[0], memory(kStackPointer, 0));
  } else {
    emit(Operation::Move, operands_[0], operands_[1]);
  }
}

void Decoder::compare() {
  // As Go's compiler writes it for amd64.
  bool with_zero = operands_[1].is_immediate() && operands_[1].value == 0;
  auto operation = with_zero ? Operation::Test : Operation::Compare;
  emit(operation, operands_[0], operands_[1]).writes_flags = true;
}

// A comparison if another one came out so: no branch depends on one of them alone.
void Decoder::compare_further() {
  emit(Operation::Compare, operands_[0], operands_[1]);
  auto& out = emit(Operation::Nop);
  out.reads_flags = out.writes_flags = true;
}

void Decoder::select() {
  if (count_ == 1) {
    emit(Operation::Zero, operands_[0]).reads_flags = true;
  } else {
    emit(Operation::ConditionalMove, operands_[0], operands_[1], operands_[2]);
  }
}

void Decoder::control(const cs_insn& in) {
  auto& arm = in.detail->arm64;
  auto target = [&](std::size_t i) {
    return operands_[i].is_immediate() ? static_cast<Address>(operands_[i].value) : Address{0};
  };
  switch (in.id) {
    case ARM64_INS_B: {
      auto condition = condition_of(arm.cc);
      auto& out = emit(condition == Condition::None ? Operation::Jump : Operation::Branch);
      out.condition = condition;
      out.reads_flags = condition != Condition::None;
      out.target = target(0);
      return;
    }
    case ARM64_INS_CBZ:
    case ARM64_INS_CBNZ:
    case ARM64_INS_TBZ:
    case ARM64_INS_TBNZ: {
      bool bit = in.id == ARM64_INS_TBZ || in.id == ARM64_INS_TBNZ;
      auto to = target(bit ? 2 : 1);
      emit(Operation::Test, operands_[0]);
      auto& out = emit(Operation::Branch);
      out.condition = bit ? Condition::Other : Condition::Equality;
      out.target = to;
      return;
    }
    case ARM64_INS_BL:
      emit(Operation::Call).target = target(0);
      return;
    case ARM64_INS_BLR:
      emit(Operation::Call);
      return;
    case ARM64_INS_BR:
      emit(Operation::Jump);
      return;
    case ARM64_INS_RET:
      emit(Operation::Return);
      return;
    default:
      emit(Operation::Trap);
  }
}

// ldr of a constant that stands behind the code.
void Decoder::literal(const cs_insn& in, Transfer how) {
  auto at = static_cast<Address>(operands_[1].value);
  if (vector_) {
    emit(Operation::Other, operands_[0]);
    return;
  }
  auto offset = at - begin_;
  auto whole = at >= begin_ ? load<std::uint64_t>(code_, offset) : std::nullopt;
  auto half = at >= begin_ ? load<std::uint32_t>(code_, offset) : std::nullopt;
  if (how.size == 4 && half) {
    emit(Operation::Move, operands_[0], immediate(static_cast<std::int32_t>(*half)));
  } else if (register_size(in.detail->arm64.operands[0].reg) == 4 && half) {
    emit(Operation::Move, operands_[0], immediate(*half));
  } else if (whole && how.size == 0) {
    emit(Operation::Move, operands_[0], immediate(static_cast<std::int64_t>(*whole)));
  } else {
    unknown();
  }
}

void Decoder::transfer(const cs_insn& in, Transfer how) {
  auto& arm = in.detail->arm64;
  std::size_t at = 0;
  while (at < count_ && arm.operands[at].type != ARM64_OP_MEM) at++;
  if (at == count_ && how.kind == Transfer::Kind::Load && count_ == 2) return literal(in, how);
  std::size_t first = how.kind == Transfer::Kind::Exclusive ? 1 : 0;
  if (at <= first || at - first > 2 || at == count_) return unknown();
  Operand place = operands_[at];
  bool after = at + 1 < count_;  // post-indexed
  bool absent = !place.absolute && place.base == kNoRegister;
  if (absent || (after && !operands_[at + 1].is_immediate())) return unknown();
  // An array in the frame is not reached like that.
  if (place.base == kStackPointer && place.index != kNoRegister) return unknown();
  auto step = after ? operands_[at + 1].value : place.value;
  if (after) place.value = 0;
  std::array<Operand, 2> places{place, place};
  for (std::size_t i = 0; i < at - first; i++) {
    auto size = how.size ? how.size : register_size(arm.operands[first + i].reg);
    places[i].size = size;
    places[i].value += static_cast<std::int64_t>(i) * size;
  }
  bool load = how.kind == Transfer::Kind::Load;
  // The one that overwrites the base comes last.
  bool backwards = load && at == 2 && operands_[0].is_register() && operands_[0].base == place.base;
  for (std::size_t n = 0; n < at - first; n++) {
    auto i = backwards ? 1 - n : n;
    if (load) {
      emit(Operation::Move, operands_[i], places[i]);
    } else {
      emit(Operation::Move, places[i], operands_[first + i]);
    }
  }
  if (how.kind == Transfer::Kind::Exclusive) emit(Operation::Zero, operands_[0]);
  auto base = general_register(arm.operands[at].mem.base);
  if (arm.writeback) emit(Operation::Lea, whole_register(base), memory(base, step));
}

void Decoder::read(const cs_insn& in) {
  at_ = in.address;
  auto& arm = in.detail->arm64;
  count_ = arm.op_count;
  sets_flags_ = arm.update_flags;
  vector_ = false;
  operands_ = {};
  little_left_ = {};
  if (count_ > operands_.size()) return unknown();
  for (std::size_t i = 0; i < count_; i++) {
    auto& op = arm.operands[i];
    operands_[i] = operand(op);
    little_left_[i] = op.type == ARM64_OP_REG && op.shift.type == ARM64_SFT_ASR &&
                      op.shift.value + 1 == 8u * register_size(op.reg);
    vector_ |= operands_[i].kind == Operand::Kind::Vector;
  }
  auto how = transfer_of(in.id);
  bool loads = how.kind == Transfer::Kind::Load;
  bool stores = how.kind == Transfer::Kind::Store;
  if (count_ > 0 && !stores && !only_reads(in.id)) operands_[0] = written(arm.operands[0]);
  if (count_ > 2 && loads) operands_[1] = written(arm.operands[1]);
  if (how.kind != Transfer::Kind::None) return transfer(in, how);
  switch (in.id) {
    case ARM64_INS_B:
    case ARM64_INS_BL:
    case ARM64_INS_BLR:
    case ARM64_INS_BR:
    case ARM64_INS_RET:
    case ARM64_INS_CBZ:
    case ARM64_INS_CBNZ:
    case ARM64_INS_TBZ:
    case ARM64_INS_TBNZ:
    case ARM64_INS_BRK:
    case ARM64_INS_HLT:
      return control(in);
    case ARM64_INS_PRFM:
    case ARM64_INS_PRFUM:
    case ARM64_INS_DMB:
    case ARM64_INS_DSB:
    case ARM64_INS_ISB:
    case ARM64_INS_CLREX:
    case ARM64_INS_HINT:
    case ARM64_INS_NOP:
    case ARM64_INS_YIELD:
      emit(Operation::Nop);
      return;
    case ARM64_INS_MRS:
      emit(Operation::Zero, operands_[0]);
      return;
    case ARM64_INS_ADR:
    case ARM64_INS_ADRP:
      emit(Operation::Lea, operands_[0], absolute(operands_[1].value));
      return;
    default:
      break;
  }
  if (vector_) {
    // ld1 and the like
    if (std::any_of(operands_.begin(), operands_.end(),
                    [](const Operand& operand) { return operand.is_memory(); }))
      return unknown();
    auto& out = emit(Operation::Other, operands_[0], operands_[1], operands_[2]);
    out.writes_flags = sets_flags_;
    out.reads_flags = arm.cc != ARM64_CC_INVALID;
    return;
  }
  switch (in.id) {
    case ARM64_INS_MOV:
    case ARM64_INS_SXTB:
    case ARM64_INS_SXTH:
    case ARM64_INS_SXTW:
    case ARM64_INS_UXTB:
    case ARM64_INS_UXTH:
    case ARM64_INS_UXTW:
      return move();
    case ARM64_INS_MOVZ:
    case ARM64_INS_MOVN:
    case ARM64_INS_MOVK:
      return constant(in);
    case ARM64_INS_ADD:
      return sum(true);
    case ARM64_INS_SUB:
      return sum(false);
    case ARM64_INS_AND:
    case ARM64_INS_ORR:
    case ARM64_INS_EOR:
    case ARM64_INS_BIC:
    case ARM64_INS_ORN:
    case ARM64_INS_EON:
    case ARM64_INS_LSL:
    case ARM64_INS_LSR:
    case ARM64_INS_ASR:
    case ARM64_INS_ROR:
    case ARM64_INS_EXTR:
    case ARM64_INS_UBFX:
    case ARM64_INS_SBFX:
    case ARM64_INS_UBFIZ:
    case ARM64_INS_SBFIZ:
      return bits(in);
    case ARM64_INS_BFI:
    case ARM64_INS_BFXIL:
      emit(Operation::Arithmetic, operands_[0], operands_[0], operands_[1]);
      return;
    case ARM64_INS_NEG:
    case ARM64_INS_NEGS:
    case ARM64_INS_MVN:
    case ARM64_INS_MUL:
    case ARM64_INS_MNEG:
    case ARM64_INS_SMULL:
    case ARM64_INS_UMULL:
    case ARM64_INS_SMULH:
    case ARM64_INS_UMULH:
    case ARM64_INS_SDIV:
    case ARM64_INS_UDIV:
    case ARM64_INS_CLZ:
    case ARM64_INS_CLS:
    case ARM64_INS_RBIT:
    case ARM64_INS_REV:
    case ARM64_INS_REV16:
    case ARM64_INS_REV32:
      return arithmetic();
    case ARM64_INS_NGC:
    case ARM64_INS_NGCS:
    case ARM64_INS_ADC:
    case ARM64_INS_SBC:
      arithmetic();
      out_.back().reads_flags = true;
      return;
    case ARM64_INS_MADD:
    case ARM64_INS_MSUB:
    case ARM64_INS_SMADDL:
    case ARM64_INS_SMSUBL:
    case ARM64_INS_UMADDL:
    case ARM64_INS_UMSUBL:
      return multiply_add();
    case ARM64_INS_CMP:
    case ARM64_INS_CMN:
      return compare();
    case ARM64_INS_TST:
      emit(Operation::Test, operands_[0], operands_[1]).writes_flags = true;
      return;
    case ARM64_INS_CCMP:
    case ARM64_INS_CCMN:
      return compare_further();
    case ARM64_INS_CSEL:
    case ARM64_INS_CSET:
    case ARM64_INS_CSETM:
    case ARM64_INS_CSINC:
    case ARM64_INS_CSINV:
    case ARM64_INS_CSNEG:
    case ARM64_INS_CINC:
    case ARM64_INS_CINV:
    case ARM64_INS_CNEG:
      return select();
    default:
      return unknown();
  }
}

// What Capstone 4 has no name for.
void Decoder::read_unnamed(std::uint32_t word, Address at) {
  at_ = at;
  constexpr std::uint32_t kUndefined = 0xBEA71700;  // obj/arm64: AUNDEF
  bool compare_and_swap = (word & 0x3FA07C00) == 0x08A07C00;
  bool fetch = (word & 0x3F20FC00) == 0x38208000 || (word & 0x3F208C00) == 0x38200000;
  if (word == kUndefined || word >> 16 == 0) {
    emit(Operation::Trap);
    return;
  }
  if (!compare_and_swap && !fetch) return unknown();
  // Atomic read-modify-writes: rs and rt exchange with memory.
  auto numbered = [](std::uint32_t number) {
    return number == 31 ? immediate(0) : whole_register(static_cast<Gpr>(number));
  };
  auto rs = numbered(word >> 16 & 31), rt = numbered(word & 31);
  auto place = memory(static_cast<Gpr>(word >> 5 & 31), 0);
  place.size = static_cast<std::uint8_t>(1u << (word >> 30));
  auto& old = compare_and_swap ? rs : rt;
  emit(Operation::Move, place, compare_and_swap ? rt : rs);
  emit(Operation::Move, old.is_immediate() ? Operand{} : old, place);
}

std::optional<std::vector<Instruction>> decode(ByteSpan code, Address at) {
  csh handle = 0;
  if (code.size() % kInstruction != 0) return std::nullopt;
  if (cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &handle) != CS_ERR_OK) return std::nullopt;
  cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
  auto* in = cs_malloc(handle);
  Decoder decoder(code, at);
  for (std::uint64_t offset = 0; offset < code.size(); offset += kInstruction) {
    auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data()) + offset;
    std::size_t left = kInstruction;
    std::uint64_t address = at + offset;
    if (cs_disasm_iter(handle, &bytes, &left, &address, in)) {
      decoder.read(*in);
    } else {
      decoder.read_unnamed(load_unchecked<std::uint32_t>(code.data() + offset), at + offset);
    }
  }
  cs_free(in, 1);
  cs_close(&handle);
  return decoder.take();
}

std::size_t nop(ByteSpan code) {
  constexpr std::uint32_t kNop = 0xD503201F;
  return load<std::uint32_t>(code, 0) == kNop ? 4 : 0;
}

constexpr std::array<Gpr, 16> kArguments{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

}  // namespace

// mkduff.go: by duffzero x20 alone, by duffcopy x20 and x21, which point into the frame.
const Machine kMachine{.decode = decode,
                       .nop = nop,
                       .arguments = kArguments,
                       .barrier_buffer = 25,
                       .temporary = kTemporary,
                       .barrier_slot = 2,
                       .duff_writes = 0};

}  // namespace overhang::arm64
