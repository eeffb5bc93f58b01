// What overhang cannot analyse ends in exit status 1 and one line that says why: never in a crash,
// a hang or half a report.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

void expect_clean_end(const Finished& result) {
  EXPECT_EQ(result.signal, 0) << result.err;
  EXPECT_FALSE(result.timed_out);
  EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 1) << result.exit_code << result.err;
}

// Exit status 1, nothing on standard output, one line on standard error that holds all `words`.
void expect_one_line(const Finished& result, const std::vector<std::string>& words) {
  EXPECT_EQ(result.signal, 0) << result.err;
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  EXPECT_TRUE(result.err.ends_with("\n"));
  for (auto& word : words) EXPECT_NE(result.err.find(word), std::string::npos) << result.err;
}

Finished analyse(const std::vector<std::string>& target) {
  std::vector<std::string> arguments{"leaks", "--format", "json"};
  arguments.insert(arguments.end(), target.begin(), target.end());
  return run_overhang(arguments, {.timeout = 60s});
}

// Either a report that parses, or one line.
void expect_report_or_one_line(const Finished& result) {
  expect_clean_end(result);
  if (result.exit_code == 0)
    EXPECT_NO_THROW(nlohmann::json::parse(result.out)) << result.out.substr(0, 200);
  else
    expect_one_line(result, {});
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  chmod(path.c_str(), 0755);
}

TEST(BadInput, NoSuchProcess) {
  expect_one_line(analyse({"999999999"}), {"999999999"});
  expect_one_line(analyse({"0"}), {});
  expect_one_line(analyse({"18446744073709551617"}), {});
}

TEST(BadInput, NoSuchFile) {
  expect_one_line(analyse({"/nonexistent/core"}), {"/nonexistent/core"});
}

TEST(BadInput, NotPermitted) {
  if (geteuid() != 0) {
    expect_one_line(analyse({"1"}), {"CAP_SYS_PTRACE"});
    return;
  }
  if (run({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "true"}).exit_code != 0)
    GTEST_SKIP() << "SKIPPED: cannot become another user here (setpriv)";
  TemporaryDirectory directory;  // the build tree may be closed to others
  chmod(directory.path().c_str(), 0755);
  auto copy = directory.file("overhang");
  fs::copy_file(OVERHANG_BINARY, copy);
  Process sleeping({"sleep", "1000"});
  auto result = run({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy,
                     std::to_string(sleeping.pid())});
  expect_one_line(result, {"CAP_SYS_PTRACE"});
}

TEST(BadInput, NotAGoProgram) {
  Process sleeping({"sleep", "1000"});
  expect_one_line(analyse({std::to_string(sleeping.pid())}), {"Go"});
  if (!have_gcore()) return;
  TemporaryDirectory directory;
  auto core = write_core(sleeping.pid(), directory.file("core"));
  expect_one_line(analyse({core}), {"Go"});
}

TEST(BadInput, ProcessWithoutMemory) {
  Process ended({"true"});
  while (ended.read_line(10s)) {
  }
  expect_one_line(analyse({std::to_string(ended.pid())}), {});  // a zombie, or gone
}

TEST(BadInput, NotAnElfFile) {
  TemporaryDirectory directory;
  for (std::string bytes : {"", "x", "hello, this is a text and no core\n",
                            "\x7f"
                            "ELF",
                            "#!/bin/sh\n"}) {
    write_file(directory.file("file"), bytes);
    expect_one_line(analyse({directory.file("file")}), {directory.file("file")});
  }
  expect_one_line(analyse({directory.path()}), {directory.path()});
  expect_one_line(analyse({"/dev/null"}), {"/dev/null"});
}

TEST(BadInput, ExecutableInsteadOfCore) {
  expect_one_line(analyse({build_subject("globals")}), {"core"});
}

// A core and its executable; each test has an executable of its own to spoil.
class BadCore : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!have_gcore()) return;
    shared_ = std::make_unique<TemporaryDirectory>();
    fs::copy_file(build_subject("oracle"), shared_->file("program"));
    auto subject = Subject::started(shared_->file("program"), {"tail_global_field"});
    core_ = write_core(subject.pid(), shared_->file("core"));
  }
  static void TearDownTestSuite() { shared_.reset(); }
  void SetUp() override {
    if (!shared_) GTEST_SKIP() << "SKIPPED: gcore (package gdb) is not installed";
    executable_ = shared_->file("program");
    fs::copy_file(build_subject("oracle"), executable_, fs::copy_options::overwrite_existing);
  }
  // A copy of the core's first `size` bytes, holes kept.
  std::string cut(std::uint64_t size) {
    auto path = directory_.file("cut");
    fs::remove(path);
    run({"cp", "--sparse=always", core_, path});
    fs::resize_file(path, size);
    return path;
  }
  TemporaryDirectory directory_;
  std::string executable_;
  static inline std::unique_ptr<TemporaryDirectory> shared_;
  static inline std::string core_;
};

