// Where a running goroutine of a link-register machine stands, by forged registers, signal frames
// and gobufs (asm_arm64.s: gogo, morestack; signal_arm64.go).
#include "goruntime/goroutine_position.h"

#include <gtest/gtest.h>

#include <map>

#include "unit/goruntime/forged_heap.h"

namespace overhang::test {
namespace {

constexpr Address kG = 0x100000, kM = 0x200000, kSignalG = 0x300000;
constexpr Address kStackLo = 0xc000000000, kStackHi = kStackLo + 0x8000;
constexpr Address kSignalLo = 0xc000100000, kSignalHi = kSignalLo + 0x8000;
constexpr Address kCode = 0x10000, kMorestack = 0x20000, kGogo = 0x30000;

class Arm64Position : public testing::Test {
 protected:
  Arm64Position() {
    GoVersion version;
    version.minor = 26;
    version.text = "go1.26";
    parts_.layout = *layout_for(version, Architecture::Arm64);
    parts_.version = version;
    auto& layout = *parts_.layout;
    for (auto record : {kG, kM, kSignalG}) memory_.reserve(record, 0x2000);
    memory_.reserve(kSignalLo, kSignalHi - kSignalLo);
    set(kG, layout.g_m, kM);
    set(kM, layout.m_procid, 77);
    set(kM, layout.m_gsignal, kSignalG);
    set(kSignalG, layout.g_stack_lo, kSignalLo);
    set(kSignalG, layout.g_stack_hi, kSignalHi);
  }
  const Layout& layout() const { return *parts_.layout; }
  void set(Address record, std::int64_t offset, std::uint64_t value) {
    memory_.store(record + static_cast<std::uint64_t>(offset), value);
  }
  // A thread as the kernel's struct user_pt_regs has it: x0 … x30, sp, pc.
  void set_thread(Address pc, Address sp, std::map<std::size_t, std::uint64_t> general) {
    std::array<std::uint64_t, 34> words{};
    for (auto [i, value] : general) words[i] = value;
    words[31] = sp;
    words[32] = pc;
    thread_.tid = 77;
    thread_.registers = words;
    thread_.register_count = 34;
    thread_.sp = sp;
    thread_.pc = pc;
  }
  // struct rt_sigframe's ucontext at `at`: uc_flags, uc_link, uc_stack, uc_sigmask; the mcontext is
  // 176 bytes in: fault_address, x0 … x30, sp, pc.
  void set_signal_frame(Address at, Address pc, Address sp,
                        const std::map<std::size_t, std::uint64_t>& general) {
    memory_.store<std::uint64_t>(at + 16, kSignalLo);
    memory_.store<std::uint64_t>(at + 32, kSignalHi - kSignalLo);
    for (auto [i, value] : general) memory_.store(at + 176 + 8 + i * 8, value);
    memory_.store(at + 176 + 8 + 31 * 8, sp);
    memory_.store(at + 176 + 8 + 32 * 8, pc);
  }
  std::optional<GoroutinePosition> find(bool system_stack = false) {
    Image image(Architecture::Arm64, TargetIdentity{});
    memory_.add_to(image);
    image.set_threads({thread_});
    auto file = *ElfFile::open("/proc/self/exe");  // unused, but there has to be one
    Diagnostics diagnostics;
    Runtime runtime(image, *file, diagnostics, parts_);
    PcCache cache([](Address pc) {
      PcFacts facts;
      for (auto [entry, role] : {std::pair{kCode, FrameRole::Ordinary},
                                 {kMorestack, FrameRole::Morestack},
                                 {kGogo, FrameRole::Gogo}})
        if (pc - entry < 0x1000) {
          facts.known = true;
          facts.role = role;
          if (role != FrameRole::Ordinary) facts.function.flag = kFuncFlagSpWrite;
        }
      return facts;
    });
    Goroutine goroutine;
    goroutine.g = kG;
    goroutine.status = static_cast<std::uint32_t>(GoroutineStatus::Running);
    goroutine.stack_lo = kStackLo;
    goroutine.stack_hi = kStackHi;
    goroutine.system_stack = system_stack;
    return GoroutinePositions(runtime).find(goroutine, cache);
  }
  void expect(Address pc, Address sp, Address lr, std::size_t registers) {
    auto position = find();
    ASSERT_TRUE(position);
    EXPECT_EQ(position->stack.pc, pc);
    EXPECT_EQ(position->stack.sp, sp);
    EXPECT_EQ(position->stack.lr, lr);
    EXPECT_EQ(position->registers.size(), registers);
    EXPECT_EQ(position->stack.from_registers, registers != 0);
  }

