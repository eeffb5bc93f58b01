#include "goruntime/unwind.h"

namespace overhang {
namespace {

constexpr std::uint64_t kWord = 8;

}  // namespace

void Unwinder::start(const StackMemory& memory, const StackPosition& position) {
  memory_ = &memory;
  frame_ = {};
  facts_ = nullptr;
  failure_ = {};
  unaccounted_ = position.sp;
  callee_ = FrameRole::Ordinary;
  trap_ = position.from_registers;
  return_pc_ = position.lr;
  auto pc = position.pc;
  auto sp = position.sp;
  if (pc == 0) {  // likely a call of a nil func: begin with the caller
    pc = return_pc_ != 0 ? return_pc_ : memory.word(sp).value_or(0);
    return_pc_ = 0;
    sp += arch_.call_pushes;
    trap_ = false;
  }
  auto& facts = cache_.at(pc);
  if (!facts.known) return stop("goroutine stopped outside Go code", sp);
  facts_ = &facts;
  frame_.pc = pc;
  frame_.sp = sp;
  resolve(true, position.from_syscall);
}

// unwinder.resolveInternal. frame_.pc and sp are set, facts_ are those of pc; return_pc_ is the
// link register where that is known, else 0.
void Unwinder::resolve(bool innermost, bool from_syscall) {
  const Function& f = facts_->function;
  if (f.pcsp == 0) return stop("function without frame information", frame_.sp);
  if (!facts_->sp_delta || *facts_->sp_delta < 0)
    return stop("frame size unknown at a pc", frame_.sp);
  // No step goes down, and few stay (next), so that the iteration ends with the stack.
  auto fp = frame_.sp + static_cast<std::uint64_t>(*facts_->sp_delta) + arch_.call_pushes;
  if (frame_.sp < memory_->begin() || fp > memory_->end() || fp < frame_.sp)
    return stop("frame leaves the stack", frame_.sp);

  frame_.size = static_cast<std::uint32_t>(fp - frame_.sp);  // sp_delta has 31 bits
  // A function that switches stacks cannot be unwound but where it stands at its entry check,
  // which is how the collector meets it innermost, or where it saves its position (asm_amd64.s:
  // systemstack, asmcgocall), which the collector never meets.
  auto flag = f.flag;
  if (facts_->role == FrameRole::Cgocallback || from_syscall)
    flag &= static_cast<std::uint8_t>(~kFuncFlagSpWrite);
  if (flag & kFuncFlagTopFrame) {
    return_pc_ = 0;
  } else if ((flag & kFuncFlagSpWrite) && !innermost && callee_ != FrameRole::SavesForSwitch) {
    return_pc_ = 0;
    failure_ = "caller switches stacks";
  } else {
    // A link register was saved at the frame's bottom, as soon as there is a frame.
    if (!arch_.uses_link_register)
      return_pc_ = memory_->word(fp - kWord).value_or(0);
    else if (return_pc_ == 0 || (innermost && frame_.sp < fp))
      return_pc_ = memory_->word(frame_.sp).value_or(0);
    if (return_pc_ == 0) failure_ = "return address is null";
  }

  // The saved frame pointer: the caller's on amd64, on arm64 the callee's, below its own frame.
  auto below = arch_.call_pushes + (fp - arch_.call_pushes > frame_.sp ? kWord : 0);
  frame_.varp_below = static_cast<std::uint8_t>(below);
  frame_.argp_above = static_cast<std::uint8_t>(arch_.min_frame_size);
  frame_.within_call = !trap_ && frame_.pc > f.entry;

  // After a trap the function either never continues or returns by way of its deferreturn call.
  frame_.continpc = frame_.pc;
  if (callee_ == FrameRole::Sigpanic)
    frame_.continpc = f.deferreturn != 0 ? f.entry + f.deferreturn + 1 : 0;
}

void Unwinder::next() {
  if (return_pc_ == 0) return stop(failure_, frame_.fp());
  auto& caller = cache_.at(return_pc_);
  if (!caller.known) return stop("return address outside Go code", frame_.fp());
  // Frames without a size read the same word for their return address: two in a row never end.
  if (return_pc_ == frame_.pc && frame_.size == 0)
    return stop("frame is its own caller", frame_.fp());
  callee_ = facts_->role;
  trap_ = is_injected_call(callee_);
  auto sp = frame_.fp();
  frame_ = {};
  frame_.pc = return_pc_;
  frame_.sp = sp;
  facts_ = &caller;
  return_pc_ = 0;
  if (arch_.uses_link_register && trap_) {
    // The handler saved the link register beside the stack before it made the call; it is this
    // frame's return address unless that was saved by then.
    frame_.sp = sp + arch_.injected_bytes;
    if (caller.sp_delta == 0) return_pc_ = memory_->word(sp).value_or(0);
  }
  resolve(false, false);
}

void Unwinder::stop(std::string_view failure, Address unaccounted) {
  facts_ = nullptr;
  failure_ = failure;
  unaccounted_ = unaccounted;
}

}  // namespace overhang
