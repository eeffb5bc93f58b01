#include "support/machine.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "support/go_program.h"

namespace overhang::test {
namespace {

constexpr const char* kLoaderPrefix = "/usr/aarch64-linux-gnu";

// Skips all tests of a program where they are to run for arm64 and cannot.
class Emulation : public testing::Environment {
 public:
  void SetUp() override {
    if (!emulating_arm64()) return;
    if (auto reason = cannot_emulate(); !reason.empty()) GTEST_SKIP() << "not run: " << reason;
    rlimit limit{};
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_CORE, &limit);
    setenv("QEMU_LD_PREFIX", kLoaderPrefix, 0);
  }
};
[[maybe_unused]] const auto* emulation = testing::AddGlobalTestEnvironment(new Emulation);

}  // namespace

bool emulating_arm64() {
  auto* machine = std::getenv("OVERHANG_TEST_MACHINE");
  return machine && std::string_view(machine) == "arm64";
}

std::vector<std::string> command_line(std::vector<std::string> program_and_arguments) {
  auto& command = program_and_arguments;
  if (emulating_arm64()) command.insert(command.begin(), kEmulator);
  return std::move(command);
}

std::string cannot_emulate() {
  if (run({kEmulator, "--version"}).exit_code != 0)
    return std::string(kEmulator) + " (package qemu-user) is not installed";
  rlimit limit{};
  if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max < RLIM_INFINITY)
    return "the size of core files is limited (ulimit -Hc)";
  return {};
}

bool have_emulated_loader() {
  return std::filesystem::exists(std::string(kLoaderPrefix) + "/lib/ld-linux-aarch64.so.1");
}

std::string CoreDirectory::core() const {
  // qemu_<program>_<date>-<time>_<pid>.core
  for (auto& entry : std::filesystem::directory_iterator(path()))
    if (entry.path().filename().string().starts_with("qemu_") &&
        entry.path().extension() == ".core")
      return entry.path();
  throw std::runtime_error(std::string(kEmulator) + " left no core in " + path());
}

}  // namespace overhang::test
