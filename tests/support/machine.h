// The machine that the tests' Go programs are built for: this one, or arm64 by the emulator of
// Debian's package qemu-user, where the environment says OVERHANG_TEST_MACHINE=arm64.
#pragma once

#include <string>
#include <vector>

#include "support/overhang_command.h"

namespace overhang::test {

inline constexpr const char* kEmulator = "qemu-aarch64";

bool emulating_arm64();
// How a program that was built for that machine is started.
std::vector<std::string> command_line(std::vector<std::string> program_and_arguments);
// Why no program can be emulated here and leave a core; empty where it can.
std::string cannot_emulate();

// Whether programs that want a dynamic loader (position-independent ones) can be emulated: needs
// Debian's package libc6-arm64-cross.
bool have_emulated_loader();

// A directory for an emulated program to run in, which is where the emulator leaves its core.
class CoreDirectory {
 public:
  const std::string& path() const { return directory_.path(); }
  // The core that is there. Throws std::runtime_error without one.
  std::string core() const;

 private:
  TemporaryDirectory directory_;
};

}  // namespace overhang::test
