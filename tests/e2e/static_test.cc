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

// A process that is the first of its own PID namespace, as a container's is.
class Container {
 public:
  explicit Container(const std::vector<std::string>& command) : process_(started(command)) {
    for (auto line = process_.read_line(std::chrono::seconds(60));
         line && !line->starts_with("ready ");)
      line = process_.read_line(std::chrono::seconds(60));
    auto parent = std::to_string(process_.pid());
    std::ifstream("/proc/" + parent + "/task/" + parent + "/children") >> first_;
  }
  const std::string& first() const { return first_; }  // its process id outside

 private:
  static std::vector<std::string> started(const std::vector<std::string>& command) {
    std::vector<std::string> words{"unshare", "--pid", "--fork", "--kill-child", "--mount-proc"};
    words.insert(words.end(), command.begin(), command.end());
    return words;
  }
  Process process_;
  std::string first_;
};

// As `kubectl debug --target --profile=general` has it (docs/COOKBOOK.md): a root of its own, the
// target's PID namespace, the capabilities that containers have, and the profile's SYS_PTRACE.
TEST_F(EmptyRoot, EphemeralContainerOfAPod) {
  const std::string usual =
      "-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,+setpcap,"
      "+net_bind_service,+sys_chroot,+kill,+audit_write";
  Container pod({build_subject("oracle"), "tail_global_field"});
  ASSERT_NE(pod.first(), "");
  fs::create_directory(root_.file("proc"));
  auto beside = [&](const std::string& capabilities) {
    return run({"nsenter", "-t", pod.first(), "--pid", "unshare", "--mount", "sh", "-c",
                R"(mount -t proc proc "$1/proc" &&
                   exec setpriv --bounding-set="$2" --no-new-privs chroot "$1" /overhang 1 \
                     --format json)",
                "sh", root_.path(), capabilities});
  };
  auto finished = beside(usual + ",+sys_ptrace");
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  auto expected = run_overhang({pod.first(), "--format", "json"});
  EXPECT_EQ(told(finished), told(expected));
  auto refused = beside(usual);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("CAP_SYS_PTRACE"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace overhang::test
