#include "support/delve.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "support/overhang_command.h"
#include "support/process.h"

namespace overhang::test {
namespace {

constexpr const char* kPackage = "github.com/go-delve/delve/cmd/dlv";
constexpr const char* kVersion = "v1.27.2";

}  // namespace

Result<std::string> delve_command() {
  auto folder = std::filesystem::path(OVERHANG_SUBJECT_BUILDS_DIR) / "peers" / kVersion;
  auto command = folder / "dlv";
  if (std::filesystem::exists(command)) return command.string();
  std::filesystem::create_directories(folder);
  auto installed =
      run({std::string(OVERHANG_SUBJECTS_DIR) + "/../tools/go", "install",
           fmt::format("{}@{}", kPackage, kVersion)},
          {.directory = folder,
           .environment = {"GOBIN=" + folder.string(), "GOFLAGS=-modcacherw", "GOTOOLCHAIN=auto"},
           .timeout = std::chrono::seconds(280)});
  if (installed.exit_code == 0) return command.string();
  return fail(ErrorKind::NotFound, "{}@{} cannot be had: {}", kPackage, kVersion, installed.err);
}

std::string run_delve(const std::string& delve, const std::string& executable,
                      const std::string& core, const std::vector<std::string>& commands) {
  TemporaryDirectory folder;
  std::ofstream script(folder.file("init"));
  for (auto& command : commands) script << command << '\n';
  script << "exit\n";
  script.close();
  auto session = run({delve, "core", executable, core, "--init", folder.file("init"),
                      "--allow-non-terminal-interactive=true", "--check-go-version=false"},
                     {.directory = folder.path(), .environment = {"HOME=" + folder.path()}});
  if (session.exit_code != 0) throw std::runtime_error("dlv core: " + session.err + session.out);
  return session.out + session.err;
}

}  // namespace overhang::test
