// A list that grows at its end without ever being moved: long ones never stand in memory twice, as
// a vector's do while it grows. (stack.h: one that shrinks again.)
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "base/prefetch.h"

namespace overhang {

template <class T>
class Pieces {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return pieces_[i / kPiece][i % kPiece]; }
  const T& operator[](std::size_t i) const { return pieces_[i / kPiece][i % kPiece]; }
  void push_back(const T& value) {
    if (size_ == pieces_.size() * kPiece) pieces_.push_back(std::make_unique<T[]>(kPiece));
    (*this)[size_++] = value;
  }
  void prefetch(std::size_t i) const { prefetch_read(&(*this)[i]); }

 private:
  static constexpr std::size_t kPiece = 4096;
  std::vector<std::unique_ptr<T[]>> pieces_;
  std::size_t size_ = 0;
};

}  // namespace overhang
