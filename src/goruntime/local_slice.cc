#include "goruntime/local_slice.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "goruntime/frame_flow.h"

namespace overhang {
namespace {

using machine::Condition;
using machine::Instruction;
using machine::Operand;
using machine::Operation;

// Of all frames: instructions that are followed. A function of a thousand takes a few thousand.
constexpr std::uint64_t kMostWork = 20'000'000;
constexpr unsigned kReach = 32;  // instructions from a comparison to what it decides

// What the code does with the values that a flow has followed.
class SliceUses {
 public:
  // `known`: they are a slice's or string's words, whatever the code does with them.
  SliceUses(const FrameCode& code, FrameFlow& flow, const LocalSlice& slice, std::uint64_t len,
            bool known)
      : code_(code),
        in_(code.instructions()),
        arguments_(code.machine().arguments),
        flow_(flow),
        slice_(slice),
        shown_bytes_(len * std::max<std::uint64_t>(slice.element, 1)),
        evidence_(known) {}

  // Whether something takes them for a slice, and nothing for anything else.
  bool are_slice() {
    flow_.for_each([&](std::size_t i, const FrameState& before) {
      if (!doubt_) check(i, before);
    });
    return !doubt_ && stored_whole() && evidence_;
  }

 private:
  struct Store {
    Operand to;
    Tags tags;
  };

  void doubt() { doubt_ = true; }

  void check(std::size_t i, const FrameState& state) {
    const Instruction in = FrameFlow::resolved(in_[i], state);
    check_element(i, in, state);
    switch (in.operation) {
      case Operation::Call:
        return check_call(code_.call_at(i), state);
      case Operation::Return:
        return check_return(state);
      case Operation::Compare:
        return check_compare(i, in, state);
      case Operation::Move:
        if (writes_stack_pointer(in)) check_end(i);
        return check_store(in, state);
      case Operation::Lea:
        if (writes_stack_pointer(in)) return check_end(i);
        // The address of one of the words: what happens to them is no longer told.
        if (in.b.in_frame() && is_home(in.b.value)) doubt();
        return;
      case Operation::Arithmetic: {
        if (writes_stack_pointer(in)) check_end(i);
        if (in.c.is_immediate()) {
          auto far = in.c.value < 0 ? 0 - static_cast<std::uint64_t>(in.c.value)
                                    : static_cast<std::uint64_t>(in.c.value);
          if (!in.masks() && flow_.tags_of(in.b, state) & kPointers && shown_bytes_ > 0 &&
              far >= shown_bytes_)
            doubt();
          return;
        }
        // An address past the len.
        auto b = flow_.tags_of(in.b, state), c = flow_.tags_of(in.c, state);
        constexpr Tags kPast = kTooLong | kBeyond;
        if ((b & kPointers && c & kPast) || (c & kPointers && b & kPast)) doubt();
        return;
      }
      case Operation::Other:
        if (in.implicit_writes >> machine::kStackPointer & 1) check_end(i);
        return check_other(in, state);
      case Operation::ConditionalMove:
        // min(cap(s), n) and the like.
        if ((flow_.tags_of(in.b, state) | flow_.tags_of(in.c, state)) & kTooLong) doubt();
        return;
      default:
        return;
    }
  }

  static bool writes_stack_pointer(const Instruction& in) {
    return in.a.is_register() && in.a.base == machine::kStackPointer;
  }

  bool is_home(std::int64_t at) const {
    return at == slice_.pointer || at == slice_.len || at == slice_.cap;
  }

  std::size_t behind_nops(std::size_t i) const {
    while (i < in_.size() && in_[i].operation == Operation::Nop) i++;
    return i;
  }

  // Whether an element is but set: by a store; by what the write barrier takes for that, before its
  // call or behind it: the value that stood there, and up to Go 1.20 its address.
  bool is_set_alone(std::size_t i, bool is_target) const {
    const Instruction& in = in_[i];
    if (in.operation == Operation::Lea) return leads_to_stores_alone(i);
    return in.operation == Operation::Move && (is_target || code_.is_barriers_load(i));
  }

