#include "goruntime/frame_flow.h"

#include <optional>
#include <utility>

#include "base/checked.h"

namespace overhang {
namespace {

using machine::Gpr;
using machine::Instruction;
using machine::Operand;
using machine::Operation;

constexpr std::size_t kMostSlots = 64;  // words of a frame that are followed

constexpr std::int64_t kLargestFrame = 1 << 20;  // bytes

// An operand that is a register which holds a constant, as an immediate.
std::optional<Operand> number_of(const Operand& operand, const FrameState& state) {
  if (!operand.is_register() || state.numbers[operand.base] == kNoNumber) return std::nullopt;
  Operand out;
  out.kind = Operand::Kind::Immediate;
  out.size = operand.size;
  out.value = state.numbers[operand.base];
  if (operand.size == 4) out.value = static_cast<std::int32_t>(out.value);
  return out;
}

Tags derived(Tags tags) {
  Tags out = tags & (kPart | kFromLen | kFromCap | kBetween | kBeyond);
  if (tags & kPointer) out |= kPart;
  if (tags & kLen) out |= kFromLen;
  if (tags & kCap) out |= kFromCap;
  return out;
}

}  // namespace

bool FrameState::join(const FrameState& other) {
  bool fresh = !reached, changed = fresh;
  reached = true;
  for (std::size_t i = 0; i < registers.size(); i++) {
    changed |= (other.registers[i] & ~registers[i]) != 0;
    registers[i] |= other.registers[i];
    auto both = fresh || addresses[i] == other.addresses[i] ? other.addresses[i] : kElsewhere;
    changed |= both != addresses[i];
    addresses[i] = both;
    auto number = fresh || numbers[i] == other.numbers[i] ? other.numbers[i] : kNoNumber;
    changed |= number != numbers[i];
    numbers[i] = number;
  }
  for (std::size_t i = 0; i < vectors.size(); i++) {
    changed |= (other.vectors[i] & ~vectors[i]) != 0;
    vectors[i] |= other.vectors[i];
  }
  for (auto& [at, tags] : other.slots) {
    auto& mine = slots[at];
    changed |= (tags & ~mine) != 0;
    mine |= tags;
  }
  return changed;
}

Tags FrameState::frame(std::int64_t at, std::int64_t size) const {
  Tags out = 0;
  for (auto& [word, tags] : slots)
    if (word < at + size && at < word + 8) out |= tags;
  return out;
}

void FrameState::set(Gpr to, Tags tags, std::int64_t address, std::int64_t number) {
  if (to == machine::kStackPointer) return;
  registers[to] = tags;
  numbers[to] = number;
  bool within = address >= 0 && address < kLargestFrame;
  addresses[to] = within ? static_cast<std::int32_t>(address) : kElsewhere;
}

void FrameState::forget(machine::RegisterSet set) {
  for (Gpr r = 0; r < machine::kRegisters; r++)
    if (set >> r & 1) this->set(r, 0);
}

void FrameState::forget_registers() {
  registers = {};
  vectors = {};
  addresses = none_but_sp();
  numbers = no_numbers();
}

FrameFlow::FrameFlow(const FrameCode& code, std::uint64_t len, std::uint64_t room)
    : code_(code), in_(code.instructions()), len_(len), room_(room) {
  leaders_.assign(in_.size() + 1, false);
  for (std::size_t i = 0; i < in_.size(); i++) {
    bool ends = in_[i].operation == Operation::Branch || in_[i].operation == Operation::Jump ||
                in_[i].operation == Operation::Return || in_[i].operation == Operation::Trap;
    if (ends) leaders_[i + 1] = true;
    if ((in_[i].operation == Operation::Branch || in_[i].operation == Operation::Jump) &&
        in_[i].target != 0)
      if (auto target = code_.index_of(in_[i].target)) leaders_[*target] = true;
  }
}

void FrameFlow::start(std::size_t index, const std::map<std::int32_t, Tags>& slots) {
  FrameState state;
  state.slots = slots;
  merge(index, state);
}

bool FrameFlow::run() {
  while (!work_.empty() && !failed_) {
    auto leader = *work_.begin();
    work_.erase(work_.begin());
    FrameState state = states_[leader];
    walk(leader, state, [](std::size_t, const FrameState&) {});
  }
  return !failed_;
}

FrameState FrameFlow::before(std::size_t index) const {
  auto leader = index;
  while (leader > 0 && !leaders_[leader]) leader--;
  auto known = states_.find(leader);
  if (known == states_.end()) return {};
  FrameState state = known->second;
  for (auto i = leader; i < index; i++) {
    if (in_[i].operation == Operation::Call) {
      step_call(code_.call_at(i), state);
    } else {
      transfer(in_[i], state);
    }
  }
  return state;
}

void FrameFlow::merge(std::size_t index, const FrameState& state) {
  if (state.slots.size() > kMostSlots || index >= in_.size()) {
    failed_ = true;
    return;
  }
  leaders_[index] = true;
  if (states_[index].join(state)) work_.insert(index);
}

void FrameFlow::flow_to(const Instruction& in, const FrameState& state) {
  auto target = in.target ? code_.index_of(in.target) : std::nullopt;
  if (target) return merge(*target, state);
  // A jump by a table is not followed; one to another function leaves.
  if (in.target == 0 || (in.target >= in_.front().at && in.target < in_.back().next()))
    failed_ = true;
}

// False: nothing comes after it.
bool FrameFlow::step(std::size_t i, FrameState& state) {
  const Instruction& in = in_[i];
  switch (in.operation) {
    case Operation::Jump:
      flow_to(in, state);
      return false;
    case Operation::Branch:
      flow_to(in, state);
      if (!failed_) merge(i + 1, state);
      return false;
    case Operation::Return:
    case Operation::Trap:
      return false;
    case Operation::Call:
      return step_call(code_.call_at(i), state);
    case Operation::Unknown:
      failed_ = true;
      return false;
    default:
      transfer(in, state);
      return true;
  }
}

bool FrameFlow::step_call(const Call& call, FrameState& state) const {
  switch (call.callee) {
    case Callee::CapCheck:
    case Callee::OtherPanic:
      return false;
    case Callee::WriteBarrier:
      if (auto buffer = code_.barrier_buffer()) state.set(*buffer, kBuffer);
      return true;
    case Callee::Duff:
      state.forget(code_.machine().duff_writes);
      return true;
    default:
      state.forget_registers();
      return true;
  }
}

Tags FrameFlow::immediate(std::int64_t value) const {
  auto number = static_cast<std::uint64_t>(value);
  return value >= 0 && number > len_ && number <= room_ ? kBetween : Tags{0};
}

Instruction FrameFlow::resolved(const Instruction& in, const FrameState& state) {
  Instruction out = in;
  for (Operand* operand : {&out.a, &out.b, &out.c}) {
    bool by_register = operand->is_memory() && operand->base < machine::kRegisters &&
                       operand->index == machine::kNoRegister;
    if (!by_register) continue;
    if (state.addresses[operand->base] != kElsewhere) {
      operand->value += state.addresses[operand->base];
      operand->base = machine::kStackPointer;
    } else if (auto number = state.numbers[operand->base]; number != kNoNumber) {
      operand->value = wrapping_add(operand->value, number);
      operand->base = machine::kNoRegister;
      operand->absolute = true;
    }
  }
  if (out.operation == Operation::Arithmetic) {
    if (out.is_mask && !out.c.is_immediate() && number_of(out.b, state)) std::swap(out.b, out.c);
    if (auto number = number_of(out.c, state)) out.c = *number;
  }
  if (out.operation == Operation::Compare)
    if (auto number = number_of(out.b, state)) out.b = *number;
  return out;
}

Tags FrameFlow::tags_of(const Operand& operand, const FrameState& state) const {
  switch (operand.kind) {
    case Operand::Kind::Register:
      return state.registers[operand.base];
    case Operand::Kind::Vector:
      return operand.base < machine::kVectors ? state.vectors[operand.base] : Tags{0};
    case Operand::Kind::Immediate:
      return immediate(operand.value);
    case Operand::Kind::Memory: {
      auto tags = home_ ? home_word(operand, state) : Tags{0};
      if (operand.in_frame()) tags |= state.frame(operand.value, operand.size);
      return tags;
    }
    default:
      return 0;
  }
}

// Which of the header's words stands there.
Tags FrameFlow::home_word(const Operand& operand, const FrameState& state) const {
  constexpr std::int64_t kHeaderBytes = 24;
  auto has = [&](machine::Gpr r, Tags tags) {
    return r != machine::kNoRegister && r != machine::kStackPointer && (state.registers[r] & tags);
  };
  bool element = has(operand.base, kElement) && operand.index == machine::kNoRegister;
  bool indexed = false;
  std::int64_t at = operand.value;  // from the header's first word
  if (operand.absolute) {
    if (home_->header == 0) return 0;
    at = wrapping_add(at, -static_cast<std::int64_t>(home_->header));
  } else if (operand.in_frame() && home_->frame) {
    at -= *home_->frame + home_->offset;
  } else if (element || has(operand.base, kHolder) ||
             (has(operand.index, kHolder) && operand.scale == 1)) {
    at -= home_->offset;
    indexed = element || operand.index != machine::kNoRegister;
  } else {
    return 0;
  }
  if (indexed && !home_->indexed) return 0;
  if (indexed) at = (at % kHeaderBytes + kHeaderBytes) % kHeaderBytes;
  if (operand.size != 8) return 0;
  return at == 0 ? kPointer : at == 8 ? kLen : at == 16 ? kCap : Tags{0};
}

// Whether the operand's address is that of what the header stands in.
bool FrameFlow::is_holder(const Operand& operand, const FrameState& state) const {
  if (operand.absolute)
    return home_->holder != 0 && static_cast<Address>(operand.value) == home_->holder;
  if (operand.in_frame()) return home_->frame == operand.value;
  if (operand.base == machine::kNoRegister || !(state.registers[operand.base] & kHolder))
    return false;
  return operand.value == 0 && (operand.index == machine::kNoRegister || home_->indexed);
}

void FrameFlow::write(const Operand& to, Tags tags, FrameState& state) {
  if (to.is_register()) return state.set(to.base, tags);
  if (to.kind == Operand::Kind::Vector && to.base < machine::kVectors)
    state.vectors[to.base] = tags;
  if (!to.in_frame()) return;
  // A part of a word: what was there may count, too. A flag that stands alone is no number.
  if (to.size < 8) {
    for (auto& [word, its] : state.slots)
      if (word < to.value + to.size && to.value < word + 8) its |= tags;
    return;
  }
  for (auto word = state.slots.begin(); word != state.slots.end();) {
    bool covered = word->first >= to.value && word->first + 8 <= to.value + to.size;
    word = covered ? state.slots.erase(word) : std::next(word);
  }
  for (auto at = to.value; tags && at + 8 <= to.value + to.size; at += 8)
    state.slots[static_cast<std::int32_t>(at)] |= tags;
}

// `as_written`: of in_.
void FrameFlow::transfer(const Instruction& as_written, FrameState& state) const {
  const Instruction in = resolved(as_written, state);
  switch (in.operation) {
    case Operation::Move: {
      auto index = static_cast<std::size_t>(&as_written - in_.data());
      auto tags = home_ && code_.is_barriers_load(index) ? Tags{0} : tags_of(in.b, state);
      bool whole = in.a.is_register() && in.b.is_register() && in.b.size == 8;
      if (whole)
        return state.set(in.a.base, tags, state.addresses[in.b.base], state.numbers[in.b.base]);
      if (in.a.is_register() && in.b.is_immediate())
        return state.set(in.a.base, tags, kElsewhere, in.b.value);
      write(in.a, tags, state);
      return;
    }
    case Operation::Lea: {
      Tags tags = 0;
      if (!in.b.absolute) {
        if (in.b.base != machine::kNoRegister) tags |= state.registers[in.b.base];
        if (in.b.index != machine::kNoRegister) tags |= state.registers[in.b.index];
      }
      if (!in.a.is_register()) return;
      tags = derived(tags);
      if (home_ && is_holder(in.b, state)) tags |= kHolder;
      // The address of a variable, which arm64 puts together of two parts.
      auto number = home_ && in.b.absolute ? in.b.value : kNoNumber;
      state.set(in.a.base, tags, in.b.in_frame() ? in.b.value : kElsewhere, number);
      return;
    }
    case Operation::Arithmetic: {
      auto tags = in.masks() ? Tags{0} : tags_of(in.b, state);
      if (!in.c.is_immediate()) tags |= tags_of(in.c, state);
      auto result = derived(tags);
      if (home_ && home_->indexed && in.c.is_register() && (tags & (kHolder | kElement)))
        result |= kElement;
      write(in.a, result, state);
      return;
    }
    case Operation::Zero:
      write(in.a, 0, state);
      return;
    case Operation::ConditionalMove:
      write(in.a, static_cast<Tags>(tags_of(in.b, state) | tags_of(in.c, state)), state);
      return;
    case Operation::Other:
      state.forget(in.implicit_writes);
      // Whether the first is read, written or both: what was there may stay.
      if (in.a.in_frame() && in.a.size > 0 && state.frame(in.a.value, in.a.size) == 0)
        write(in.a, 0, state);
      if (in.a.is_register() || in.a.kind == Operand::Kind::Vector) {
        Tags tags = tags_of(in.a, state) | tags_of(in.b, state) | tags_of(in.c, state);
        write(in.a, derived(tags), state);
      }
      return;
    default:
      return;
  }
}

}  // namespace overhang
