// The server of subjects/attach_server as a target, and what /proc says of a process after it was
// attached to.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace overhang {

// Polls until `condition` holds; false when it never does in a long while.
bool eventually(const std::function<bool()>& condition);

std::string read_file(const std::string& path);
std::vector<pid_t> processes();
std::vector<pid_t> threads_of(pid_t pid);
// Processes whose parent is `pid`, zombies too.
std::vector<pid_t> children_of(pid_t pid);
// Processes whose arguments, joined by spaces, contain `text`.
std::vector<pid_t> processes_with_arguments(const std::string& text);

// An empty string, or what is amiss: a thread that is stopped or traced or has another scheduling
// policy than the usual one, a child.
std::string disturbance(pid_t pid);

// A program of ours that runs.
class Child {
 public:
  // Runs `arguments` with its output read into a pipe.
  explicit Child(const std::vector<std::string>& arguments);
  // Runs `body` in a fork; the child then ends.
  explicit Child(const std::function<void()>& body);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void kill(int signal);
  // Waits for the end; the status as waitpid gives it.
  int wait();
  // All that it wrote to standard output until it closed that.
  std::string output();
  // Waits for one line of its output.
  std::string line();

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  int status_ = -1;
};

class AttachServer {
 public:
  explicit AttachServer(const std::vector<std::string>& arguments = {});
  ~AttachServer();
  AttachServer(const AttachServer&) = delete;
  AttachServer& operator=(const AttachServer&) = delete;

  pid_t pid() const { return process_->pid(); }
  // The answer to one line; "" when the connection broke.
  std::string ask(const std::string& line);
  // True if the server answers a fresh question.
  bool answers();
  std::map<std::string, std::uint64_t> numbers(const std::string& question);
  // Has it end by itself; its wait status.
  int quit();

 private:
  std::string directory_;
  std::unique_ptr<Child> process_;
  int connection_ = -1;
  std::string buffered_;
  std::uint64_t pings_ = 0;
};

}  // namespace overhang
