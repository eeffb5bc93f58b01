#include "goruntime/goroutine_stack.h"

#include <fmt/format.h>

#include <algorithm>

namespace overhang {
namespace {

constexpr std::uint64_t kWord = 8;
// Frames kept per goroutine; those further out are scanned but not listed.
constexpr std::size_t kMaxFrames = 1 << 20;
// Bytes. Where C made a system stack, its upper end is taken from a variable of the outermost
// frames, which go on above (proc.go: mstart0).
constexpr std::uint64_t kAboveSystemStack = 512;

// The frame on whose part of the stack `slot` stands.
std::int32_t frame_of(const Goroutine& goroutine, Address slot) {
  auto& frames = goroutine.frames;
  auto at = std::upper_bound(frames.begin(), frames.end(), slot,
                             [](Address a, const StackFrame& f) { return a < f.fp(); });
  if (at == frames.end() || slot < at->sp) return -1;
  return static_cast<std::int32_t>(at - frames.begin());
}

// Each word once, an exact reading before a conservative one.
void sort_roots(std::vector<StackRoot>& roots) {
  auto key = [](const StackRoot& r) { return std::tuple(r.slot, r.conservative, r.value); };
  std::ranges::sort(roots, {}, key);
  auto same = [](const StackRoot& a, const StackRoot& b) {
    return a.slot == b.slot && (a.slot != 0 || a.value == b.value);
  };
  roots.erase(std::unique(roots.begin(), roots.end(), same), roots.end());
}

}  // namespace

void GoroutineStack::read(Goroutine& goroutine) {
  // Grown in vectors that go from goroutine to goroutine, kept at their exact size.
  goroutine.frames.swap(frames_);
  goroutine.roots.swap(roots_);
  unwind_and_scan(goroutine);
  std::vector<StackFrame> frames(goroutine.frames);
  std::vector<StackRoot> roots(goroutine.roots);
  goroutine.frames.swap(frames_);
  goroutine.roots.swap(roots_);
  frames_.clear();
  roots_.clear();
  goroutine.frames = std::move(frames);
  goroutine.roots = std::move(roots);
}

void GoroutineStack::unwind_and_scan(Goroutine& goroutine) {
  const Image& image = runtime_.image();
  auto position = positions_.find(goroutine, cache_);
  bool known = position && position->stack.sp >= goroutine.stack_lo &&
               position->stack.sp < goroutine.stack_hi && position->stack.sp % kWord == 0;
  auto from = known ? position->stack.sp : goroutine.stack_lo;
  std::optional<ByteSpan> bytes;
  if (goroutine.system_stack)
    bytes = image.bytes(from, goroutine.stack_hi + kAboveSystemStack - from);
  if (!bytes) bytes = image.bytes(from, goroutine.stack_hi - from);
  if (!bytes) {
    goroutine.truncated = true;
    runtime_.diagnostics().lose("stack missing from the image",
                                fmt::format("goroutine {}", goroutine.id));
    return;
  }
  memory_ = {from, *bytes};
  scan_.begin(goroutine.stack_lo, goroutine.stack_hi, memory_, goroutine.roots);

  auto context =
      image.word(goroutine.g + static_cast<std::uint64_t>(runtime_.layout().g_sched_ctxt));
  scan_.word(0, context.value_or(0), -1, false);
  scan_vector_registers(goroutine);
  if (known) {
    for (auto value : position->registers) scan_.word(0, value, -1, true);
    scan_frames(goroutine, *position);
    if (positions_.may_be_moving(goroutine, *position)) scan_.reach_all();
  } else {
    give_up(goroutine, "goroutine stopped nobody knows where", from);
  }
  scan_records(goroutine);
  scan_.finish();
  sort_roots(goroutine.roots);
}

// preempt_xreg.go: xRegScan. They are set while the goroutine is stopped asynchronously.
void GoroutineStack::scan_vector_registers(const Goroutine& goroutine) {
  const Image& image = runtime_.image();
  const Layout& layout = runtime_.layout();
  if (!layout.scans_vector_registers()) return;
  auto state =
      image.word(goroutine.g + static_cast<std::uint64_t>(layout.g_xRegs_state)).value_or(0);
  if (state == 0) return;
  auto bytes = image.bytes(state + static_cast<std::uint64_t>(layout.xRegState_regs),
                           static_cast<std::uint64_t>(layout.xRegs_size));
  if (!bytes) {
    runtime_.diagnostics().lose("vector registers missing from the image",
                                fmt::format("goroutine {}", goroutine.id));
    return;
  }
  for (std::uint64_t at = 0; at + kWord <= bytes->size(); at += kWord)
    scan_.word(0, load_unchecked<Address>(bytes->data() + at), -1, true);
}

void GoroutineStack::scan_frames(Goroutine& goroutine, const GoroutinePosition& position) {
  // An asynchronously stopped frame is scanned conservatively, as is one whose registers its
  // callee keeps.
  bool conservative = !position.registers.empty();
  for (unwinder_.start(memory_, position.stack); unwinder_.valid(); unwinder_.next()) {
    auto& facts = unwinder_.facts();
    // What switched to the system stack: from there up another stack's frames go on.
    if (goroutine.system_stack && switches_stacks(facts)) return;
    auto role = facts.role;
    bool keeps_registers = role == FrameRole::AsyncPreempt || role == FrameRole::DebugCall ||
                           role == FrameRole::KeepsRegisters;
    std::int32_t index = -1;
    auto frame = unwinder_.frame();
    frame.conservative = conservative || keeps_registers;
    if (goroutine.frames.size() < kMaxFrames)
      index = static_cast<std::int32_t>(goroutine.frames.size());
    if (frame.conservative) {
      scan_conservatively(frame, facts, index);
    } else if (!scan_exactly(frame, facts, index)) {
      runtime_.diagnostics().lose("stack map missing", facts.function.name);
      frame.conservative = true;
      scan_conservatively(frame, facts, index);
    }
    // What the closure holds that runs on the system stack: it stands in the caller's frame, and no
    // map tells of it while the goroutine pretends to be in systemstack_switch.
    if (position.on_system_stack && role == FrameRole::SystemstackSwitch)
      scan_.word(frame.argp(), memory_.word(frame.argp()).value_or(0), index, false);
    conservative = keeps_registers;
    if (index >= 0) goroutine.frames.push_back(frame);
  }
  if (!unwinder_.failure().empty())
    give_up(goroutine, unwinder_.failure(), unwinder_.unaccounted());
}

// Notes that the frames do not account for the stack from `from` up.
void GoroutineStack::give_up(Goroutine& goroutine, std::string_view why, Address from) {
  goroutine.truncated = true;
  runtime_.diagnostics().lose(why, fmt::format("goroutine {}, {:#x}", goroutine.id, from));
  scan_.conservative(from, memory_.end(), -1);
}

void GoroutineStack::scan_conservatively(const StackFrame& frame, const PcFacts& facts,
                                         std::int32_t index) {
  // What a signal handler pushed is part of the frame that it made (the link register may hold a
  // pointer).
  auto injected = is_injected_call(facts.role) ? arch_.injected_bytes : 0;
  scan_.conservative(frame.sp, frame.varp() + injected, index);
  std::uint64_t size = 0;  // stkframe.argBytes
  bool reflect_object = false;
  if (facts.function.args_size != kArgsSizeUnknown)
    size = static_cast<std::uint64_t>(std::max(facts.function.args_size, 0));
  else if (auto args = reflect_arguments(frame, facts, reflect_object))
    size = std::uint64_t{args->count} * kWord;
  scan_.conservative(frame.argp(), frame.argp() + size, index);
}

// scanframeworker's exact half. False where the maps that it takes are missing.
bool GoroutineStack::scan_exactly(const StackFrame& frame, const PcFacts& facts,
                                  std::int32_t index) {
  if (frame.continpc == 0) return true;  // dead
  auto& maps = frame.continpc == frame.pc ? facts.maps : cache_.at(frame.continpc).maps;

  StackBits locals;
  if (frame.varp() - frame.sp > arch_.min_locals) {
    if (!maps.locals.known) return false;
    locals = maps.locals;
  }
  bool reflect_object = false;
  StackBits args;
  if (facts.function.args_size == kArgsSizeUnknown) {
    auto dynamic = reflect_arguments(frame, facts, reflect_object);
    if (!dynamic) return false;
    args = *dynamic;
  } else if (facts.function.args_size >= static_cast<std::int32_t>(kWord)) {
    if (!maps.args.known) return false;
    args = maps.args;
  }

  auto locals_size = std::uint64_t{locals.count} * kWord;
  if (!scan_.masked(frame.varp() - locals_size, locals.bits, locals.count, index, false) ||
      !scan_.masked(frame.argp(), args.bits, args.count, index, false))
    return false;
  if (reflect_object) {
    scan_.add_register_arguments(frame.varp(), index);
    return true;
  }
  auto record_size = static_cast<std::uint64_t>(runtime_.layout().stackObjectRecord_size_of);
  for (std::uint64_t i = 0; i < maps.objects.size() / record_size; i++) {
    auto record = read_stack_object(runtime_.layout(), maps.objects, i);
    auto base = record.offset >= 0 ? frame.argp() : frame.varp();
    auto address = base + static_cast<std::uint64_t>(std::int64_t{record.offset});
    if (address < frame.sp) continue;  // not allocated in the frame yet
    scan_.add_object(address, record, facts.module->rodata, index);
  }
  return true;
}

// stkframe.argMapInternal for functions of unknown argument size: of reflect's stubs the map that
// reflect made for this call, of others (assembly) nothing. Nothing where the record contradicts
// the function.
std::optional<StackBits> GoroutineStack::reflect_arguments(const StackFrame& frame,
                                                           const PcFacts& facts,
                                                           bool& reflect_object) const {
  StackBits none{true, nullptr, 0};
  if (facts.role != FrameRole::ReflectStub) return none;
  auto arg0 = frame.sp + arch_.min_frame_size;
  if (arg0 >= frame.fp() - arch_.call_pushes) return none;  // a goroutine that has not started

  // reflectMethodValue {fn uintptr; stack *bitvector; argLen uintptr}, and whether the results are
  // valid, four words on.
  const Image& image = runtime_.image();
  auto method_value = memory_.word(arg0);
  auto* valid = memory_.at(arg0 + 4 * kWord, 1);
  if (!method_value || !valid) return std::nullopt;
  auto entry = image.word(*method_value);
  auto vector = image.word(*method_value + kWord);
  auto args_size = image.word(*method_value + 2 * kWord);
  if (!entry || !vector || !args_size || *entry != facts.function.entry) return std::nullopt;
  auto count = image.read<std::int32_t>(*vector);  // bitvector {n int32; bytedata *uint8}
  auto data = image.word(*vector + kWord);
  if (!count || !data || *count < 0) return std::nullopt;
  auto words = static_cast<std::uint64_t>(*count);
  if (*valid == std::byte{0}) words = std::min(words, *args_size / kWord);
  reflect_object = true;
  if (words == 0) return none;
  auto* bits = image.at(*data, (words + 7) / 8);
  if (!bits) return std::nullopt;
  return StackBits{true, bits, static_cast<std::uint32_t>(words)};
}

// Records that point into the stack: _defer and _panic.
void GoroutineStack::scan_records(const Goroutine& goroutine) {
  const Image& image = runtime_.image();
  const Layout& layout = runtime_.layout();
  auto at = [](Address base, std::int64_t offset) {
    return base + static_cast<std::uint64_t>(offset);
  };
  auto field = [&](Address record, std::int64_t offset) {
    auto slot = at(record, offset);
    auto value = image.word(slot).value_or(0);
    bool on_stack = slot >= goroutine.stack_lo && slot < goroutine.stack_hi;
    scan_.word(on_stack ? slot : 0, value, on_stack ? frame_of(goroutine, slot) : -1, false);
    return value;
  };
  // A list that runs in a circle is found out by Brent's algorithm.
  auto defer = image.word(at(goroutine.g, layout.g_defer)).value_or(0);
  Address anchor = 0;
  for (std::uint64_t steps = 0, next_anchor = 1; defer != 0; steps++) {
    auto heap = image.read<std::uint8_t>(at(defer, layout.defer_heap));
    if (!heap || defer == anchor || defers_left_.fetch_sub(1, std::memory_order_relaxed) <= 0) {
      runtime_.diagnostics().lose("list of deferred calls broken",
                                  fmt::format("goroutine {}, {:#x}", goroutine.id, defer));
      break;
    }
    if (steps == next_anchor) {
      anchor = defer;
      next_anchor *= 2;
    }
    if (*heap) scan_.word(0, defer, -1, false);
    field(defer, layout.defer_fn);
    defer = field(defer, layout.defer_link);
  }
  auto panic = image.word(at(goroutine.g, layout.g_panic)).value_or(0);
  if (panic >= goroutine.stack_lo && panic < goroutine.stack_hi) scan_.word(0, panic, -1, false);
}

}  // namespace overhang
