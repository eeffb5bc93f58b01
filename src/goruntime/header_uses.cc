#include "goruntime/header_uses.h"

#include <algorithm>
#include <vector>

namespace overhang {
namespace {

using machine::Condition;
using machine::Instruction;
using machine::Operand;
using machine::Operation;

constexpr std::uint64_t kMostWork = 20'000'000;    // instructions, of all questions
constexpr std::uint64_t kLargestHolder = 1 << 24;  // bytes
constexpr std::int64_t kHeaderBytes = 24;
constexpr unsigned kDepth = 3;  // calls

// Whether the instruction takes one of the values with that tag for a number that is no cap.
bool counts(const FrameCode& code, const FrameFlow& flow, std::size_t i, const FrameState& state) {
  const auto& all = code.instructions();
  const Instruction& in = all[i];
  auto tags = [&](const Operand& operand) { return flow.tags_of(operand, state); };
  auto in_register = [&](machine::Gpr r) {
    return r != machine::kNoRegister && (state.registers[r] & kCap);
  };
  switch (in.operation) {
    case Operation::Compare:
    case Operation::Test: {
      if (!((tags(in.a) | tags(in.b)) & kCap)) return false;
      for (auto k = i + 1; k < all.size() && k < i + 6; k++) {
        if (all[k].operation == Operation::Branch) return all[k].condition != Condition::Unsigned;
        bool keeps = all[k].operation == Operation::Move || all[k].operation == Operation::Lea ||
                     all[k].operation == Operation::Nop;
        if (!keeps) return false;
      }
      return false;
    }
    case Operation::Lea:
      // One more. (One less is the cap of s[1:].)
      return in_register(in.b.base) && in.b.index == machine::kNoRegister && in.b.value > 0;
    case Operation::Move:
      for (const Operand* operand : {&in.a, &in.b})
        if (operand->is_memory() && in_register(operand->index)) return true;
      return false;
    default:
      return false;
  }
}

// Whether a call of growslice gets the pointer and, two registers further, the cap.
bool grows(const FrameCode& code, const Call& call, const FrameState& state) {
  if (call.callee != Callee::Growslice) return false;
  auto arguments = code.machine().arguments;
  for (std::size_t k = 0; k + 2 < arguments.size(); k++)
    if ((state.registers[arguments[k]] & kPointer) && (state.registers[arguments[k + 2]] & kCap))
      return true;
  return false;
}

}  // namespace

bool HeaderUses::may_be_slice(Address header) {
  return !code_.machine() || evidence(header).may_be_slice();
}

bool HeaderUses::is_slice(Address header) { return code_.machine() && evidence(header).slice; }

HeaderUses::Evidence HeaderUses::evidence(Address header) {
  std::vector<Address> functions;
  auto add = [&](Address target, CodeIndex::Mention how) {
    for (Address function : code_.functions_at(target, how)) functions.push_back(function);
  };
  for (std::uint64_t word : {0, 8, 16}) add(header + word, CodeIndex::Mention::Access);
  Home home;
  home.header = header;
  home.indexed = functions.empty();  // an element of an array is read by the array's address
  // What it stands in begins where code takes an address next before it.
  if (auto holder = code_.taken_before(header, kLargestHolder)) {
    home.holder = *holder;
    home.offset = static_cast<std::int64_t>(header - home.holder);
    add(home.holder, CodeIndex::Mention::Taken);
  }
  auto key = std::pair(home.holder, home.offset % kHeaderBytes);
  if (home.indexed)
    if (auto known = arrays_.find(key); known != arrays_.end()) return known->second;
  std::sort(functions.begin(), functions.end());
  functions.erase(std::unique(functions.begin(), functions.end()), functions.end());
  Evidence found;
  for (Address function : functions) found.add(look_at(function, home, {}, 0));
  if (home.indexed) arrays_[key] = found;
  return found;
}

bool HeaderUses::may_be_slice(Address pc, std::int64_t holder, std::int64_t header) {
  if (!code_.machine()) return true;
  auto function = code_.runtime().find_function(pc);
  if (!function) return true;
  auto [at, fresh] = locals_.try_emplace({function->entry, holder, header});
  if (!fresh) return at->second.may_be_slice();
  Home home;
  home.frame = holder;
  home.offset = header - holder;
  home.indexed = home.offset >= kHeaderBytes;
  auto found = look_at(function->entry, home, {}, 0);
  return (at->second = found).may_be_slice();
}

HeaderUses::Evidence HeaderUses::look_at(Address function, const Home& home,
                                         const FrameState& state, unsigned depth) {
  Evidence found;
  const FrameCode& code = code_.code_of(function);
  if (code.instructions().empty()) return found;
  if (work_ > kMostWork) {
    code_.runtime().diagnostics().lose(
        "slices in variables whose functions were not read: too many");
    found.number = true;  // or not: then it counts as none
    return found;
  }
  auto arguments = code.machine().arguments;
  FrameFlow flow(code, home);
  flow.start(code.behind_prologue(), state);
  bool followed = flow.run();
  work_ += flow.visits();
  if (!followed) return found;
  std::vector<std::pair<Address, std::size_t>> passed;  // to a function, as an argument
  flow.for_each([&](std::size_t i, const FrameState& before) {
    found.number |= counts(code, flow, i, before);
    const Instruction& in = code.instructions()[i];
    if (code.leaves(in))
      for (std::size_t k = 0; k < arguments.size(); k++)
        if (before.registers[arguments[k]] & kHolder) passed.emplace_back(in.target, k);
    if (in.operation != Operation::Call) return;
    const Call& call = code.call_at(i);
    found.slice |= grows(code, call, before);
    if (call.callee != Callee::Function) return;
    for (std::size_t k = 0; k < std::min(call.arguments, arguments.size()); k++)
      if (before.registers[arguments[k]] & kHolder) passed.emplace_back(in.target, k);
  });
  if (depth == kDepth) return found;
  std::sort(passed.begin(), passed.end());
  passed.erase(std::unique(passed.begin(), passed.end()), passed.end());
  for (auto [callee, argument] : passed) {
    auto [at, fresh] = callees_.try_emplace({callee, argument, home.offset, home.indexed});
    if (fresh) {
      Home there;
      there.offset = home.offset;
      there.indexed = home.indexed;
      FrameState start;
      start.registers[arguments[argument]] = kHolder;
      auto evidence = look_at(callee, there, start, depth + 1);
      callees_[{callee, argument, home.offset, home.indexed}] = evidence;
      found.add(evidence);
    } else {
      found.add(at->second);
    }
  }
  return found;
}

}  // namespace overhang
