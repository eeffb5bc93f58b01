// The root words of an image, each of which gets one meaning: the first typed place that covers a
// word claims it; what nobody claims is a reference of unknown type.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bitmap.h"
#include "graph/mark.h"

namespace overhang {

class RootWords {
 public:
  RootWords(const Runtime& runtime, const RootSet& roots);

  // Whether memory at `address` is a module's data or bss or a goroutine's stack, where typed
  // places may stand outside the heap.
  bool covers(Address address) const { return covers(address, 1); }
  // The same for `size` bytes from `address` on, all in one of them.
  bool covers(Address address, std::uint64_t size) const;
  // True the first time that root word `slot` is asked for; false for other words.
  bool claim(Address slot);
  // Whether somebody has asked for it, or it is no root word.
  bool claimed(Address slot) const;
  // Calls visit(root) for data/bss words that are unclaimed, and records that are no memory words
  // (registers; slot 0); then visit_stack(goroutine, root).
  template <class Visit, class VisitStack>
  void for_each_unclaimed(Visit&& visit, VisitStack&& visit_stack) const;

 private:
  struct Word {
    Address slot;
    std::uint32_t goroutine;  // kStatic: an entry of roots.roots
    std::uint32_t index;
  };
  static constexpr std::uint32_t kStatic = 0xFFFFFFFFu;
  struct Range {
    Address begin, end;
  };
  const RootSet& roots_;
  std::vector<Word> words_;    // by slot; slot-less ones first
  std::vector<Range> ranges_;  // by address
  Bitmap claimed_;
};

template <class Visit, class VisitStack>
void RootWords::for_each_unclaimed(Visit&& visit, VisitStack&& visit_stack) const {
  for (std::size_t i = 0; i < words_.size(); i++) {
    if (claimed_.test(i)) continue;
    const Word& word = words_[i];
    if (word.goroutine == kStatic) {
      visit(roots_.roots[word.index]);
    } else {
      const Goroutine& goroutine = roots_.goroutines[word.goroutine];
      visit_stack(goroutine, goroutine.roots[word.index]);
    }
  }
}

}  // namespace overhang
