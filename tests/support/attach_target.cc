#include "support/attach_target.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

namespace overhang {

bool eventually(const std::function<bool()>& condition) {
  for (int tries = 0; tries < 6000; tries++) {
    if (condition()) return true;
    usleep(tries < 100 ? 1'000 : 10'000);
  }
  return false;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

namespace {

std::vector<pid_t> numbers_in(const std::string& directory) {
  std::vector<pid_t> numbers;
  auto* handle = opendir(directory.c_str());
  if (!handle) return numbers;
  while (auto* entry = readdir(handle))
    if (auto number = std::atoi(entry->d_name); number > 0) numbers.push_back(number);
  closedir(handle);
  return numbers;
}

// The value on a line of a status file.
std::string status_value(const std::string& path, const std::string& key) {
  auto text = fmt::format("\n{}", read_file(path));
  auto at = text.find(fmt::format("\n{}:\t", key));
  if (at == text.npos) return {};
  at += key.size() + 3;
  return text.substr(at, text.find('\n', at) - at);
}

}  // namespace

std::vector<pid_t> processes() { return numbers_in("/proc"); }

std::vector<pid_t> threads_of(pid_t pid) { return numbers_in(fmt::format("/proc/{}/task", pid)); }

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  for (auto candidate : processes())
    if (status_value(fmt::format("/proc/{}/status", candidate), "PPid") == std::to_string(pid))
      children.push_back(candidate);
  return children;
}

std::vector<pid_t> processes_with_arguments(const std::string& text) {
  std::vector<pid_t> found;
  for (auto candidate : processes()) {
    auto arguments = read_file(fmt::format("/proc/{}/cmdline", candidate));
    std::replace(arguments.begin(), arguments.end(), '\0', ' ');
    if (arguments.find(text) != arguments.npos) found.push_back(candidate);
  }
  return found;
}

std::string disturbance(pid_t pid) {
  for (auto tid : threads_of(pid)) {
    auto path = fmt::format("/proc/{}/task/{}/status", pid, tid);
    auto state = status_value(path, "State");
    auto tracer = status_value(path, "TracerPid");
    if (state.empty()) continue;  // the thread has ended
    if (state[0] == 'T' || state[0] == 't')
      return fmt::format("thread {} is stopped: {}", tid, state);
    if (tracer != "0") return fmt::format("thread {} is traced by {}", tid, tracer);
    if (sched_getscheduler(tid) > SCHED_OTHER)
      return fmt::format("thread {} is scheduled otherwise than before", tid);
  }
  for (auto child : children_of(pid)) {
    auto path = fmt::format("/proc/{}/status", child);
    return fmt::format("there is a child {} {} {}", child, status_value(path, "Name"),
                       status_value(path, "State"));
  }
  return {};
}

// ---- Child

Child::Child(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) abort();
  pid_ = fork();
  if (pid_ == 0) {
    dup2(ends[1], STDOUT_FILENO);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  if (pid_ < 0) abort();  // kill(-1) would be everybody's end
  close(ends[1]);
  output_ = ends[0];
}

Child::Child(const std::function<void()>& body) {
  pid_ = fork();
  if (pid_ == 0) {
    body();
    _exit(0);
  }
  if (pid_ < 0) abort();
}

Child::~Child() {
  if (status_ == -1) {
    kill(SIGKILL);
    wait();
  }
  if (output_ >= 0) close(output_);
}

void Child::kill(int signal) { ::kill(pid_, signal); }

int Child::wait() {
  while (status_ == -1 && waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  return status_;
}

std::string Child::output() {
  std::string text;
  char buffer[4096];
  ssize_t size;
  while ((size = read(output_, buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(size));
  return text;
}

std::string Child::line() {
  std::string text;
  char c;
  while (read(output_, &c, 1) == 1 && c != '\n') text += c;
  return text;
}

// ---- AttachServer

AttachServer::AttachServer(const std::vector<std::string>& arguments) {
  char name[] = "/tmp/overhang_attach_XXXXXX";
  directory_ = mkdtemp(name);
  auto socket_path = directory_ + "/socket";
  std::vector<std::string> command{OVERHANG_ATTACH_SERVER, socket_path};
  command.insert(command.end(), arguments.begin(), arguments.end());
  process_ = std::make_unique<Child>(command);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  eventually([&] {
    connection_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
      return true;
    close(connection_);
    return false;
  });
  timeval patience{60, 0};
  setsockopt(connection_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

AttachServer::~AttachServer() {
  close(connection_);
  process_.reset();
  unlink((directory_ + "/socket").c_str());
  rmdir(directory_.c_str());
}

std::string AttachServer::ask(const std::string& line) {
  auto text = fmt::format("{}\n", line);
  if (send(connection_, text.data(), text.size(), MSG_NOSIGNAL) < 0) return {};
  for (;;) {
    if (auto end = buffered_.find('\n'); end != buffered_.npos) {
      auto answer = buffered_.substr(0, end);
      buffered_.erase(0, end + 1);
      return answer;
    }
    char buffer[4096];
    auto size = recv(connection_, buffer, sizeof buffer, 0);
    if (size <= 0) return {};
    buffered_.append(buffer, static_cast<std::size_t>(size));
  }
}

bool AttachServer::answers() {
  auto number = std::to_string(++pings_);
  return ask("ping " + number) == number;
}

// {"name":number,…}: all that the server says.
std::map<std::string, std::uint64_t> AttachServer::numbers(const std::string& question) {
  std::map<std::string, std::uint64_t> numbers;
  auto text = ask(question);
  for (std::size_t at = 0; (at = text.find('"', at)) != text.npos;) {
    auto end = text.find('"', at + 1);
    if (end == text.npos) break;
    numbers[text.substr(at + 1, end - at - 1)] = std::strtoull(text.c_str() + end + 2, nullptr, 10);
    at = end + 1;
  }
  return numbers;
}

int AttachServer::quit() {
  ask("quit");
  return process_->wait();
}

}  // namespace overhang
