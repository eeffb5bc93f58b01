// The overhang executable itself, run as a person would.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/process.h"

namespace overhang::test {

// Runs `overhang ARGUMENTS…` to its end.
Finished run_overhang(const std::vector<std::string>& arguments,
                      const ProcessOptions& options = {});
// Runs `overhang leaks --format json ARGUMENTS…` and parses what it prints. Throws
// std::runtime_error with its error output when it fails.
nlohmann::json leaks_json(const std::vector<std::string>& arguments);

// Writes a core of a running process by gdb's gcore and returns its path, which starts with
// `prefix`. Throws std::runtime_error.
std::string write_core(pid_t pid, const std::string& prefix);
bool have_gcore();

class Subject;
class TemporaryDirectory;
// What names one image of the subject, for commands that are compared: of a live process each takes
// an image of its own, and the runtime's own goroutines go on between them. A core that `overhang
// snapshot` writes into the directory; of an emulated subject its own. Throws std::runtime_error.
std::vector<std::string> one_image(Subject& subject, const TemporaryDirectory& directory);

// A directory that goes when the object does.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace overhang::test
