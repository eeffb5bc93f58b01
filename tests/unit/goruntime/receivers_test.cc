#include "goruntime/receivers.h"

#include <gtest/gtest.h>

#include <cstring>

namespace overhang {
namespace {

std::vector<std::byte> code_of(std::initializer_list<unsigned> bytes) {
  std::vector<std::byte> out;
  for (auto byte : bytes) out.push_back(static_cast<std::byte>(byte));
  return out;
}

Address amd64(std::initializer_list<unsigned> bytes) {
  return called_next_amd64(code_of(bytes), 0x1000);
}

Address arm64(std::initializer_list<std::uint32_t> words) {
  std::vector<std::byte> code(words.size() * 4);
  std::memcpy(code.data(), words.begin(), code.size());
  return called_next_arm64(code, 0x1000);
}

TEST(Receivers, FollowsCodeToTheCall) {
  EXPECT_EQ(amd64({0xE8, 0xFB, 0x0F, 0, 0}), 0x2000u);
  EXPECT_EQ(amd64({0xE8, 0xFB, 0xEF, 0xFF, 0xFF}), 0u) << "back to address 0";
  // mov ebx, 300; xor ecx, ecx; nopw; mov rdi, [rsp+0x40]; movups [rsp+0x10], xmm15; call
  EXPECT_EQ(amd64({0xBB, 0x2C, 0x01, 0,    0,    0x31, 0xC9, 0x66, 0x90,  //
                   0x48, 0x8B, 0x7C, 0x24, 0x40,                          //
                   0x44, 0x0F, 0x11, 0x7C, 0x24, 0x10,                    //
                   0xE8, 0,    0,    0,    0}),
            0x1019u);
  // movabs rbx, imm64; mov [rsp], rax; lea rcx, [rip+x]; mov qword [rip+x], 5; call
  EXPECT_EQ(amd64({0x48, 0xBB, 1,    2,    3, 4, 5, 6, 7, 8,     //
                   0x48, 0x89, 0x04, 0x24,                       //
                   0x48, 0x8D, 0x0D, 1,    0, 0, 0,              //
                   0x48, 0xC7, 0x05, 1,    0, 0, 0, 5, 0, 0, 0,  //
                   0xE8, 0,    0,    0,    0}),
            0x1025u);
  // jmp over mov eax, 1: as behind a write barrier up to Go 1.20
  EXPECT_EQ(amd64({0xEB, 0x05, 0xB8, 1, 0, 0, 0, 0xE8, 0, 0, 0, 0}), 0x100Cu);
  EXPECT_EQ(amd64({0xEB, 0x05, 0xB8, 1, 0, 0, 0}), 0u) << "past the code";
}

TEST(Receivers, StopsWhereTheRegisterIsWritten) {
  for (auto& writes : {
           code_of({0x48, 0x8B, 0x05, 1, 0, 0, 0}),        // mov rax, [rip+x]
           code_of({0x48, 0x89, 0xD8}),                    // mov rax, rbx
           code_of({0x31, 0xC0}),                          // xor eax, eax
           code_of({0xB8, 1, 0, 0, 0}),                    // mov eax, 1
           code_of({0x48, 0x8D, 0x40, 0x08}),              // lea rax, [rax+8]
           code_of({0x48, 0x83, 0xC0, 0x08}),              // add rax, 8
           code_of({0x48, 0xC7, 0xC0, 1, 0, 0, 0}),        // mov rax, 1
           code_of({0x0F, 0xB6, 0x03}),                    // movzx eax, byte [rbx]
           code_of({0x66, 0x48, 0x0F, 0x7E, 0xC0}),        // movq rax, xmm0
           code_of({0xEB, 0xFE}),                          // jmp, to itself
           code_of({0xFF, 0xD1}),                          // call rcx
           code_of({0x66, 0x66, 0x66, 0x66, 0x66, 0x66}),  // prefixes without end
       }) {
    auto code = writes;
    for (unsigned byte : {0xE8, 0, 0, 0, 0}) code.push_back(static_cast<std::byte>(byte));
    EXPECT_EQ(called_next_amd64(code, 0x1000), 0u) << static_cast<int>(writes[0]);
  }
  // r8 is not rax, and what is stored to memory is not written.
  EXPECT_NE(amd64({0x49, 0x89, 0xC0, 0x48, 0x89, 0x03, 0xE8, 0, 0, 0, 0}), 0u);
  EXPECT_NE(amd64({0x41, 0xB8, 1, 0, 0, 0, 0xE8, 0, 0, 0, 0}), 0u);
}

TEST(Receivers, ReadsNothingPastTheCode) {
  std::initializer_list<unsigned> whole = {0x48, 0xC7, 0x84, 0x24, 0, 1, 0, 0, 5,
                                           0,    0,    0,    0xE8, 1, 0, 0, 0};
  auto code = code_of(whole);
  EXPECT_EQ(called_next_amd64(code, 0x1000), 0x1012u);
  for (std::size_t size = 0; size < code.size(); size++)
    EXPECT_EQ(called_next_amd64(ByteSpan(code).first(size), 0x1000), 0u) << size;
}

TEST(Receivers, FollowsArm64CodeToTheCall) {
  // mov x1, #300; mov x2, x3; str x0, [sp, #8]; ldr x3, [sp, #16]; bl +8
  EXPECT_EQ(arm64({0xD2802581, 0xAA0303E2, 0xF90007E0, 0xF9400BE3, 0x94000002}), 0x1018u);
  EXPECT_EQ(arm64({0x97FFFC00}), 0u) << "back to address 0";
  EXPECT_EQ(arm64({0x14000002, 0xAA0103E0, 0x94000002}), 0x1010u) << "b over mov x0, x1; bl +8";
  EXPECT_EQ(arm64({0x14000000, 0x94000002}), 0u) << "b to itself";
  EXPECT_EQ(arm64({0x14000009, 0x94000002}), 0u) << "b past the code";
  for (std::uint32_t writes : {0xAA0103E0u,   // mov x0, x1
                               0xD2800000u,   // mov x0, #0
                               0xF9400060u,   // ldr x0, [x3]
                               0xA9400001u,   // ldp x1, x0, [x0]
                               0x91002000u,   // add x0, x0, #8
                               0x90000000u,   // adrp x0
                               0x17FFFFFFu,   // b, back
                               0xD63F0020u,   // blr x1
                               0xB4000040u})  // cbz x0
    EXPECT_EQ(arm64({writes, 0x94000002}), 0u) << std::hex << writes;
}

TEST(Receivers, NamesTypesByTheirMethods) {
  EXPECT_EQ(receiver_type("main.(*Pool).drain"), "main.Pool");
  EXPECT_EQ(receiver_type("net/http.(*Server).Serve"), "net/http.Server");
  EXPECT_EQ(receiver_type("gopkg.in/yaml%2ev2.(*parser).parse"), "gopkg.in/yaml.v2.parser");
  EXPECT_EQ(receiver_type("main.(*Ring[...]).push"), "main.Ring[...]");
  for (auto name : {"main.(*Pool).drain.func1", "main.(*Pool).run-fm", "main.(*Pool).run.gowrap1",
                    "main.Pool.size", "main.main", "main.(*Pool)", "main.(*Pool).", "main.(*).x",
                    "main.(*Pool", "", "go:(*struct { sync.Mutex; n int }).Lock"})
    EXPECT_EQ(receiver_type(name), "") << name;
}

}  // namespace
}  // namespace overhang
