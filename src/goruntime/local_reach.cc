#include "goruntime/local_reach.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/checked.h"
#include "goruntime/stack_loads.h"
#include "goruntime/stack_map.h"

namespace overhang {
namespace {

using machine::Gpr;
using machine::Instruction;
using machine::Operand;
using machine::Operation;
using machine::Relation;

constexpr std::uint64_t kMostWork = 5'000'000;  // instructions, of all questions
constexpr std::uint64_t kMostVisits = 20'000;   // of one
constexpr std::size_t kMostSlots = 64;          // words of a frame that are followed
constexpr std::int32_t kAnyLen = -1;
constexpr unsigned kDepth = 3;                     // calls
constexpr unsigned kReach = 8;                     // instructions from a branch to a panic
constexpr std::int64_t kLargestElement = 1 << 16;  // bytes

std::int64_t times(std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  return __builtin_mul_overflow(a, b, &out) ? 0 : out;
}

}  // namespace

struct LocalReachProver::Answer {
  bool bounded = false;
  bool evidence = false;  // something is reached by an index below len
  bool is_len = false;    // of a slice or string
  std::uint64_t element = 0, least = 0;
  std::uint64_t first_word = 0;  // bytes of an element of unknown size that are reached
  std::set<std::uint64_t> others;
  Registers results;  // of the function's, what comes from the pointer

  void add(const Answer& other) {
    bounded &= other.bounded && (element == 0 || other.element == 0 || element == other.element);
    evidence |= other.evidence;
    is_len |= other.is_len;
    element = std::max(element, other.element);
    least = std::max(least, other.least);
    first_word = std::max(first_word, other.first_word);
    others.insert(other.others.begin(), other.others.end());
  }
};

// All that a function does with the values, from one instruction on.
class LocalReachProver::Flow {
 public:
  struct Passed {
    Address function;
    std::size_t argument;
    auto operator<=>(const Passed&) const = default;
  };
  struct State {
    bool reached = false;
    std::array<Value, machine::kRegisters> registers{};
    std::map<std::int32_t, Value> slots;  // of the frame; others are unknown
    std::uint64_t at_least = 0;           // elements; what len has been found to be
    // What was compared last, if nothing has changed since: registers, words of the frame, numbers.
    std::optional<std::pair<Operand, Operand>> compared;

    bool join(const State& other);
  };

  Flow(const FrameCode& code, std::uint64_t element)
      : element_(static_cast<std::int64_t>(element)), code_(code), in_(code.instructions()) {
    leaders_.assign(in_.size() + 1, false);
    for (std::size_t i = 0; i < in_.size(); i++) {
      auto operation = in_[i].operation;
      if (operation == Operation::Branch || operation == Operation::Jump ||
          operation == Operation::Return || operation == Operation::Trap)
        leaders_[i + 1] = true;
      if ((operation == Operation::Branch || operation == Operation::Jump) && in_[i].target != 0)
        if (auto target = code_.index_of(in_[i].target)) leaders_[*target] = true;
    }
  }

  void start(std::size_t index, const State& state) { merge(index, state); }
  // Where argument `k` is kept that a function begins with, `start` being its first instruction:
  // what it has in a register, it may store there for tracebacks alone.
  void set_homes(std::int64_t first, std::size_t start) { homes_ = {first, start}; }
  // How many words the call at instruction `index` takes at most.
  void set_arguments(std::size_t index, std::size_t words) { arguments_ = {index, words}; }
  // Takes any index for one below len, and follows nothing that is passed on: what is not within
  // len then, is within none.
  void allow_any_len() { any_len_ = true; }
  // Words of the frame in which the function keeps values of its own.
  void set_spills(std::vector<std::uint32_t> words) { spills_ = std::move(words); }
  // Whether all is within len.
  bool run();

  const FrameCode& code() const { return code_; }
  std::uint64_t visits() const { return visits_; }
  std::int64_t element_;  // bytes; 0: not known yet
  bool evidence_ = false, checked_ = false;
  std::uint64_t least_ = 0, first_word_ = 0;
  std::set<std::uint64_t> others_;
  std::set<Passed> passed_;
  std::map<std::size_t, Value> results_;

 private:
  using Kind = Value::Kind;
  void merge(std::size_t index, const State& state);
  bool is_stored_at_home(std::size_t i) const;
  void block(std::size_t leader);
  void jump(const Instruction& in, const State& state);
  void step(const Instruction& as_written, State& state);
  void call(std::size_t i, State& state);
  void returns(const State& state);
  void compare(const Instruction& in, State& state);
  void check_bound(const Instruction& branch, const State& state);
  void move(const Instruction& in, State& state);
  void access(const Operand& operand, const State& state);
  void access(const Value& base, const Value& index, std::int64_t scale, std::int64_t beyond,
              std::int64_t size, std::uint64_t at_least);
  Operand resolved(const Operand& operand, const State& state) const;
  Value value_of(const Operand& operand, const State& state) const;
  Value address(const Operand& operand, const State& state) const;
  void write(const Operand& to, Value value, State& state);
  static void set(State& state, Gpr to, Value value);
  static void learn(State& state, Relation relation);
  static void learn(State& state, const Operand& a, Relation relation, const Operand& b);
  void doubt() { doubt_ = true; }