TEST_F(BadCore, IsAnalysedWhenWhole) {
  auto result = analyse({core_});
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST_F(BadCore, CutAnywhere) {
  std::mt19937_64 random(20190515);
  auto size = fs::file_size(core_);
  for (int i = 0; i < 10; i++) {
    auto at = i == 0 ? 100 : random() % size;
    SCOPED_TRACE("cut at " + std::to_string(at) + " of " + std::to_string(size));
    auto result = analyse({cut(at), "--exe", executable_});
    expect_report_or_one_line(result);
    if (result.exit_code != 0) {
      EXPECT_TRUE(result.err.find("cut short") != std::string::npos ||
                  result.err.find("ends within its") != std::string::npos)
          << result.err;
      continue;
    }
    auto warnings = nlohmann::json::parse(result.out).at("warnings");
    EXPECT_FALSE(warnings.empty()) << "a part is missing and nothing says so";
  }
}

TEST_F(BadCore, ScribbledOver) {
  std::mt19937_64 random(68167);
  auto size = fs::file_size(core_);
  for (int round = 0; round < 12; round++) {
    auto path = cut(size);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    // The headers and notes in some rounds, memory in the others.
    auto span = round % 3 == 0 ? std::min<std::uint64_t>(size, 20000) : size;
    for (int i = 0; i < (round % 3 == 0 ? 8 : 2000); i++) {
      auto word = random() % 4 == 0 ? ~std::uint64_t{0} : random();
      file.seekp(static_cast<std::streamoff>(random() % span));
      file.write(reinterpret_cast<const char*>(&word),
                 static_cast<std::streamsize>(1 + random() % 8));
    }
    file.close();
    SCOPED_TRACE("round " + std::to_string(round));
    expect_report_or_one_line(analyse({path, "--exe", executable_}));
  }
}

TEST_F(BadCore, WrongExecutable) {
  expect_one_line(analyse({core_, "--exe", build_subject("globals")}), {"globals"});
  expect_one_line(analyse({core_, "--exe", "/bin/true"}), {"/bin/true"});
  expect_one_line(analyse({core_, "--exe", core_}), {});
  expect_one_line(analyse({core_, "--exe", "/nonexistent/exe"}), {"/nonexistent/exe"});
}

TEST_F(BadCore, WithoutItsExecutable) {
  fs::remove(executable_);
  expect_one_line(analyse({core_}), {"--exe"});
}

TEST_F(BadCore, ExecutableReplacedByAnother) {
  fs::copy_file(build_subject("globals"), executable_, fs::copy_options::overwrite_existing);
  expect_one_line(analyse({core_}), {"program"});
}

TEST(BadInput, UnsupportedVersion) {
  TemporaryDirectory directory;
  auto bytes = read_file(build_subject("globals"));
  // "go1.26.8" becomes "go1.18.8", wherever it stands. (What is newer: unknown_release_test.)
  auto version = go_version();
  auto older = version;
  older.replace(4, 2, "18");
  for (std::size_t at = 0; (at = bytes.find(version, at)) != std::string::npos; at++)
    bytes.replace(at, older.size(), older);
  write_file(directory.file("program"), bytes);
  auto subject = Subject::started(directory.file("program"), {});
  expect_one_line(analyse({std::to_string(subject.pid())}), {older, "1.19", "1.27"});
}

// The smallest program for i386: it waits for a signal, for ever.
std::string program_of_32_bits() {
  static constexpr unsigned char kBytes[] = {
      0x7f, 'E', 'L', 'F',  1,    1,    1, 0,    0,    0,    0,    0,    0,
      0,    0,   0,  // ELFCLASS32, little-endian
      2,    0,   3,   0,    1,    0,    0, 0,    0x54, 0x80, 0x04, 0x08, 52,
      0,    0,   0,  // ET_EXEC, EM_386, entry, phoff
      0,    0,   0,   0,    0,    0,    0, 0,    52,   0,    32,   0,    1,
      0,    40,  0,   0,    0,    0,    0, 1,    0,    0,    0,    0,    0,
      0,    0,   0,   0x80, 0x04, 0x08, 0, 0x80, 0x04, 0x08,  // PT_LOAD at 0x8048000
      93,   0,   0,   0,    93,   0,    0, 0,    5,    0,    0,    0,    0,
      0x10, 0,   0,   0xb8, 29,   0,    0, 0,    0xcd, 0x80, 0xeb, 0xf7};  // mov eax, pause; int
                                                                           // 0x80; jmp back
  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}

TEST(BadInput, OtherArchitecture) {
  TemporaryDirectory directory;
  write_file(directory.file("program"), program_of_32_bits());
  Process waiting({directory.file("program")});
  if (waiting.read_line(1s) || kill(waiting.pid(), 0) != 0 ||
      fs::read_symlink("/proc/" + std::to_string(waiting.pid()) + "/exe") !=
          directory.file("program"))
    GTEST_SKIP() << "SKIPPED: this kernel runs no programs of 32 bits";
  expect_one_line(analyse({std::to_string(waiting.pid())}), {"32-bit"});
}

TEST(BadInput, ProcessEndsMeanwhile) {
  for (auto wait : {0ms, 1ms, 2ms, 4ms, 8ms, 15ms, 30ms, 60ms}) {
    Subject subject("oracle", {"tail_small"});
    auto result = run({OVERHANG_BINARY, "leaks", "--format", "json", std::to_string(subject.pid())},
                      {.timeout = 60s}, [&](pid_t) {
                        std::this_thread::sleep_for(wait);
                        subject.kill();
                      });
    SCOPED_TRACE(std::to_string(wait.count()) + " ms");
    expect_report_or_one_line(result);
  }
}

TEST(BadInput, BadUsageIsStatusTwo) {
  for (std::vector<std::string> arguments : {std::vector<std::string>{},
                                             {"leaks"},
                                             {"--format", "nonsense", "1"},
                                             {"--nonsense", "1"}}) {
    auto result = run_overhang(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_NE(result.err, "");
  }
}

}  // namespace
}  // namespace overhang::test
