#include "goruntime/header_uses.h"

#include <algorithm>

#include "goruntime/arm64_addresses.h"
#include "goruntime/chunks.h"

namespace overhang {
namespace {

using machine::Condition;
using machine::Instruction;
using machine::Operand;
using machine::Operation;

constexpr std::uint64_t kMostWork = 20'000'000;  // instructions, of all questions
constexpr std::size_t kMostMentions = 1 << 24;
constexpr std::uint64_t kOverlap = 8;
constexpr std::uint64_t kLargestHolder = 1 << 24;  // bytes
constexpr std::int64_t kHeaderBytes = 24;
constexpr unsigned kDepth = 3;  // calls

// Where the frame has been made: the stack pointer does not move behind it.
std::size_t behind_prologue(const FrameCode& code) {
  constexpr std::size_t kPrologue = 12;  // instructions
  const auto& in = code.instructions();
  for (std::size_t i = 0; i < std::min(in.size(), kPrologue); i++)
    if (in[i].a.is_register() && in[i].a.base == machine::kStackPointer) return i + 1;
  return 0;
}

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

HeaderUses::HeaderUses(const Runtime& runtime)
    : runtime_(runtime), machine_(machine::machine_for(runtime.layout().architecture)) {}
HeaderUses::~HeaderUses() = default;

const FrameCode& HeaderUses::code_of(Address function) {
  auto& code = functions_[function];
  if (!code) {
    auto found = runtime_.find_function(function);
    code = std::make_unique<FrameCode>(runtime_, *machine_, found ? *found : Function{});
  }
  return *code;
}

void HeaderUses::find_mentions() {
  if (searched_) return;
  searched_ = true;
  bool arm = runtime_.layout().architecture == Architecture::Arm64;
  for (const Module& module : runtime_.modules())
    for_each_chunk(
        runtime_.image(), module.text, module.etext, kOverlap,
        [&](ByteSpan code, Address at) { arm ? read_arm64(code, at) : read_amd64(code, at); });
  std::sort(mentions_.begin(), mentions_.end(), [](const Mention& a, const Mention& b) {
    return std::pair(a.target, a.pc) < std::pair(b.target, b.pc);
  });
}

// Wherever an operand [rip + disp32] may stand is tried; what may follow it is an immediate.
void HeaderUses::read_amd64(ByteSpan code, Address at) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned>(code[i]); };
  for (std::size_t i = 1; i + 5 <= code.size() && i <= kChunk; i++) {
    if ((byte(i) & 0xC7) != 0x05) continue;
    auto displacement = load_unchecked<std::int32_t>(code.data() + i + 1);
    bool taken = byte(i - 1) == 0x8D;
    for (std::uint64_t immediate : {0, 1, 4}) {
      auto target = at + i + 5 + immediate + static_cast<std::uint64_t>(std::int64_t{displacement});
      if (mention(target, at + i, taken)) break;
    }
  }
}

void HeaderUses::read_arm64(ByteSpan code, Address at) {
  for (std::size_t i = 0; i + 8 <= code.size() && i < kChunk; i += 4) {
    auto access =
        arm64::variable_access(load_unchecked<std::uint32_t>(code.data() + i),
                               load_unchecked<std::uint32_t>(code.data() + i + 4), at + i);
    if (access)
      mention(access->target, at + i, access->kind == arm64::VariableAccess::Kind::Address);
  }
}

// Whether a variable may stand at `target`.
bool HeaderUses::mention(Address target, Address pc, bool taken) {
  if (target % 8 != 0 || !runtime_.module_of_data(target)) return false;
  if (mentions_.size() < kMostMentions) mentions_.push_back({target, pc, taken});
  return true;
}

// On amd64 a mention may be none: other bytes of the code look like one.
bool HeaderUses::mentions(Address function, Address target) {
  const FrameCode& code = code_of(function);
  return runtime_.layout().architecture != Architecture::Amd64 || code.instructions().empty() ||
         code.addresses(target);
}

std::vector<Address> HeaderUses::functions_at(Address target, bool taken) {
  std::vector<Address> out;
  auto at = std::lower_bound(mentions_.begin(), mentions_.end(), target,
                             [](const Mention& m, Address t) { return m.target < t; });
  for (; at != mentions_.end() && at->target == target; ++at) {
    if (at->taken != taken) continue;
    auto function = runtime_.find_function(at->pc);
    if (!function || (!out.empty() && out.back() == function->entry)) continue;
    if (mentions(function->entry, target)) out.push_back(function->entry);
  }
  return out;
}

bool HeaderUses::may_be_slice(Address header) {
  return !machine_ || evidence(header).may_be_slice();
}

bool HeaderUses::is_slice(Address header) { return machine_ && evidence(header).slice; }

HeaderUses::Evidence HeaderUses::evidence(Address header) {
  find_mentions();
  std::vector<Address> functions;
  for (std::uint64_t word : {0, 8, 16})
    for (Address function : functions_at(header + word, false)) functions.push_back(function);
  Home home;
  home.header = header;
  home.indexed = functions.empty();  // an element of an array is read by the array's address
  // What it stands in begins where code takes an address next before it.
  auto at = std::upper_bound(mentions_.begin(), mentions_.end(), header,
                             [](Address t, const Mention& m) { return t < m.target; });
  while (at != mentions_.begin() && header - std::prev(at)->target <= kLargestHolder) {
    if ((--at)->taken && !functions_at(at->target, true).empty()) {
      home.holder = at->target;
      break;
    }
  }
  if (home.holder != 0) {
    home.offset = static_cast<std::int64_t>(header - home.holder);
    for (Address function : functions_at(home.holder, true)) functions.push_back(function);
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
  if (!machine_) return true;
  auto function = runtime_.find_function(pc);
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
  const FrameCode& code = code_of(function);
  if (code.instructions().empty()) return found;
  if (work_ > kMostWork) {
    runtime_.diagnostics().lose("slices in variables whose functions were not read: too many");
    found.number = true;  // or not: then it counts as none
    return found;
  }
  auto arguments = code.machine().arguments;
  FrameFlow flow(code, home);
  flow.start(behind_prologue(code), state);
  bool followed = flow.run();
  work_ += flow.visits();
  if (!followed) return found;
  std::vector<std::pair<Address, std::size_t>> passed;  // to a function, as an argument
  flow.for_each([&](std::size_t i, const FrameState& before) {
    found.number |= counts(code, flow, i, before);
    const Instruction& in = code.instructions()[i];
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
