// The Go programs in subjects/: built once per toolchain, started, spoken to.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/machine.h"
#include "support/process.h"

namespace overhang::test {

// "go1.26.8": the toolchain at hand, or the one that GOTOOLCHAIN names.
const std::string& go_version();
// Its GOROOT.
std::string go_root();
// 26 for go1.26.8.
int go_minor();

// Builds subjects/<name> for the machine of the tests (machine.h), unless that has been done since
// its sources changed, and returns the executable's path. `flags` are go build's, `environment` is
// its environment on top of CGO_ENABLED=0; `variant` names their combination. `package` is the
// folder within the subject that is built. Throws std::runtime_error with the compiler's words.
// Safe across processes.
std::string build_subject(const std::string& name, const std::vector<std::string>& flags = {},
                          const std::string& variant = "",
                          const std::vector<std::string>& environment = {},
                          const std::string& package = ".");
// Builds a copy of subjects/<name> in which `file` holds `text`; copies of other names stand beside
// it. Errors and locking as above; Go's own cache saves what has been built before.
std::string build_variant(const std::string& name, const std::string& variant,
                          const std::string& file, const std::string& text);
// build_subject with cgo, where there is a C compiler; else without.
std::string build_subject_with_c(const std::string& name);

// A running subject (see subjects/kit) that has fallen silent.
class Subject {
 public:
  // Builds and starts subjects/<name> and waits until it is ready. Throws std::runtime_error.
  explicit Subject(const std::string& name, const std::vector<std::string>& arguments = {},
                   const std::vector<std::string>& environment = {});
  // Starts an executable that build_subject returned.
  static Subject started(const std::string& executable, const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment = {});

  pid_t pid() const { return process_->pid(); }
  const std::string& executable() const { return executable_; }
  // What the subject says of itself (kit.Fact).
  const nlohmann::json& facts() const { return facts_; }
  // The runtime's own count after the last collection.
  std::uint64_t heap_alloc() const { return heap_alloc_; }
  std::uint64_t heap_objects() const { return heap_objects_; }
  // Has the subject carry out a command and waits until it is ready again.
  void command(const std::string& name);
  // The same in two halves, so that it can be imaged meanwhile.
  void begin(const std::string& name) { process_->write_line(name); }
  void finish() { wait_until_ready(); }
  void kill() { process_->kill(); }

  // What names its image to overhang: its process id; of an emulated one, whose process is the
  // emulator, the core that the emulator writes as the subject ends, and --exe with its executable.
  std::vector<std::string> target();
  // That core.
  const std::string& core();
  // Starts it anew if core() ended it.
  void revive();

 private:
  Subject(std::string executable, const std::vector<std::string>& arguments,
          const std::vector<std::string>& environment, int);
  void start();
  void wait_until_ready();
  std::string executable_;
  std::vector<std::string> command_, environment_;
  std::unique_ptr<CoreDirectory> cores_;  // of an emulated subject
  std::string core_;
  std::unique_ptr<Process> process_;
  nlohmann::json facts_;
  std::uint64_t heap_alloc_ = 0, heap_objects_ = 0;
};

}  // namespace overhang::test
