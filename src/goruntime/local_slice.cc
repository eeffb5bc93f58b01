#include "goruntime/local_slice.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "goruntime/amd64_code.h"

namespace overhang {
namespace {

using amd64::Condition;
using amd64::Gpr;
using amd64::Instruction;
using amd64::Operand;
using amd64::Operation;

constexpr std::uint64_t kLongestFunction = 64 << 10;  // bytes
// Of all frames: instructions that are followed. A function of a thousand takes a few thousand.
constexpr std::uint64_t kMostWork = 50'000'000;
constexpr std::uint64_t kMostVisits = 200'000;  // instructions, of one question
constexpr unsigned kReach = 32;                 // instructions from a comparison to what it decides
constexpr std::size_t kMostSlots = 64;          // words of a frame that are followed
// ABIInternal: the registers of integer arguments and results, in order.
constexpr std::array<Gpr, 9> kArguments{amd64::kRax, amd64::kRbx, amd64::kRcx,
                                        amd64::kRdi, amd64::kRsi, amd64::kR8,
                                        amd64::kR9,  amd64::kR10, amd64::kR11};

// What a register or word may hold: of each value all that comes together there.
using Tags = std::uint8_t;
constexpr Tags kPointer = 1, kPart = 2;   // the slice's pointer; one made from it
constexpr Tags kLen = 4, kFromLen = 8;    // its len; a number made from it
constexpr Tags kCap = 16, kFromCap = 32;  // its cap; a number made from it
constexpr Tags kBetween = 64;             // another number that would show more than len
constexpr Tags kPointers = kPointer | kPart, kLens = kLen | kFromLen, kCaps = kCap | kFromCap;
constexpr Tags kTooLong = kCaps | kBetween;  // as a len

Tags derived(Tags tags) {
  Tags out = tags & (kPart | kFromLen | kFromCap | kBetween);
  if (tags & kPointer) out |= kPart;
  if (tags & kLen) out |= kFromLen;
  if (tags & kCap) out |= kFromCap;
  return out;
}

struct State {
  bool reached = false;
  std::array<Tags, amd64::kRegisters> registers{};
  std::map<std::int32_t, Tags> slots;  // of the frame, by offset; without tags: none

  bool join(const State& other) {
    bool changed = !reached;
    reached = true;
    for (std::size_t i = 0; i < registers.size(); i++) {
      changed |= (other.registers[i] & ~registers[i]) != 0;
      registers[i] |= other.registers[i];
    }
    for (auto& [at, tags] : other.slots) {
      auto& mine = slots[at];
      changed |= (tags & ~mine) != 0;
      mine |= tags;
    }
    return changed;
  }
};

enum class Callee : std::uint8_t {
  Function,
  Computed,      // by a func value or an interface
  WriteBarrier,  // keeps all registers but r11
  Duff,          // keeps all but those it copies with
  CapCheck,      // panics: an index is beyond a cap
  OtherPanic,    // does not return
  Growslice,
  Runtime,
};

struct Call {
  Callee callee = Callee::Computed;
  std::size_t arguments = kArguments.size();  // registers at most
};

}  // namespace

class LocalSliceProver::Code {
 public:
  Code(const Runtime& runtime, const Function& function) : runtime_(runtime), function_(function) {
    auto size = function.end - function.entry;
    auto code =
        size <= kLongestFunction ? runtime.image().bytes(function.entry, size) : std::nullopt;
    auto decoded = code ? amd64::decode(*code, function.entry) : std::nullopt;
    if (!decoded) return;
    instructions_ = std::move(*decoded);
    for (std::size_t i = 0; i < instructions_.size(); i++) {
      const Instruction& in = instructions_[i];
      by_address_[in.at] = i;
      if (in.operation == Operation::Call) calls_[i] = call(in);
      for (const Operand* operand : {&in.a, &in.b, &in.c})
        if (operand->kind == Operand::Kind::Immediate) immediates_.insert(operand->value);
    }
    known_ = true;
  }

