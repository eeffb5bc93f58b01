// Fork-join over an index range. No pool: phases are few and long, threads are cheap beside them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace overhang {

// Runs body(worker) on `workers` threads, worker in [0, workers); returns when all are done.
template <class Body>
void on_workers(unsigned workers, Body&& body) {
  std::vector<std::thread> threads;
  for (unsigned w = 1; w < workers; w++) threads.emplace_back([&body, w] { body(w); });
  body(0u);
  for (auto& thread : threads) thread.join();
}

// Runs body(worker, begin, end) over [0, count) in chunks of `grain`, handed out as workers ask.
template <class Body>
void parallel_chunks(unsigned workers, std::size_t count, std::size_t grain, Body&& body) {
  std::atomic<std::size_t> next{0};
  auto chunks = (count + grain - 1) / grain;
  workers =
      static_cast<unsigned>(std::clamp<std::size_t>(workers, 1, std::max<std::size_t>(chunks, 1)));
  on_workers(workers, [&](unsigned worker) {
    for (;;) {
      auto chunk = next.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= chunks) return;
      body(worker, chunk * grain, std::min(count, (chunk + 1) * grain));
    }
  });
}

}  // namespace overhang
