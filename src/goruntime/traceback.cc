#include "goruntime/traceback.h"

#include <algorithm>
#include <array>
#include <deque>

#include "goruntime/goroutine_position.h"

namespace overhang {
namespace {

// internal/abi: the same in all releases.
constexpr std::uint32_t kPcdataInlTreeIndex = 2;
constexpr std::uint32_t kFuncdataInlTree = 3;
constexpr std::uint8_t kFuncIdNormal = 0;
// Calls inlined into each other; hostile tables may lead in a circle.
constexpr int kMaxInlined = 100;

// runtime.inlinedCall. Before Go 1.20 the first four fields were {parent int16; funcID; _; file,
// line, func_, parentPc int32}.
struct InlinedCallShape {
  std::uint64_t size, func_id, name, parent_pc;  // bytes
};
constexpr InlinedCallShape inlined_call_shape(int minor) {
  if (minor < 20) return {20, 2, 12, 16};
  return {16, 0, 4, 8};
}

bool is_upper(std::string_view text) { return !text.empty() && text[0] >= 'A' && text[0] <= 'Z'; }

// isExportedRuntime: exported functions, and exported methods on exported types.
bool is_exported_runtime(std::string_view name) {
  constexpr std::string_view kPackage = "runtime.";
  if (!name.starts_with(kPackage)) return false;
  name.remove_prefix(kPackage.size());
  auto dot = name.rfind('.');
  if (dot == name.npos) return is_upper(name);
  auto receiver = name.substr(0, dot);
  if (receiver.starts_with("(*") && receiver.ends_with(")"))
    receiver = receiver.substr(2, receiver.size() - 3);
  return is_upper(name.substr(dot + 1)) && (receiver.empty() || is_upper(receiver));
}

bool runs_callbacks(std::string_view name) {
  return name == "runtime.runFinalizers" || name == "runtime.runCleanups" ||
         name == "runtime.runfinq";
}

// The first and the last of a long row of frames.
class Ends {
 public:
  void add(const TracebackFrame& frame) {
    if (inner_.size() < kInnerFrames) return inner_.push_back(frame);
    if (outer_.size() == kOuterFrames) {
      outer_.pop_front();
      elided_++;
    }
    outer_.push_back(frame);
  }
  bool empty() const { return inner_.empty(); }
  Traceback take() {
    inner_.insert(inner_.end(), outer_.begin(), outer_.end());
    return {std::move(inner_), elided_};
  }

