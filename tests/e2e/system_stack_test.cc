// Objects that nothing but the system stack of a thread holds, stopped by gdb where that is so. The
// program goes on to use them, so the next collection would mark them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/anatomy.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

class SystemStack : public testing::Test {
 protected:
  // Runs subjects/making to main.started, then by these commands; "CORE" in them becomes a command
  // that writes the core.
  void stop(std::string commands) {
    executable_ = build_subject("making");
    std::ofstream script(folder_.file("script"));
    auto at = commands.find("CORE");
    ASSERT_NE(at, commands.npos);
    commands.replace(at, 4, "gcore " + core());
    script << "set pagination off\nset confirm off\nhandle SIGURG nostop noprint pass\n"
           << "break main.started\nrun\ndelete\n"
           << commands << "kill\n";
    script.close();
    session_ = run({"gdb", "-batch", "-nx", "-x", folder_.file("script"), executable_});
    if (session_.exit_code == 127) GTEST_SKIP() << "no gdb";
    ASSERT_TRUE(std::filesystem::exists(core())) << session_.out << session_.err;
    image_ = Anatomy::of_core(core(), executable_);
  }
  std::string core() const { return folder_.file("core"); }
  // What the commands printed after this word: an address.
  Address printed(const std::string& word) const {
    auto at = session_.out.find("\n" + word + " ");
    if (at == std::string::npos) return 0;
    return std::strtoull(session_.out.c_str() + at + word.size() + 2, nullptr, 16);
  }
  // That the object is live by the frames of a system stack alone, `function`'s among them.
  void expect_held(Address address, const std::string& function) const {
    auto object = image_->heap->find(address);
    ASSERT_TRUE(object) << fmt::format("{:#x}", address) << session_.out << session_.err;
    EXPECT_TRUE(image_->live.live.test(object->id.value)) << session_.out;
    RootSet without = image_->roots;
    std::erase_if(without.goroutines, [](auto& g) { return g.system_stack; });
    EXPECT_FALSE(image_->reach(without).live.test(object->id.value)) << session_.out;
    auto* stack = image_->goroutine_in(function);
    ASSERT_TRUE(stack) << session_.out;
    EXPECT_TRUE(stack->system_stack);
    EXPECT_FALSE(stack->truncated);
    EXPECT_EQ(image_->diagnostics.warnings(), std::vector<std::string>{});
  }

 private:
  TemporaryDirectory folder_;
  std::string executable_;
  Finished session_;
  std::unique_ptr<Anatomy> image_;
};

// proc.go: newproc1. malg has the g in a variable while it makes the stack…
TEST_F(SystemStack, HoldsAGoroutineThatIsBeingMade) {
  if (emulating_arm64()) GTEST_SKIP() << "not run: gdb cannot stop an emulated program";
  stop(
      "break runtime.newproc1\ncontinue\ndelete\nset scheduler-locking on\n"
      "break runtime.malg.func1\ncontinue\nCORE\nfinish\nfinish\n"
      "printf \"\\nmade %lx\\n\", $rax\n");
  if (IsSkipped() || HasFatalFailure()) return;
  expect_held(printed("made"), "runtime.malg");
}

// …and its caller, for an instruction, in a register.
TEST_F(SystemStack, HoldsItInARegister) {
  if (emulating_arm64()) GTEST_SKIP() << "not run: gdb cannot stop an emulated program";
  stop(
      "break runtime.newproc1\ncontinue\ndelete\nset scheduler-locking on\n"
      "break runtime.malg.func1\ncontinue\nfinish\nfinish\nCORE\n"
      "printf \"\\nmade %lx\\n\", $rax\n");
  if (IsSkipped() || HasFatalFailure()) return;
  expect_held(printed("made"), "runtime.newproc1");
}

// time.go: unlockAndRun.
TEST_F(SystemStack, HoldsATimerThatRuns) {
  if (emulating_arm64()) GTEST_SKIP() << "not run: gdb cannot stop an emulated program";
  stop("break time.goFunc\ncontinue\nCORE\nprintf \"\\nload %lx\\n\", 'main.loadAt'\n");
  if (IsSkipped() || HasFatalFailure()) return;
  expect_held(printed("load"), "time.goFunc");
}

}  // namespace
}  // namespace overhang::test
