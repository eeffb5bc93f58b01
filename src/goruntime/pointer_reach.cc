#include "goruntime/pointer_reach.h"

#include <algorithm>

#include "goruntime/chunks.h"

namespace overhang {
namespace {

using machine::Instruction;
using machine::Operand;
using machine::Operation;

constexpr std::uint64_t kMostWork = 20'000'000;     // instructions, of all questions
constexpr std::uint64_t kLongestRun = 1 << 20;      // bytes
constexpr std::uint64_t kLargestAlone = 24;         // bytes, of a variable amidst a run
constexpr std::uint64_t kLargestAccess = 64;        // bytes, of an instruction
constexpr std::int64_t kMostStackArguments = 1024;  // bytes, where it is not known
constexpr unsigned kDepth = 3;                      // calls

}  // namespace

// What the code does with the pointer that a flow has followed.
class PointerReach::Uses {
 public:
  Uses(const Runtime& runtime, const FrameCode& code, const FrameFlow& flow, const Home& home)
      : runtime_(runtime), code_(code), flow_(flow), home_(home) {}

  void check(std::size_t i, const FrameState& state) {
    if (astray_) return;
    const Instruction in = FrameFlow::resolved(code_.instructions()[i], state);
    for (const Operand* operand : {&in.a, &in.b, &in.c}) check_operand(in, *operand, state);
    switch (in.operation) {
      case Operation::Call:
        return check_call(in, code_.call_at(i), state);
      case Operation::Return:
        for (auto r : code_.machine().arguments) refuse(state.registers[r] & kPointers);
        return;
      case Operation::Move:
        return check_move(in, state);
      case Operation::Lea:
        // The address of a word of the frame, behind which the pointer may stand.
        if (in.b.in_frame()) first_address_ = std::min(first_address_, in.b.value);
        return;
      case Operation::Jump:
      case Operation::Branch:
        if (code_.leaves(in)) check_leave(in, state);
        return;
      case Operation::Compare:
      case Operation::Test:
        return;
      case Operation::Other:
        for (machine::Gpr r = 0; r < machine::kRegisters; r++)
          if (in.implicit_writes >> r & 1) refuse(state.registers[r] & kPointers);
        for (const Operand* operand : {&in.a, &in.b, &in.c})
          refuse(flow_.tags_of(*operand, state) & kPointers);
        return;
      default:
        return;
    }
  }

  // Nothing where the pointer goes astray.
  std::optional<std::uint64_t> reach() const {
    if (astray_ || last_kept_ >= first_address_) return std::nullopt;
    return reach_;
  }
  struct Passed {
    Address callee;
    std::size_t argument;
    friend auto operator<=>(const Passed&, const Passed&) = default;
  };
  const std::vector<Passed>& passed() const { return passed_; }
  bool keeps() const { return last_kept_ != kNowhere; }

 private:
  static constexpr std::int64_t kNowhere = INT64_MIN;

  void refuse(bool astray) { astray_ |= astray; }

  bool is_address_of(const Operand& operand) const {
    return operand.absolute && home_.header != 0 &&
           static_cast<Address>(operand.value) == home_.header;
  }

  void check_operand(const Instruction& in, const Operand& operand, const FrameState& state) {
    if (operand.kind == Operand::Kind::Vector) refuse(flow_.tags_of(operand, state) & kPointers);
    if (operand.is_register()) return refuse(flow_.tags_of(operand, state) & kPart);
    if (!operand.is_memory()) return;
    if (operand.absolute) {
      // All of the word, or nothing of it.
      auto begin = static_cast<Address>(operand.value);
      bool touches =
          home_.header != 0 && begin < home_.header + 8 && home_.header < begin + operand.size;
      bool whole = begin == home_.header && operand.size == 8;
      bool stored = &operand == &in.a && in.operation == Operation::Move;
      return refuse(touches && !whole && !stored);
    }
    if (operand.in_frame()) return refuse(flow_.tags_of(operand, state) & kPart);
    auto tags_of = [&](machine::Gpr r) {
      return r == machine::kNoRegister ? Tags{0} : state.registers[r];
    };
    auto base = tags_of(operand.base);
    refuse((tags_of(operand.index) & kPointers) || (base & kPart));
    if (!(base & kPointer)) return;
    refuse(operand.index != machine::kNoRegister || operand.value < 0 || operand.size == 0 ||
           operand.value > INT32_MAX);
    if (!astray_)
      reach_ = std::max(reach_, static_cast<std::uint64_t>(operand.value) + operand.size);
  }

