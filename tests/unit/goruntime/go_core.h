// Cores of small Go programs whose source stands in a test, for tests of single layers.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "goruntime/runtime.h"
#include "image/core.h"

namespace overhang::test {

// A release of each supported minor version; those that are not at hand are skipped. With "/arm64"
// behind it, it builds for linux/arm64 and the program runs under qemu-aarch64; with "/noswissmap",
// with that GOEXPERIMENT.
inline const std::vector<std::string> kToolchains{"go1.19.13", "go1.20.14", "go1.21.13",
                                                  "go1.22.12", "go1.23.12", "go1.24.13",
                                                  "go1.25.13", "go1.26.8",  "go1.27.4"};
inline const std::string kArm64 = "/arm64", kNoSwissMap = "/noswissmap";
// Those that still have the maps of Go 1.23 beside the new ones.
inline const std::vector<std::string> kClassicMaps{"go1.24.13/noswissmap", "go1.25.13/noswissmap"};
inline std::vector<std::string> with_arm64(std::vector<std::string> toolchains,
                                           const std::vector<std::string>& for_arm64) {
  for (auto& toolchain : for_arm64) toolchains.push_back(toolchain + kArm64);
  return toolchains;
}

// Of a toolchain, as the name of a test.
inline std::string toolchain_name(const testing::TestParamInfo<std::string>& toolchain) {
  auto name = toolchain.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == '/'; }, '_');
  return name;
}

// Go 1.19's index of packages does not work in the module cache, where fetched toolchains are.
inline const std::string kGoEnvironment = "GODEBUG=goindex=0";

class GoCore {
 public:
  // Builds `source` (package main) with go build's `build_flags`, runs it (with `environment`,
  // NAME=value, if any) until it has written the line "ready", takes its core and then has the
  // runtime itself print all stacks (SIGQUIT to the main thread). An emulated one prints them first
  // and then aborts, for the emulator to write its core (GOTRACEBACK=crash). Nothing where the
  // toolchain, gcore or the emulator is missing; a failed assertion where something else goes
  // wrong.
  static std::unique_ptr<GoCore> of(const std::string& source, const std::string& toolchain,
                                    const std::string& build_flags = "",
                                    const std::string& environment = "") {
    auto core = std::unique_ptr<GoCore>(new GoCore);
    core->environment_ = environment;
    core->emulated_ = toolchain.ends_with(kArm64);
    auto prefix = "cd " + core->directory_ +
                  " && GOTOOLCHAIN=" + toolchain.substr(0, toolchain.find('/')) +
                  " GOPROXY=off GOFLAGS= GOWORK=off CGO_ENABLED=0 " + kGoEnvironment +
                  (core->emulated_ ? " GOARCH=arm64" : "") +
                  (toolchain.ends_with(kNoSwissMap) ? " GOEXPERIMENT=noswissmap" : "") + " go ";
    std::ofstream(core->directory_ + "/go.mod") << "module subject\n\ngo 1.19\n";
    if (!shell(prefix + "version") ||
        !shell(core->emulated_ ? "qemu-aarch64 --version && test $(ulimit -Hc) = unlimited"
                               : "command -v gcore"))
      return nullptr;
    std::ofstream(core->directory_ + "/main.go") << source;
    if (!shell(prefix + "build " + build_flags + " -o subject .")) {
      ADD_FAILURE() << "the subject does not build with " << toolchain;
      return nullptr;
    }
    if (!core->run()) return nullptr;
    core->open();
    return core->runtime ? std::move(core) : nullptr;
  }
  ~GoCore() {
    runtime.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string output;  // what it wrote, "ready" included
  std::string traces;  // what the runtime then printed, with frame addresses (GOTRACEBACK=system)
  Diagnostics diagnostics;
  std::unique_ptr<Image> image;
  std::unique_ptr<ElfFile> file;
  std::unique_ptr<Runtime> runtime;

 private:
  GoCore() {
    auto pattern = (std::filesystem::temp_directory_path() / "overhang-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  static bool shell(const std::string& command) {
    return std::system(("{ " + command + "; } >/dev/null").c_str()) == 0;
  }
  std::string read(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(directory_ + "/" + name).rdbuf();
    return text.str();
  }
  // Calls done() until it is true; false after half a minute.
  template <class Done>
  static bool wait_until(Done&& done) {
    for (int i = 0; i < 3000; i++) {
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  bool run() {
    auto command =
        "cd " + directory_ + (emulated_ ? " && ulimit -c unlimited" : "") + " && " + environment_ +
        (emulated_ ? " GOTRACEBACK=crash exec qemu-aarch64" : " GOTRACEBACK=system exec") +
        " ./subject >output 2>traces";
    auto pid = fork();
    if (pid == 0) {
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      _exit(127);
    }
    bool ended = false;
    auto has_ended = [&] { return ended = ended || waitpid(pid, nullptr, WNOHANG) != 0; };
    wait_until([&] { return read("output").ends_with("ready\n") || has_ended(); });
    output = read("output");
    bool ready = output.ends_with("ready\n");
    EXPECT_TRUE(ready) << "the subject did not get ready: " << read("traces");
    bool dumped =
        ready &&
        (emulated_ || shell("gcore -o " + directory_ + "/core " + std::to_string(pid) + " 2>&1"));
    EXPECT_TRUE(dumped || !ready) << "gcore failed";
    if (dumped) {
      syscall(SYS_tgkill, pid, pid, SIGQUIT);
      wait_until(has_ended);
      traces = read("traces");
    }
    if (!ended) {
      ::kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
    core_ = directory_ + "/core." + std::to_string(pid);
    if (emulated_ && dumped)
      dumped =
          shell("mv " + directory_ + "/qemu_subject_*_" + std::to_string(pid) + ".core " + core_);
    EXPECT_TRUE(dumped || !ready) << "the emulator left no core";
    return dumped;
  }
  void open() {
    auto opened_image = open_core(core_, diagnostics);
    ASSERT_TRUE(opened_image) << opened_image.error().message;
    image = std::move(*opened_image);
    auto opened_file = ElfFile::open(directory_ + "/subject");
    ASSERT_TRUE(opened_file) << opened_file.error().message;
    file = std::move(*opened_file);
    auto opened = Runtime::open(*image, *file, diagnostics);
    ASSERT_TRUE(opened) << opened.error().message;
    runtime = std::move(*opened);
  }

  std::string directory_, core_, environment_;
  bool emulated_ = false;
};

}  // namespace overhang::test
