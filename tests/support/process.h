// Child processes for tests: none outlives the test that started it.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace overhang::test {

struct ProcessOptions {
  std::string directory;                      // "": the caller's
  std::vector<std::string> environment = {};  // "NAME=value", on top of the caller's
  std::chrono::seconds timeout{120};          // for run(): then SIGKILL
};

// A running child with pipes to its standard input and output. Destroying it kills it.
class Process {
 public:
  // Throws std::runtime_error when it cannot be started.
  Process(const std::vector<std::string>& arguments, const ProcessOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void write_line(const std::string& line);
  // The next line of its standard output, without the newline; nothing at its end or after
  // `timeout`.
  std::optional<std::string> read_line(std::chrono::seconds timeout);
  // Kills it and waits for its end.
  void kill() { end(SIGKILL); }
  // Sends it a signal that ends it and waits for that.
  void end(int signal);

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string buffer_;
};

struct Finished {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  bool timed_out = false;
  std::string out, err;
};

// Runs a command to its end. `started` (if set) is called with its process id while it runs.
Finished run(const std::vector<std::string>& arguments, const ProcessOptions& options = {},
             const std::function<void(pid_t)>& started = {});

}  // namespace overhang::test