  bool known() const { return known_; }
  std::size_t size() const { return instructions_.size(); }
  const std::vector<Instruction>& instructions() const { return instructions_; }
  const Call& call_at(std::size_t index) const { return calls_.at(index); }
  std::optional<std::size_t> index_of(Address at) const {
    auto found = by_address_.find(at);
    return found == by_address_.end() ? std::nullopt : std::optional(found->second);
  }
  const Function& function() const { return function_; }
  // Questions that differ in numbers alone, between which the code does not tell, have one answer.
  std::uint64_t rank(std::uint64_t value) const {
    return static_cast<std::uint64_t>(std::distance(
        immediates_.begin(), immediates_.upper_bound(static_cast<std::int64_t>(value))));
  }
  std::map<std::vector<std::uint64_t>, bool> answers;

 private:
  Call call(const Instruction& in) const {
    if (in.target == 0) return {};
    auto callee = runtime_.find_function(in.target);
    if (!callee) return {};
    Call out{Callee::Function, kArguments.size()};
    auto name = callee->name;
    auto starts = [&](std::string_view prefix) { return name.starts_with(prefix); };
    if (starts("runtime.gcWriteBarrier")) {
      out.callee = Callee::WriteBarrier;
    } else if (starts("runtime.duff")) {
      out.callee = Callee::Duff;
    } else if (name == "runtime.growslice") {
      out.callee = Callee::Growslice;
    } else if (starts("runtime.panicSliceAcap") || starts("runtime.panicSlice3Acap") ||
               (name == "runtime.panicBounds" && checks_cap(in))) {
      out.callee = Callee::CapCheck;
    } else if (starts("runtime.panic") || starts("runtime.gopanic") || starts("runtime.goPanic") ||
               starts("runtime.throw") || starts("runtime.fatal") || starts("runtime.morestack") ||
               name == "runtime.block") {
      out.callee = Callee::OtherPanic;
    } else if (starts("runtime.")) {
      out.callee = Callee::Runtime;
    }
    // The words that register arguments spill to are among those of the arguments.
    if (callee->args_size >= 0)
      out.arguments = std::min<std::size_t>(out.arguments,
                                            (static_cast<std::size_t>(callee->args_size) + 7) / 8);
    return out;
  }

  // internal/abi/bounds.go: BoundsEncode, Go 1.26: which check failed is told by a table.
  bool checks_cap(const Instruction& in) const {
    constexpr std::uint32_t kPanicBounds = 4;  // PCDATA_PanicBounds
    constexpr std::int32_t kCodes = 9, kSliceAcap = 2, kSlice3Acap = 5;
    auto* module = runtime_.module_of_pc(in.at);
    auto value = module ? module->functions.pcdata(function_, kPanicBounds, in.at) : -1;
    return value >= 0 && (value % kCodes == kSliceAcap || value % kCodes == kSlice3Acap);
  }

  const Runtime& runtime_;
  Function function_;
  bool known_ = false;
  std::vector<Instruction> instructions_;
  std::unordered_map<Address, std::size_t> by_address_;
  std::unordered_map<std::size_t, Call> calls_;
  std::set<std::int64_t> immediates_;
};

namespace {

// One question.
template <class Code>
class Proof {
 public:
  // Numbers from `len` on that are no more than `room` would show more.
  Proof(const Code& code, const LocalSlice& slice, std::uint64_t len, std::uint64_t room)
      : code_(code), in_(code.instructions()), slice_(slice), len_(len), room_(room) {
    mark_leaders();
  }

  // Starts at instruction `index` with the frame's words as they are.
  void start(std::size_t index, const std::map<std::int32_t, Tags>& slots) {
    State state;
    state.slots = slots;
    merge(index, state);
  }

