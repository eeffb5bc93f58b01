// overhang snapshot: the core says what the process says, to overhang, delve and gdb.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "e2e/subjects.h"
#include "support/delve.h"
#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> out;
  for (auto& entry : std::filesystem::directory_iterator(folder))
    out.push_back(entry.path().filename());
  return out;
}

std::size_t lines_of(const std::string& text) { return std::ranges::count(text, '\n'); }

// A report without what says how and when it was made.
json without_the_run(json report) {
  for (auto* member : {"timings", "elapsed_ms", "peak_anonymous_bytes"}) report.erase(member);
  for (auto* member : {"kind", "path", "pause_ms", "taken_at"}) report["target"].erase(member);
  return report;
}

struct Snapshot {
  explicit Snapshot(const Subject& subject, const std::vector<std::string>& options = {}) {
    std::vector<std::string> words{"snapshot", std::to_string(subject.pid()), "-o", path};
    words.insert(words.end(), options.begin(), options.end());
    result = run_overhang(words);
  }
  TemporaryDirectory folder;
  std::string path = folder.file("core");
  Finished result;
};

json live_report(const Subject& subject) {
  return without_the_run(leaks_json({std::to_string(subject.pid())}));
}

// The runtime may have something left to do in a subject that has fallen silent, so the process has
// to say the same before and after: then nothing changed between.
void expect_same_report(Subject& subject, const std::vector<std::string>& options = {}) {
  for (int tries = 0; tries < 10; tries++) {
    auto before = live_report(subject);
    Snapshot snapshot(subject, options);
    auto after = live_report(subject);
    ASSERT_EQ(snapshot.result.exit_code, 0) << snapshot.result.err;
    EXPECT_EQ(names_in(snapshot.folder.path()), std::vector<std::string>{"core"});
    auto of_core = leaks_json({snapshot.path});
    EXPECT_EQ(of_core["target"]["kind"], "core");
    EXPECT_EQ(of_core["target"]["pid"], subject.pid());
    EXPECT_TRUE(of_core["target"]["taken_at"].is_string());
    if (before != after) continue;
    EXPECT_GT(before["heap"]["live_bytes"], 0);
    of_core = without_the_run(of_core);
    EXPECT_EQ(of_core, after) << json::diff(of_core, after).dump(1);
    return;
  }
  FAIL() << "the subject does not fall silent";
}

class SnapshotOf : public testing::TestWithParam<SubjectCase> {};
TEST_P(SnapshotOf, ReportsWhatTheProcessReports) {
  Subject subject(GetParam().name, GetParam().arguments);
  expect_same_report(subject);
}
INSTANTIATE_TEST_SUITE_P(Subjects, SnapshotOf, testing::ValuesIn(all_subjects()),
                         [](auto& one) { return one.param.label(); });

TEST(Snapshot, OfAHeldProcessTheSame) {
  Subject subject("blocked");
  expect_same_report(subject, {"--no-fork"});
}

TEST(Snapshot, OfAPositionIndependentProgramTheSame) {
  auto subject = Subject::started(build_subject("maps", {"-buildmode=pie"}, "pie"), {});
  expect_same_report(subject);
}

// Their function tables are read from the core, not from their files.
TEST(Snapshot, HoldsPluginsWhole) {
  std::vector<std::string> environment{"CGO_ENABLED=1"}, plugins;
  if (run({"gcc", "--version"}).exit_code != 0) GTEST_SKIP() << "no C compiler";
  for (auto* plugin : {"first", "second"})
    plugins.push_back(build_subject("plugins", {"-buildmode=plugin"}, plugin, environment,
                                    std::string("./") + plugin));
  auto subject = Subject::started(build_subject("plugins", {}, "", environment), plugins);
  ASSERT_FALSE(subject.facts().contains("error")) << subject.facts();
  expect_same_report(subject);
}

TEST(Snapshot, KnowsItsExecutable) {
  Subject subject("blocked");
  Snapshot snapshot(subject);
  auto other = build_subject("blocked", {"-trimpath"}, "trimmed");  // the same code
  auto wrong = run_overhang({snapshot.path, "--exe", other});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_NE(wrong.err.find("but the process ran an executable with"), std::string::npos)
      << wrong.err;
}

TEST(Snapshot, SaysWhereADeletedExecutableIs) {
  TemporaryDirectory folder;
  auto program = folder.file("program");
  std::filesystem::copy(build_subject("maps"), program);
  auto subject = Subject::started(program, {});
  std::filesystem::remove(program);
  Snapshot snapshot(subject);
  EXPECT_EQ(snapshot.result.exit_code, 0);
  auto link = "/proc/" + std::to_string(subject.pid()) + "/exe";
  EXPECT_NE(snapshot.result.err.find("keep a copy of " + link + " for --exe"), std::string::npos)
      << snapshot.result.err;
  std::filesystem::copy(link, program);
  EXPECT_GT(leaks_json({snapshot.path, "--exe", program})["heap"]["live_bytes"], 0);
}

