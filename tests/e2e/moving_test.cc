// A stack that is being moved, stopped by gdb after each instruction by which the runtime has the
// goroutine use the new one (stack.go: copystack).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

// The line of GOROOT/src/runtime/stack.go that holds `statement`; 0 where there is none.
unsigned line_of(const std::string& statement) {
  std::ifstream source(go_root() + "/src/runtime/stack.go");
  unsigned number = 0;
  for (std::string line; std::getline(source, line);) {
    number++;
    if (line == "\t" + statement) return number;
  }
  return 0;
}

TEST(Moving, StackIsReadWhereItIsAtEachInstruction) {
  if (run({"gdb", "--version"}).exit_code == 127) GTEST_SKIP() << "no gdb";
  if (emulating_arm64()) GTEST_SKIP() << "not run: gdb cannot step in an emulated program";
  constexpr unsigned kSteps = 10;  // instructions: the three statements are about nine
  auto line = line_of("gp.stack = new");
  ASSERT_NE(line, 0u);
  auto executable = build_subject("moving");
  TemporaryDirectory folder;
  std::ofstream script(folder.file("script"));
  script << "set pagination off\nset confirm off\nhandle SIGURG nostop noprint pass\n"
         << "break main.started\nrun\ndelete\nbreak runtime/stack.go:" << line << "\ncontinue\n"
         << "set scheduler-locking on\n";
  // A core is 1.2 GB: each is looked at before the next.
  auto core = folder.file("core");
  auto report_file = [&](unsigned i) { return folder.file("report" + std::to_string(i)); };
  for (unsigned i = 0; i < kSteps; i++)
    script << fmt::format("gcore {}\nshell {} leaks --format json {} --exe {} >{}; rm {}\nstepi\n",
                          core, OVERHANG_BINARY, core, executable, report_file(i), core);
  script << "info symbol $pc\nkill\n";
  script.close();
  auto session = run({"gdb", "-batch", "-nx", "-x", folder.file("script"), executable});
  ASSERT_NE(session.out.find("runtime.copystack"), std::string::npos) << session.out << session.err;
  nlohmann::json first;
  for (unsigned i = 0; i < kSteps; i++) {
    SCOPED_TRACE(i);
    auto report = nlohmann::json::parse(std::ifstream(report_file(i)));
    EXPECT_EQ(report.at("warnings"), nlohmann::json::array());
    auto live = report.at("heap").at("live_objects");
    EXPECT_GE(live, 1000u);
    if (i == 0) first = live;
    EXPECT_EQ(live, first);
  }
}

}  // namespace
}  // namespace overhang::test
