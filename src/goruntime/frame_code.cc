#include "goruntime/frame_code.h"

#include <algorithm>

namespace overhang {
namespace {

using machine::Instruction;
using machine::Operand;
using machine::Operation;

constexpr std::uint64_t kLongestFunction = 64 << 10;  // bytes

bool within_block(const Instruction& in) {
  return in.operation != Operation::Branch && in.operation != Operation::Jump &&
         in.operation != Operation::Call && in.operation != Operation::Return &&
         in.operation != Operation::Trap;
}

}  // namespace

FrameCode::FrameCode(const Runtime& runtime, const machine::Machine& machine,
                     const Function& function)
    : runtime_(runtime), machine_(machine), function_(function) {
  auto size = function.end - function.entry;
  auto code = size <= kLongestFunction ? runtime.image().bytes(function.entry, size) : std::nullopt;
  auto decoded = code ? machine.decode(*code, function.entry) : std::nullopt;
  if (!decoded) return;
  instructions_ = std::move(*decoded);
  for (std::size_t i = 0; i < instructions_.size(); i++) {
    const Instruction& in = instructions_[i];
    by_address_.try_emplace(in.at, i);  // the first of what one instruction became
    if (in.operation == Operation::Call) calls_[i] = call(in);
    for (const Operand* operand : {&in.a, &in.b, &in.c}) {
      if (operand->is_immediate()) immediates_.insert(operand->value);
      if (operand->is_memory() && operand->absolute)
        absolutes_.insert(static_cast<Address>(operand->value));
    }
  }
  find_barriers_loads();
  find_barriers_addresses();
}

// asm_amd64.s, asm_arm64.s: gcWriteBarrier, up to Go 1.20: its slot's register is of use in the
// block of the call alone.
void FrameCode::find_barriers_addresses() {
  if (runtime_.layout().minor >= 21) return;
  for (auto& [at, call] : calls_) {
    if (call.callee != Callee::WriteBarrier) continue;
    for (auto i = at; i-- > 0 && within_block(instructions_[i]);) {
      const Instruction& in = instructions_[i];
      if (!in.a.is_register() || in.a.base != machine_.barrier_slot) continue;
      if (in.operation == Operation::Lea) barriers_addresses_.insert(i);
      break;
    }
  }
}

bool FrameCode::keeps_address(Address target) const {
  if (instructions_.empty()) return true;
  for (std::size_t i = 0; i < instructions_.size(); i++) {
    const Instruction& in = instructions_[i];
    bool takes = in.operation == Operation::Lea && in.b.absolute &&
                 static_cast<Address>(in.b.value) == target;
    if (takes && !barriers_addresses_.contains(i) && !is_temporary(i)) return true;
  }
  return false;
}

// What instruction `i` makes is of use to the next alone, whose operands say what that reaches.
bool FrameCode::is_temporary(std::size_t i) const {
  const Operand& to = instructions_[i].a;
  if (!to.is_register() || to.base != machine_.temporary || i + 1 == instructions_.size())
    return false;
  const Instruction& next = instructions_[i + 1];
  auto reads = [&](const Operand& operand) {
    return (operand.is_register() || operand.is_memory()) &&
           (operand.base == to.base || operand.index == to.base);
  };
  return within_block(next) && !reads(next.b) && !reads(next.c) &&
         !(next.a.is_memory() && reads(next.a));
}

// They stand in the block that a barrier is called in, and what they load goes to its buffer.
void FrameCode::find_barriers_loads() {
  auto buffer = barrier_buffer();
  if (!buffer) return;
  for (auto& [at, call] : calls_) {
    if (call.callee != Callee::WriteBarrier) continue;
    auto begin = at, end = at + 1;
    while (begin > 0 && within_block(instructions_[begin - 1])) begin--;
    while (end < instructions_.size() && within_block(instructions_[end])) end++;
    for (auto store = at + 1; store < end; store++) {
      const Instruction& to = instructions_[store];
      bool kept = to.operation == Operation::Move && to.a.is_memory() && to.a.base == *buffer &&
                  to.b.is_register();
      for (auto load = store; kept && load-- > begin;) {
        const Instruction& from = instructions_[load];
        if (!from.a.is_register() || from.a.base != to.b.base) continue;
        if (from.operation == Operation::Move && from.b.is_memory()) barriers_loads_.insert(load);
        break;
      }
    }
  }
}

Call FrameCode::call(const Instruction& in) const {
  Call out{Callee::Computed, machine_.arguments.size()};
  auto callee = in.target != 0 ? runtime_.find_function(in.target) : std::nullopt;
  if (!callee) return out;
  out.callee = Callee::Function;
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
  out.arguments = argument_registers(*callee);
  return out;
}

// At most as many as the components of its arguments, which the compiler lists for tracebacks
// (cmd/compile/internal/ssagen: EmitArgInfo; traceback.go: printArgs) but for a generic function's
// dictionary. Without the whole list: as the bytes that registers are spilled to.
std::size_t FrameCode::argument_registers(const Function& callee) const {
  constexpr std::uint32_t kArgInfo = 5;  // FUNCDATA_ArgInfo
  constexpr std::size_t kLongest = 171;  // abi.TraceArgsMaxLen
  constexpr std::uint8_t kEndSeq = 0xff, kStartAgg = 0xfe, kEndAgg = 0xfd, kDotdotdot = 0xfc,
                         kOffsetTooLarge = 0xfb;
  auto most = machine_.arguments.size();
  if (callee.args_size >= 0) most = std::min(most, static_cast<std::size_t>(callee.args_size));
  auto* module = runtime_.module_of_pc(callee.entry);
  auto list = module ? module->functions.funcdata_offset(callee, kArgInfo) : std::nullopt;
  if (!list) return most;
  std::size_t components = callee.name.find('[') == std::string_view::npos ? 0 : 1;
  Address at = module->gofunc + *list;
  for (auto end = at + kLongest; at < end; at++) {
    auto byte = runtime_.image().read<std::uint8_t>(at);
    if (!byte || *byte == kDotdotdot) return most;
    if (*byte == kEndSeq) return std::min(most, components);
    if (*byte == kStartAgg || *byte == kEndAgg) continue;
    components++;
    if (*byte != kOffsetTooLarge) at++;  // its size
  }
  return most;
}

// internal/abi/bounds.go: BoundsEncode, Go 1.26: which check failed is told by a table.
bool FrameCode::checks_cap(const Instruction& in) const {
  constexpr std::uint32_t kPanicBounds = 4;  // PCDATA_PanicBounds
  constexpr std::int32_t kCodes = 9, kSliceAcap = 2, kSlice3Acap = 5;
  auto* module = runtime_.module_of_pc(in.at);
  auto value = module ? module->functions.pcdata(function_, kPanicBounds, in.at) : -1;
  return value >= 0 && (value % kCodes == kSliceAcap || value % kCodes == kSlice3Acap);
}

std::size_t FrameCode::behind_prologue() const {
  constexpr std::size_t kPrologue = 12;  // instructions
  for (std::size_t i = 0; i < std::min(instructions_.size(), kPrologue); i++)
    if (const Operand& to = instructions_[i].a;
        to.is_register() && to.base == machine::kStackPointer)
      return i + 1;
  return 0;
}

std::optional<machine::Gpr> FrameCode::barrier_buffer() const {
  if (runtime_.layout().minor < 21) return std::nullopt;
  return machine_.barrier_buffer;
}

std::uint64_t FrameCode::rank(std::uint64_t value) const {
  return static_cast<std::uint64_t>(std::distance(
      immediates_.begin(), immediates_.upper_bound(static_cast<std::int64_t>(value))));
}

Address behind_nops(const Runtime& runtime, Address pc) {
  constexpr std::uint64_t kMost = 32;  // bytes: what is aligned
  const auto* machine = machine::machine_for(runtime.layout().architecture);
  auto function = machine ? runtime.find_function(pc) : std::nullopt;
  if (!function) return pc;
  auto code = runtime.image().bytes(pc, std::min(kMost, function->end - pc));
  if (!code) return pc;
  std::size_t at = 0;
  while (auto size = machine->nop(code->subspan(at))) at += size;
  return pc + at;
}

}  // namespace overhang
