// What the kernel takes for a fork alone, which a snapshot cannot undercut: plain_fork MIB prints
// the median of nine forks of a process with that much touched memory, in milliseconds.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int argc, char** argv) {
  auto size = (argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1024) << 20;
  auto* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  auto touch = [&] {
    for (std::size_t at = 0; at < size; at += 4096) static_cast<volatile char*>(memory)[at] = 1;
  };
  std::vector<double> times;
  for (int i = 0; i < 9; i++) {
    touch();
    auto start = std::chrono::steady_clock::now();
    auto child = fork();
    if (child == 0) _exit(0);
    std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    if (child < 0 || waitpid(child, nullptr, 0) != child) return 1;
    times.push_back(elapsed.count());
  }
  std::sort(times.begin(), times.end());
  std::printf("%.1f\n", times[times.size() / 2]);
}
