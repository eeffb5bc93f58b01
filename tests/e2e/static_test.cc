// The static overhang in a root directory that holds nothing else: as in a container made from
// scratch, a core beside it, or in a container that joined a pod to look at its neighbour.
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

namespace fs = std::filesystem;

// Runs the rest of its arguments in the root directory $1, in namespaces of its own.
constexpr const char* kInRoot = R"(root=$1; shift
if [ -d "$root/proc" ]; then mount --rbind /proc "$root/proc" || exit 99; fi
exec chroot "$root" "$@")";

// Root in a user namespace, of which what this process starts is a part.
bool become_root() {
  auto map = "0 " + std::to_string(geteuid()) + " 1";
  if (unshare(CLONE_NEWUSER) != 0) return false;
  std::ofstream("/proc/self/uid_map") << map;
  return geteuid() == 0;
}

class EmptyRoot : public testing::Test {
 protected:
  static void SetUpTestSuite() { root_user_ = geteuid() == 0 || become_root(); }
  void SetUp() override {
    if (!root_user_) GTEST_SKIP() << "SKIPPED: neither root nor user namespaces here";
    fs::copy_file(OVERHANG_STATIC, root_.file("overhang"));
  }
  Finished in_root(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command{"unshare", "--mount", "sh",        "-c",
                                     kInRoot,   "in_root", root_.path()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command);
  }
  // What is the same from run to run, and without the sources at hand.
  static nlohmann::json told(const Finished& finished) {
    auto report = nlohmann::json::parse(finished.out);
    for (auto& site : report.at("sites")) site.erase("sources");
    return {report.at("heap"), report.at("sites"), report.at("warnings")};
  }
  static inline bool root_user_ = false;
  TemporaryDirectory root_;
  Subject subject_{"oracle", {"tail_global_field"}};
};

// Not even /proc is there.
TEST_F(EmptyRoot, Core) {
  if (!have_gcore()) GTEST_SKIP() << "SKIPPED: gcore (package gdb) is not installed";
  auto core = write_core(subject_.pid(), root_.file("core"));
  fs::copy_file(subject_.executable(), root_.file("program"));
  auto expected = run_overhang({core, "--exe", subject_.executable(), "--format", "json"});
  auto finished = in_root({"/overhang", "/" + fs::path(core).filename().string(), "--exe",
                           "/program", "--format", "json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.err, "");
  EXPECT_EQ(told(finished), told(expected));
}

TEST_F(EmptyRoot, LiveProcess) {
  fs::create_directory(root_.file("proc"));
  auto pid = std::to_string(subject_.pid());
  auto expected = run_overhang({pid, "--format", "json"});
  auto finished = in_root({"/overhang", pid, "--format", "json", "--fail-over", "1"});
  ASSERT_EQ(finished.exit_code, 3) << finished.err;
  EXPECT_EQ(finished.err, "");
  EXPECT_EQ(told(finished), told(expected));
}

}  // namespace
}  // namespace overhang::test
