// Marking is graph search whose cost is memory latency: each object is a miss or two. What keeps it
// fast:
// - One bit decides about a pointer. The map starts as "allocated" and loses a bit when an object
// is
//   marked, so a set bit means allocated and unmarked; free slots and marked ones look alike.
// - Grey objects wait on a stack; those taken off it pass through a short FIFO whose entries are
//   being prefetched, so that an object's first lines have arrived when it is scanned.
// - Objects without pointers get their bit and no more.
// - Large objects are scanned in parts (the collector's oblets), which other threads can take.
// Threads share grey objects in batches, only while some thread has none. Bits are cleared
// atomically, so each object is scanned once; the fixpoint is the same in any order.
#include "graph/mark.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "base/parallel.h"
#include "base/prefetch.h"
#include "heap/pointer_map.h"

namespace overhang {
namespace {

// A grey object: one that is marked and still to be scanned. `part` is the slot or, in a span of
// one large object, which kPartBytes of it.
struct Grey {
  std::uint32_t span = 0;
  std::uint32_t part = 0;
};

constexpr std::size_t kBatch = 256;      // grey objects that change hands together
constexpr std::size_t kPrefetched = 16;  // length of the FIFO, a power of two
constexpr std::size_t kRootGrain = 4096;
constexpr std::size_t kGoroutineGrain = 64;

using Batch = std::vector<Grey>;

// Batches on their way from threads that have work to threads that have none. When all are without,
// marking is over.
class Exchange {
 public:
  explicit Exchange(unsigned threads) : threads_(threads) {}

  bool wanted() const { return wanted_.load(std::memory_order_relaxed); }
  void give(Batch batch) {
    std::lock_guard lock(mutex_);
    batches_.push_back(std::move(batch));
    update_wanted();
    changed_.notify_one();
  }
  // Waits for a batch; empty: marking is over.
  Batch take() {
    std::unique_lock lock(mutex_);
    idle_++;
    update_wanted();
    if (idle_ == threads_ && batches_.empty()) changed_.notify_all();
    changed_.wait(lock, [this] { return !batches_.empty() || idle_ == threads_; });
    if (batches_.empty()) return {};
    idle_--;
    auto batch = std::move(batches_.back());
    batches_.pop_back();
    update_wanted();
    return batch;
  }

 private:
  void update_wanted() { wanted_.store(idle_ > batches_.size(), std::memory_order_relaxed); }
  const unsigned threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Batch> batches_;
  unsigned idle_ = 0;
  std::atomic<bool> wanted_{false};
};

// What all threads share.
struct Marking {
  Marking(const Heap& h, const RootSet& r, unsigned threads)
      : heap(h), roots(r), unmarked(h.allocated()), exchange(threads) {}
  const Heap& heap;
  const RootSet& roots;
  Bitmap unmarked;  // allocated and not marked
  Exchange exchange;
  std::atomic<std::size_t> next_root{0};
  std::atomic<std::size_t> next_goroutine{0};
};

template <bool kShared>
class Worker {
 public:
  explicit Worker(Marking& marking)
      : marking_(marking),
        heap_(marking.heap),
        pages_(marking.heap.pages()),
        spans_(marking.heap.spans().data()),
        unmarked_(marking.unmarked.words().data()) {}

  void run() {
    scan_roots();
    for (;;) {
      drain();
      stack_ = marking_.exchange.take();
      if (stack_.empty()) return;
    }
  }

 private:
  void mark(Address address) {
    PageTable::Hit hit;
    if (!pages_.find(address, hit)) return;
    if (take_bit(hit.id) && !hit.noscan) push(hit.span, hit.slot);
  }
  // True for one caller only, and only if the slot is allocated.
  bool take_bit(ObjectIndex id) {
    auto& word = unmarked_[id / 64];
    auto bit = std::uint64_t{1} << (id % 64);
    if constexpr (kShared) {
      std::atomic_ref<std::uint64_t> shared(word);
      if (!(shared.load(std::memory_order_relaxed) & bit)) return false;
      return shared.fetch_and(~bit, std::memory_order_relaxed) & bit;
    } else {
      if (!(word & bit)) return false;
      word &= ~bit;
      return true;
    }
  }
  void push(std::uint32_t span, std::uint32_t slot) {
    auto& s = spans_[span];
    if (!marked_in_parts(s.layout)) {
      stack_.push_back({span, slot});
    } else if (s.data) {
      auto parts = (s.span.elem_size + kPartBytes - 1) / kPartBytes;
      for (std::uint64_t part = 0; part < parts; part++)
        stack_.push_back({span, static_cast<std::uint32_t>(part)});
    }
  }
  void scan_roots();
  void scan_root(const Root& root);
  void drain();
  void scan(Grey grey);
  void prefetch(Grey grey) const;
  void share();

