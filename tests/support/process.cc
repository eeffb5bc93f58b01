#include "support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace overhang::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    read = ends[0];
    write = ends[1];
  }
};

// Forks and executes. A descriptor of -1 leaves that stream as it is.
pid_t spawn(const std::vector<std::string>& arguments, const ProcessOptions& options, int in,
            int out, int err) {
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  auto parent = getpid();
  pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);  // it died before the line above
  if (in >= 0) dup2(in, 0);
  if (out >= 0) dup2(out, 1);
  if (err >= 0) dup2(err, 2);
  if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) _exit(126);
  for (auto& variable : options.environment) putenv(const_cast<char*>(variable.c_str()));
  execvp(argv[0], argv.data());
  dprintf(2, "cannot execute %s: %s\n", argv[0], strerror(errno));
  _exit(127);
}

int milliseconds_until(Clock::time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  return left.count() < 0 ? 0 : static_cast<int>(left.count()) + 1;
}

// False at the end of the stream.
bool read_some(int fd, std::string& into) {
  char chunk[65536];
  auto n = ::read(fd, chunk, sizeof chunk);
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) return false;
  into.append(chunk, static_cast<std::size_t>(n));
  return true;
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  Pipe input, output;
  pid_ = spawn(arguments, options, input.read, output.write, -1);
  close(input.read);
  close(output.write);
  in_ = input.write;
  out_ = output.read;
}

Process::~Process() {
  kill();
  close(in_);
  close(out_);
}

void Process::end(int signal) {
  if (pid_ < 0) return;
  ::kill(pid_, signal);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

void Process::write_line(const std::string& line) {
  auto text = line + "\n";
  if (::write(in_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("the process does not take \"" + line + "\"");
}

std::optional<std::string> Process::read_line(std::chrono::seconds timeout) {
  auto deadline = Clock::now() + timeout;
  for (;;) {
    if (auto end = buffer_.find('\n'); end != std::string::npos) {
      auto line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd waiting{out_, POLLIN, 0};
    auto ready = poll(&waiting, 1, milliseconds_until(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || !read_some(out_, buffer_)) return std::nullopt;
  }
}

Finished run(const std::vector<std::string>& arguments, const ProcessOptions& options,
             const std::function<void(pid_t)>& started) {
  Pipe out, err;
  int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  pid_t pid = spawn(arguments, options, nothing, out.write, err.write);
  for (int fd : {nothing, out.write, err.write}) close(fd);
  if (started) started(pid);
  Finished finished;
  auto deadline = Clock::now() + options.timeout;
  pollfd streams[2] = {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}};
  while (streams[0].fd >= 0 || streams[1].fd >= 0) {
    auto ready = poll(streams, 2, milliseconds_until(deadline));
    if (ready == 0) {
      finished.timed_out = true;
      ::kill(pid, SIGKILL);
      break;
    }
    for (int i = 0; ready > 0 && i < 2; i++) {
      if (streams[i].fd < 0 || streams[i].revents == 0) continue;
      if (!read_some(streams[i].fd, i == 0 ? finished.out : finished.err)) streams[i].fd = -1;
    }
  }
  close(out.read);
  close(err.read);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) finished.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) finished.signal = WTERMSIG(status);
  return finished;
}

}  // namespace overhang::test
