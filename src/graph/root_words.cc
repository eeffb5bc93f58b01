#include "graph/root_words.h"

#include <algorithm>

namespace overhang {

RootWords::RootWords(const Runtime& runtime, const RootSet& roots) : roots_(roots) {
  auto count = roots.roots.size();
  for (const Goroutine& goroutine : roots.goroutines) count += goroutine.roots.size();
  words_.reserve(count);
  for (std::uint32_t i = 0; i < roots.roots.size(); i++)
    words_.push_back({roots.roots[i].slot, kStatic, i});
  for (std::uint32_t g = 0; g < roots.goroutines.size(); g++) {
    const Goroutine& goroutine = roots.goroutines[g];
    for (std::uint32_t i = 0; i < goroutine.roots.size(); i++)
      words_.push_back({goroutine.roots[i].slot, g, i});
    if (goroutine.stack_lo < goroutine.stack_hi)
      ranges_.push_back({goroutine.stack_lo, goroutine.stack_hi});
  }
  for (const Module& module : runtime.modules()) {
    ranges_.push_back({module.data, module.edata});
    ranges_.push_back({module.bss, module.ebss});
  }
  std::stable_sort(words_.begin(), words_.end(),
                   [](const Word& a, const Word& b) { return a.slot < b.slot; });
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  claimed_ = Bitmap(words_.size());
}

bool RootWords::covers(Address address, std::uint64_t size) const {
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                [](Address a, const Range& r) { return a < r.begin; });
  if (after == ranges_.begin()) return false;
  auto end = std::prev(after)->end;
  return address < end && end - address >= size;
}

bool RootWords::claim(Address slot) {
  if (slot == 0) return false;
  auto at = std::lower_bound(words_.begin(), words_.end(), slot,
                             [](const Word& w, Address a) { return w.slot < a; });
  bool first = false;
  // A word may be listed more than once (a stack object reached from two frames).
  for (; at != words_.end() && at->slot == slot; ++at)
    first |= claimed_.set_first(static_cast<std::size_t>(at - words_.begin()));
  return first;
}

bool RootWords::claimed(Address slot) const {
  auto at = std::lower_bound(words_.begin(), words_.end(), slot,
                             [](const Word& w, Address a) { return w.slot < a; });
  return at == words_.end() || at->slot != slot ||
         claimed_.test(static_cast<std::size_t>(at - words_.begin()));
}

}  // namespace overhang
