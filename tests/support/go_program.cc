#include "support/go_program.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace overhang::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const fs::path kSubjects = OVERHANG_SUBJECTS_DIR;
const fs::path kBuilds = OVERHANG_SUBJECT_BUILDS_DIR;

// The go command: $OVERHANG_GO, on the PATH, or where Go's own archives are unpacked. GOTOOLCHAIN
// has a go command of 1.21 or later run another release; what a distribution packs of older ones
// is named by OVERHANG_GO.
const std::string& go_command() {
  static const std::string command = [] {
    if (const char* given = std::getenv("OVERHANG_GO"); given && *given) return std::string(given);
    for (const char* candidate : {"go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go"})
      if (run({candidate, "version"}).exit_code == 0) return std::string(candidate);
    throw std::runtime_error("no go command on the PATH or in /usr/local/go/bin");
  }();
  return command;
}

// Holds a lock file for the length of a scope, against other test processes.
class FileLock {
 public:
  explicit FileLock(const fs::path& path)
      : fd_(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644)) {
    if (fd_ < 0 || flock(fd_, LOCK_EX) != 0)
      throw std::runtime_error("cannot lock " + path.string());
  }
  ~FileLock() { close(fd_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_;
};

bool newer_than(const fs::path& directory, fs::file_time_type built) {
  for (auto& entry : fs::recursive_directory_iterator(directory))
    if (fs::last_write_time(entry) > built) return true;
  return fs::last_write_time(directory) > built;
}

void go_build(const fs::path& directory, const fs::path& executable,
              const std::vector<std::string>& flags, const std::vector<std::string>& environment,
              const std::string& package) {
  std::vector<std::string> command{go_command(), "build", "-o", executable};
  command.insert(command.end(), flags.begin(), flags.end());
  command.push_back(package);
  // goindex: Go 1.19's does not work in the module cache, where toolchains are that were fetched.
  std::vector<std::string> variables{"CGO_ENABLED=0", "GOWORK=off",
                                     "GOFLAGS=", "GODEBUG=goindex=0"};
  if (emulating_arm64()) variables.emplace_back("GOARCH=arm64");
  variables.insert(variables.end(), environment.begin(), environment.end());
  auto result = run(command, {.directory = directory, .environment = variables, .timeout = 600s});
  if (result.exit_code != 0)
    throw std::runtime_error("go build of " + directory.string() + " failed:\n" + result.err);
}

std::string go_env(const std::string& variable) {
  auto result = run({go_command(), "env", variable}, {.directory = kSubjects / "kit"});
  if (result.exit_code != 0) throw std::runtime_error("go env: " + result.err);
  return result.out.substr(0, result.out.find('\n'));
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path);
  if (!(file << text).flush()) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace

const std::string& go_version() {
  static const std::string version = [] {
    auto text = go_env("GOVERSION");
    return text.substr(0, text.find(' '));
  }();
  return version;
}

std::string go_root() { return go_env("GOROOT"); }

int go_minor() {
  auto& version = go_version();  // go1.N or go1.N.M
  return version.starts_with("go1.") ? std::stoi(version.substr(4)) : 0;
}

std::string build_subject(const std::string& name, const std::vector<std::string>& flags,
                          const std::string& variant, const std::vector<std::string>& environment,
                          const std::string& package) {
  auto directory = kBuilds / go_version();
  fs::create_directories(directory);
  auto executable = directory / (variant.empty() ? name : name + "-" + variant);
  if (emulating_arm64()) executable += "-arm64";
  FileLock lock(executable.string() + ".lock");
  if (fs::exists(executable)) {
    auto built = fs::last_write_time(executable);
    if (!newer_than(kSubjects / name, built) && !newer_than(kSubjects / "kit", built))
      return executable;
  }
  go_build(kSubjects / name, executable, flags, environment, package);
  // go build leaves an executable that would come out the same, with its old time.
  fs::last_write_time(executable, fs::file_time_type::clock::now());
  return executable;
}

std::string build_variant(const std::string& name, const std::string& variant,
                          const std::string& file, const std::string& text) {
  auto directory = kBuilds / go_version() / (name + "-" + variant);
  fs::create_directories(directory);
  FileLock lock(directory.string() + ".lock");
  for (auto& entry : fs::directory_iterator(kSubjects / name))
    fs::copy(entry.path(), directory, fs::copy_options::overwrite_existing);
  write_file(directory / file, text);
  auto module = read_file(directory / "go.mod");
  std::string kit = "=> ../kit";
  if (auto at = module.find(kit); at != std::string::npos)
    module.replace(at, kit.size(), "=> " + (kSubjects / "kit").string());
  write_file(directory / "go.mod", module);
  auto executable = directory / name;
  if (emulating_arm64()) executable += "-arm64";
  go_build(directory, executable, {}, {}, ".");
  return executable;
}

std::string build_subject_with_c(const std::string& name) {
  static const bool compiler = run({"gcc", "--version"}).exit_code == 0;
  return compiler ? build_subject(name, {}, "cgo", {"CGO_ENABLED=1"}) : build_subject(name);
}

Subject::Subject(const std::string& name, const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment)
    : Subject(build_subject(name), arguments, environment, 0) {}

Subject Subject::started(const std::string& executable, const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment) {
  return Subject(executable, arguments, environment, 0);
}

Subject::Subject(std::string executable, const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment, int)
    : executable_(std::move(executable)), environment_(environment) {
  command_.push_back(executable_);
  command_.insert(command_.end(), arguments.begin(), arguments.end());
  command_ = command_line(std::move(command_));
  if (emulating_arm64()) cores_ = std::make_unique<CoreDirectory>();
  start();
}

void Subject::start() {
  // The emulator is seen to stand still now and then, once in some hundred runs on a busy machine.
  for (int tries = cores_ ? 3 : 1;; tries--) {
    process_ = std::make_unique<Process>(
        command_,
        ProcessOptions{.directory = cores_ ? cores_->path() : "", .environment = environment_});
    try {
      return wait_until_ready();
    } catch (const std::runtime_error&) {
      if (tries == 1) throw;
    }
  }
}

std::vector<std::string> Subject::target() {
  if (!cores_) return {std::to_string(pid())};
  return {core(), "--exe", executable_};
}

const std::string& Subject::core() {
  if (!core_.empty()) return core_;
  if (!cores_) throw std::runtime_error("only an emulated subject leaves a core");
  process_->end(SIGABRT);
  return core_ = cores_->core();
}

void Subject::revive() {
  if (core_.empty()) return;
  core_.clear();
  cores_ = std::make_unique<CoreDirectory>();
  start();
}

void Subject::command(const std::string& name) {
  revive();
  process_->write_line(name);
  wait_until_ready();
}

void Subject::wait_until_ready() {
  for (;;) {
    auto line = process_->read_line(cores_ ? 60s : 120s);
    if (!line) throw std::runtime_error(executable_ + " ended or is stuck before it was ready");
    if (line->starts_with("facts ")) facts_ = nlohmann::json::parse(line->substr(6));
    if (!line->starts_with("ready ")) continue;
    auto counts = nlohmann::json::parse(line->substr(6));
    heap_alloc_ = counts.at("heap_alloc");
    heap_objects_ = counts.at("heap_objects");
    return;
  }
}

}  // namespace overhang::test