 private:
  Runtime::Parts parts_;
  ForgedMemory memory_;
  ThreadState thread_;
};

TEST_F(Arm64Position, IsThatOfItsThread) {
  set_thread(kCode + 0x10, kStackLo + 0x4000, {{5, 0xaa}, {30, kCode + 0x20}});
  expect(kCode + 0x10, kStackLo + 0x4000, kCode + 0x20, 31);
  EXPECT_EQ(find()->registers[5], 0xaau);
}

TEST_F(Arm64Position, IsWhereASignalInterruptedIt) {
  set_thread(kCode + 0x10, kSignalLo + 0x1000, {{30, kCode + 0x30}});
  // The handler's own handler, of a signal that came while it ran, is passed over.
  set_signal_frame(kSignalLo + 0x2000, kCode + 0x40, kSignalLo + 0x4000, {{30, kCode + 0x50}});
  set_signal_frame(kSignalLo + 0x5000, kCode + 0x60, kStackLo + 0x4000,
                   {{7, 0xbb}, {30, kCode + 0x70}});
  expect(kCode + 0x60, kStackLo + 0x4000, kCode + 0x70, 31);
  EXPECT_EQ(find()->registers[7], 0xbbu);
}

// The caller of morestack has no frame; who called it stands in x3.
TEST_F(Arm64Position, IsMorestacksCallerAtItsEntry) {
  set_thread(kMorestack + 8, kStackLo + 0x4000, {{3, kCode + 0x90}, {30, kCode + 0x80}});
  expect(kCode + 0x80, kStackLo + 0x4000, kCode + 0x90, 31);
}

TEST_F(Arm64Position, IsWhereGogoIsAboutToGo) {
  set(kG, layout().g_sched_pc, kCode);
  set(kG, layout().g_sched_lr, kCode + 0x100);
  set_thread(kGogo + 8, kStackLo + 0x4000, {{30, kGogo + 4}});
  expect(kCode, kStackLo + 0x4000, kCode + 0x100, 31);
  set(kG, layout().g_sched_lr, 0);  // taken over into the register
  set_thread(kGogo + 16, kStackLo + 0x4000, {{30, kCode + 0x100}});
  expect(kCode, kStackLo + 0x4000, kCode + 0x100, 31);
}

// newstack runs on the system stack; morestack saved f's caller in sched.lr.
TEST_F(Arm64Position, IsTheSavedOneWhileItsThreadIsOnTheSystemStack) {
  set(kG, layout().g_sched_pc, kCode + 0x10);
  set(kG, layout().g_sched_sp, kStackLo + 0x5000);
  set(kG, layout().g_sched_lr, kCode + 0x110);
  set_thread(kCode + 0x200, 0xc000200000, {{30, kCode + 0x300}});
  expect(kCode + 0x10, kStackLo + 0x5000, kCode + 0x110, 0);
}

// What a system stack's sched holds is where schedule() goes on, and no position.
TEST_F(Arm64Position, OfASystemStackIsNoneWhileItsThreadIsElsewhere) {
  set(kG, layout().g_sched_pc, kCode + 0x10);
  set(kG, layout().g_sched_sp, kStackLo + 0x5000);
  set_thread(kCode + 0x200, 0xc000200000, {{30, kCode + 0x300}});
  EXPECT_TRUE(find());
  EXPECT_FALSE(find(true));
}

TEST_F(Arm64Position, OfASystemStackIsThatOfItsThread) {
  set(kG, layout().g_sched_pc, kCode);
  set_thread(kCode + 0x10, kStackLo + 0x4000, {{5, 0xaa}, {30, kCode + 0x20}});
  auto position = find(true);
  ASSERT_TRUE(position);
  EXPECT_EQ(position->stack.pc, kCode + 0x10);
  EXPECT_EQ(position->registers[5], 0xaau);
  // About to go to a goroutine, which is not on this stack.
  set_thread(kGogo + 8, kStackLo + 0x4000, {{30, kGogo + 4}});
  EXPECT_FALSE(find(true));
}

// nanotime1 is one that switches to the system stack, unless it is there already.
TEST_F(Arm64Position, OfASystemStackIsTheCallerOfTheVdso) {
  set(kM, layout().m_vdsoSP, kStackLo + 0x6000);
  set(kM, layout().m_vdsoPC, kCode + 0x24);
  for (auto pc : {kMorestack + 8, Address{0x7fff00001000}}) {
    set_thread(pc, kStackLo + 0x4000, {{30, kCode + 0x300}});
    auto position = find(true);
    ASSERT_TRUE(position);
    EXPECT_EQ(position->stack.pc, kCode + 0x24);
    EXPECT_EQ(position->stack.sp, kStackLo + 0x6000);
    EXPECT_TRUE(position->registers.empty());
  }
}

TEST_F(Arm64Position, IsTheCallerOfTheVdsoWithoutALinkRegister) {
  set(kM, layout().m_vdsoSP, kStackLo + 0x6000);
  set(kM, layout().m_vdsoPC, kCode + 0x24);
  set_thread(0x7fff00001000, 0xc000200000, {{30, kCode + 0x300}});
  expect(kCode + 0x24, kStackLo + 0x6000, 0, 0);
}

}  // namespace
}  // namespace overhang::test