  const FrameCode& code_;
  const std::vector<Instruction>& in_;
  std::vector<std::uint32_t> spills_;  // sorted
  std::optional<std::pair<std::size_t, std::size_t>> arguments_;
  std::optional<std::pair<std::int64_t, std::size_t>> homes_;
  std::vector<bool> leaders_;
  std::map<std::size_t, State> states_;
  std::set<std::size_t> work_;
  std::uint64_t visits_ = 0;
  bool doubt_ = false, any_len_ = false;
};

bool LocalReachProver::Flow::State::join(const State& other) {
  if (!reached) {
    *this = other;
    reached = true;
    return true;
  }
  bool changed = false;
  auto is_index = [](const Value& index, const Value& number, std::uint64_t len) {
    return index.kind == Kind::Index && number.kind == Kind::Number && index.n > 0 &&
           number.n >= 0 && number.n % index.n == 0 &&
           static_cast<std::uint64_t>(number.n / index.n) < len;
  };
  auto both = [&](Value& mine, const Value& its) {
    Value out = mine;
    if (is_index(its, mine, at_least)) {
      out = its;
    } else if ((mine.kind != its.kind || mine.n != its.n) && !is_index(mine, its, other.at_least)) {
      out.kind = Kind::Unknown;
      out.n = 0;
    }
    out.ours = mine.ours || its.ours;
    changed |= out != mine;
    mine = out;
  };
  for (std::size_t i = 0; i < registers.size(); i++) both(registers[i], other.registers[i]);
  for (auto& [at, its] : other.slots) both(slots[at], its);
  for (auto& [at, mine] : slots)
    if (!other.slots.contains(at)) both(mine, {});
  if (other.at_least < at_least) {
    at_least = other.at_least;
    changed = true;
  }
  if (compared) {
    auto same = [](const Operand& a, const Operand& b) {
      return a.kind == b.kind && a.base == b.base && a.value == b.value && a.size == b.size;
    };
    if (!other.compared || !same(compared->first, other.compared->first) ||
        !same(compared->second, other.compared->second)) {
      compared.reset();
      changed = true;
    }
  }
  return changed;
}

bool LocalReachProver::Flow::run() {
  while (!work_.empty() && !doubt_) {
    auto leader = *work_.begin();
    work_.erase(work_.begin());
    block(leader);
  }
  return !doubt_;
}

void LocalReachProver::Flow::merge(std::size_t index, const State& state) {
  if (state.slots.size() > kMostSlots || index >= in_.size()) return doubt();
  leaders_[index] = true;
  if (states_[index].join(state)) work_.insert(index);
}

void LocalReachProver::Flow::jump(const Instruction& in, const State& state) {
  if (auto target = in.target ? code_.index_of(in.target) : std::nullopt)
    return merge(*target, state);
  // By a table, or to another function.
  doubt();
}

bool LocalReachProver::Flow::is_stored_at_home(std::size_t i) const {
  constexpr std::size_t kBegin = 4;  // instructions
  if (!homes_ || i < homes_->second || i >= homes_->second + kBegin) return false;
  const Instruction& in = in_[i];
  auto home = in.a.value - homes_->first;
  auto arguments = code_.machine().arguments;
  return in.operation == Operation::Move && in.a.in_frame() && in.a.size == 8 &&
         in.b.is_register() && home >= 0 && home % 8 == 0 &&
         static_cast<std::size_t>(home / 8) < arguments.size() &&
         arguments[static_cast<std::size_t>(home / 8)] == in.b.base &&
         !std::binary_search(spills_.begin(), spills_.end(),
                             static_cast<std::uint32_t>(in.a.value));
}

void LocalReachProver::Flow::block(std::size_t leader) {
  State state = states_[leader];
  for (auto i = leader; !doubt_; i++) {
    if (i >= in_.size() || ++visits_ > kMostVisits) return doubt();
    if (i != leader && leaders_[i]) return merge(i, state);
    const Instruction& in = in_[i];
    if (is_stored_at_home(i)) continue;
    switch (in.operation) {
      case Operation::Jump:
        return jump(in, state);
      case Operation::Branch: {
        check_bound(in, state);
        State taken = state;
        learn(taken, in.relation);
        learn(state, machine::opposite(in.relation));
        jump(in, taken);
        if (!doubt_) merge(i + 1, state);
        return;
      }
      case Operation::Return:
        return returns(state);
      case Operation::Trap:
        return;
      case Operation::Unknown:
        return doubt();
      case Operation::Call: {
        auto callee = code_.call_at(i).callee;
        if (callee == Callee::CapCheck || callee == Callee::OtherPanic) return;
        call(i, state);
        break;
      }
      default:
        step(in, state);
    }
  }
}

// A register that holds an address in the frame is the stack pointer with another displacement.
Operand LocalReachProver::Flow::resolved(const Operand& operand, const State& state) const {
  Operand out = operand;
  if (!operand.is_memory() || operand.base >= machine::kRegisters ||
      operand.index != machine::kNoRegister || operand.base == machine::kStackPointer)
    return out;
  const Value& base = state.registers[operand.base];
  if (base.kind != Kind::Frame) return out;
  out.value = wrapping_add(out.value, base.n);
  out.base = machine::kStackPointer;
  return out;
}

LocalReachProver::Value LocalReachProver::Flow::value_of(const Operand& operand,
                                                         const State& state) const {
  switch (operand.kind) {
    case Operand::Kind::Register: {
      if (operand.base == machine::kStackPointer) return {Kind::Frame, false, 0};
      Value out = state.registers[operand.base];
      // Half of it.
      if (operand.size != 8 && out.kind != Kind::Number) out.kind = Kind::Unknown;
      return out;
    }
    case Operand::Kind::Immediate:
      return {Kind::Number, false, operand.value};
    case Operand::Kind::Memory: {
      if (!operand.in_frame()) return {};
      Value out;
      for (auto& [at, value] : state.slots) {
        if (at >= operand.value + std::max<std::int64_t>(operand.size, 1) ||
            operand.value >= at + 8)
          continue;
        if (at == operand.value && operand.size == 8) return value;
        out.ours |= value.ours;
      }
      return out;
    }
    default:
      return {};
  }
}

void LocalReachProver::Flow::set(State& state, Gpr to, Value value) {
  if (to >= machine::kRegisters || to == machine::kStackPointer) return;
  state.registers[to] = value;
  auto uses = [&](const Operand& operand) { return operand.is_register() && operand.base == to; };
  if (state.compared && (uses(state.compared->first) || uses(state.compared->second)))
    state.compared.reset();
}

void LocalReachProver::Flow::write(const Operand& to, Value value, State& state) {
  if (to.is_register()) {
    if (to.base == machine::kStackPointer) return;
    if (to.size < 4) {  // the rest stays
      value.ours |= state.registers[to.base].ours;
      value.kind = Kind::Unknown;
    }
    return set(state, to.base, value);
  }
  if (!to.is_memory()) {
    if (value.ours) doubt();
    return;
  }
  if (!to.in_frame()) {
    if (value.ours) doubt();
    return;
  }
  auto uses = [](const Operand& operand) { return operand.is_memory(); };
  if (state.compared && (uses(state.compared->first) || uses(state.compared->second)))
    state.compared.reset();
  // A word that holds nothing but what the function puts there.
  if (value.ours && (to.size != 8 || !std::binary_search(spills_.begin(), spills_.end(),
                                                         static_cast<std::uint32_t>(to.value))))
    return doubt();
  auto size = std::max<std::int64_t>(to.size, 1);
  for (auto word = state.slots.begin(); word != state.slots.end();) {
    bool apart = word->first >= to.value + size || to.value >= word->first + 8;
    bool covered = word->first >= to.value && word->first + 8 <= to.value + size;
    if (covered) {
      word = state.slots.erase(word);
      continue;
    }
    if (!apart) {
      word->second.kind = Kind::Unknown;
      word->second.ours |= value.ours;
    }
    ++word;
  }
  if (to.size == 8 && (value.kind != Kind::Unknown || value.ours))
    state.slots[static_cast<std::int32_t>(to.value)] = value;
}

// What an address is that an operand computes.
LocalReachProver::Value LocalReachProver::Flow::address(const Operand& operand,
                                                        const State& state) const {
  Value out;
  if (operand.absolute) return {Kind::Number, false, operand.value};
  Operand place = resolved(operand, state);
  if (place.in_frame()) return {Kind::Frame, false, place.value};
  Value base, index;
  if (place.base < machine::kRegisters) base = state.registers[place.base];
  if (place.index < machine::kRegisters) index = state.registers[place.index];
  out.ours = base.ours || index.ours;
  std::int64_t scale = place.scale;
  if (index.ours && !base.ours && scale == 1) std::swap(base, index);
  if (place.index == machine::kNoRegister) {
    if (base.kind == Kind::Near || base.kind == Kind::Element || base.kind == Kind::Number) {
      out.kind = base.kind;
      out.n = wrapping_add(base.n, place.value);
    }
    return out;
  }
  if (base.kind == Kind::Near && index.kind == Kind::Index && element_ != 0 &&
      times(index.n, scale) == element_) {
    out.kind = Kind::Element;
    out.n = wrapping_add(base.n, place.value);
  } else if (!out.ours && index.kind == Kind::Number &&
             (base.kind == Kind::Number || place.base == machine::kNoRegister)) {
    out.kind = Kind::Number;
    out.n = wrapping_add(base.n, wrapping_add(times(index.n, scale), place.value));
  } else if (!out.ours && index.kind == Kind::Index && place.value == 0) {
    // i + i * 2, or i * 8 alone.
    bool alone = place.base == machine::kNoRegister;
    if (alone || base.kind == Kind::Index) {
      out.kind = Kind::Index;
      out.n = wrapping_add(times(index.n, scale), alone ? 0 : base.n);
      // Only of one and the same number.
      if (!alone && place.base != place.index) out = {};
    }
  }
  return out;
}

void LocalReachProver::Flow::access(const Value& base, const Value& index, std::int64_t scale,
                                    std::int64_t beyond, std::int64_t size,
                                    std::uint64_t at_least) {
  if (size <= 0 || index.ours) return doubt();
  if (any_len_) return;
  auto at = wrapping_add(base.n, beyond);
  bool indexed = index.kind == Kind::Index;
  if (index.kind == Kind::Number) at = wrapping_add(at, times(index.n, scale));
  if (base.kind == Kind::Element && !indexed && index.kind == Kind::Number) {
    if (at < 0 || at > element_ - size) doubt();
    return;
  }
  if (base.kind != Kind::Near || at < 0 || at > kLargestElement) return doubt();
  if (indexed) {
    auto step = times(index.n, scale);
    if (element_ == 0 && step > 0 && step <= kLargestElement) element_ = step;
    if (step != element_ || at > element_ - size) return doubt();
    evidence_ = true;
    return;
  }
  if (index.kind != Kind::Number) return doubt();
  // One whose size is not known has this word at least.
  if (element_ == 0) {
    if (at + size > 8) return doubt();
    first_word_ = std::max(first_word_, static_cast<std::uint64_t>(at + size));
  }
  auto needed =
      element_ == 0 ? 1 : static_cast<std::uint64_t>((at + size + element_ - 1) / element_);
  if (needed <= at_least)
    evidence_ = true;
  else
    least_ = std::max(least_, needed);
}

void LocalReachProver::Flow::access(const Operand& operand, const State& state) {
  if (!operand.is_memory() || operand.absolute) return;
  Value base, index{Kind::Number, false, 0};
  if (operand.base < machine::kRegisters && operand.base != machine::kStackPointer)
    base = state.registers[operand.base];
  if (operand.index < machine::kRegisters) index = state.registers[operand.index];
  std::int64_t scale = operand.scale;
  if (index.ours && !base.ours) {
    if (scale != 1) return doubt();
    std::swap(base, index);
    if (operand.base == machine::kNoRegister) index = {Kind::Number, false, 0};
  }
  if (base.ours) access(base, index, scale, operand.value, operand.size, state.at_least);
}

void LocalReachProver::Flow::learn(State& state, Relation relation) {
  if (!state.compared) return;
  auto [a, b] = *state.compared;
  learn(state, a, relation, b);
  switch (relation) {
    case Relation::Less:
      return learn(state, b, Relation::Greater, a);
    case Relation::LessOrEqual:
      return learn(state, b, Relation::GreaterOrEqual, a);
    case Relation::Greater:
      return learn(state, b, Relation::Less, a);
    case Relation::GreaterOrEqual:
      return learn(state, b, Relation::LessOrEqual, a);
    case Relation::Equal:
    case Relation::NotEqual:
      return learn(state, b, relation, a);
    default:
      return;
  }
}

// `a` stands so to `b`. What a negative index would be never is one: the compiler has seen to it.
void LocalReachProver::Flow::learn(State& state, const Operand& a, Relation relation,
                                   const Operand& b) {
  auto value = [&](const Operand& operand) -> Value {
    if (operand.is_immediate()) return {Kind::Number, false, operand.value};
    if (operand.is_register() && operand.size == 8) return state.registers[operand.base];
    if (!operand.in_frame() || operand.size != 8) return {};
    auto slot = state.slots.find(static_cast<std::int32_t>(operand.value));
    return slot == state.slots.end() ? Value{} : slot->second;
  };
  Value left = value(a), right = value(b);
  if (left.kind == Kind::Len && right.kind == Kind::Number && right.n >= 0) {
    auto number = static_cast<std::uint64_t>(right.n);
    if (relation == Relation::Greater || (relation == Relation::NotEqual && number == 0))
      number++;
    else if (relation != Relation::GreaterOrEqual && relation != Relation::Equal)
      return;
    state.at_least = std::max(state.at_least, number);
  }
  if (right.kind != Kind::Len || relation != Relation::Less || left.ours) return;
  if (left.kind != Kind::Unknown) return;
  left.kind = Kind::Index;
  left.n = 1;
  if (a.is_register())
    state.registers[a.base] = left;
  else if (state.slots.size() < kMostSlots)
    state.slots[static_cast<std::int32_t>(a.value)] = left;
}

void LocalReachProver::Flow::compare(const Instruction& in, State& state) {
  Operand a = resolved(in.a, state), b = resolved(in.b, state);
  state.compared.reset();
  if (in.operation == Operation::Test) {
    bool with_zero = b.kind == Operand::Kind::None || (b.is_immediate() && b.value == 0) ||
                     (a.is_register() && b.is_register() && a.base == b.base);
    if (!with_zero) return;
    b = {};
    b.kind = Operand::Kind::Immediate;
    b.size = a.size;
  }
  auto usable = [](const Operand& operand) {
    return operand.is_register() || operand.is_immediate() || operand.in_frame();
  };
  if (!usable(a) || !usable(b)) return;
  state.compared.emplace(a, b);
}

// Whether a block panics with its first call, and nothing else.
bool panics(const FrameCode& code, std::optional<std::size_t> block) {
  const auto& in = code.instructions();
  if (!block) return false;
  for (auto i = *block; i < in.size() && i < *block + kReach; i++) {
    if (in[i].operation == Operation::Call)
      return code.call_at(i).callee == Callee::OtherPanic ||
             code.call_at(i).callee == Callee::CapCheck;
    if (in[i].operation != Operation::Move && in[i].operation != Operation::Lea &&
        in[i].operation != Operation::Nop && in[i].operation != Operation::Zero)
      return false;
  }
  return false;
}

// An index that is checked against len; one below len that is held against a constant as an array's
// is.
void LocalReachProver::Flow::check_bound(const Instruction& branch, const State& state) {
  if (!state.compared || branch.condition != machine::Condition::Unsigned) return;
  Value a = value_of(state.compared->first, state), b = value_of(state.compared->second, state);
  if ((a.kind == Kind::Len || b.kind == Kind::Len) && panics(code_, code_.index_of(branch.target)))
    checked_ = true;
  if (a.kind != Kind::Index) std::swap(a, b);
  if (a.kind == Kind::Index && b.kind == Kind::Number && b.n > 0)
    others_.insert(static_cast<std::uint64_t>(b.n));
}

void LocalReachProver::Flow::move(const Instruction& in, State& state) {
  Operand from = resolved(in.b, state);
  Value value = value_of(from, state);
  // Half of a word, or two at once.
  if (from.size != 8 && !from.is_immediate() && value.kind != Kind::Number)
    value.kind = Kind::Unknown;
  if (in.a.kind == Operand::Kind::Vector && value.ours) return doubt();
  // An immediate, widened.
  if (in.a.is_register() && in.a.size == 4 && value.kind == Kind::Number)
    value.n = static_cast<std::uint32_t>(value.n);
  write(resolved(in.a, state), value, state);
}

void LocalReachProver::Flow::step(const Instruction& in, State& state) {
  bool computes = in.operation == Operation::Lea || in.operation == Operation::Nop;
  if (!computes)
    for (const Operand* operand : {&in.a, &in.b, &in.c}) access(resolved(*operand, state), state);
  switch (in.operation) {
    case Operation::Nop:
      if (in.writes_flags) state.compared.reset();
      return;
    case Operation::Compare:
    case Operation::Test:
      return compare(in, state);
    case Operation::Move:
      return move(in, state);
    case Operation::Lea: {
      Value value = address(in.b, state);
      // Of a word that is followed.
      if (value.kind == Kind::Frame)
        if (auto slot = state.slots.find(static_cast<std::int32_t>(value.n));
            slot != state.slots.end() && (slot->second.ours || slot->second.kind == Kind::Len))
          return doubt();
      // 32 bits of it.
      if (in.a.size != 8) value.kind = Kind::Unknown;
      return write(in.a, value, state);
    }
    case Operation::Zero:
      if (in.writes_flags) state.compared.reset();
      return write(resolved(in.a, state), {Kind::Number, false, 0}, state);
    case Operation::Arithmetic: {
      Value b = value_of(resolved(in.b, state), state), c = value_of(resolved(in.c, state), state);
      Value out;
      out.ours = b.ours || c.ours;
      bool whole = in.a.is_register() && in.a.size == 8;
      bool factor = b.kind == Kind::Index || b.kind == Kind::Number;
      if (whole && factor && c.kind == Kind::Number) {
        if (in.shifts_left && c.n >= 0 && c.n < 32) out = {b.kind, false, times(b.n, 1ll << c.n)};
        if (in.multiplies && c.n > 0) out = {b.kind, false, times(b.n, c.n)};
      }
      if (in.writes_flags) state.compared.reset();
      return write(resolved(in.a, state), out, state);
    }
    case Operation::ConditionalMove: {
      Value b = value_of(resolved(in.b, state), state), c = value_of(resolved(in.c, state), state);
      Value out = b;
      if (b.kind != c.kind || b.n != c.n) out = {};
      out.ours = b.ours || c.ours;
      return write(resolved(in.a, state), out, state);
    }
    default: {
      // What it writes is not told.
      bool memory = false;
      for (const Operand* operand : {&in.a, &in.b, &in.c}) {
        Operand place = resolved(*operand, state);
        memory |= place.is_memory();
        if (value_of(place, state).ours) return doubt();
        if (place.is_register() || place.in_frame()) write(place, {}, state);
      }
      for (Gpr r = 0; r < machine::kRegisters; r++) {
        if (!(in.implicit_writes >> r & 1)) continue;
        // String instructions read and write where registers point.
        if (memory || state.registers[r].ours) return doubt();
        set(state, r, {});
      }
      if (in.writes_flags) state.compared.reset();
    }
  }
}

void LocalReachProver::Flow::call(std::size_t i, State& state) {
  const Call& call = code_.call_at(i);
  auto arguments = code_.machine().arguments;
  auto forget = [&](Gpr r) { set(state, r, {}); };
  state.compared.reset();
  switch (call.callee) {
    case Callee::WriteBarrier:
      if (auto buffer = code_.barrier_buffer()) forget(*buffer);
      return;
    case Callee::Duff:
      // It may copy from the frame.
      for (auto& [at, value] : state.slots)
        if (value.ours) return doubt();
      for (Gpr r = 0; r < machine::kRegisters; r++)
        if (code_.machine().duff_writes >> r & 1) forget(r);
      return;
    default:
      break;
  }
  auto count = std::min(call.arguments, arguments.size());
  if (arguments_ && arguments_->first == i) count = std::min(count, arguments_->second);
  for (std::size_t k = 0; k < count; k++) {
    const Value& value = state.registers[arguments[k]];
    if (!value.ours) continue;
    bool with_len = value.kind == Kind::Near && value.n == 0 && k + 1 < count &&
                    state.registers[arguments[k + 1]].kind == Kind::Len;
    bool passes = any_len_ ? k + 1 < count : with_len;
    if (!passes || call.callee != Callee::Function || in_[i].target == 0) return doubt();
    if (!any_len_) passed_.insert({in_[i].target, k});
  }
  for (Gpr r = 0; r < machine::kRegisters; r++) forget(r);
}

void LocalReachProver::Flow::returns(const State& state) {
  auto arguments = code_.machine().arguments;
  for (std::size_t k = 0; k < arguments.size(); k++) {
    Value value = state.registers[arguments[k]];
    if (value.kind == Kind::Frame) value = {};
    if (!value.ours) continue;
    // Where several ways return, something of the pointer.
    auto [at, fresh] = results_.try_emplace(k, value);
    if (!fresh && at->second != value) at->second = {Kind::Unknown, true, 0};
  }
}

// Where the values come from that a function keeps: two have the same number if they are the same.
class LocalReachProver::Origins {
 public:
  Origins(const Runtime& runtime, const Function& function, const FrameCode& code);
  // Whether pointer and len, as the frame holds them before the instruction, belong together.
  bool are_together(std::size_t before, std::int32_t pointer, std::int32_t len);

