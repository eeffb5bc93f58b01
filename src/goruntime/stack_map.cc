#include "goruntime/stack_map.h"

namespace overhang {
namespace {

// internal/abi/symtab.go.
constexpr std::uint32_t kPcdataStackMapIndex = 1;
constexpr std::uint32_t kFuncdataArgsPointerMaps = 0;
constexpr std::uint32_t kFuncdataLocalsPointerMaps = 1;
constexpr std::uint32_t kFuncdataStackObjects = 2;

// More stack maps or objects than any function has: a bound for what the target says.
constexpr std::uint64_t kMaxStackObjects = 1 << 20;

// FuncIDs tell most of these apart; the others the runtime itself knows by name, or (those that
// keep their caller's registers: ssa/_gen/AMD64Ops.go, wb and duff) it never unwinds through.
FrameRole role_of(const Function& f, const Layout& layout) {
  auto is = [&f](std::int64_t id) { return id >= 0 && f.func_id == id; };
  if (is(layout.funcIdAsyncPreempt)) return FrameRole::AsyncPreempt;
  if (is(layout.funcIdDebugCallV2)) return FrameRole::DebugCall;
  // What a signal handler makes a goroutine call: sigpanic0, which jumps to sigpanic.
  if (is(layout.funcIdSigpanic) || f.name == "runtime.sigpanic0") return FrameRole::Sigpanic;
  if (is(layout.funcIdCgocallback)) return FrameRole::Cgocallback;
  if (f.name == "reflect.makeFuncStub" || f.name == "reflect.methodValueCall")
    return FrameRole::ReflectStub;
  if (f.name == "runtime.duffzero" || f.name == "runtime.duffcopy" || f.name == "gcWriteBarrier" ||
      f.name.starts_with("runtime.gcWriteBarrier"))
    return FrameRole::KeepsRegisters;
  if (f.name == "gogo" || f.name == "runtime.gogo") return FrameRole::Gogo;
  if (is(layout.funcIdMorestack) || f.name == "runtime.morestack_noctxt")
    return FrameRole::Morestack;
  if (f.name == "gosave_systemstack_switch") return FrameRole::SavesForSwitch;
  if (f.name == "runtime.systemstack_switch") return FrameRole::SystemstackSwitch;
  return FrameRole::Ordinary;
}

// runtime.stackmap {n, nbit int32; bytedata}: bit vector `index` of the map at `map`.
StackBits read_bits(const Image& image, Address map, std::int32_t index) {
  auto count = image.read<std::int32_t>(map);
  auto bits = image.read<std::int32_t>(map + 4);
  if (!count || !bits || *count <= 0 || *bits < 0) return {};
  if (*bits == 0) return {true, nullptr, 0};
  if (index < 0 || index >= *count) return {};
  auto stride = (static_cast<std::uint64_t>(*bits) + 7) / 8;
  auto* data = image.at(map + 8 + static_cast<std::uint64_t>(index) * stride, stride);
  if (!data) return {};
  return {true, data, static_cast<std::uint32_t>(*bits)};
}

StackMaps maps_at(const Runtime& runtime, const Module& module, const Function& f, Address pc) {
  const Image& image = runtime.image();
  // Back up into the call, but at the entry use the entry's map, whatever the first instruction
  // says. −1 is the prologue.
  std::int32_t index = -1;
  if (pc != f.entry) index = module.functions.pcdata(f, kPcdataStackMapIndex, pc - 1);
  if (index == -1) index = 0;

  StackMaps maps;
  auto funcdata = [&](std::uint32_t which) -> std::optional<Address> {
    auto offset = module.functions.funcdata_offset(f, which);
    if (!offset) return std::nullopt;
    return module.gofunc + *offset;
  };
  if (auto map = funcdata(kFuncdataLocalsPointerMaps)) maps.locals = read_bits(image, *map, index);
  if (auto map = funcdata(kFuncdataArgsPointerMaps)) maps.args = read_bits(image, *map, index);
  if (auto list = funcdata(kFuncdataStackObjects)) {
    auto count = image.word(*list);
    std::optional<ByteSpan> records;
    if (count && *count <= kMaxStackObjects)
      records = image.bytes(*list + 8, *count * static_cast<std::uint64_t>(
                                                    runtime.layout().stackObjectRecord_size_of));
    if (records)
      maps.objects = *records;
    else
      runtime.diagnostics().lose("list of stack objects unreadable", f.name);
  }
  return maps;
}

}  // namespace

const StackArchitecture& stack_architecture(Architecture architecture) {
  static constexpr StackArchitecture kAmd64{
      .uses_link_register = false,
      .call_pushes = 8,
      .min_frame_size = 0,
      .min_locals = 0,
      .injected_bytes = 0,
      .general_registers = 15,
      .int_argument_registers = 9,
      .float_argument_registers = 15,
  };
  // internal/goarch/goarch_arm64.go, internal/abi/abi_arm64.go.
  static constexpr StackArchitecture kArm64{
      .uses_link_register = true,
      .call_pushes = 0,
      .min_frame_size = 8,
      .min_locals = 16,
      .injected_bytes = 16,
      .general_registers = 31,
      .int_argument_registers = 16,
      .float_argument_registers = 16,
  };
  return architecture == Architecture::Arm64 ? kArm64 : kAmd64;
}

StackObjectRecord read_stack_object(const Layout& layout, ByteSpan objects, std::size_t index) {
  auto base = index * static_cast<std::uint64_t>(layout.stackObjectRecord_size_of);
  auto field = [&](std::int64_t offset) {
    return load<std::int32_t>(objects, base + static_cast<std::uint64_t>(offset)).value_or(0);
  };
  return {field(layout.stackObjectRecord_off), field(layout.stackObjectRecord_size),
          field(layout.stackObjectRecord_ptrBytes),
          static_cast<std::uint32_t>(field(layout.stackObjectRecord_gcdataoff))};
}

PcFacts pc_facts(const Runtime& runtime, Address pc) {
  PcFacts facts;
  auto* module = runtime.module_of_pc(pc);
  if (!module) return facts;
  auto function = module->functions.find(pc);
  if (!function) return facts;
  facts.known = true;
  facts.module = module;
  facts.function = *function;
  facts.role = role_of(*function, runtime.layout());
  facts.sp_delta = module->functions.sp_delta(*function, pc);
  facts.maps = maps_at(runtime, *module, *function, pc);
  return facts;
}

}  // namespace overhang