  bool leads_to_barrier(std::size_t from) const {
    for (auto i = from; i < in_.size() && i < from + 5; i++) {
      if (in_[i].operation == Operation::Call)
        return code_.call_at(i).callee == Callee::WriteBarrier;
      if (in_[i].operation != Operation::Move && in_[i].operation != Operation::Nop) return false;
    }
    return false;
  }

  // Whether the address that instruction `i` computes is only stored to.
  bool leads_to_stores_alone(std::size_t i) const {
    auto address = in_[i].a.base;
    auto read = search({i + 1}, [&](std::size_t k) {
      const Instruction& in = in_[k];
      if (in.operation == Operation::Call) return Step::Ends;
      bool written = in.operation == Operation::Move || in.operation == Operation::Lea ||
                     in.operation == Operation::Arithmetic || in.operation == Operation::Zero ||
                     in.operation == Operation::ConditionalMove;
      auto uses = [&](const Operand& operand) {
        return (operand.is_register() || operand.is_memory()) &&
               (operand.base == address || operand.index == address);
      };
      bool stored = in.operation == Operation::Move && in.a.is_memory() && in.a.index != address;
      bool to = written && in.a.is_register();
      // lea di, [ax+bx*8]; lea di, [di-8]
      if (in.operation == Operation::Lea && to && in.a.base == address && in.b.base == address &&
          in.b.index == machine::kNoRegister)
        return Step::On;
      if (in.operation == Operation::Move && to && uses(in.b) && in.b.is_register() &&
          leads_to_barrier(k + 1))
        return Step::Ends;
      if (uses(in.b) || uses(in.c) || (uses(in.a) && !to && !stored)) return Step::Found;
      return to && in.a.base == address ? Step::Ends : Step::On;
    });
    return read == false;
  }

  // An element, or the address of one, that a number tells which may be past the len. What was made
  // from the pointer before the call (part := s[2:5]) may be computed behind it; what is only set
  // there, as append does, is not seen.
  void check_element(std::size_t i, const Instruction& in, const FrameState& state) {
    for (const Operand* operand : {&in.a, &in.b, &in.c}) {
      if (!operand->is_memory() || operand->base == machine::kNoRegister) continue;
      auto base = state.registers[operand->base];
      if (operand->index == machine::kNoRegister) {
        bool past =
            operand->value > 0 && static_cast<std::uint64_t>(operand->value) >= shown_bytes_;
        if (base & kPointers && past && shown_bytes_ > 0) doubt();
        continue;
      }
      auto index = state.registers[operand->index];
      bool set = base & kPart && is_set_alone(i, operand == &in.a);
      if ((base & kPointers && index & (kTooLong | kBeyond)) ||
          (index & kPointers && base & (kTooLong | kBeyond)) || (base & kPart && !set))
        doubt();
    }
  }

  // The stack pointer moves where the function begins, which is not looked at, and ends.
  void check_end(std::size_t i) {
    auto next = behind_nops(i + 1);
    for (unsigned n = 0; n < 2 && next < in_.size(); n++, next = behind_nops(next + 1))
      if (in_[next].operation == Operation::Return) return;
    doubt();
  }

  // Anything that is not understood and touches one of the values.
  void check_other(const Instruction& in, const FrameState& state) {
    for (const Operand* operand : {&in.a, &in.b, &in.c})
      if (!(operand->is_memory() && !operand->in_frame()) &&
          (flow_.tags_of(*operand, state) & (kPointers | kCaps)))
        doubt();
  }

  void check_call(const Call& call, const FrameState& state) {
    if (call.callee == Callee::WriteBarrier || call.callee == Callee::Duff ||
        call.callee == Callee::CapCheck || call.callee == Callee::OtherPanic)
      return;
    auto at = [&](std::size_t k) {
      return k < call.arguments ? state.registers[arguments_[k]] : Tags{0};
    };
    for (std::size_t k = 0; k < call.arguments; k++) {
      if (!(at(k) & kPointers)) continue;
      if (at(k + 1) & kTooLong) return doubt();
      // A part whose len is not made from the len.
      bool lone = k + 1 >= call.arguments || call.callee == Callee::Runtime ||
                  (call.callee == Callee::Computed && k > 0);
      if (at(k) & kPart && !lone && !(at(k + 1) & kLens)) return doubt();
      if (!(at(k) & kPointer)) continue;
      bool whole = slice_.cap < 0 ? at(k + 1) & kLens : at(k + 2) & kCap;
      if (whole && (at(k + 1) & kLens)) evidence_ = true;
      // The runtime's own functions take a pointer, and a len or a number of bytes anywhere. A
      // register may be left over from something else where it is not known how many are arguments.
      if (call.callee == Callee::Runtime) {
        for (std::size_t j = 0; j < call.arguments; j++)
          if ((at(j) & kTooLong) && !(whole && j == k + 2)) return doubt();
      } else if (!whole && !(call.callee == Callee::Computed && k > 0)) {
        return doubt();
      }
    }
  }