 private:
  enum class Source : std::uint8_t { Argument, Result, Memory, Address, Computed };
  struct Origin {
    Source source;
    std::int64_t of = 0, at = 0;  // Memory: of which number, at which byte
    auto operator<=>(const Origin&) const = default;
  };
  static constexpr int kUnknown = 0;
  struct State {
    bool reached = false;
    std::array<int, machine::kRegisters> registers{};
    std::map<std::int32_t, int> slots;
    std::pair<int, int> compared;
    bool join(const State& other);
  };
  void merge(std::size_t index, const State& state);
  void block(std::size_t leader);
  void step(std::size_t i, State& state);
  int number(const Origin& origin);
  int value(const Operand& operand, const State& state);
  bool is_slice_bound(int number) const;
  bool checks_slice(std::optional<std::size_t> block) const;

  const Runtime& runtime_;
  const Function function_;
  const FrameCode& code_;
  const std::vector<Instruction>& in_;
  std::vector<bool> leaders_;
  std::map<std::size_t, State> states_;
  std::set<std::size_t> work_;
  std::uint64_t visits_ = 0;
  bool failed_ = false;
  std::map<Origin, int> numbers_;
  std::vector<Origin> origins_{{}};               // by number
  std::vector<std::pair<int, int>> parents_{{}};  // of what is computed
  std::set<int> bounds_;                          // of slice expressions
};

struct LocalReachProver::Code : FrameCode {
  using FrameCode::FrameCode;
  std::unique_ptr<Origins> origins;
};

bool LocalReachProver::Origins::State::join(const State& other) {
  if (!reached) {
    *this = other;
    reached = true;
    return true;
  }
  bool changed = false;
  auto both = [&](int& mine, int its) {
    if (mine == its || mine == kUnknown) return;
    mine = kUnknown;
    changed = true;
  };
  for (std::size_t i = 0; i < registers.size(); i++) both(registers[i], other.registers[i]);
  for (auto& [at, mine] : slots) {
    auto its = other.slots.find(at);
    both(mine, its == other.slots.end() ? kUnknown : its->second);
  }
  both(compared.first, other.compared.first);
  both(compared.second, other.compared.second);
  return changed;
}

LocalReachProver::Origins::Origins(const Runtime& runtime, const Function& function,
                                   const FrameCode& code)
    : runtime_(runtime), function_(function), code_(code), in_(code.instructions()) {
  leaders_.assign(in_.size() + 1, false);
  for (const Instruction& in : in_)
    if (in.operation == Operation::Branch || in.operation == Operation::Jump)
      if (auto target = in.target ? code_.index_of(in.target) : std::nullopt)
        leaders_[*target] = true;
  State state;
  auto arguments = code_.machine().arguments;
  for (std::size_t k = 0; k < arguments.size(); k++)
    state.registers[arguments[k]] = number({Source::Argument, 0, static_cast<std::int64_t>(k)});
  merge(code_.behind_prologue(), state);
  while (!work_.empty() && !failed_) {
    auto leader = *work_.begin();
    work_.erase(work_.begin());
    block(leader);
  }
}

void LocalReachProver::Origins::merge(std::size_t index, const State& state) {
  if (index >= in_.size() || state.slots.size() > kMostSlots * 4) {
    failed_ = true;
    return;
  }
  leaders_[index] = true;
  if (states_[index].join(state)) work_.insert(index);
}

int LocalReachProver::Origins::number(const Origin& origin) {
  auto [at, fresh] = numbers_.try_emplace(origin, static_cast<int>(origins_.size()));
  if (fresh) {
    origins_.push_back(origin);
    parents_.emplace_back();
  }
  return at->second;
}

int LocalReachProver::Origins::value(const Operand& operand, const State& state) {
  if (operand.size != 8) return kUnknown;
  if (operand.is_register())
    return operand.base == machine::kStackPointer ? kUnknown : state.registers[operand.base];
  if (!operand.is_memory()) return kUnknown;
  if (operand.in_frame()) {
    auto slot = state.slots.find(static_cast<std::int32_t>(operand.value));
    return slot == state.slots.end() ? kUnknown : slot->second;
  }
  if (operand.absolute) return number({Source::Address, 0, operand.value});
  if (operand.index != machine::kNoRegister || operand.base >= machine::kRegisters) return kUnknown;
  auto base = state.registers[operand.base];
  return base == kUnknown ? kUnknown : number({Source::Memory, base, operand.value});
}

// internal/abi/bounds.go, Go 1.26: which check failed is told by a table; 0 is an index.
bool LocalReachProver::Origins::checks_slice(std::optional<std::size_t> block) const {
  constexpr std::uint32_t kPanicBounds = 4;  // PCDATA_PanicBounds
  constexpr std::int32_t kCodes = 9;
  if (!block || !panics(code_, block)) return false;
  auto i = *block;
  while (in_[i].operation != Operation::Call) i++;
  auto callee = runtime_.find_function(in_[i].target);
  if (!callee) return false;
  if (callee->name.starts_with("runtime.panicSlice")) return true;
  auto* module = callee->name == "runtime.panicBounds" ? runtime_.module_of_pc(in_[i].at) : nullptr;
  auto value = module ? module->functions.pcdata(function_, kPanicBounds, in_[i].at) : -1;
  return value >= 0 && value % kCodes != 0;
}

void LocalReachProver::Origins::block(std::size_t leader) {
  State state = states_[leader];
  for (auto i = leader; !failed_; i++) {
    if (i >= in_.size() || ++visits_ > kMostVisits) {
      failed_ = true;
      return;
    }
    if (i != leader && leaders_[i]) return merge(i, state);
    const Instruction& in = in_[i];
    auto target = in.target ? code_.index_of(in.target) : std::nullopt;
    switch (in.operation) {
      case Operation::Jump:
        if (target) merge(*target, state);
        return;
      case Operation::Branch:
        if (in.condition == machine::Condition::Unsigned && checks_slice(target))
          for (int number : {state.compared.first, state.compared.second})
            if (number != kUnknown) bounds_.insert(number);
        if (target) merge(*target, state);
        merge(i + 1, state);
        return;
      case Operation::Return:
      case Operation::Trap:
      case Operation::Unknown:
        return;
      default:
        step(i, state);
    }
  }
}

void LocalReachProver::Origins::step(std::size_t i, State& state) {
  const Instruction& in = in_[i];
  auto write = [&](const Operand& to, int number) {
    if (to.is_register() && to.base < machine::kRegisters)
      state.registers[to.base] = to.size == 8 ? number : kUnknown;
    if (!to.in_frame()) return;
    auto size = std::max<std::int64_t>(to.size, 1);
    std::erase_if(state.slots, [&](const auto& slot) {
      return slot.first < to.value + size && to.value < slot.first + 8;
    });
    if (to.size == 8) state.slots[static_cast<std::int32_t>(to.value)] = number;
  };
  if (in.writes_flags) state.compared = {};
  switch (in.operation) {
    case Operation::Compare:
      state.compared = {value(in.a, state), value(in.b, state)};
      return;
    case Operation::Test:
    case Operation::Nop:
      return;
    case Operation::Move:
      return write(in.a, value(in.b, state));
    case Operation::Call: {
      auto callee = code_.call_at(i).callee;
      if (callee == Callee::WriteBarrier || callee == Callee::Duff) return;
      state.registers = {};
      auto arguments = code_.machine().arguments;
      for (std::size_t k = 0; k < arguments.size(); k++)
        state.registers[arguments[k]] =
            number({Source::Result, static_cast<std::int64_t>(i), static_cast<std::int64_t>(k)});
      return;
    }
    default: {
      auto out = number({Source::Computed, static_cast<std::int64_t>(i), 0});
      auto& parents = parents_[static_cast<std::size_t>(out)];
      parents = {value(in.b, state), value(in.c, state)};
      if (in.operation == Operation::Lea && in.b.base < machine::kRegisters)
        parents.first = state.registers[in.b.base];
      write(in.a, out);
      for (Gpr r = 0; r < machine::kRegisters; r++)
        if (in.implicit_writes >> r & 1) state.registers[r] = kUnknown;
    }
  }
}

bool LocalReachProver::Origins::is_slice_bound(int number) const {
  if (number == kUnknown) return false;
  // s[k:] is len - k long.
  auto [a, b] = parents_[static_cast<std::size_t>(number)];
  return bounds_.contains(number) || (a != kUnknown && bounds_.contains(a)) ||
         (b != kUnknown && bounds_.contains(b));
}

bool LocalReachProver::Origins::are_together(std::size_t before, std::int32_t pointer,
                                             std::int32_t len) {
  auto leader = before;
  while (leader > 0 && !leaders_[leader]) leader--;
  auto known = states_.find(leader);
  if (failed_ || known == states_.end()) return false;
  State state = known->second;
  for (auto i = leader; i < before; i++) step(i, state);
  auto number = [&](std::int32_t at) {
    auto slot = state.slots.find(at);
    return slot == state.slots.end() ? kUnknown : slot->second;
  };
  auto p = number(pointer), n = number(len);
  if (is_slice_bound(n)) return true;
  if (p == kUnknown || n == kUnknown) return false;
  const Origin &first = origins_[static_cast<std::size_t>(p)],
               &second = origins_[static_cast<std::size_t>(n)];
  auto step = first.source == Source::Memory || first.source == Source::Address ? 8 : 1;
  return first.source == second.source && first.source != Source::Computed &&
         first.of == second.of && first.at + step == second.at;
}

LocalReachProver::LocalReachProver(const Runtime& runtime)
    : runtime_(runtime), machine_(machine::machine_for(runtime.layout().architecture)) {}
LocalReachProver::~LocalReachProver() = default;

LocalReachProver::Code& LocalReachProver::code_of(Address function) {
  auto& code = functions_[function];
  if (!code) {
    auto found = runtime_.find_function(function);
    code = std::make_unique<Code>(runtime_, *machine_, found ? *found : Function{});
  }
  return *code;
}

const std::vector<std::uint32_t>& LocalReachProver::loads_of(const Function& function) {
  auto [known, fresh] = loads_.try_emplace(function.entry);
  if (fresh) known->second = stack_loads(runtime_, function);
  return known->second;
}

// Runs it, and reads what the pointer is passed to.
void LocalReachProver::follow(Flow& flow, Answer& out, unsigned depth) {
  if (work_ > kMostWork) {
    runtime_.diagnostics().lose("slices in locals whose functions were not read: too many");
    return;
  }
  out.bounded = flow.run();
  work_ += flow.visits();
  out.evidence = flow.evidence_;
  out.is_len = flow.checked_ || !flow.passed_.empty();
  out.element = static_cast<std::uint64_t>(flow.element_);
  out.least = flow.least_;
  out.first_word = flow.first_word_;
  out.others = flow.others_;
  out.results.assign(flow.results_.begin(), flow.results_.end());
  for (const Flow::Passed& passed : flow.passed_) {
    if (!out.bounded) return;
    const Answer& there = through(passed.function, passed.argument, out.element, depth + 1);
    out.add(there);
    out.bounded &= there.results.empty();
  }
}

const LocalReachProver::Answer& LocalReachProver::within(std::span<const StackFrame> stack,
                                                         std::size_t number, std::int32_t pointer,
                                                         std::int32_t len, std::uint64_t element) {
  const StackFrame& frame = stack[number];
  auto [at, fresh] = within_.try_emplace({frame.pc, pointer, len, element});
  Answer& out = at->second;
  if (!fresh) return out;
  auto function = runtime_.find_function(frame.pc);
  if (!function) return out;
  Code& code = code_of(function->entry);
  auto start = code.index_of(frame.pc);
  if (!start || *start == 0 || code.instructions()[*start - 1].operation != Operation::Call)
    return out;
  auto callee = code.call_at(*start - 1).callee;
  if (callee == Callee::WriteBarrier || callee == Callee::Duff) return out;
  Flow flow(code, element);
  // What the call takes that has not returned, its callee tells, and of all others that it may
  // call.
  auto called = number > 0 ? runtime_.find_function(stack[number - 1].pc) : std::nullopt;
  if (callee == Callee::Computed && called && called->args_size >= 0)
    flow.set_arguments(*start - 1, (static_cast<std::size_t>(called->args_size) + 7) / 8);
  // Not those of variables whose address is taken.
  auto spills = loads_of(*function);
  const PcFacts facts = pc_facts(runtime_, frame.pc);
  auto record_size = static_cast<std::size_t>(runtime_.layout().stackObjectRecord_size_of);
  for (std::size_t i = 0; i < facts.maps.objects.size() / record_size; i++) {
    auto record = read_stack_object(runtime_.layout(), facts.maps.objects, i);
    auto from =
        static_cast<std::int64_t>((record.offset < 0 ? frame.varp() : frame.argp()) - frame.sp) +
        record.offset;
    std::erase_if(spills, [&](std::uint32_t word) {
      return word >= from && word < from + std::int64_t{record.size};
    });
  }
  flow.set_spills(std::move(spills));
  Flow::State state;
  state.slots[pointer] = {Value::Kind::Near, true, 0};
  if (len == kAnyLen)
    flow.allow_any_len();
  else
    state.slots[len] = {Value::Kind::Len, false, 0};
  flow.start(*start, state);
  // After a panic that is recovered, results are returned from the frame.
  if (function->deferreturn != 0)
    if (auto end = code.index_of(function->entry + function->deferreturn)) flow.start(*end, state);
  follow(flow, out, 0);
  if (out.bounded && out.evidence && !out.is_len) {
    if (!code.origins) code.origins = std::make_unique<Origins>(runtime_, *function, code);
    out.is_len = code.origins->are_together(*start - 1, pointer, len);
  }
  return out;
}

// Where no variable's address is taken.
void LocalReachProver::spill_freely(Flow& flow, const Function& function, Address pc) {
  const PcFacts facts = pc_facts(runtime_, pc);
  if (facts.known && facts.maps.objects.empty()) flow.set_spills(loads_of(function));
}

// Of results that a call returned.
const LocalReachProver::Answer& LocalReachProver::behind(Address pc, const Registers& results,
                                                         std::uint64_t element) {
  auto [at, fresh] = behind_.try_emplace({pc, results, element});
  Answer& out = at->second;
  if (!fresh) return out;
  auto function = runtime_.find_function(pc);
  if (!function) return out;
  const FrameCode& code = code_of(function->entry);
  auto start = code.index_of(pc);
  if (!start) return out;
  Flow flow(code, element);
  spill_freely(flow, *function, pc);
  Flow::State state;
  for (auto& [argument, value] : results) state.registers[machine_->arguments[argument]] = value;
  flow.start(*start, state);
  follow(flow, out, 0);
  return out;
}

// Of a function that gets pointer and len.
const LocalReachProver::Answer& LocalReachProver::through(Address function, std::size_t argument,
                                                          std::uint64_t element, unsigned depth) {
  auto [at, fresh] = through_.try_emplace({function, argument, element});
  Answer& out = at->second;
  if (!fresh) return out;
  const FrameCode& code = code_of(function);
  auto found = runtime_.find_function(function);
  if (depth > kDepth || code.instructions().empty() || !found) return out;
  auto start = code.behind_prologue();
  Flow flow(code, element);
  auto begin = code.instructions()[start].at;
  spill_freely(flow, *found, begin);
  // stkframe.argp: behind the return address, or the room for it.
  if (auto delta = pc_facts(runtime_, begin).sp_delta)
    flow.set_homes(std::int64_t{*delta} + 8, start);
  Flow::State state;
  state.registers[machine_->arguments[argument]] = {Value::Kind::Near, true, 0};
  state.registers[machine_->arguments[argument + 1]] = {Value::Kind::Len, false, 0};
  flow.start(start, state);
  follow(flow, out, depth);
  return out;
}

std::optional<LocalReach> LocalReachProver::ask(std::span<const StackFrame> stack,
                                                std::size_t frame, std::int32_t pointer,
                                                std::int32_t len, std::uint64_t element) {
  // Most pointers are stored or handed to whomever, whatever the len.
  if (!within(stack, frame, pointer, kAnyLen, 0).bounded) return std::nullopt;
  Answer answer = within(stack, frame, pointer, len, element);
  for (std::size_t i = 1; answer.bounded && !answer.results.empty(); i++) {
    if (frame + i >= stack.size() || i > kCallers || !stack[frame + i].within_call)
      return std::nullopt;
    const Answer& there = behind(stack[frame + i].pc, answer.results, answer.element);
    answer.add(there);
    answer.results = there.results;
  }
  if (!answer.bounded || !answer.evidence || !answer.is_len || answer.element == 0 ||
      answer.element < answer.first_word)
    return std::nullopt;
  return LocalReach{answer.element, answer.least, {answer.others.begin(), answer.others.end()}};
}

const LocalReach* LocalReachProver::reach(std::span<const StackFrame> stack, std::size_t frame,
                                          std::int32_t pointer, std::int32_t len,
                                          std::uint64_t element) {
  if (!machine_ || frame >= stack.size()) return nullptr;
  std::array<Address, kCallers + 1> places{};
  for (std::size_t i = 0; i < places.size() && frame + i < stack.size(); i++)
    places[i] = stack[frame + i].pc;
  auto [at, fresh] = reaches_.try_emplace({places, pointer, len, element});
  if (fresh) at->second = ask(stack, frame, pointer, len, element);
  return at->second ? &*at->second : nullptr;
}

}  // namespace overhang
