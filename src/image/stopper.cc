#include "image/stopper.h"

#ifdef __x86_64__  // like tracer.cc

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace overhang {

namespace {

// How long ~Stopper waits. The small process goes on by itself after that.
constexpr int kGoodbyeMs = 5000;

bool receive_all(int socket, void* to, std::size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    auto got = recv(socket, at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

int open_pidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

Result<std::shared_ptr<Stopper>> Stopper::start(const StopRequest& request) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
    return fail(ErrorKind::NotPermitted, "cannot make a socket pair: {}", std::strerror(errno));
  // The child is born with all signals blocked: a Ctrl-C reaches its process group before setsid.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // From a program with threads the child may call malloc only because glibc's fork sees to it.
  auto helper = fork();
  if (helper == 0) {
    close(sockets[0]);
    run_stopper(sockets[1], request);
  }
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  close(sockets[1]);
  if (helper < 0) {
    close(sockets[0]);
    return fail(ErrorKind::NotPermitted, "cannot start a process to attach with: {}",
                std::strerror(error));
  }
  std::shared_ptr<Stopper> stopper(new Stopper);
  stopper->socket_ = sockets[0];
  stopper->helper_ = helper;
  OVERHANG_CHECK(stopper->receive(request.pid));
  return stopper;
}

Status Stopper::receive(pid_t target) {
  StopReport report;
  if (!receive_all(socket_, &report, sizeof report))
    return fail(ErrorKind::Gone, "the process that attaches to process {} was killed", target);
  report.text[sizeof report.text - 1] = '\0';
  if (report.outcome == StopReport::Outcome::Failed)
    return tl::unexpected(Error{report.error, report.text});
  threads_.resize(report.threads);
  if (!receive_all(socket_, threads_.data(), threads_.size() * sizeof(StoppedThread)))
    return fail(ErrorKind::Gone, "the process that attaches to process {} was killed", target);
  bool forked = report.outcome == StopReport::Outcome::Forked;
  frozen_ = forked ? report.child : target;
  if (forked)
    pause_ms_ = report.pause_ms;
  else
    held_reason_ = report.text;
  taken_at_ = report.taken_at;
  clock_ns_ = report.clock_ns;
  frozen_fd_ = open_pidfd(frozen_);
  return {};
}

Stopper::~Stopper() {
  // Shut down, not only closed: a fork of ours may hold the socket too.
  shutdown(socket_, SHUT_RDWR);
  close(socket_);
  if (frozen_fd_ >= 0) close(frozen_fd_);
  int helper_fd = open_pidfd(helper_);
  if (helper_fd >= 0) {
    pollfd end{helper_fd, POLLIN, 0};
    while (poll(&end, 1, kGoodbyeMs) < 0 && errno == EINTR) {
    }
    close(helper_fd);
    waitpid(helper_, nullptr, WNOHANG);
  } else {
    waitpid(helper_, nullptr, 0);
  }
}

bool Stopper::still_frozen() const {
  // The socket reads as ended when the small process has died; so does the pidfd of a dead process.
  // (Without pidfd_open, before Linux 5.3, the first says enough: the child is not reaped before.)
  pollfd watched[] = {{socket_, POLLIN, 0}, {frozen_fd_, POLLIN, 0}};
  return poll(watched, 2, 0) == 0;
}

}  // namespace overhang

#endif