TEST(Snapshot, IsSmallerThanGcores) {
  if (!have_gcore()) GTEST_SKIP() << "no gcore";
  Subject subject("maps");
  Snapshot snapshot(subject);
  auto gcore = write_core(subject.pid(), snapshot.folder.file("gcore"));
  EXPECT_LT(std::filesystem::file_size(snapshot.path), std::filesystem::file_size(gcore));
  struct stat status;
  ASSERT_EQ(stat(snapshot.path.c_str(), &status), 0);
  EXPECT_LT(static_cast<std::uint64_t>(status.st_blocks) * 512,
            static_cast<std::uint64_t>(status.st_size));
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(Snapshot, OpensInDelve) {
  if (go_minor() < 22) GTEST_SKIP() << "delve does not know this release any more";
  auto delve = delve_command();
  if (!delve) GTEST_SKIP() << delve.error().message;
  Subject subject("blocked");
  Snapshot snapshot(subject);
  auto session = run_delve(*delve, subject.executable(), snapshot.path,
                           {"goroutines -t 40", "p len(main.ways)"});
  auto report = json::parse(run_overhang({"goroutines", "--format", "json", snapshot.path}).out);
  // subjects/blocked has 20 ways to block; with() stands on the stack of each.
  EXPECT_NE(session.find("[sync.Mutex.Lock"), std::string::npos) << session;
  EXPECT_NE(session.find("[IO wait"), std::string::npos) << session;
  EXPECT_NE(session.find("main.with"), std::string::npos) << session;
  EXPECT_NE(session.find("\n20\n"), std::string::npos) << session;
  auto count = "[" + report["goroutines"].dump() + " goroutines]";
  EXPECT_NE(session.find(count), std::string::npos) << count << "\n" << session;
}

TEST(Snapshot, OpensInGdb) {
  if (run({"gdb", "--version"}).exit_code == 127) GTEST_SKIP() << "no gdb";
  Subject subject("blocked");
  Snapshot snapshot(subject);
  auto session = run({"gdb", "-batch", "-nx", "-ex", "info threads", "-ex", "thread apply all bt",
                      subject.executable(), snapshot.path});
  std::size_t threads = 0;
  for (auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(subject.pid()) + "/task")) {
    threads++;
    EXPECT_NE(session.out.find("LWP " + entry.path().filename().string()), std::string::npos)
        << session.out;
  }
  EXPECT_GT(threads, 2u);
  EXPECT_NE(session.out.find("main.main"), std::string::npos) << session.out;
  EXPECT_NE(session.out.find("runtime.futex"), std::string::npos) << session.out;
}

// --- what cannot be written ---

void expect_failure(const Finished& result, const std::string& why) {
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.err.find(why), std::string::npos) << result.err;
  EXPECT_EQ(lines_of(result.err), 1u) << result.err;
  EXPECT_EQ(result.out, "");
}

TEST(Snapshot, PastTheFileSizeLimitLeavesTheOldFile) {
  Subject subject("blocked");
  TemporaryDirectory folder;
  std::ofstream(folder.file("core")) << "old";
  auto script = "ulimit -f 256; exec \"$0\" snapshot " + std::to_string(subject.pid()) + " -o " +
                folder.file("core");
  expect_failure(run({"sh", "-c", script, OVERHANG_BINARY}), "File too large");
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"core"});
  EXPECT_EQ(std::filesystem::file_size(folder.file("core")), 3u);
  EXPECT_EQ(leaks_json({std::to_string(subject.pid())})["target"]["kind"], "pid");
}

TEST(Snapshot, OnAFullDiskLeavesNothing) {
  TemporaryDirectory folder;
  if (mount("none", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "may not mount a small file system";
  Subject subject("blocked");
  auto result =
      run_overhang({"snapshot", std::to_string(subject.pid()), "-o", folder.file("core")});
  auto left = names_in(folder.path());
  umount(folder.path().c_str());
  expect_failure(result, "No space left on device");
  EXPECT_TRUE(left.empty());
}

TEST(Snapshot, RefusesInOneLine) {
  TemporaryDirectory folder;
  Subject subject("blocked");
  auto pid = std::to_string(subject.pid());
  auto without = run_overhang({"snapshot", pid});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_EQ(lines_of(without.err), 1u);
  expect_failure(run_overhang({"snapshot", pid, "-o", folder.path()}), "not a regular file");
  expect_failure(run_overhang({"snapshot", pid, "-o", folder.file("no/core")}), "No such file");
  expect_failure(run_overhang({"snapshot", OVERHANG_BINARY, "-o", folder.file("core")}),
                 "not a process id");
  expect_failure(run_overhang({"snapshot", "4194305", "-o", folder.file("core")}),
                 "there is no process");
  EXPECT_TRUE(names_in(folder.path()).empty());
}

}  // namespace
}  // namespace overhang::test
