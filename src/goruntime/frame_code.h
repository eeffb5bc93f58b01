// A function's amd64 code as the frame's owner runs it: its instructions, and what its calls are.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "goruntime/amd64_code.h"
#include "goruntime/runtime.h"

namespace overhang {

// ABIInternal: the registers of integer arguments and results, in order.
inline constexpr std::array<amd64::Gpr, 9> kArgumentRegisters{
    amd64::kRax, amd64::kRbx, amd64::kRcx, amd64::kRdi, amd64::kRsi,
    amd64::kR8,  amd64::kR9,  amd64::kR10, amd64::kR11};

enum class Callee : std::uint8_t {
  Function,
  Computed,      // by a func value or an interface
  WriteBarrier,  // keeps all registers but r11
  Duff,          // keeps all but those it copies with
  CapCheck,      // panics: an index is beyond a cap
  OtherPanic,    // does not return
  Growslice,
  Runtime,
};

struct Call {
  Callee callee = Callee::Computed;
  std::size_t arguments = kArgumentRegisters.size();  // registers at most
};

class FrameCode {
 public:
  // Empty where the code is not in the image, longer than 64 KiB, or not all understood.
  FrameCode(const Runtime& runtime, const Function& function);

  const std::vector<amd64::Instruction>& instructions() const { return instructions_; }
  const Call& call_at(std::size_t index) const { return calls_.at(index); }
  std::optional<std::size_t> index_of(Address at) const {
    auto found = by_address_.find(at);
    return found == by_address_.end() ? std::nullopt : std::optional(found->second);
  }
  // How many of the code's constants are at most `value`.
  std::uint64_t rank(std::uint64_t value) const;

 private:
  Call call(const amd64::Instruction& in) const;
  bool checks_cap(const amd64::Instruction& in) const;

  const Runtime& runtime_;
  Function function_;
  std::vector<amd64::Instruction> instructions_;
  std::unordered_map<Address, std::size_t> by_address_;
  std::unordered_map<std::size_t, Call> calls_;
  std::set<std::int64_t> immediates_;
};

}  // namespace overhang
