// Objects that nothing but the system stack of a thread holds, stopped by gdb where that is so. The
// program goes on to use them, so the next collection would mark them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/anatomy.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

// Whose system stacks are Go's or, with cgo, C's.
class SystemStack : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (emulating_arm64()) GTEST_SKIP() << "not run: gdb cannot stop an emulated program";
    if (run({"gdb", "--version"}).exit_code == 127) GTEST_SKIP() << "no gdb";
    executable_ = GetParam() == "cgo" ? build_subject_with_c("making") : build_subject("making");
  }
  // Runs subjects/making with `argument` to main.started, then by these commands. "CORE" in them
  // becomes a command that writes the core.
  void stop(const std::string& argument, std::string commands) {
    auto at = commands.find("CORE");
    ASSERT_NE(at, commands.npos);
    commands.replace(at, 4, "gcore " + core());
    std::ofstream script(folder_.file("script"));
    script << "set pagination off\nset confirm off\nhandle SIGURG nostop noprint pass\n"
           << "break main.started\nrun '" << argument << "'\ndelete\n"
           << commands << "kill\n";
    script.close();
    // A thread that gdb holds may have a lock that the only running one waits for: then again.
    for (int tries = 0; tries < 3 && !std::filesystem::exists(core()); tries++)
      session_ = run({"gdb", "-batch", "-nx", "-x", folder_.file("script"), executable_},
                     {.directory = {}, .environment = {}, .timeout = std::chrono::seconds(40)});
    ASSERT_TRUE(std::filesystem::exists(core())) << session_.out << session_.err;
    image_ = Anatomy::of_core(core(), executable_);
    EXPECT_EQ(image_->diagnostics.warnings(), std::vector<std::string>{});
    for (auto& goroutine : image_->roots.goroutines) EXPECT_FALSE(goroutine.truncated);
  }
  // As above, at an instant of `making` a goroutine; what is made is printed at its end.
  void stop_making(const std::string& argument, const std::string& to_the_instant,
                   const std::string& to_the_end) {
    stop(argument,
         "break runtime.newproc1\ncontinue\ndelete\nset scheduler-locking on\n"
         "break runtime.malg.func1\ncontinue\n" +
             to_the_instant + "CORE\n" + to_the_end + "printf \"\\nmade %lx\\n\", $rax\n");
  }
  std::string core() const { return folder_.file("core"); }
  // What the commands printed after this word: an address.
  Address printed(const std::string& word) const {
    auto at = session_.out.find("\n" + word + " ");
    if (at == std::string::npos) return 0;
    return std::strtoull(session_.out.c_str() + at + word.size() + 2, nullptr, 16);
  }
  // That the object is live by a system stack alone, one of whose frames is `function`'s.
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
  }
  const Anatomy& image() const { return *image_; }
  const std::string& session() const { return session_.out; }

 private:
  TemporaryDirectory folder_;
  std::string executable_;
  Finished session_;
  std::unique_ptr<Anatomy> image_;
};

// proc.go: newproc1. malg has the g in a variable while it makes the stack…
TEST_P(SystemStack, HoldsAGoroutineThatIsBeingMade) {
  stop_making("goroutines", "", "finish\nfinish\n");
  if (HasFatalFailure()) return;
  expect_held(printed("made"), "runtime.malg");
}

TEST_P(SystemStack, OfALaterThreadToo) {
  stop_making("goroutines elsewhere", "", "finish\nfinish\n");
  if (HasFatalFailure()) return;
  expect_held(printed("made"), "runtime.malg");
}

// …and its caller, for an instruction, in a register.
TEST_P(SystemStack, HoldsItInARegister) {
  stop_making("goroutines", "finish\nfinish\n", "");
  if (HasFatalFailure()) return;
  expect_held(printed("made"), "runtime.newproc1");
}

// time.go: unlockAndRun.
TEST_P(SystemStack, HoldsATimerThatRuns) {
  stop("timer", "break time.goFunc\ncontinue\nCORE\nprintf \"\\nload %lx\\n\", 'main.loadAt'\n");
  if (HasFatalFailure()) return;
  expect_held(printed("load"), "time.goFunc");
}

// What marks holds what it looks at.
TEST_P(SystemStack, OfTheCollectorIsNotRead) {
  stop("collect", "break runtime.gcDrain\ncontinue\nCORE\nbacktrace 1\n");
  if (HasFatalFailure()) return;
  EXPECT_NE(session().find("#0  runtime.gcDrain"), std::string::npos) << session();
  EXPECT_FALSE(image().goroutine_in("runtime.gcDrain"));
}

// A thread's first steps: above mstart0's frame its system stack ends, if C made it, for the
// runtime at least.
TEST_P(SystemStack, IsUnwoundToWhereItsThreadBegan) {
  stop("threads",
       "break runtime.mstart1\ncontinue\ndelete\nset scheduler-locking on\n"
       "break runtime.schedule\ncontinue\nCORE\nbacktrace\n");
  if (HasFatalFailure()) return;
  auto* stack = image().goroutine_in("runtime.mstart1");
  ASSERT_TRUE(stack) << session();
  EXPECT_TRUE(stack->system_stack);
  EXPECT_EQ(image().function_of(stack->frames.back()), "runtime.mstart") << session();
}

INSTANTIATE_TEST_SUITE_P(Builds, SystemStack, testing::Values("go", "cgo"),
                         [](auto& instance) { return instance.param; });

}  // namespace
}  // namespace overhang::test
