#include "goruntime/amd64_code.h"

#include <gtest/gtest.h>

namespace overhang::amd64 {
namespace {

using machine::Condition;
using machine::Instruction;
using machine::Operand;
using machine::Operation;

constexpr Address kAt = 0x401000;

std::optional<std::vector<Instruction>> decoded(std::initializer_list<unsigned> bytes) {
  std::vector<std::byte> code;
  for (auto byte : bytes) code.push_back(static_cast<std::byte>(byte));
  return kMachine.decode(code, kAt);
}

// Bytes as Go's assembler wrote them (go tool objdump).
TEST(Amd64Code, WordsOfTheFrame) {
  auto code = decoded({0x48, 0x8B, 0x5C, 0x24, 0x48,              // MOVQ 0x48(SP), BX
                       0x4C, 0x89, 0x84, 0x24, 0xC8, 0,    0, 0,  // MOVQ R8, 0xc8(SP)
                       0x48, 0x8D, 0x9C, 0x24, 0x00, 0x01, 0, 0,  // LEAQ 0x100(SP), BX
                       0x88, 0x44, 0x24, 0x47});                  // MOVB AL, 0x47(SP)
  ASSERT_TRUE(code);
  ASSERT_EQ(code->size(), 4u);
  const Instruction &load = (*code)[0], &store = (*code)[1], &lea = (*code)[2], &flag = (*code)[3];
  EXPECT_EQ(load.operation, Operation::Move);
  EXPECT_EQ(load.a.base, kRbx);
  EXPECT_TRUE(load.b.in_frame());
  EXPECT_EQ(load.b.value, 0x48);
  EXPECT_EQ(load.b.size, 8);
  EXPECT_TRUE(store.a.in_frame());
  EXPECT_EQ(store.a.value, 0xC8);
  EXPECT_EQ(store.b.base, kR8);
  EXPECT_EQ(lea.operation, Operation::Lea);
  EXPECT_EQ(lea.b.value, 0x100);
  EXPECT_EQ(flag.a.size, 1);
}

// Between a pop that ends a frame and its return, and anywhere before a jump.
TEST(Amd64Code, NopsAddressNothing) {
  auto code = decoded({0x0F, 0x1F, 0x44, 0x00, 0x00,              // NOPL 0(AX)(AX*1)
                       0x66, 0x0F, 0x1F, 0x84, 0x00, 0, 0, 0, 0,  // NOPW 0(AX)(AX*1)
                       0x66, 0x90, 0x90});                        // NOPW; NOPL
  ASSERT_TRUE(code);
  ASSERT_EQ(code->size(), 4u);
  for (const Instruction& in : *code) {
    EXPECT_EQ(in.operation, Operation::Nop);
    for (const Operand* operand : {&in.a, &in.b, &in.c})
      EXPECT_EQ(operand->kind, Operand::Kind::None);
  }
}

TEST(Amd64Code, NopsBySize) {
  auto size = [](std::initializer_list<unsigned> bytes) {
    std::vector<std::byte> code;
    for (auto byte : bytes) code.push_back(static_cast<std::byte>(byte));
    return kMachine.nop(code);
  };
  EXPECT_EQ(size({0x90, 0x90}), 1u);
  EXPECT_EQ(size({0x66, 0x90}), 2u);
  EXPECT_EQ(size({0x0F, 0x1F, 0x00}), 3u);
  EXPECT_EQ(size({0x0F, 0x1F, 0x40, 0x00}), 4u);
  EXPECT_EQ(size({0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00}), 6u);
  EXPECT_EQ(size({0x0F, 0x1F, 0x80, 0, 0, 0, 0}), 7u);
  EXPECT_EQ(size({0x66, 0x0F, 0x1F, 0x84, 0x00, 0, 0, 0, 0}), 9u);
  EXPECT_EQ(size({0x0F, 0x1F, 0x84, 0x00, 0}), 0u);  // cut short
  EXPECT_EQ(size({0x48, 0x8B, 0x5C, 0x24, 0x48}), 0u);
  EXPECT_EQ(size({}), 0u);
}

TEST(Amd64Code, WhatDecides) {
  auto code = decoded({0x4C, 0x39, 0xC1,                          // CMPQ CX, R8
                       0x72, 0x0F,                                // JB
                       0x0F, 0x85, 0xFB, 0x01, 0x00, 0x00,        // JNE
                       0x7F, 0x2D,                                // JG
                       0x48, 0x81, 0xFA, 0xE8, 0x03, 0x00, 0x00,  // CMPQ DX, $0x3e8
                       0x49, 0xC1, 0xF9, 0x3F,                    // SARQ $0x3f, R9
                       0x83, 0xE2, 0x50,                          // ANDL $0x50, DX
                       0x48, 0x83, 0xE2, 0xF0});                  // ANDQ $-0x10, DX
  ASSERT_TRUE(code);
  ASSERT_EQ(code->size(), 8u);
  auto at = [&](std::size_t i) { return (*code)[i]; };
  EXPECT_EQ(at(0).operation, Operation::Compare);
  EXPECT_EQ(at(0).a.base, kRcx);
  EXPECT_EQ(at(0).b.base, kR8);
  EXPECT_EQ(at(1).condition, Condition::Unsigned);
  EXPECT_EQ(at(1).target, kAt + 5 + 0x0F);
  EXPECT_EQ(at(2).condition, Condition::Equality);
  EXPECT_EQ(at(3).condition, Condition::Other);
  EXPECT_EQ(at(4).b.kind, Operand::Kind::Immediate);
  EXPECT_EQ(at(4).b.value, 1000);
  EXPECT_TRUE(at(5).masks());
  EXPECT_TRUE(at(6).masks());
  EXPECT_FALSE(at(7).masks());
}

TEST(Amd64Code, Calls) {
  auto code = decoded({0xE8, 0xFB, 0x00, 0x00, 0x00,        // CALL
                       0xFF, 0xD1,                          // CALL CX
                       0x31, 0xC9,                          // XORL CX, CX
                       0x44, 0x0F, 0x11, 0x3E,              // MOVUPS X15, 0(SI)
                       0x48, 0x8B, 0x05, 0x10, 0,    0, 0,  // MOVQ 0x10(IP), AX
                       0xC3, 0xCC});                        // RET; INT3
  ASSERT_TRUE(code);
  ASSERT_EQ(code->size(), 7u);
  EXPECT_EQ((*code)[0].target, kAt + 5 + 0xFB);
  EXPECT_EQ((*code)[1].target, 0u);
  EXPECT_EQ((*code)[2].operation, Operation::Zero);
  EXPECT_EQ((*code)[3].operation, Operation::Move);
  EXPECT_EQ((*code)[3].a.size, 16);
  EXPECT_EQ((*code)[3].b.kind, Operand::Kind::Vector);
  EXPECT_EQ((*code)[3].b.base, 15);
  EXPECT_TRUE((*code)[4].b.absolute);
  EXPECT_EQ((*code)[4].b.value, static_cast<std::int64_t>(kAt + 20 + 0x10));
  EXPECT_EQ((*code)[5].operation, Operation::Return);
  EXPECT_EQ((*code)[6].operation, Operation::Trap);
}

TEST(Amd64Code, WhatIsNone) {
  EXPECT_FALSE(decoded({0x48, 0x8B, 0x5C, 0x24}));  // cut short
  EXPECT_FALSE(decoded({0x90, 0x06}));              // no instruction in 64-bit code
  EXPECT_TRUE(decoded({}));
}

}  // namespace
}  // namespace overhang::amd64
