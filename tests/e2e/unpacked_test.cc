// Programs that another one has unpacked into memory, as UPX does: no file holds what runs.
#include <gtest/gtest.h>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

// The memory of it that matters, and what keeps it.
json essence(const json& report) {
  auto& site = report.at("sites").at(0);
  return {site.at("site"), site.at("category"), site.at("retained_bytes"),
          report.at("heap").at("overhang_bytes"), report.at("warnings")};
}

class Unpacked : public testing::Test {
 protected:
  void SetUp() override {
    if (emulating_arm64()) GTEST_SKIP() << "unpacked by this machine's C compiler's program";
    auto source = std::string(OVERHANG_SUBJECTS_DIR) + "/unpacked/unpack.c";
    auto built = run({"gcc", "-O1", "-static-pie", "-fPIE", "-o", unpack_, source});
    if (built.exit_code == -1 || built.exit_code == 127) GTEST_SKIP() << "gcc is not installed";
    ASSERT_EQ(built.exit_code, 0) << built.err;
  }
  Subject unpacked(const std::string& program) {
    return Subject::started(unpack_, {program, "tail_global_field"});
  }
  void expect_the_same(const std::string& program) {
    auto plain = Subject::started(program, {"tail_global_field"});
    auto expected = essence(leaks_json({std::to_string(plain.pid())}));
    auto subject = unpacked(program);
    auto pid = std::to_string(subject.pid());
    // With the file at hand, what the process runs is known by name.
    EXPECT_EQ(essence(leaks_json({pid, "--exe", program})), expected);

    auto stripped = directory_.file("stripped");
    ASSERT_EQ(run({"strip", "-o", stripped, program}).exit_code, 0);
    auto without = essence(leaks_json({std::to_string(plain.pid()), "--exe", stripped}));
    EXPECT_EQ(essence(leaks_json({pid})), without);
    auto snapshot = directory_.file("snapshot");
    auto written = run_overhang({"snapshot", pid, "-o", snapshot});
    ASSERT_EQ(written.exit_code, 0) << written.err;
    EXPECT_EQ(essence(leaks_json({snapshot})), without);

    auto before = subject.heap_alloc();
    subject.command("remedy");
    EXPECT_NEAR(without.at(3).get<double>(),
                static_cast<double>(before) - static_cast<double>(subject.heap_alloc()), 4096);
  }
  TemporaryDirectory directory_;
  std::string unpack_ = directory_.file("unpack");
};

TEST_F(Unpacked, IsReadFromItsMemory) { expect_the_same(build_subject("oracle")); }

TEST_F(Unpacked, AlsoWhereItIsPositionIndependent) {
  expect_the_same(build_subject("oracle", {"-buildmode=pie"}, "pie"));
}

// One whose file is another build's.
TEST_F(Unpacked, OtherBuildsAreRefused) {
  auto subject = unpacked(build_subject("oracle"));
  auto asked = run_overhang({std::to_string(subject.pid()), "--exe", build_subject("maps")});
  EXPECT_EQ(asked.exit_code, 1);
  EXPECT_NE(asked.err.find("--exe"), std::string::npos) << asked.err;
}

}  // namespace
}  // namespace overhang::test
