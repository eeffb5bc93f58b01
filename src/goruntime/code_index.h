// The code of a program's functions, decoded once each, and which functions mention a variable.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "goruntime/frame_code.h"
#include "goruntime/runtime.h"

namespace overhang {

class CodeIndex {
 public:
  // Nothing is read before the first question.
  explicit CodeIndex(const Runtime& runtime);
  ~CodeIndex();
  CodeIndex(const CodeIndex&) = delete;
  CodeIndex& operator=(const CodeIndex&) = delete;

  const Runtime& runtime() const { return runtime_; }
  // Null: its code is not read, and nothing below may be asked.
  const machine::Machine* machine() const { return machine_; }
  // `function`: its entry.
  const FrameCode& code_of(Address function);
  enum class Mention : std::uint8_t { Access, Taken };
  // The functions that have an operand [target], or that take its address: entries, in order of
  // their code. `target`: a word of a module's data or bss.
  std::vector<Address> functions_at(Address target, Mention how);
  // The addresses of the instructions that have an operand there or take an address there: of
  // [begin, end), words of a module's data or bss.
  std::vector<Address> instructions_at(Address begin, Address end);
  // The last address at or before `target`, `far` bytes at most, that a function takes.
  std::optional<Address> taken_before(Address target, std::uint64_t far);

 private:
  struct Place {
    Address target;  // in a module's data or bss
    Address pc;
    Mention how;
  };
  void find_mentions();
  void read_amd64(ByteSpan code, Address at);
  void read_arm64(ByteSpan code, Address at);
  bool mention(Address target, Address pc, Mention how);
  bool mentions(Address function, Address target);

  const Runtime& runtime_;
  const machine::Machine* machine_;
  bool searched_ = false;
  std::vector<Place> places_;  // by target
  std::unordered_map<Address, std::unique_ptr<FrameCode>> functions_;
};

}  // namespace overhang
