// Stacks as Go's own tracebacks show them: inlined calls as frames of their own, the runtime's
// frames left out. Mirrors traceback.go (traceback2, showfuncinfo, printcreatedby,
// isSystemGoroutine) and symtabinl.go (inlineUnwinder).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "goruntime/goroutines.h"

namespace overhang {

struct TracebackFrame {
  std::string_view function;  // as the function table has it; as long as the image
  SourceLine place;           // of the call that has not returned
  bool inlined = false;
};

// The runtime's limits (tracebackInnerFrames, tracebackOuterFrames).
inline constexpr std::size_t kInnerFrames = 50, kOuterFrames = 50;

struct Traceback {
  std::vector<TracebackFrame> frames;  // innermost first, at most the two limits together
  std::uint64_t elided = 0;            // left out after the kInnerFrames innermost
};

// As runtime.printFuncName prints it: "panic" for runtime.gopanic, type arguments as "[...]".
std::string printed_function(std::string_view name);

// One runtime's. Not thread-safe.
class Tracebacks {
 public:
  explicit Tracebacks(const Runtime& runtime);

  // Of frames as Goroutine has them, innermost first. All frames where only the runtime's are
  // there. What overhang shows of a release before 1.26 is what 1.26 would: finalizers' goroutines
  // with their outermost frame, methods of the runtime's exported types.
  Traceback of(const std::vector<StackFrame>& frames);
  // What makes two stacks equal, as the goroutine profile groups them (tracebackPCs): the pcs of
  // their frames, but for wrappers'.
  std::vector<Address> identity(const std::vector<StackFrame>& frames);
  // The go statement that started it; nothing of the main goroutine and of the runtime's own.
  std::optional<TracebackFrame> created_by(const Goroutine& goroutine) const;
  // Whether it is the runtime's own. Those that run finalizers and cleanups are while they call
  // none.
  bool is_system(const Goroutine& goroutine);

 private:
  // internal/abi.FuncID of functions that tracebacks treat apart; they differ between releases.
  struct Ids {
    std::optional<std::uint8_t> wrapper, gopanic, sigpanic, panicwrap;
  };
  struct Call {  // one logical frame
    TracebackFrame frame;
    std::uint8_t func_id = 0;
  };
  // The logical frames at a pc, innermost first.
  const std::vector<Call>& calls(Address lookup_pc);
  std::vector<Call> expand(Address lookup_pc) const;
  std::optional<Call> inlined_call(const Module& module, const Function& function,
                                   std::int32_t index, Address& parent_pc) const;
  bool is_elided_wrapper(const Call& call, std::uint8_t callee) const;
  bool shows(const Call& call, bool first, std::uint8_t callee) const;

  const Runtime& runtime_;
  Ids ids_;
  std::unordered_map<Address, std::vector<Call>> calls_;
};

// Why goroutines wait, in the words of the release: runtime.waitReasonStrings, found in the
// program's data by its first entries, which are the same in all releases.
class WaitReasons {
 public:
  explicit WaitReasons(const Runtime& runtime);
  // "" of 0, and where the table or its entry cannot be read.
  std::string text(std::uint8_t reason) const;

 private:
  const Image& image_;
  Address table_ = 0;  // [...]string; 0: not found
};

// traceback.go: gStatusStrings.
std::string_view status_text(std::uint32_t status);

}  // namespace overhang