  void check_return(const FrameState& state) {
    auto at = [&](std::size_t k) { return state.registers[arguments_[k]]; };
    for (std::size_t k = 0; k + 1 < arguments_.size(); k++)
      if ((at(k) & kPointers) && (at(k + 1) & kTooLong)) doubt();
    if ((at(0) & kPointer) && (at(1) & kLens) && (at(2) & kCap)) evidence_ = true;
  }

  // The branch that a comparison decides; nothing where something else may use it.
  std::optional<std::size_t> branch_after(std::size_t i) const {
    for (auto k = i + 1; k < in_.size() && k < i + 6; k++) {
      const Instruction& in = in_[k];
      if (in.operation == Operation::Branch)
        return in.reads_flags && !flags_used_after(k) ? std::optional(k) : std::nullopt;
      bool ends = in.operation == Operation::Jump || in.operation == Operation::Call ||
                  in.operation == Operation::Return || in.operation == Operation::Trap ||
                  in.operation == Operation::Unknown;
      if (ends || in.reads_flags || in.writes_flags) return std::nullopt;
    }
    return std::nullopt;
  }

  enum class Step : std::uint8_t { Found, Ends, On };
  // Whether look(i) finds something, along all ways from these instructions on; nothing where
  // kReach * 2 of them do not tell.
  template <class Look>
  std::optional<bool> search(std::vector<std::size_t> open, Look&& look) const {
    std::set<std::size_t> seen;
    for (unsigned n = 0; n < kReach * 2 && !open.empty(); n++) {
      auto i = open.back();
      open.pop_back();
      if (i >= in_.size() || !seen.insert(i).second) continue;
      auto step = look(i);
      if (step == Step::Found) return true;
      const Instruction& in = in_[i];
      if (step == Step::Ends || in.operation == Operation::Return ||
          in.operation == Operation::Trap)
        continue;
      if (in.operation != Operation::Jump) open.push_back(i + 1);
      if (in.operation == Operation::Branch || in.operation == Operation::Jump)
        if (auto target = code_.index_of(in.target)) open.push_back(*target);
    }
    if (!open.empty()) return std::nullopt;
    return false;
  }

  // Whether something else depends on what decides a branch: if n == cap … else if n < cap …
  bool flags_used_after(std::size_t branch) const {
    std::vector<std::size_t> starts{branch + 1};
    if (auto target = code_.index_of(in_[branch].target)) starts.push_back(*target);
    auto found = search(std::move(starts), [&](std::size_t i) {
      if (in_[i].reads_flags) return Step::Found;
      return in_[i].operation == Operation::Call || in_[i].writes_flags ? Step::Ends : Step::On;
    });
    return found.value_or(true);
  }