  void check_move(const Instruction& in, const FrameState& state) {
    if (!(flow_.tags_of(in.b, state) & kPointers) || !in.a.is_memory()) return;
    if (in.a.in_frame()) {
      last_kept_ = std::max(last_kept_, in.a.value);
      return;
    }
    bool back = is_address_of(in.a);
    bool buffer = in.a.base != machine::kNoRegister && (state.registers[in.a.base] & kBuffer);
    refuse(!back && !buffer);
  }

  // Arguments that registers do not hold.
  void check_stack_arguments(const Instruction& in, const FrameState& state) {
    auto callee = in.target != 0 ? runtime_.find_function(in.target) : std::nullopt;
    auto size =
        callee && callee->args_size >= 0 ? std::int64_t{callee->args_size} : kMostStackArguments;
    refuse(state.frame(0, size) & kPointers);
  }

  void check_leave(const Instruction& in, const FrameState& state) {
    auto callee = runtime_.find_function(in.target);
    for (auto tags : state.registers) refuse((tags & kPart) != 0);
    auto arguments = code_.machine().arguments;
    for (std::size_t k = 0; k < arguments.size(); k++) {
      if (!(state.registers[arguments[k]] & kPointer)) continue;
      refuse(!callee || callee->entry != in.target);
      passed_.push_back({in.target, k});
    }
  }

  void check_call(const Instruction& in, const Call& call, const FrameState& state) {
    auto arguments = code_.machine().arguments;
    switch (call.callee) {
      case Callee::WriteBarrier:
      case Callee::CapCheck:
        return;
      case Callee::OtherPanic:
        // What a panic is made with comes back by recover.
        if (auto callee = runtime_.find_function(in.target);
            callee && callee->name != "runtime.gopanic")
          return;
        break;
      case Callee::Duff:
        for (machine::Gpr r = 0; r < machine::kRegisters; r++)
          if (code_.machine().duff_writes >> r & 1) refuse(state.registers[r] & kPointers);
        return;
      case Callee::Computed:
        // A closure's own register, too.
        for (auto tags : state.registers) refuse(tags & kPointers);
        return check_stack_arguments(in, state);
      default:
        break;
    }
    check_stack_arguments(in, state);
    for (std::size_t k = 0; k < std::min(call.arguments, arguments.size()); k++) {
      auto tags = state.registers[arguments[k]];
      if (!(tags & kPointers)) continue;
      refuse((tags & kPart) || call.callee != Callee::Function);
      passed_.push_back({in.target, k});
    }
  }

  const Runtime& runtime_;
  const FrameCode& code_;
  const FrameFlow& flow_;
  const Home& home_;
  bool astray_ = false;
  std::uint64_t reach_ = 0;
  // Bytes from the stack pointer: the last word that keeps the pointer, the first whose address is
  // taken.
  std::int64_t last_kept_ = kNowhere, first_address_ = INT64_MAX;
  std::vector<Passed> passed_;
};

// From the section's first pointer word on.
void PointerReach::find_run(Address begin, Address end) {
  const Runtime& runtime = code_.runtime();
  const Module& module = runtime.modules().front();
  end = std::min(end, begin + kLongestRun);
  while (begin < end && !runtime.is_root_word(module, begin)) begin += 8;
  auto last = begin;
  while (last < end && runtime.is_root_word(module, last)) last += 8;
  if (begin < last) runs_.emplace_back(begin, last);
}

// Addresses that stand in variables, tables and read-only data.
void PointerReach::find_addresses() {
  const Runtime& runtime = code_.runtime();
  auto in_run = [&](Address value) {
    return std::any_of(runs_.begin(), runs_.end(),
                       [&](const auto& run) { return value >= run.first && value < run.second; });
  };
  // The module's record has the bounds of data and bss.
  auto is_bound = [&](Address word) {
    const Layout& layout = runtime.layout();
    auto field = static_cast<std::int64_t>(word - runtime.modules().front().address);
    return field == layout.moduledata_data || field == layout.moduledata_bss;
  };
  for (const ElfSegment& segment : runtime.file().segments()) {
    if (segment.executable) continue;
    auto begin = (segment.address + runtime.load_bias() + 7) / 8 * 8;
    bool all = for_each_chunk(runtime.image(), begin,
                              segment.address + runtime.load_bias() + segment.memory_size, 0,
                              [&](ByteSpan bytes, Address at) {
                                for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
                                  auto value = load_unchecked<std::uint64_t>(bytes.data() + i);
                                  if (in_run(value) && !is_bound(at + i))
                                    addresses_.push_back(value);
                                }
                              });
    if (!all) runs_.clear();  // then it is not known
  }
  std::sort(addresses_.begin(), addresses_.end());
}

