#include "goruntime/arm64_code.h"

#include <gtest/gtest.h>

#include "goruntime/arm64_addresses.h"

namespace overhang::arm64 {
namespace {

using machine::Condition;
using machine::Instruction;
using machine::kNoRegister;
using machine::kScratch;
using machine::kStackPointer;
using machine::Operand;
using machine::Operation;

constexpr Address kAt = 0x401000;

std::vector<Instruction> decoded(std::initializer_list<std::uint32_t> words) {
  std::vector<std::byte> code;
  for (auto word : words)
    for (unsigned shift = 0; shift < 32; shift += 8)
      code.push_back(static_cast<std::byte>(word >> shift & 0xFF));
  return kMachine.decode(code, kAt).value();
}

bool is_register(const Operand& operand, unsigned number) {
  return operand.is_register() && operand.base == number;
}

bool is_frame_word(const Operand& operand, std::int64_t offset) {
  return operand.in_frame() && operand.value == offset && operand.size == 8;
}

bool is_number(const Operand& operand, std::int64_t value) {
  return operand.is_immediate() && operand.value == value;
}

// Words as Go's assembler wrote them (go tool objdump).
TEST(Arm64Code, WordsOfTheFrame) {
  auto code = decoded({0xF9402FE6,    // MOVD 88(RSP), R6
                       0xF90033E2,    // MOVD R2, 96(RSP)
                       0xA90BA3E7,    // STP (R7, R8), 184(RSP)
                       0x910443E1,    // ADD $272, RSP, R1
                       0x39015FE0,    // MOVB R0, 87(RSP)
                       0xF9008BFF});  // MOVD ZR, 272(RSP)
  ASSERT_EQ(code.size(), 7u);
  EXPECT_EQ(code[0].operation, Operation::Move);
  EXPECT_TRUE(is_register(code[0].a, 6));
  EXPECT_TRUE(is_frame_word(code[0].b, 88));
  EXPECT_TRUE(is_frame_word(code[1].a, 96));
  EXPECT_TRUE(is_register(code[1].b, 2));
  // A pair is two moves at one address.
  EXPECT_EQ(code[2].at, code[3].at);
  EXPECT_TRUE(is_frame_word(code[2].a, 184));
  EXPECT_TRUE(is_register(code[2].b, 7));
  EXPECT_TRUE(is_frame_word(code[3].a, 192));
  EXPECT_TRUE(is_register(code[3].b, 8));
  EXPECT_EQ(code[4].operation, Operation::Lea);
  EXPECT_TRUE(code[4].b.in_frame());
  EXPECT_EQ(code[4].b.value, 272);
  EXPECT_EQ(code[5].a.size, 1);
  EXPECT_TRUE(is_number(code[6].b, 0));
}

TEST(Arm64Code, WhatDecides) {
  auto code = decoded({0xEB01005F,    // CMP R1, R2
                       0x54000083,    // BCC 4(PC)
                       0xF100103F,    // CMP $4, R1
                       0x5400014C,    // BGT 10(PC)
                       0xB40004C5,    // CBZ R5, 38(PC)
                       0x37000100,    // TBNZ $0, R0, 8(PC)
                       0xF14004BF,    // CMP $(1<<12), R5
                       0x54000C01,    // BNE 96(PC)
                       0x14000003});  // JMP 3(PC)
  ASSERT_EQ(code.size(), 11u);
  EXPECT_EQ(code[0].operation, Operation::Compare);
  EXPECT_TRUE(is_register(code[0].a, 2));
  EXPECT_TRUE(is_register(code[0].b, 1));
  EXPECT_TRUE(code[0].writes_flags);
  EXPECT_EQ(code[1].operation, Operation::Branch);
  EXPECT_EQ(code[1].condition, Condition::Unsigned);
  EXPECT_EQ(code[1].target, kAt + 4 + 16);
  EXPECT_TRUE(code[1].reads_flags);
  EXPECT_TRUE(is_number(code[2].b, 4));
  EXPECT_EQ(code[3].condition, Condition::Other);
  // What compares and branches at once touches no flags.
  EXPECT_EQ(code[4].operation, Operation::Test);
  EXPECT_FALSE(code[4].writes_flags);
  EXPECT_EQ(code[5].condition, Condition::Equality);
  EXPECT_EQ(code[5].target, kAt + 16 + 152);
  EXPECT_FALSE(code[5].reads_flags);
  EXPECT_EQ(code[7].condition, Condition::Other);
  EXPECT_EQ(code[7].target, kAt + 20 + 32);
  EXPECT_TRUE(is_number(code[8].b, 4096));
  EXPECT_EQ(code[9].condition, Condition::Equality);
  EXPECT_EQ(code[10].operation, Operation::Jump);
}

TEST(Arm64Code, ComparisonsThatDependOnOthers) {
  auto code = decoded({0xFA410040,    // CCMP EQ, R2, R1, $0
                       0x9A9F07E0,    // CSET NE, R0
                       0x9A811000});  // CSEL NE, R0, R1, R0
  ASSERT_EQ(code.size(), 4u);
  EXPECT_EQ(code[0].operation, Operation::Compare);
  EXPECT_TRUE(code[1].reads_flags);
  EXPECT_EQ(code[2].operation, Operation::Zero);
  EXPECT_TRUE(code[2].reads_flags);
  EXPECT_EQ(code[3].operation, Operation::ConditionalMove);
  EXPECT_TRUE(is_register(code[3].b, 0));
  EXPECT_TRUE(is_register(code[3].c, 1));
}

TEST(Arm64Code, Arithmetic) {
  auto code = decoded({0x8B051108,    // ADD R5<<4, R8, R8
                       0x937FFCC6,    // ASR $63, R6, R6
                       0x8A0700C6,    // AND R7, R6, R6
                       0x8A83FC41,    // AND R3->63, R2, R1
                       0x9B010C02,    // MADD R1, R3, R0, R2
                       0xB27E03E2,    // ORR $4, ZR, R2
                       0x9240043F,    // AND $3, R1, RSP
                       0xF1000400});  // SUBS $1, R0, R0
  ASSERT_EQ(code.size(), 10u);
  EXPECT_EQ(code[0].operation, Operation::Arithmetic);
  EXPECT_TRUE(is_register(code[0].b, 8));
  EXPECT_TRUE(is_register(code[0].c, 5));
  EXPECT_TRUE(code[1].masks());
  EXPECT_TRUE(code[2].is_mask);
  EXPECT_FALSE(code[2].masks());  // not known to be a number here
  // A sign leaves nothing.
  EXPECT_TRUE(is_register(code[3].b, 2));
  EXPECT_EQ(code[3].c.kind, Operand::Kind::None);
  EXPECT_TRUE(is_register(code[4].a, kScratch));
  EXPECT_TRUE(is_register(code[5].a, 2));
  EXPECT_TRUE(is_register(code[5].b, 3));
  EXPECT_TRUE(is_register(code[5].c, kScratch));
  EXPECT_EQ(code[6].operation, Operation::Move);
  EXPECT_TRUE(is_number(code[6].b, 4));
  EXPECT_TRUE(is_register(code[7].a, kStackPointer));
  EXPECT_TRUE(code[7].masks());
  EXPECT_EQ(code[8].operation, Operation::Compare);
  EXPECT_EQ(code[9].operation, Operation::Arithmetic);
  EXPECT_TRUE(code[9].writes_flags);
}

// x27 is what the assembler reaches far words and variables by.
TEST(Arm64Code, TheTemporaryStandsForWhatItHolds) {
  auto code = decoded({0xF0000B1B,    // ADRP …, R27
                       0xF9419365,    // MOVD 800(R27), R5
                       0xF0000B1B,    // ADRP …, R27
                       0x911B037B,    // ADD $1728, R27, R27
                       0xA9401F60,    // LDP (R27), (R0, R7)
                       0xD283F61B,    // MOVD $8112, R27
                       0x8B3B63FF,    // ADD R27, RSP, RSP
                       0x9121C3FB,    // ADD $2160, RSP, R27
                       0xA9400760});  // LDP (R27), (R0, R1)
  ASSERT_EQ(code.size(), 11u);
  auto page = code[0].b.value;
  EXPECT_TRUE(code[0].b.absolute);
  EXPECT_TRUE(code[1].b.absolute);
  EXPECT_EQ(code[1].b.value, page + 800);
  EXPECT_EQ(code[4].b.value, page + 1728);
  EXPECT_EQ(code[5].b.value, page + 1736);
  EXPECT_TRUE(is_register(code[7].a, kStackPointer));
  EXPECT_EQ(code[7].b.value, 8112);
  EXPECT_TRUE(is_frame_word(code[9].b, 2160));
  EXPECT_TRUE(is_frame_word(code[10].b, 2168));
}

// A variable's address is one, though two instructions make it.
TEST(Arm64Code, AddressesOfVariables) {
  auto code = decoded({0xF0000742,    // ADRP …, R2
                       0x91032042,    // ADD $200, R2, R2
                       0xF0000742,    // ADRP …, R2
                       0x91032043});  // ADD $200, R2, R3
  ASSERT_EQ(code.size(), 4u);
  EXPECT_EQ(code[0].operation, Operation::Nop);
  EXPECT_TRUE(is_register(code[1].a, 2));
  EXPECT_TRUE(code[1].b.absolute);
  EXPECT_EQ(code[1].b.value, code[2].b.value + 200);
  EXPECT_TRUE(code[2].b.absolute);
  EXPECT_FALSE(code[3].b.absolute);
  EXPECT_EQ(code[3].b.base, 2);
}

// As binutils' objdump reads them.
TEST(Arm64Addresses, OfLoadsAndStores) {
  EXPECT_EQ(access_offset(0x39405C01), 23);            // ldrb w1, [x0, #23]
  EXPECT_EQ(access_offset(0x79400C85), 6);             // ldrh w5, [x4, #6]
  EXPECT_EQ(access_offset(0xB9400886), 8);             // ldr w6, [x4, #8]
  EXPECT_EQ(access_offset(0xB9800002), 0);             // ldrsw x2, [x0]
  EXPECT_EQ(access_offset(0xF946AB66), 3408);          // ldr x6, [x27, #3408]
  EXPECT_EQ(access_offset(0xF9000726), 8);             // str x6, [x25, #8]
  EXPECT_EQ(access_offset(0xFD0027E0), 72);            // str d0, [sp, #72]
  EXPECT_EQ(access_offset(0xA9409043), 8);             // ldp x3, x4, [x2, #8]
  EXPECT_EQ(access_offset(0xA93FFA9D), -8);            // stp x29, x30, [x20, #-8]
  EXPECT_EQ(access_offset(0x6D480680), 128);           // ldp d0, d1, [x20, #128]
  EXPECT_EQ(access_offset(0xB8403046), 3);             // ldur w6, [x2, #3]
  EXPECT_EQ(access_offset(0xC8DFFC63), 0);             // ldar x3, [x3]
  EXPECT_EQ(access_offset(0x889FFC20), 0);             // stlr w0, [x1]
  EXPECT_EQ(access_offset(0x91320042), std::nullopt);  // add x2, x2, #3200
  EXPECT_EQ(access_offset(0xF0000742), std::nullopt);  // adrp x2, …
}

TEST(Arm64Code, Constants) {
  auto code = decoded({0xD2807BC8,  // MOVD $990, R8
                       0xF2A00028,  // MOVK $(1<<16), R8
                       0x92800000,  // MOVD $-1, R0
                       0x58000041,  // MOVD $…(PC), R1: two instructions on
                       0xF2A00029,  // MOVK that begins nothing
                       0x00000400,  // the constant
                       0x00000000});
  ASSERT_GE(code.size(), 5u);
  EXPECT_TRUE(is_number(code[0].b, 990));
  EXPECT_TRUE(is_number(code[1].b, 0x10000 + 990));
  EXPECT_TRUE(is_number(code[2].b, -1));
  EXPECT_TRUE(is_number(code[3].b, 0x400));
  EXPECT_EQ(code[4].operation, Operation::Unknown);
}

TEST(Arm64Code, Calls) {
  auto code = decoded({0x97FD6AE9,    // CALL
                       0xD63F0100,    // CALL (R8)
                       0xD61F0100,    // JMP (R8)
                       0xD65F03C0,    // RET
                       0xBEA71700,    // UNDEF
                       0xD503201F});  // NOOP
  ASSERT_EQ(code.size(), 6u);
  EXPECT_EQ(code[0].operation, Operation::Call);
  EXPECT_EQ(code[0].target, kAt - 0xA545C);
  EXPECT_EQ(code[1].operation, Operation::Call);
  EXPECT_EQ(code[1].target, 0u);
  EXPECT_EQ(code[2].operation, Operation::Jump);
  EXPECT_EQ(code[2].target, 0u);
  EXPECT_EQ(code[3].operation, Operation::Return);
  EXPECT_EQ(code[4].operation, Operation::Trap);
  EXPECT_EQ(code[5].operation, Operation::Nop);
}

TEST(Arm64Code, EndsOfFunctions) {
  auto code = decoded({0xF85F83FD,    // MOVD -8(RSP), R29
                       0xF84087FE,    // MOVD.P 8(RSP), R30
                       0xA8C17BFD});  // LDP.P 16(RSP), (R29, R30)
  ASSERT_EQ(code.size(), 6u);
  EXPECT_TRUE(is_frame_word(code[0].b, -8));
  EXPECT_TRUE(is_frame_word(code[1].b, 0));
  EXPECT_EQ(code[2].operation, Operation::Lea);
  EXPECT_TRUE(is_register(code[2].a, kStackPointer));
  EXPECT_EQ(code[2].b.value, 8);
  EXPECT_TRUE(is_frame_word(code[4].b, 8));
  EXPECT_EQ(code[5].b.value, 16);
}

TEST(Arm64Code, Atomics) {
  auto code = decoded({0x88FBFC41,    // CASALW R27, (R2), R1
                       0xF8E10022,    // LDADDALD R1, (R1), R2
                       0x885FFC5B,    // LDAXRW (R2), R27
                       0x881BFC41,    // STLXRW R1, (R2), R27
                       0xC89FFC00});  // STLR R0, (R0)
  ASSERT_EQ(code.size(), 8u);
  EXPECT_TRUE(code[0].a.is_memory());
  EXPECT_EQ(code[0].a.base, 2);
  EXPECT_EQ(code[0].a.size, 4);
  EXPECT_TRUE(is_register(code[0].b, 1));
  EXPECT_TRUE(is_register(code[1].a, 27));
  EXPECT_TRUE(is_register(code[2].b, 1));
  EXPECT_TRUE(is_register(code[3].a, 2));
  EXPECT_TRUE(is_register(code[4].a, 27));
  EXPECT_TRUE(is_register(code[5].b, 1));
  EXPECT_EQ(code[6].operation, Operation::Zero);
  EXPECT_TRUE(is_register(code[6].a, 27));
  EXPECT_TRUE(code[7].a.is_memory());
}

TEST(Arm64Code, Vectors) {
  auto code = decoded({0xAD4044B0,    // FLDPQ (R5), (F16, F17)
                       0x3D801850,    // FMOVQ F16, 96(R2)
                       0x9E660000,    // FMOVD F0, R0
                       0x4CDF7000});  // VLD1.P 16(R0), [V0.B16]
  ASSERT_EQ(code.size(), 5u);
  EXPECT_EQ(code[0].operation, Operation::Move);
  EXPECT_EQ(code[0].a.kind, Operand::Kind::Vector);
  EXPECT_EQ(code[0].a.base, 16);
  EXPECT_EQ(code[1].b.value, 16);
  EXPECT_EQ(code[1].b.size, 16);
  EXPECT_EQ(code[2].b.base, 16);
  EXPECT_EQ(code[3].operation, Operation::Other);
  EXPECT_EQ(code[4].operation, Operation::Unknown);
}

TEST(Arm64Code, WhatIsNone) {
  auto code = decoded({0xFFFFFFFF, 0xF8616BE0});  // no instruction; MOVD (RSP)(R1), R0
  ASSERT_EQ(code.size(), 2u);
  EXPECT_EQ(code[0].operation, Operation::Unknown);
  EXPECT_EQ(code[1].operation, Operation::Unknown);
  std::vector<std::byte> part(6);
  EXPECT_FALSE(kMachine.decode(part, kAt));
}

}  // namespace
}  // namespace overhang::arm64
