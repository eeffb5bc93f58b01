#include "support/overhang_command.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "support/go_program.h"

namespace overhang::test {

Finished run_overhang(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  std::vector<std::string> command{OVERHANG_BINARY};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run(command, options);
}

nlohmann::json leaks_json(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"leaks", "--format", "json"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto result = run_overhang(command);
  if (result.exit_code != 0)
    throw std::runtime_error("overhang leaks failed (" +
                             (result.signal ? "signal " + std::to_string(result.signal)
                                            : "exit " + std::to_string(result.exit_code)) +
                             "): " + result.err);
  return nlohmann::json::parse(result.out);
}

std::vector<std::string> one_image(Subject& subject, const TemporaryDirectory& directory) {
  if (emulating_arm64()) return subject.target();
  auto core = directory.file("image");
  auto written = run_overhang({"snapshot", std::to_string(subject.pid()), "-o", core});
  if (written.exit_code != 0) throw std::runtime_error("overhang snapshot: " + written.err);
  return {core, "--exe", subject.executable()};
}

bool have_gcore() { return run({"gcore", "--help"}).exit_code != 127; }

std::string write_core(pid_t pid, const std::string& prefix) {
  auto result = run({"gcore", "-o", prefix, std::to_string(pid)});
  auto path = prefix + "." + std::to_string(pid);
  if (!std::filesystem::exists(path)) throw std::runtime_error("gcore: " + result.err);
  return path;
}

TemporaryDirectory::TemporaryDirectory() {
  auto pattern = (std::filesystem::temp_directory_path() / "overhang-test-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace overhang::test
