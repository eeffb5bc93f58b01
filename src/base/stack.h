// A stack that is never moved as it grows, and lets go of its room as it shrinks: that of a
// traversal may be millions high for a moment.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace overhang {

// For plain values. Pushing and popping are a few instructions.
template <class T>
class Stack {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  bool empty() const { return end_ == begin_; }
  // T{parts...}, made where it stands.
  template <class... Parts>
  [[gnu::always_inline]] void push(Parts&&... parts) {
    if (end_ == limit_) grow();
    *end_++ = T{std::forward<Parts>(parts)...};
  }
  const T& top() const { return end_[-1]; }
  T pop() {
    T value = *--end_;
    if (end_ == begin_ && pieces_.size() > 1) shrink();
    return value;
  }
  // What comes out after `n` others, for fetching ahead; nullptr where it is not at hand.
  const T* ahead(std::size_t n) const {
    return static_cast<std::size_t>(end_ - begin_) > n ? end_ - 1 - n : nullptr;
  }

 private:
  static constexpr std::size_t kPiece = 4096;
  [[gnu::noinline]] void grow() {
    pieces_.push_back(spare_ ? std::move(spare_) : std::make_unique_for_overwrite<T[]>(kPiece));
    begin_ = end_ = pieces_.back().get();
    limit_ = begin_ + kPiece;
  }
  [[gnu::noinline]] void shrink() {
    spare_ = std::move(pieces_.back());
    pieces_.pop_back();
    begin_ = pieces_.back().get();
    end_ = limit_ = begin_ + kPiece;
  }

  std::vector<std::unique_ptr<T[]>> pieces_;  // none empty but the first
  std::unique_ptr<T[]> spare_;
  T *begin_ = nullptr, *end_ = nullptr, *limit_ = nullptr;  // of the last piece
};

}  // namespace overhang
