#include "goruntime/goroutine_position.h"

#include <algorithm>
#include <bit>

#include "goruntime/arenas.h"

namespace overhang {
namespace {

constexpr std::uint64_t kWord = 8;

bool on_stack(const Goroutine& g, Address sp) { return sp >= g.stack_lo && sp < g.stack_hi; }

// What stands in a signal frame from ucontext.uc_stack {ss_sp; ss_flags; ss_size} on, as indexes of
// words (asm/sigcontext.h).
struct SignalFrame {
  std::uint64_t first_register, general_registers, sp, pc;
};
constexpr SignalFrame signal_frame(Architecture architecture) {
  // uc_sigmask (128 bytes, room to grow included), padding, fault_address, x0 … x30, sp, pc.
  if (architecture == Architecture::Arm64) return {21, 31, 52, 53};
  return {3, 15, 18, 19};  // r8 … r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip
}
constexpr std::uint64_t kMaxSignalStack = 1 << 20;  // bytes

// Which of the general registers, in the order of struct user_pt_regs (arm64).
constexpr std::size_t kR3 = 3, kLinkRegister = 30;

}  // namespace

GoroutinePositions::GoroutinePositions(const Runtime& runtime)
    : runtime_(runtime), arch_(stack_architecture(runtime.image().architecture())) {
  for (auto& thread : runtime.image().threads()) {
    threads_.emplace(thread.tid, &thread);
    by_sp_.push_back(&thread);
  }
  std::ranges::sort(by_sp_, {}, &ThreadState::sp);
  any_moving_ = std::ranges::any_of(runtime.image().threads(),
                                    [this](auto& thread) { return in_copystack(thread); });
}

// By the return addresses on its stack, which is not unwound for this: a stale one does no harm.
bool GoroutinePositions::in_copystack(const ThreadState& thread) const {
  constexpr std::uint64_t kWords = 512;  // what copystack's callees need, and more
  auto is_copystack = [this](Address pc) {
    auto function = runtime_.find_function(pc);
    return function && function->name == "runtime.copystack";
  };
  if (is_copystack(thread.pc)) return true;
  const Image& image = runtime_.image();
  for (std::uint64_t i = 0; i < kWords; i++) {
    auto word = image.word(thread.sp + i * kWord);
    if (!word) break;
    if (is_copystack(*word)) return true;
  }
  return false;
}

std::optional<GoroutinePositions::StackBounds> GoroutinePositions::stack_being_left(
    Address g, StackBounds recorded) const {
  if (!any_moving_) return std::nullopt;
  const Image& image = runtime_.image();
  const Layout& layout = runtime_.layout();
  auto sp = image.word(g + static_cast<std::uint64_t>(layout.g_sched_sp)).value_or(0);
  // A stack's size is a power of two: another one has been written by half.
  bool whole = recorded.lo < recorded.hi && std::has_single_bit(recorded.hi - recorded.lo);
  if (sp == 0 || (whole && sp >= recorded.lo && sp < recorded.hi)) return std::nullopt;
  // stackpoolalloc, stackalloc: a span of stacks of mspan.elemsize bytes, not freed yet.
  auto span = ArenaMap(image, layout, runtime_.variables().mheap).span_of(sp);
  auto field = [&](std::int64_t offset) {
    return image.word(span + static_cast<std::uint64_t>(offset)).value_or(0);
  };
  auto state = image.read<std::uint8_t>(span + static_cast<std::uint64_t>(layout.mspan_state));
  auto base = field(layout.mspan_startAddr), size = field(layout.mspan_elemsize);
  if (span == 0 || !state || *state == layout.mSpanInUse || sp < base || !std::has_single_bit(size))
    return std::nullopt;
  auto lo = base + (sp - base) / size * size;
  return StackBounds{lo, lo + size};
}

bool GoroutinePositions::may_be_moving(const Goroutine& goroutine,
                                       const GoroutinePosition& position) const {
  if (!any_moving_) return false;
  // Who shrinks another's stack holds its _Gscan bit (stack.go: shrinkstack).
  auto status = runtime_.image().read<std::uint32_t>(
      goroutine.g + static_cast<std::uint64_t>(runtime_.layout().g_atomicstatus));
  return position.on_system_stack || (status && (*status & kGscan)) ||
         goroutine.status == static_cast<std::uint32_t>(GoroutineStatus::CopyStack);
}

std::optional<GoroutinePosition> GoroutinePositions::find(const Goroutine& goroutine,
                                                          PcCache& cache) const {
  const Image& image = runtime_.image();
  const Layout& layout = runtime_.layout();
  auto field = [&](std::int64_t offset) {
    return image.word(goroutine.g + static_cast<std::uint64_t>(offset)).value_or(0);
  };
  if (!goroutine.system_stack) {
    // initAt: "saved values from gp".
    if (auto sp = field(layout.g_syscallsp); sp != 0)
      return GoroutinePosition{{field(layout.g_syscallpc), sp, false, true}, {}, false};
    if (goroutine.status != static_cast<std::uint32_t>(GoroutineStatus::Running))
      return GoroutinePosition{
          {field(layout.g_sched_pc), field(layout.g_sched_sp), false, false, saved_lr(goroutine)},
          {},
          false};
  }

  auto m = field(layout.g_m);
  auto* thread = thread_of(goroutine, m);
  if (!thread) return std::nullopt;
  auto general = std::min<std::size_t>(arch_.general_registers, thread->register_count);
  auto* first = thread->registers.data();
  Registers registers{thread->pc, thread->sp, {first, first + general}};
  auto position = on_thread(goroutine, m, registers, cache);
  if (goroutine.system_stack) {
    // What switches to this stack or is about to leave it; some of it calls the vDSO from here
    // (sys_linux_amd64.s: nanotime1).
    bool switches = position && switches_stacks(cache.at(position->stack.pc));
    return switches ? vdso_caller(goroutine, m) : position;
  }
  if (position) return position;
  // On the system stack, by way of systemstack, mcall or morestack, which save the goroutine.
  auto sp = field(layout.g_sched_sp);
  if (on_stack(goroutine, registers.sp) || !on_stack(goroutine, sp)) return std::nullopt;
  return GoroutinePosition{
      {field(layout.g_sched_pc), sp, false, false, saved_lr(goroutine)}, {}, true};
}

// The thread whose sp is on the goroutine's stack, else (it is on a system stack for a moment) the
// one that runs its m.
const ThreadState* GoroutinePositions::thread_of(const Goroutine& goroutine, Address m) const {
  auto at = std::ranges::lower_bound(by_sp_, goroutine.stack_lo, {}, &ThreadState::sp);
  if (at != by_sp_.end() && on_stack(goroutine, (*at)->sp)) return *at;
  auto id = runtime_.image().word(m + static_cast<std::uint64_t>(runtime_.layout().m_procid));
  auto found = id ? threads_.find(static_cast<std::uint32_t>(*id)) : threads_.end();
  return found == threads_.end() ? nullptr : found->second;
}

// If `sp` is on the m's signal stack: the registers that the kernel saved there.
std::optional<GoroutinePositions::Registers> GoroutinePositions::interrupted(Address m,
                                                                             Address sp) const {
  const Image& image = runtime_.image();
  const Layout& layout = runtime_.layout();
  auto gsignal = image.word(m + static_cast<std::uint64_t>(layout.m_gsignal)).value_or(0);
  auto lo = image.word(gsignal + static_cast<std::uint64_t>(layout.g_stack_lo)).value_or(0);
  auto hi = image.word(gsignal + static_cast<std::uint64_t>(layout.g_stack_hi)).value_or(0);
  if (sp < lo || sp >= hi || hi - lo > kMaxSignalStack) return std::nullopt;
  sp = (sp + kWord - 1) & ~(kWord - 1);
  auto frame = signal_frame(image.architecture());
  auto size = (frame.pc + 1) * kWord;
  if (hi - sp < size) return std::nullopt;
  auto* bytes = image.at(sp, hi - sp);
  if (!bytes) return std::nullopt;
  // The frame's place depends on how much the processor saves, but it names its own stack.
  for (std::uint64_t at = 0; at + size <= hi - sp; at += kWord) {
    auto* words = bytes + at;
    auto word = [&](std::uint64_t i) { return load_unchecked<std::uint64_t>(words + i * kWord); };
    if (word(0) != lo || word(2) != hi - lo) continue;
    // A signal within the handler, as when that ends the process (signal_unix.go: dieFromSignal).
    if (word(frame.sp) >= lo && word(frame.sp) < hi) continue;
    Registers saved;
    for (std::uint64_t i = 0; i < frame.general_registers; i++)
      saved.general.push_back(word(frame.first_register + i));
    saved.sp = word(frame.sp);
    saved.pc = word(frame.pc);
    return saved;
  }
  return std::nullopt;
}

// Of registers whose sp is on the goroutine's stack.
std::optional<GoroutinePosition> GoroutinePositions::of_registers(const Goroutine& goroutine,
                                                                  const Registers& registers,
                                                                  PcCache& cache) const {
  auto general = [&](std::size_t i) {
    return i < registers.general.size() ? registers.general[i] : 0;
  };
  auto& facts = cache.at(registers.pc);
  if (!facts.known && registers.pc != 0) return std::nullopt;
  GoroutinePosition at{{registers.pc, registers.sp, true, false}, registers.general};
  if (arch_.uses_link_register) at.stack.lr = general(kLinkRegister);
  // There, both are about to leave the stack.
  if (goroutine.system_stack) return at;
  if (facts.role == FrameRole::Gogo) {  // on its way to sched.pc, sp set already
    auto slot = goroutine.g + static_cast<std::uint64_t>(runtime_.layout().g_sched_pc);
    at.stack.pc = runtime_.image().word(slot).value_or(0);
    // It clears sched.lr once that is in the register.
    if (auto lr = saved_lr(goroutine)) at.stack.lr = lr;
  } else if (facts.role == FrameRole::Morestack && at.stack.lr != 0) {
    // Its caller has no frame yet and keeps its own link register in another.
    at.stack.pc = at.stack.lr;
    at.stack.lr = general(kR3);
  }
  return at;
}

// Of one that its thread runs right now. `registers`, the thread's, become the interrupted ones
// where a signal handler runs.
std::optional<GoroutinePosition> GoroutinePositions::on_thread(const Goroutine& goroutine,
                                                               Address m, Registers& registers,
                                                               PcCache& cache) const {
  if (!on_stack(goroutine, registers.sp))
    if (auto saved = interrupted(m, registers.sp)) registers = *saved;

  if (on_stack(goroutine, registers.sp))
    if (auto position = of_registers(goroutine, registers, cache)) return position;
  return vdso_caller(goroutine, m);
}

// In a vDSO call, which runs on the system stack: its caller, stopped at a call.
std::optional<GoroutinePosition> GoroutinePositions::vdso_caller(const Goroutine& goroutine,
                                                                 Address m) const {
  const Layout& layout = runtime_.layout();
  auto word = [&](std::int64_t offset) {
    return runtime_.image().word(m + static_cast<std::uint64_t>(offset)).value_or(0);
  };
  auto sp = word(layout.m_vdsoSP);
  if (sp == 0 || !on_stack(goroutine, sp)) return std::nullopt;
  return GoroutinePosition{{word(layout.m_vdsoPC), sp, false, false}, {}, false};
}

Address GoroutinePositions::saved_lr(const Goroutine& goroutine) const {
  auto slot = goroutine.g + static_cast<std::uint64_t>(runtime_.layout().g_sched_lr);
  return arch_.uses_link_register ? runtime_.image().word(slot).value_or(0) : 0;
}

}  // namespace overhang
