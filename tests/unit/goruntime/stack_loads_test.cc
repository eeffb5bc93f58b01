#include "goruntime/stack_loads.h"

#include <gtest/gtest.h>

#include <cstring>

namespace overhang {
namespace {

using Offsets = std::vector<std::uint32_t>;

Offsets amd64(std::initializer_list<unsigned> bytes, std::size_t cut = 0) {
  std::vector<std::byte> code;
  for (auto byte : bytes) code.push_back(static_cast<std::byte>(byte));
  return stack_loads_amd64(ByteSpan(code).first(code.size() - cut));
}

Offsets arm64(std::initializer_list<std::uint32_t> words) {
  std::vector<std::byte> code(words.size() * 4);
  std::memcpy(code.data(), words.begin(), code.size());
  return stack_loads_arm64(code);
}

TEST(StackLoads, AreWhatTheCodeReads) {
  // mov rbx, [rsp+0x48]; mov rsi, [rsp+0xc8]; cmp rdx, [rsp+0x48]; mov r8, [rsp]; nop
  EXPECT_EQ(amd64({0x48, 0x8B, 0x5C, 0x24, 0x48,           //
                   0x48, 0x8B, 0xB4, 0x24, 0xC8, 0, 0, 0,  //
                   0x48, 0x3B, 0x54, 0x24, 0x48,           //
                   0x4C, 0x8B, 0x04, 0x24, 0x90}),
            (Offsets{0, 0x48, 0xC8}));
  // mov [rsp+0x50], rdx writes; mov edx, [rsp+0x50] reads half; mov rbx, [rbp+0x50] another base;
  // mov rbx, [rsp-8].
  EXPECT_EQ(amd64({0x48, 0x89, 0x54, 0x24, 0x50, 0x8B, 0x54, 0x24, 0x50,  //
                   0x48, 0x8B, 0x5D, 0x50, 0x90, 0x48, 0x8B, 0x5C, 0x24, 0xF8}),
            Offsets{});
  EXPECT_EQ(amd64({0x48, 0x8B, 0xB4, 0x24, 0xC8, 0, 0, 0}, 1), Offsets{}) << "cut short";
}

TEST(StackLoads, OfArm64) {
  // ldr x1, [sp, #72]; ldp x2, x3, [sp, #16]; str x1, [sp, #80]; ldr x1, [x2, #8]
  EXPECT_EQ(arm64({0xF94027E1, 0xA9410FE2, 0xF9002BE1, 0xF9400441}), (Offsets{16, 24, 72}));
}

}  // namespace
}  // namespace overhang
