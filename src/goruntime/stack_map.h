// What the binary says of a place where a stack frame stopped: the function, its frame's size and
// its pointer maps. Mirrors stkframe.go: getStackMap and symtab.go: pcdatavalue, funcdata.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

#include "goruntime/runtime.h"

namespace overhang {

// How an architecture lays frames out (sys.MinFrameSize, abi.IntArgRegs, …).
struct StackArchitecture {
  bool uses_link_register;          // usesLR: a call leaves the return address in a register
  std::uint64_t call_pushes;        // bytes that a call instruction puts on the stack
  std::uint64_t min_frame_size;     // bytes, sys.MinFrameSize
  std::uint64_t min_locals;         // bytes, getStackMap's minsize
  std::uint64_t injected_bytes;     // pushed beside the return address for a call that a signal
                                    // handler makes a goroutine do (sigctxt.pushCall)
  std::uint32_t general_registers;  // leading words of ThreadState.registers that hold pointers
  std::uint32_t int_argument_registers, float_argument_registers;  // abi.RegArgs
};
const StackArchitecture& stack_architecture(Architecture architecture);

// abi.FuncFlag, the same since Go 1.17.
inline constexpr std::uint8_t kFuncFlagTopFrame = 1;
inline constexpr std::uint8_t kFuncFlagSpWrite = 2;

// Functions whose frames the unwinder or the scanner treats differently.
enum class FrameRole : std::uint8_t {
  Ordinary,
  AsyncPreempt,
  DebugCall,
  Sigpanic,
  Cgocallback,
  ReflectStub,     // reflect.makeFuncStub, reflect.methodValueCall: argument maps made at run time
  KeepsRegisters,  // called with the caller's registers live: no stack map holds at that call
  Gogo,
  Morestack,
  SavesForSwitch,     // its caller switches stacks, but not before it has returned
  SystemstackSwitch,  // stands for systemstack, with its frame, while that runs its argument
};

// traceback.go: isInjectedCall: called by no call instruction, but by a signal handler or debugger.
inline bool is_injected_call(FrameRole role) {
  return role == FrameRole::Sigpanic || role == FrameRole::AsyncPreempt ||
         role == FrameRole::DebugCall;
}

// One bit a word, least significant first; not `known`: the function has no such map.
struct StackBits {
  bool known = false;
  const std::byte* bits = nullptr;
  std::uint32_t count = 0;
};

struct StackMaps {
  StackBits locals;  // the last word ends at varp
  StackBits args;    // the first word stands at argp
  ByteSpan objects;  // runtime.stackObjectRecord, one after another
};

struct PcFacts {
  bool known = false;  // false: pc is not in Go code, nothing else holds
  const Module* module = nullptr;
  Function function;
  FrameRole role = FrameRole::Ordinary;
  std::optional<std::int32_t> sp_delta;  // bytes
  StackMaps maps;                        // for a frame that continues at pc
};

// Whether the function goes to another stack: from its frame up, another stack's frames go on.
inline bool switches_stacks(const PcFacts& facts) {
  return facts.known && (facts.function.flag & kFuncFlagSpWrite) != 0;
}

// runtime.stackObjectRecord.
struct StackObjectRecord {
  std::int32_t offset = 0;     // bytes, from varp if negative, else from argp
  std::int32_t size = 0;       // bytes
  std::int32_t ptr_bytes = 0;  // negative: gcdata is a program over −ptr_bytes (before Go 1.24)
  std::uint32_t gcdata = 0;    // offset from moduledata.rodata
};
StackObjectRecord read_stack_object(const Layout& layout, ByteSpan objects, std::size_t index);

// Works out what is known at a pc.
PcFacts pc_facts(const Runtime& runtime, Address pc);

// PcFacts by pc. Many frames stop at few places, so each is worked out once. Not thread-safe.
class PcCache {
 public:
  explicit PcCache(std::function<PcFacts(Address)> work_out) : work_out_(std::move(work_out)) {}
  // The reference holds as long as the cache.
  const PcFacts& at(Address pc) {
    auto [place, added] = facts_.try_emplace(pc);
    if (added) place->second = work_out_(pc);
    return place->second;
  }

 private:
  std::function<PcFacts(Address)> work_out_;
  std::unordered_map<Address, PcFacts> facts_;
};

}  // namespace overhang