  Marking& marking_;
  const Heap& heap_;
  const PageTable& pages_;
  const HeapSpan* spans_;
  std::uint64_t* unmarked_;
  std::vector<Grey> stack_;
};

template <bool kShared>
void Worker<kShared>::scan_roots() {
  auto& roots = marking_.roots.roots;
  auto& goroutines = marking_.roots.goroutines;
  for (;;) {
    auto begin = marking_.next_root.fetch_add(kRootGrain, std::memory_order_relaxed);
    if (begin >= roots.size()) break;
    auto end = std::min(begin + kRootGrain, roots.size());
    for (auto i = begin; i < end; i++) scan_root(roots[i]);
    drain();
  }
  for (;;) {
    auto begin = marking_.next_goroutine.fetch_add(kGoroutineGrain, std::memory_order_relaxed);
    if (begin >= goroutines.size()) break;
    auto end = std::min(begin + kGoroutineGrain, goroutines.size());
    for (auto i = begin; i < end; i++)
      for (auto& root : goroutines[i].roots) mark(root.value);
    drain();
  }
}

template <bool kShared>
void Worker<kShared>::scan_root(const Root& root) {
  if (root.kind != RootKind::FinalizerObject) {
    mark(root.value);
    return;
  }
  // mgcmark.go: markrootSpans. What the object refers to stays; the object itself may go.
  auto object = heap_.find(root.value);
  if (object && spans_[object->span].layout != PointerLayout::None)
    for_each_finalizer_pointer(heap_, *object,
                               [this](std::uint64_t, Address value) { mark(value); });
}

template <bool kShared>
void Worker<kShared>::prefetch(Grey grey) const {
  auto& s = spans_[grey.span];
  if (marked_in_parts(s.layout)) {
    prefetch_read(s.data + grey.part * kPartBytes);
    return;
  }
  auto offset = grey.part * s.span.elem_size;
  prefetch_read(s.data + offset);
  if (s.span.elem_size > 64) prefetch_read(s.data + offset + 64);
  if (s.bitmap) prefetch_read(s.bitmap + offset / 64);
}

template <bool kShared>
void Worker<kShared>::drain() {
  std::array<Grey, kPrefetched> fifo;
  std::size_t head = 0, size = 0;
  for (;;) {
    while (size < kPrefetched && !stack_.empty()) {
      auto grey = stack_.back();
      stack_.pop_back();
      prefetch(grey);
      fifo[(head + size++) % kPrefetched] = grey;
    }
    if (size == 0) return;
    auto grey = fifo[head++ % kPrefetched];
    size--;
    scan(grey);
    if constexpr (kShared)
      if (stack_.size() >= 2 * kBatch && marking_.exchange.wanted()) share();
  }
}

template <bool kShared>
void Worker<kShared>::scan(Grey grey) {
  auto& s = spans_[grey.span];
  std::uint32_t slot = grey.part;
  std::uint64_t begin = 0, end = s.span.elem_size;
  if (marked_in_parts(s.layout)) {
    slot = 0;
    begin = grey.part * kPartBytes;
    end = std::min(end, begin + kPartBytes);
  }
  heap_.for_each_pointer(s, slot, begin, end,
                         [this](std::uint64_t, Address value) { mark(value); });
}

// Gives away the oldest grey objects: they are likelier to lead to much more.
template <bool kShared>
void Worker<kShared>::share() {
  Batch batch(stack_.begin(), stack_.begin() + kBatch);
  std::copy(stack_.end() - kBatch, stack_.end(), stack_.begin());
  stack_.resize(stack_.size() - kBatch);
  marking_.exchange.give(std::move(batch));
}

// How many bits are set among [first, first + count).
std::uint64_t count_range(const std::vector<std::uint64_t>& words, std::uint64_t first,
                          std::uint64_t count) {
  std::uint64_t n = 0;
  while (count) {
    auto shift = first % 64;
    auto here = std::min<std::uint64_t>(64 - shift, count);
    n += static_cast<std::uint64_t>(
        std::popcount(words[first / 64] >> shift & ~std::uint64_t{0} >> (64 - here)));
    first += here;
    count -= here;
  }
  return n;
}

}  // namespace

LiveSet mark(const Heap& heap, const RootSet& roots, unsigned threads) {
  Phase phase(heap.runtime().diagnostics(), "mark");
  threads = std::max(threads, 1u);
  Marking marking(heap, roots, threads);
  if (threads == 1)
    Worker<false>(marking).run();
  else
    on_workers(threads, [&](unsigned) { Worker<true>(marking).run(); });
  LiveSet out;
  out.live = std::move(marking.unmarked);
  auto& words = out.live.words();
  auto& allocated = heap.allocated().words();
  for (std::size_t i = 0; i < words.size(); i++) words[i] = allocated[i] & ~words[i];
  for (auto& span : heap.spans()) {
    auto objects = count_range(words, span.first.value, span.span.slots);
    out.objects += objects;
    out.bytes += objects * span.span.elem_size;
  }
  return out;
}

}  // namespace overhang