  // A number that a len may not be decides something: whether an append has room, whether a reslice
  // is within cap, whether anything equals. Everything else may be an index's bound.
  void check_compare(std::size_t i, const Instruction& in, const FrameState& state) {
    auto a = flow_.tags_of(in.a, state), b = flow_.tags_of(in.b, state);
    if (!((a | b) & kTooLong)) return;
    bool constant = in.b.is_immediate();
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
  bool leads_to_growth(std::size_t from, Tags number) const {
    auto found = search({from}, [&](std::size_t i) {
      if (in_[i].operation == Operation::Unknown) return Step::Ends;
      if (in_[i].operation != Operation::Call) return Step::On;
      bool growth = code_.call_at(i).callee == Callee::Growslice && grows(i, number);
      return growth ? Step::Found : Step::Ends;
    });
    return found.value_or(false);
  }

  bool grows(std::size_t call, Tags number) const {
    FrameState state = flow_.before(call);
    if (!state.reached) return false;
    for (std::size_t k = 0; k + 2 < arguments_.size(); k++) {
      auto at = [&](std::size_t j) { return state.registers[arguments_[j]]; };
      bool ours = (at(k) & kPointers) != 0;
      if (ours && (at(k + 1) & kLens) && !(at(k + 1) & kTooLong) && (at(k + 2) & kCaps))
        return !(number & kBetween) || (at(k + 2) & kBetween);
      if (ours) return false;
    }
    // Another slice's, whose cap the number is (third in growslice, before Go 1.20 fourth).
    return !(number & kCaps) &&
           ((state.registers[arguments_[2]] | state.registers[arguments_[3]]) & kBetween);
  }

  void check_store(const Instruction& in, const FrameState& state) {
    auto tags = flow_.tags_of(in.b, state);
    if (!in.a.is_memory()) {
      // A word of the frame that is read in another way than it is kept, or beside others.
      bool odd = in.b.in_frame() && in.b.size < 8 && (tags & (kPointers | kCaps));
      if (odd || (in.a.kind == Operand::Kind::Vector && (tags & kPointers))) doubt();
      return;
    }
    if (in.a.in_frame()) return check_frame_store(in.a.value, tags, state);
    // The write barrier's buffer.
    bool by_register = in.a.base != machine::kNoRegister;
    if (by_register && (state.registers[in.a.base] & kBuffer)) return;
    for (std::int64_t beyond = 0; beyond == 0 || beyond + 8 <= in.a.size; beyond += 8) {
      auto& store = stores_.emplace_back(Store{in.a, tags});
      store.to.value += beyond;
    }
  }

  // A struct that is made in the frame: pointer and len stand side by side, as a slice's words may
  // where they are kept.
  void check_frame_store(std::int64_t at, Tags tags, const FrameState& state) {
    if ((tags & kPointers) && at != slice_.pointer && at + 8 != slice_.cap &&
        (state.frame(at + 8, 8) & kTooLong))
      doubt();
    if ((tags & kTooLong) && at != slice_.cap && at - 8 != slice_.pointer &&
        (state.frame(at - 8, 8) & kPointers))
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
      if (slice_.cap < 0) {
        if (len == all.end() || !(len->second & kLens) || (len->second & kTooLong)) return false;
        continue;
      }
      if (!header || !(cap->second & kCap)) return false;
      if (len->second & kLens) evidence_ = true;
    }
    return true;
  }

