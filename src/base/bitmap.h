// A flat bitmap over dense ids.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/prefetch.h"

namespace overhang {

class Bitmap {
 public:
  Bitmap() = default;
  explicit Bitmap(std::size_t bits) : words_((bits + 63) / 64), bits_(bits) {}

  std::size_t size() const { return bits_; }
  bool test(std::size_t i) const { return words_[i / 64] >> (i % 64) & 1; }
  void set(std::size_t i) { words_[i / 64] |= std::uint64_t{1} << (i % 64); }
  void clear(std::size_t i) { words_[i / 64] &= ~(std::uint64_t{1} << (i % 64)); }
  // Sets bit i; true if it was clear before.
  bool set_first(std::size_t i) {
    auto& word = words_[i / 64];
    auto mask = std::uint64_t{1} << (i % 64);
    bool first = !(word & mask);
    word |= mask;
    return first;
  }
  // The same for several threads at once (relaxed: the bit itself is all that is shared).
  bool set_first_atomic(std::size_t i) {
    auto mask = std::uint64_t{1} << (i % 64);
    std::atomic_ref<std::uint64_t> word(words_[i / 64]);
    if (word.load(std::memory_order_relaxed) & mask) return false;
    return !(word.fetch_or(mask, std::memory_order_relaxed) & mask);
  }
  std::size_t count() const {
    std::size_t n = 0;
    for (auto word : words_) n += static_cast<std::size_t>(std::popcount(word));
    return n;
  }
  void prefetch(std::size_t i) const { prefetch_read(&words_[i / 64]); }
  const std::vector<std::uint64_t>& words() const { return words_; }
  std::vector<std::uint64_t>& words() { return words_; }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t bits_ = 0;
};

}  // namespace overhang