 private:
  std::vector<TracebackFrame> inner_;
  std::deque<TracebackFrame> outer_;
  std::uint64_t elided_ = 0;
};

std::string_view text_at(ByteSpan table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  auto rest = as_text(table.subspan(offset));
  return rest.substr(0, rest.find('\0'));
}

}  // namespace

std::string printed_function(std::string_view name) {
  if (name == "runtime.gopanic") return "panic";
  auto open = name.find('['), close = name.rfind(']');
  if (open == name.npos || close == name.npos || close < open) return std::string(name);
  return std::string(name.substr(0, open)) + "[...]" + std::string(name.substr(close + 1));
}

Tracebacks::Tracebacks(const Runtime& runtime) : runtime_(runtime) {
  // deferreturn counts as a wrapper (cmd/internal/objabi/funcid.go).
  const std::array<std::pair<std::string_view, std::optional<std::uint8_t>*>, 4> wanted = {{
      {"runtime.deferreturn", &ids_.wrapper},
      {"runtime.gopanic", &ids_.gopanic},
      {"runtime.sigpanic", &ids_.sigpanic},
      {"runtime.panicwrap", &ids_.panicwrap},
  }};
  for (auto& module : runtime.modules())
    for (std::size_t i = 0; i < module.functions.size(); i++) {
      auto function = module.functions.function(i);
      if (!function || !function->name.starts_with("runtime.")) continue;
      for (auto& [name, id] : wanted)
        if (function->name == name) *id = function->func_id;
    }
}

std::optional<Tracebacks::Call> Tracebacks::inlined_call(const Module& module,
                                                         const Function& function,
                                                         std::int32_t index,
                                                         Address& parent_pc) const {
  auto tree = module.functions.funcdata_offset(function, kFuncdataInlTree);
  if (!tree || index < 0) return std::nullopt;
  auto shape = inlined_call_shape(runtime_.layout().minor);
  auto at = module.gofunc + *tree + static_cast<std::uint64_t>(index) * shape.size;
  auto record = runtime_.image().bytes(at, shape.size);
  if (!record) return std::nullopt;
  auto name = load_unchecked<std::uint32_t>(record->data() + shape.name);
  Call call;
  call.frame.function = text_at(module.functions.parts().funcnametab, name);
  call.frame.inlined = true;
  call.func_id = load_unchecked<std::uint8_t>(record->data() + shape.func_id);
  parent_pc = function.entry + load_unchecked<std::uint32_t>(record->data() + shape.parent_pc);
  return call;
}

// newInlineUnwinder, and its frames up to the physical function's own.
std::vector<Tracebacks::Call> Tracebacks::expand(Address lookup_pc) const {
  std::vector<Call> out;
  auto* module = runtime_.module_of_pc(lookup_pc);
  auto function = runtime_.find_function(lookup_pc);
  if (!module || !function) return out;
  auto pc = lookup_pc;
  for (int i = 0; i < kMaxInlined; i++) {
    auto index = module->functions.pcdata(*function, kPcdataInlTreeIndex, pc);
    Address parent_pc = 0;
    auto call = inlined_call(*module, *function, index, parent_pc);
    if (!call) break;
    call->frame.place = module->functions.line(*function, pc);
    out.push_back(*call);
    pc = parent_pc;
  }
  out.push_back(
      {{function->name, module->functions.line(*function, pc), false}, function->func_id});
  return out;
}

const std::vector<Tracebacks::Call>& Tracebacks::calls(Address lookup_pc) {
  auto [place, unknown] = calls_.try_emplace(lookup_pc);
  if (unknown) place->second = expand(lookup_pc);
  return place->second;
}

// elideWrapperCalling. `callee`: the FuncID of the frame that this one called.
bool Tracebacks::is_elided_wrapper(const Call& call, std::uint8_t callee) const {
  bool called_panic = callee == ids_.gopanic || callee == ids_.sigpanic || callee == ids_.panicwrap;
  return call.func_id == ids_.wrapper && !called_panic;
}

// showfuncinfo.
bool Tracebacks::shows(const Call& call, bool first, std::uint8_t callee) const {
  if (is_elided_wrapper(call, callee)) return false;
  auto name = call.frame.function;
  if (runs_callbacks(name) || (name == "runtime.gopanic" && !first)) return true;
  return name.find('.') != name.npos &&
         (!name.starts_with("runtime.") || is_exported_runtime(name));
}

Traceback Tracebacks::of(const std::vector<StackFrame>& frames) {
  Ends shown, all;
  auto callee = kFuncIdNormal;
  for (auto& frame : frames)
    for (auto& call : calls(frame.lookup_pc())) {
      if (shows(call, shown.empty(), callee)) shown.add(call.frame);
      if (shown.empty()) all.add(call.frame);
      callee = call.func_id;
    }
  return shown.empty() ? all.take() : shown.take();
}

std::vector<Address> Tracebacks::identity(const std::vector<StackFrame>& frames) {
  std::vector<Address> out;
  auto callee = kFuncIdNormal;
  for (auto& frame : frames) {
    bool kept = false;
    for (auto& call : calls(frame.lookup_pc())) {
      kept |= !is_elided_wrapper(call, callee);
      callee = call.func_id;
    }
    if (kept) out.push_back(frame.lookup_pc());
  }
  return out;
}

std::optional<TracebackFrame> Tracebacks::created_by(const Goroutine& goroutine) const {
  auto pc = goroutine.go_pc;
  auto* module = runtime_.module_of_pc(pc);
  auto function = runtime_.find_function(pc);
  Call call;
  if (!module || !function || goroutine.id == 1) return std::nullopt;
  call.frame.function = function->name;
  if (!shows(call, false, kFuncIdNormal)) return std::nullopt;
  call.frame.place = module->functions.line(*function, pc > function->entry ? pc - 1 : pc);
  return call.frame;
}

bool Tracebacks::is_system(const Goroutine& goroutine) {
  if (goroutine.system_stack) return true;
  auto start = runtime_.find_function(goroutine.start_pc);
  if (!start) return false;
  auto name = start->name;
  if (name == "runtime.main" || name == "runtime.corostart") return false;
  if (runs_callbacks(name))
    return std::ranges::all_of(of(goroutine.frames).frames, [](const TracebackFrame& frame) {
      return frame.function.starts_with("runtime.");
    });
  return name.starts_with("runtime.");
}

// --- why it waits ---

namespace {

constexpr std::uint64_t kStringSize = 16;       // {data, len}
constexpr std::uint64_t kMaxReasonLength = 80;  // bytes
constexpr std::string_view kFirstReason = "GC assist marking", kSecondReason = "IO wait";

bool holds_string(const Image& image, const std::byte* header, std::string_view text) {
  if (load_unchecked<std::uint64_t>(header + 8) != text.size()) return false;
  auto bytes = image.bytes(load_unchecked<Address>(header), text.size());
  return bytes && as_text(*bytes) == text;
}

// Where in [begin, end) an empty string stands before those two.
Address find_table(const Image& image, Address begin, Address end) {
  constexpr std::uint64_t kEntries = 3 * kStringSize;
  if (end < begin || end - begin < kEntries) return 0;
  auto bytes = image.bytes(begin, end - begin);
  if (!bytes) return 0;
  for (std::uint64_t at = 0; at + kEntries <= bytes->size(); at += 8) {
    auto* entry = bytes->data() + at;
    if (load_unchecked<std::uint64_t>(entry + 8) == 0 &&
        holds_string(image, entry + kStringSize, kFirstReason) &&
        holds_string(image, entry + 2 * kStringSize, kSecondReason))
      return begin + at;
  }
  return 0;
}

}  // namespace

WaitReasons::WaitReasons(const Runtime& runtime) : image_(runtime.image()) {
  for (auto& module : runtime.modules()) {
    table_ = find_table(image_, module.data, module.edata);
    if (table_ == 0) table_ = find_table(image_, module.noptrdata, module.enoptrdata);
    if (table_ != 0) return;
  }
  runtime.diagnostics().lose("table of wait reasons not found");
}

std::string WaitReasons::text(std::uint8_t reason) const {
  if (table_ == 0 || reason == 0) return {};
  auto header = image_.bytes(table_ + reason * kStringSize, kStringSize);
  if (!header) return {};
  auto length = load_unchecked<std::uint64_t>(header->data() + 8);
  if (length == 0 || length > kMaxReasonLength) return {};
  auto bytes = image_.bytes(load_unchecked<Address>(header->data()), length);
  return bytes ? std::string(as_text(*bytes)) : std::string();
}

std::string_view status_text(std::uint32_t status) {
  switch (static_cast<GoroutineStatus>(status)) {
    case GoroutineStatus::Idle:
      return "idle";
    case GoroutineStatus::Runnable:
      return "runnable";
    case GoroutineStatus::Running:
      return "running";
    case GoroutineStatus::Syscall:
      return "syscall";
    case GoroutineStatus::Waiting:
      return "waiting";
    case GoroutineStatus::Dead:
      return "dead";
    case GoroutineStatus::CopyStack:
      return "copystack";
    case GoroutineStatus::Preempted:
      return "preempted";
    case GoroutineStatus::Leaked:
      return "leaked";
    case GoroutineStatus::DeadExtra:
      return "waiting for cgo callback";
  }
  return "unknown";
}

}  // namespace overhang
