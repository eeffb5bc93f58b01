// What a program's code says of its global variables: the types that methods are called with.
//
// In a program without symbols and DWARF nothing names the type of a global. But code that calls a
// method on one loads its address into the first argument's register (ABIInternal: RAX, R0) and
// calls a function whose name is in the function table: `lea rax, [rip + x]`, `call
// main.(*Pool).drain` say that a main.Pool stands at x, and `mov rax, [rip + x]` that a pointer to
// one does, as does `mov [rip + x], rax` (or may do: where the word is an interface's, code has
// looked at its type first).
#pragma once

#include <string>
#include <vector>

#include "goruntime/runtime.h"

namespace overhang {

struct Receiver {
  Address address = 0;  // in a module's data or bss
  // The type that stands there, as the function table writes it: "net/http.Server"; of generic
  // types with the arguments left out: "main.Ring[...]".
  std::string type;
  bool pointer = false;  // not the type stands there, but a pointer to it
  friend auto operator<=>(const Receiver&, const Receiver&) = default;
};

// By address, each pair once. At most kMaxReceivers; what there is more is counted as lost.
std::vector<Receiver> receivers_in_data(const Runtime& runtime);
inline constexpr std::size_t kMaxReceivers = 1 << 18;

// "main.Pool" of "main.(*Pool).drain"; "" where the function is no method with a pointer receiver
// (a closure in one, a method value's wrapper).
std::string receiver_type(std::string_view function);

// Where the call stands that follows `code`, in which the first argument's register is not written
// before it: the address that it calls. 0 where other instructions come first. `at`: the address of
// code's first byte.
Address called_next_amd64(ByteSpan code, Address at);
Address called_next_arm64(ByteSpan code, Address at);

}  // namespace overhang
