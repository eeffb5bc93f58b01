// What pointer words lead to, word for word as the collector follows them; types play no part.
#pragma once

#include "graph/follow.h"
#include "graph/work_list.h"

namespace overhang {

class WordTrace {
 public:
  WordTrace(const Heap& heap, Follower& follower) : heap_(heap), follower_(follower), work_(heap) {}

  void push(Address target) { work_.push(target); }
  // The words in bytes [begin, end) of the slot.
  void push_words(ObjectId id, std::uint64_t begin, std::uint64_t end) {
    auto span = heap_.span_index_of(id);
    if (heap_.spans()[span].layout == PointerLayout::None || begin >= end) return;
    work_.push_range({{id, span, 0}, begin, (end - begin) / 8, 8, kUnknownType, {}});
  }
  // Until nothing is left. reach(object id) for each reference into a slot that is in use: whether
  // the object's words are to be followed. prefetch(id) as in WorkList::run.
  template <class Reach, class Prefetch>
  void run(Reach&& reach, Prefetch&& prefetch);

 private:
  struct Word {
    Address address;
    Address target() const { return address; }
  };
  struct None {};
  using Work = WorkList<Word, None>;
  const Heap& heap_;
  Follower& follower_;
  Work work_;
};

template <class Reach, class Prefetch>
void WordTrace::run(Reach&& reach, Prefetch&& prefetch) {
  auto handle = [&](const Word&, const ObjectRef& object) {
    const HeapSpan& span = heap_.spans()[object.span];
    if (reach(object.id) && span.layout != PointerLayout::None)
      work_.push_range({object, 0, span.span.elem_size / 8, 8, kUnknownType, {}});
  };
  auto follow = [&](const Work::Range& range) {
    follower_.words(range.object, range.begin, range.begin + range.count * range.size,
                    [&](std::uint64_t, const Reference& word) { work_.push(word.target); });
  };
  work_.run(
      handle, [](const Word&) {}, follow, prefetch);
}

}  // namespace overhang