  bool run() {
    while (!work_.empty() && !doubt_) {
      auto leader = *work_.begin();
      work_.erase(work_.begin());
      State state = states_[leader];
      walk(leader, state, [](std::size_t, const State&) {});
    }
    // All that comes together anywhere is known now.
    for (auto& [leader, state] : states_) {
      if (doubt_) return false;
      State now = state;
      walk(leader, now, [&](std::size_t i, const State& before) { check(i, before); });
    }
    return !doubt_ && stored_whole() && evidence_;
  }

  std::uint64_t visits() const { return visits_; }

 private:
  struct Store {
    Operand to;
    Tags tags;
    std::size_t at;
  };

  void doubt() { doubt_ = true; }

  void mark_leaders() {
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

  void merge(std::size_t index, const State& state) {
    if (state.slots.size() > kMostSlots || index >= in_.size()) return doubt();
    leaders_[index] = true;
    if (states_[index].join(state)) work_.insert(index);
  }

  // From a leader to the next, with `state` as it stands there; visit(index, state before).
  template <class Visit>
  void walk(std::size_t i, State& state, Visit&& visit) {
    for (bool first = true; !doubt_; i++, first = false) {
      if (i >= in_.size() || ++visits_ > kMostVisits) return doubt();
      if (!first && leaders_[i]) return flow(i, state);
      visit(i, state);
      if (doubt_ || !step(i, state)) return;
    }
  }

  void flow(std::size_t to, const State& state) { merge(to, state); }

  void flow_to(const Instruction& in, const State& state) {
    auto target = in.target ? code_.index_of(in.target) : std::nullopt;
    if (target) return flow(*target, state);
    // A jump by a table is not followed; one to another function leaves.
    if (in.target == 0 || (in.target >= in_.front().at && in.target < in_.back().next())) doubt();
  }

  // False: nothing comes after it.
  bool step(std::size_t i, State& state) {
    const Instruction& in = in_[i];
    switch (in.operation) {
      case Operation::Jump:
        flow_to(in, state);
        return false;
      case Operation::Branch:
        flow_to(in, state);
        if (!doubt_) flow(i + 1, state);
        return false;
      case Operation::Return:
      case Operation::Trap:
        return false;
      case Operation::Call:
        return step_call(code_.call_at(i), state);
      default:
        transfer(in, state);
        return true;
    }
  }

  static bool step_call(const Call& call, State& state) {
    switch (call.callee) {
      case Callee::CapCheck:
      case Callee::OtherPanic:
        return false;
      case Callee::WriteBarrier:
        state.registers[amd64::kR11] = 0;
        return true;
      case Callee::Duff:
        state.registers[amd64::kRsi] = state.registers[amd64::kRdi] = 0;
        return true;
      default:
        state.registers = {};
        return true;
    }
  }

  Tags immediate(std::int64_t value) const {
    auto number = static_cast<std::uint64_t>(value);
    return value >= 0 && number > len_ && number <= room_ ? kBetween : Tags{0};
  }

  // Of the frame's words that an operand of `size` bytes touches.
  static Tags frame_tags(const State& state, std::int64_t at, std::int64_t size) {
    Tags out = 0;
    for (auto word = state.slots.begin(); word != state.slots.end(); ++word)
      if (word->first < at + size && at < word->first + 8) out |= word->second;
    return out;
  }

  Tags tags_of(const Operand& operand, const State& state) const {
    switch (operand.kind) {
      case Operand::Kind::Register:
        return state.registers[operand.base];
      case Operand::Kind::Immediate:
        return immediate(operand.value);
      case Operand::Kind::Memory:
        return operand.in_frame() ? frame_tags(state, operand.value, operand.size) : Tags{0};
      default:
        return 0;
    }
  }

  void write(const Operand& to, Tags tags, State& state) {
    if (to.is_register()) {
      if (to.base == amd64::kRsp) return;
      state.registers[to.base] = tags;
      return;
    }
    if (!to.in_frame()) return;
    // Of words that are written in part, what was there may count too.
    if (to.size < 8) tags |= frame_tags(state, to.value, to.size);
    for (auto word = state.slots.begin(); word != state.slots.end();) {
      bool covered = word->first >= to.value && word->first + 8 <= to.value + to.size;
      word = covered ? state.slots.erase(word) : std::next(word);
    }
    if (tags) state.slots[static_cast<std::int32_t>(to.value)] |= tags;
  }

  void transfer(const Instruction& in, State& state) {
    switch (in.operation) {
      case Operation::Move:
        write(in.a, tags_of(in.b, state), state);
        return;
      case Operation::Lea: {
        Tags tags = 0;
        if (!in.b.absolute) {
          if (in.b.base != amd64::kNoRegister) tags |= state.registers[in.b.base];
          if (in.b.index != amd64::kNoRegister) tags |= state.registers[in.b.index];
        }
        write(in.a, derived(tags), state);
        return;
      }
      case Operation::Arithmetic: {
        // imul r, r, imm; else the first operand is one of the two.
        auto tags = in.c.kind == Operand::Kind::None ? tags_of(in.a, state) | tags_of(in.b, state)
                                                     : tags_of(in.b, state);
        if (in.b.kind == Operand::Kind::Immediate) tags = in.is_mask ? 0 : tags_of(in.a, state);
        write(in.a, derived(static_cast<Tags>(tags)), state);
        return;
      }
      case Operation::Zero:
        write(in.a, 0, state);
        return;
      case Operation::ConditionalMove:
        write(in.a, static_cast<Tags>(tags_of(in.a, state) | tags_of(in.b, state)), state);
        return;
      case Operation::Other:
        for (Gpr r = 0; r < amd64::kRegisters; r++)
          if (in.implicit_writes >> r & 1 && r != amd64::kRsp) state.registers[r] = 0;
        // Whether the first is read, written or both: what was there may stay.
        if (in.a.in_frame() && in.a.size > 0 && frame_tags(state, in.a.value, in.a.size) == 0)
          write(in.a, 0, state);
        if (in.a.is_register()) write(in.a, derived(tags_of(in.a, state)), state);
        return;
      default:
        return;
    }
  }

  // --- what speaks for the slice, what against it ---

  void check(std::size_t i, const State& state) {
    const Instruction& in = in_[i];
    check_element(in, state);
    switch (in.operation) {
      case Operation::Call:
        return check_call(code_.call_at(i), state);
      case Operation::Return:
        return check_return(state);
      case Operation::Compare:
        return check_compare(i, state);
      case Operation::Move:
        return check_store(i, state);
      case Operation::Lea:
        // The address of one of the words: what happens to them is no longer told.
        if (in.b.in_frame() && is_home(in.b.value)) doubt();
        return;
      case Operation::Arithmetic: {
        if (in.a.is_register() && in.a.base == amd64::kRsp) check_end(i);
        // An address past the len.
        auto a = tags_of(in.a, state), b = tags_of(in.b, state);
        bool masked = in.b.kind == Operand::Kind::Immediate;
        if (!masked && ((a & kPointers && b & kTooLong) || (b & kPointers && a & kTooLong)))
          doubt();
        return;
      }
      case Operation::Other:
        if (in.implicit_writes >> amd64::kRsp & 1) check_end(i);
        return check_other(in, state);
      case Operation::ConditionalMove:
        // min(cap(s), n) and the like.
        if ((tags_of(in.b, state) | tags_of(in.a, state)) & kTooLong) doubt();
        return;
      default:
        return;
    }
  }

  bool is_home(std::int64_t at) const {
    return at == slice_.pointer || at == slice_.len || at == slice_.cap;
  }

  // An element, or the address of one, that a number tells which may be past the len.
  void check_element(const Instruction& in, const State& state) {
    for (const Operand* operand : {&in.a, &in.b, &in.c}) {
      if (!operand->is_memory() || operand->base == amd64::kNoRegister ||
          operand->index == amd64::kNoRegister)
        continue;
      auto base = state.registers[operand->base], index = state.registers[operand->index];
      if ((base & kPointers && index & kTooLong) || (index & kPointers && base & kTooLong)) doubt();
    }
  }

  // The stack pointer moves where the function begins, which is not looked at, and ends.
  void check_end(std::size_t i) {
    for (auto k = i + 1; k < in_.size() && k < i + 3; k++)
      if (in_[k].operation == Operation::Return) return;
    doubt();
  }

  // Anything that is not understood and touches one of the values.
  void check_other(const Instruction& in, const State& state) {
    for (const Operand* operand : {&in.a, &in.b, &in.c})
      if (!(operand->is_memory() && !operand->in_frame()) &&
          (tags_of(*operand, state) & (kPointers | kCaps)))
        doubt();
  }

  void check_call(const Call& call, const State& state) {
    if (call.callee == Callee::WriteBarrier || call.callee == Callee::Duff ||
        call.callee == Callee::CapCheck || call.callee == Callee::OtherPanic)
      return;
    auto at = [&](std::size_t k) {
      return k < call.arguments ? state.registers[kArguments[k]] : Tags{0};
    };
    for (std::size_t k = 0; k < call.arguments; k++) {
      if (!(at(k) & kPointers)) continue;
      if (at(k + 1) & kTooLong) return doubt();
      if (!(at(k) & kPointer)) continue;
      bool whole = at(k + 2) & kCap;
      if (whole && (at(k + 1) & kLens)) evidence_ = true;
      // The runtime's own functions take a pointer and a len; a register may be left over from
      // something else where it is not known how many are arguments.
      bool may_be_alone =
          call.callee == Callee::Runtime || (call.callee == Callee::Computed && k > 0) || whole;
      if (!may_be_alone) return doubt();
      if (call.callee == Callee::Runtime && (at(k + 2) & kBetween)) return doubt();
    }
  }

  void check_return(const State& state) {
    auto at = [&](std::size_t k) { return state.registers[kArguments[k]]; };
    if ((at(0) & kPointers) && (at(1) & kTooLong)) doubt();
    if ((at(0) & kPointer) && (at(1) & kLens) && (at(2) & kCap)) evidence_ = true;
  }

  // The branch that a comparison decides; nothing where something else may use it.
  std::optional<std::size_t> branch_after(std::size_t i) const {
    for (auto k = i + 1; k < in_.size() && k < i + 6; k++) {
      if (in_[k].operation == Operation::Branch) return k;
      bool keeps = in_[k].operation == Operation::Move || in_[k].operation == Operation::Lea ||
                   in_[k].operation == Operation::Nop;
      if (!keeps) return std::nullopt;
    }
    return std::nullopt;
  }

  // A number that a len may not be decides something: whether an append has room, whether a reslice
  // is within cap, whether anything equals. Everything else may be an index's bound.
  void check_compare(std::size_t i, const State& state) {
    const Instruction& in = in_[i];
    auto a = tags_of(in.a, state), b = tags_of(in.b, state);
    if (!((a | b) & kTooLong)) return;
    bool constant = in.b.kind == Operand::Kind::Immediate;
    auto branch = branch_after(i);
    if (branch && in_[*branch].condition == Condition::Equality) return;
    if (constant && (a & kLens) && !(a & kTooLong)) return;  // len(s) >= 1000
    if (!branch || in_[*branch].condition != Condition::Unsigned) return doubt();
    auto target = code_.index_of(in_[*branch].target);
    for (auto next : {target, std::optional(*branch + 1)}) {
      if (!next) continue;
      if (leads_to_cap_check(*next) || leads_to_growth(*next, (a | b) & kTooLong)) return;
    }
    doubt();
  }

  // A block whose first call panics since an index is beyond a cap.
  bool leads_to_cap_check(std::size_t i) const {
    for (unsigned n = 0; n < kReach && i < in_.size(); n++, i++) {
      if (in_[i].operation == Operation::Call) return code_.call_at(i).callee == Callee::CapCheck;
      if (in_[i].operation != Operation::Move && in_[i].operation != Operation::Lea &&
          in_[i].operation != Operation::Nop && in_[i].operation != Operation::Zero)
        return false;
    }
    return false;
  }

  // A block that leads, before any other call, to one of growslice: of this slice, if the number is
  // its cap; of another, if it is not.
  bool leads_to_growth(std::size_t from, Tags number) {
    std::vector<std::size_t> open{from};
    std::set<std::size_t> seen;
    for (unsigned n = 0; n < kReach * 2 && !open.empty(); n++) {
      auto i = open.back();
      open.pop_back();
      if (i >= in_.size() || !seen.insert(i).second) continue;
      const Instruction& in = in_[i];
      switch (in.operation) {
        case Operation::Call:
          if (code_.call_at(i).callee == Callee::Growslice && grows(i, number)) return true;
          continue;
        case Operation::Return:
        case Operation::Trap:
          continue;
        case Operation::Branch:
          open.push_back(i + 1);
          [[fallthrough]];
        case Operation::Jump:
          if (auto target = code_.index_of(in.target)) open.push_back(*target);
          continue;
        default:
          open.push_back(i + 1);
      }
    }
    return false;
  }

  bool grows(std::size_t call, Tags number) {
    // The arguments, from the leader on.
    auto leader = call;
    while (leader > 0 && !leaders_[leader]) leader--;
    auto known = states_.find(leader);
    if (known == states_.end() || !known->second.reached) return false;
    State state = known->second;
    for (auto i = leader; i < call; i++) step_within(i, state);
    for (std::size_t k = 0; k + 2 < kArguments.size(); k++) {
      auto at = [&](std::size_t j) { return state.registers[kArguments[j]]; };
      bool ours = (at(k) & kPointers) != 0;
      if (ours && (at(k + 1) & kLens) && !(at(k + 1) & kTooLong) && (at(k + 2) & kCaps))
        return !(number & kBetween) || (at(k + 2) & kBetween);
      if (ours) return false;
    }
    // Another slice's, whose cap the number is (third in growslice, before Go 1.20 fourth).
    return !(number & kCaps) &&
           ((state.registers[kArguments[2]] | state.registers[kArguments[3]]) & kBetween);
  }

  void step_within(std::size_t i, State& state) {
    if (in_[i].operation == Operation::Call) {
      step_call(code_.call_at(i), state);
    } else {
      transfer(in_[i], state);
    }
  }

  void check_store(std::size_t i, const State& state) {
    const Instruction& in = in_[i];
    if (!in.a.is_memory()) {
      // A word of the frame that is read in another way than it is kept.
      bool odd = in.b.in_frame() && in.b.size < 8 && (tags_of(in.b, state) & (kPointers | kCaps));
      if (odd) doubt();
      return;
    }
    auto tags = tags_of(in.b, state);
    if (in.a.in_frame()) return check_frame_store(in.a.value, tags, state);
    // The write barrier's buffer.
    if (in.a.base == amd64::kR11 && (tags & kPointers)) return;
    stores_.push_back({in.a, tags, i});
  }

  // A struct that is made in the frame: pointer and len stand side by side, as a slice's words may
  // where they are kept.
  void check_frame_store(std::int64_t at, Tags tags, const State& state) {
    if ((tags & kPointers) && at != slice_.pointer && at + 8 != slice_.cap &&
        (frame_tags(state, at + 8, 8) & kTooLong))
      doubt();
    if ((tags & kTooLong) && at != slice_.cap && at - 8 != slice_.pointer &&
        (frame_tags(state, at - 8, 8) & kPointers))
      doubt();
  }

  // Whether the pointer is stored beside a len that may be, and itself with its cap.
  bool stored_whole() {
    auto key = [](const Store& s, std::int64_t beyond) {
      return std::tuple(s.to.base, s.to.index, s.to.scale, s.to.absolute, s.to.value + beyond);
    };
    std::map<decltype(key(stores_.front(), 0)), Tags> all;
    for (const Store& store : stores_) all[key(store, 0)] |= store.tags;
    for (const Store& store : stores_) {
      if (!(store.tags & kPointers)) continue;
      auto len = all.find(key(store, 8)), cap = all.find(key(store, 16));
      bool header = len != all.end() && cap != all.end();
      if (header && (len->second & kTooLong)) return false;
      if (!(store.tags & kPointer)) continue;
      if (!header || !(cap->second & kCap)) return false;
      if (len->second & kLens) evidence_ = true;
    }
    return true;
  }

  const Code& code_;
  const std::vector<Instruction>& in_;
  LocalSlice slice_;
  std::uint64_t len_, room_;
  std::vector<bool> leaders_;
  std::map<std::size_t, State> states_;  // by leader
  std::set<std::size_t> work_;
  std::vector<Store> stores_;
  std::uint64_t visits_ = 0;
  bool doubt_ = false, evidence_ = false;
};

}  // namespace

LocalSliceProver::LocalSliceProver(const Runtime& runtime) : runtime_(runtime) {}
LocalSliceProver::~LocalSliceProver() = default;

LocalSliceProver::Code* LocalSliceProver::code_of(const Function& function) {
  auto& code = functions_[function.entry];
  if (!code) code = std::make_unique<Code>(runtime_, function);
  return code.get();
}

bool LocalSliceProver::is_slice(Address pc, ByteSpan frame, const LocalSlice& slice,
                                std::uint64_t room) {
  if (runtime_.layout().architecture != Architecture::Amd64) return false;
  auto function = runtime_.find_function(pc);
  if (!function || work_ > kMostWork) return false;
  Code* code = code_of(*function);
  auto start = code->known() ? code->index_of(pc) : std::nullopt;
  if (!start || *start == 0) return false;
  // What keeps registers leaves more than the frame.
  const Instruction& before = code->instructions()[*start - 1];
  if (before.operation != Operation::Call) return false;
  auto callee = code->call_at(*start - 1).callee;
  if (callee == Callee::WriteBarrier || callee == Callee::Duff) return false;
  auto word = [&](std::int32_t at) {
    return at < 0 ? std::nullopt : load<std::uint64_t>(frame, static_cast<std::uint64_t>(at));
  };
  auto len = word(slice.len), cap = word(slice.cap);
  if (!len || !cap || *len > *cap || *cap > room) return false;

  std::map<std::int32_t, Tags> slots{
      {slice.pointer, kPointer}, {slice.len, kLen}, {slice.cap, kCap}};
  std::vector<std::uint64_t> question{pc,
                                      static_cast<std::uint64_t>(slice.pointer),
                                      static_cast<std::uint64_t>(slice.len),
                                      static_cast<std::uint64_t>(slice.cap),
                                      code->rank(*len),
                                      code->rank(room)};
  for (std::int32_t at = 0; static_cast<std::size_t>(at) + 8 <= frame.size(); at += 8) {
    auto value = word(at);
    if (slots.contains(at) || !value || *value <= *len || *value > room) continue;
    slots[at] = kBetween;
    question.push_back(static_cast<std::uint64_t>(at));
  }
  auto [answer, fresh] = code->answers.try_emplace(std::move(question), false);
  if (!fresh) return answer->second;
  Proof proof(*code, slice, *len, room);
  proof.start(*start, slots);
  // After a panic that is recovered, results are returned from the frame.
  if (function->deferreturn != 0)
    if (auto end = code->index_of(function->entry + function->deferreturn))
      proof.start(*end, slots);
  answer->second = proof.run();
  work_ += proof.visits();
  return answer->second;
}

}  // namespace overhang