bool PointerReach::stands_alone(Address variable) {
  const Runtime& runtime = code_.runtime();
  // Plugins have the addresses of the program's variables in tables of their own.
  if (runtime.modules().size() != 1 || variable % 8 != 0) return false;
  if (!std::exchange(prepared_, true)) {
    const Module& module = runtime.modules().front();
    find_run(module.data, module.edata);
    find_run(module.bss, module.ebss);
    find_addresses();
  }
  bool amidst = std::any_of(runs_.begin(), runs_.end(), [&](const auto& run) {
    return variable >= run.first && variable + 16 <= run.second;
  });
  if (!amidst) return false;
  auto first = variable - (kLargestAlone - 8);
  auto known = std::lower_bound(addresses_.begin(), addresses_.end(), first);
  if (known != addresses_.end() && *known <= variable) return false;
  for (auto at = first; at <= variable; at += 8)
    for (Address function : code_.functions_at(at, CodeIndex::Mention::Taken))
      if (code_.code_of(function).keeps_address(at)) return false;
  return true;
}

std::optional<std::uint64_t> PointerReach::of(Address variable) {
  if (!code_.machine() || !stands_alone(variable)) return std::nullopt;
  std::vector<Address> functions;
  for (auto at = variable + 8 - kLargestAccess; at <= variable; at += 8)
    for (Address function : code_.functions_at(at, CodeIndex::Mention::Access))
      functions.push_back(function);
  std::sort(functions.begin(), functions.end());
  functions.erase(std::unique(functions.begin(), functions.end()), functions.end());
  Home home;
  home.header = variable;
  std::uint64_t most = 0;
  for (Address function : functions) {
    auto reach = follow(function, home, {}, 0);
    if (!reach) return std::nullopt;
    most = std::max(most, *reach);
  }
  return most;
}

std::optional<std::uint64_t> PointerReach::follow(Address function, const Home& home,
                                                  const FrameState& state, unsigned depth) {
  const FrameCode& code = code_.code_of(function);
  if (code.instructions().empty() || work_ > kMostWork) return std::nullopt;
  FrameFlow flow(code, home);
  flow.start(code.behind_prologue(), state);
  bool followed = flow.run();
  work_ += flow.visits();
  if (!followed) return std::nullopt;
  Uses uses(code_.runtime(), code, flow, home);
  flow.for_each([&](std::size_t i, const FrameState& before) { uses.check(i, before); });
  auto reach = uses.reach();
  // After a panic that is recovered, results are returned from the frame.
  auto found = code_.runtime().find_function(function);
  if (!reach || !found || (found->deferreturn != 0 && uses.keeps())) return std::nullopt;
  for (auto [callee, argument] : uses.passed()) {
    if (depth == kDepth) return std::nullopt;
    auto [at, fresh] = callees_.try_emplace({callee, argument});
    if (fresh) {
      FrameState start;
      start.registers[code.machine().arguments[argument]] = kPointer;
      auto there = follow(callee, Home(), start, depth + 1);
      at = callees_.insert_or_assign({callee, argument}, there).first;
    }
    if (!at->second) return std::nullopt;
    reach = std::max(*reach, *at->second);
  }
  return reach;
}

}  // namespace overhang