  const FrameCode& code_;
  const std::vector<Instruction>& in_;
  std::span<const machine::Gpr> arguments_;
  FrameFlow& flow_;
  LocalSlice slice_;
  std::uint64_t shown_bytes_;
  std::vector<Store> stores_;
  bool doubt_ = false, evidence_;
};

}  // namespace

struct LocalSliceProver::Code : FrameCode {
  using FrameCode::FrameCode;
  // The instruction behind the call that returns to `pc`, if it leaves the frame alone.
  std::optional<std::size_t> behind_call(Address pc) const {
    auto start = index_of(pc);
    if (!start || *start == 0) return std::nullopt;
    // What keeps registers leaves more than the frame.
    const Instruction& in = instructions()[*start - 1];
    if (in.operation != Operation::Call) return std::nullopt;
    auto callee = call_at(*start - 1).callee;
    if (callee == Callee::WriteBarrier || callee == Callee::Duff) return std::nullopt;
    return start;
  }
  // Questions that differ in numbers alone, between which the code does not tell, have one answer.
  std::map<std::vector<std::uint64_t>, bool> answers;
  std::map<std::tuple<Address, std::int32_t, std::int32_t, std::int32_t>, bool> possible;
};

LocalSliceProver::LocalSliceProver(const Runtime& runtime)
    : runtime_(runtime), machine_(machine::machine_for(runtime.layout().architecture)) {}
LocalSliceProver::~LocalSliceProver() = default;

LocalSliceProver::Code& LocalSliceProver::code_of(const Function& function) {
  auto& code = functions_[function.entry];
  if (!code) code = std::make_unique<Code>(runtime_, *machine_, function);
  return *code;
}

bool LocalSliceProver::is_slice(Address pc, ByteSpan frame, const LocalSlice& slice,
                                std::uint64_t room) {
  return ask(pc, frame, slice, room, false);
}

bool LocalSliceProver::is_only(Address pc, ByteSpan frame, const LocalSlice& slice,
                               std::uint64_t room) {
  return ask(pc, frame, slice, room, true);
}

bool LocalSliceProver::ask(Address pc, ByteSpan frame, const LocalSlice& slice, std::uint64_t room,
                           bool known) {
  auto function = machine_ ? runtime_.find_function(pc) : std::nullopt;
  if (!function) return false;
  Code& code = code_of(*function);
  auto start = code.behind_call(pc);
  if (!start) return false;
  auto word = [&](std::int32_t at) {
    return at < 0 ? std::nullopt : load<std::uint64_t>(frame, static_cast<std::uint64_t>(at));
  };
  auto len = word(slice.len), cap = slice.cap < 0 ? len : word(slice.cap);
  if (!len || !cap || *len > *cap || *cap > room) return false;

  std::map<std::int32_t, Tags> slots{{slice.pointer, kPointer}, {slice.len, kLen}};
  if (slice.cap >= 0) slots[slice.cap] |= kCap;
  std::vector<std::uint64_t> question{pc,
                                      known,
                                      static_cast<std::uint64_t>(slice.pointer),
                                      static_cast<std::uint64_t>(slice.len),
                                      static_cast<std::uint64_t>(slice.cap),
                                      code.rank(*len),
                                      code.rank(room),
                                      code.rank(*len * std::max<std::uint64_t>(slice.element, 1)),
                                      slice.element};
  for (std::int32_t at = 0; static_cast<std::size_t>(at) + 8 <= frame.size(); at += 8) {
    auto value = word(at);
    if (slots.contains(at) || !value) continue;
    Tags tags = 0;
    if (*value > *len && *value <= room) tags |= kBetween;
    if (*len > 0 && *value >= *len && *value / std::max<std::uint64_t>(slice.element, 1) <= room)
      tags |= kBeyond;
    if (tags == 0) continue;
    slots[at] = tags;
    question.push_back(static_cast<std::uint64_t>(at) << 16 | tags);
  }
  auto [answer, fresh] = code.answers.try_emplace(std::move(question), false);
  if (!fresh) return answer->second;
  if (work_ > kMostWork) {
    runtime_.diagnostics().lose("slices in locals whose functions were not read: too many");
    return false;
  }
  return answer->second = follow(code, *function, *start, slots, slice, *len, room, known);
}

bool LocalSliceProver::follow(const Code& code, const Function& function, std::size_t start,
                              const std::map<std::int32_t, Tags>& slots, const LocalSlice& slice,
                              std::uint64_t len, std::uint64_t room, bool known) {
  FrameFlow flow(code, len, room);
  flow.start(start, slots);
  // After a panic that is recovered, results are returned from the frame.
  if (function.deferreturn != 0)
    if (auto end = code.index_of(function.entry + function.deferreturn)) flow.start(*end, slots);
  bool is = flow.run() && SliceUses(code, flow, slice, len, known).are_slice();
  work_ += flow.visits();
  return is;
}

// Other words of a frame that a len may not be, and constants, only ever speak against a slice:
// without them the answer is the kindest.
bool LocalSliceProver::may_be_slice(Address pc, const LocalSlice& slice) {
  if (!machine_) return false;
  auto function = runtime_.find_function(pc);
  if (!function) return false;
  Code& code = code_of(*function);
  auto [answer, fresh] =
      code.possible.try_emplace({pc, slice.pointer, slice.len, slice.cap}, false);
  if (!fresh) return answer->second;
  auto start = code.behind_call(pc);
  if (!start) return false;
  if (work_ > kMostWork) return answer->second = true;
  return answer->second = follow(code, *function, *start,
                                 {{slice.pointer, kPointer}, {slice.len, kLen}, {slice.cap, kCap}},
                                 slice, 0, 0, false);
}

}  // namespace overhang
