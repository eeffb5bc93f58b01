// Stacks written by hand, and the unwinder on them.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "goruntime/unwind.h"

namespace overhang {

inline constexpr Address kStack = 0xc000100000;

// A stack of words from kStack up, and functions of 0x100 bytes each at 0x1000, 0x1100, …
class UnwinderOnForgedStack : public testing::Test {
 protected:
  explicit UnwinderOnForgedStack(Architecture architecture)
      : unwinder_(cache_, stack_architecture(architecture)) {}
  // A function whose frame is `delta` bytes at every pc; returns its entry.
  Address function(std::int32_t delta, std::uint8_t flag = 0,
                   FrameRole role = FrameRole::Ordinary) {
    PcFacts facts;
    facts.known = true;
    facts.function.entry = 0x1000 + 0x100 * functions_.size();
    facts.function.end = facts.function.entry + 0x100;
    facts.function.pcsp = 1;
    facts.function.flag = flag;
    facts.role = role;
    facts.sp_delta = delta;
    functions_[facts.function.entry] = facts;
    return facts.function.entry;
  }
  void start(std::vector<std::uint64_t> words, StackPosition position) {
    words_ = std::move(words);
    memory_ = StackMemory(kStack, std::as_bytes(std::span(words_)));
    unwinder_.start(memory_, position);
  }
  PcFacts& facts(Address entry) { return functions_[entry]; }

  Unwinder& unwinder() { return unwinder_; }

 private:
  PcFacts at(Address pc) {
    auto after = functions_.upper_bound(pc);
    if (after == functions_.begin()) return {};
    auto& facts = std::prev(after)->second;
    return pc < facts.function.end ? facts : PcFacts{};
  }
  std::map<Address, PcFacts> functions_;
  std::vector<std::uint64_t> words_;
  StackMemory memory_;
  PcCache cache_{[this](Address pc) { return at(pc); }};
  Unwinder unwinder_;
};

}  // namespace overhang
