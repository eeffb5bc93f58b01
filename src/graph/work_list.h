// The work list of a traversal over the heap: depth first, with prefetch, in bounded room.
//
// References wait on a stack. Those next in turn pass through a short pipeline: first the page
// table's entry for the target is fetched, then the target's slot is looked up and its bytes,
// pointer map and the traversal's own tables are fetched, then the reference is handled. Memory
// latency, not arithmetic, is what such a loop costs. Large arrays are followed a block at a time,
// so that a million elements never stand on the stack at once.
#pragma once

#include <cstdint>
#include <vector>

#include "base/prefetch.h"
#include "graph/references.h"
#include "heap/heap.h"

namespace overhang {

// Tag: what the traversal wants to know of a reference beside where it leads.
template <class Tag>
class WorkList {
 public:
  struct Item {
    Reference reference;
    Tag tag;
  };
  // Values of `type` in an object that are still to be followed.
  struct Range {
    ObjectRef object;
    std::uint64_t begin = 0;  // bytes from the slot's start
    std::uint64_t count = 0;
    std::uint64_t size = 0;  // bytes of a value
    TypeId type;
    Tag tag;
  };
  static constexpr std::uint64_t kBlock = 1024;  // values

  explicit WorkList(const Heap& heap) : heap_(heap) {}

  void push(const Reference& reference, Tag tag) { stack_.push({reference, tag}); }
  void push(const Range& range) { ranges_.push_back(range); }

  // Until nothing is left: handle(item, object) for each reference into a slot that is in use,
  // outside(item) for others, follow(range) for at most kBlock values of a range; each may push
  // more. prefetch(id) fetches the traversal's tables.
  template <class Handle, class Outside, class Follow, class Prefetch>
  void run(Handle&& handle, Outside&& outside, Follow&& follow, Prefetch&& prefetch);

 private:
  struct Resolved {
    Item item;
    ObjectRef object;
    bool found = false;
  };
  static constexpr std::size_t kStage = 16;

  void fetch_object(const ObjectRef& object) const {
    const HeapSpan& span = heap_.spans()[object.span];
    if (span.layout == PointerLayout::None || !span.data) return;
    auto slot = span.slot_of(object.id);
    auto* data = span.data + slot * span.span.elem_size;
    prefetch_read(data);
    prefetch_read(data + 64);
    if (span.bitmap) prefetch_read(span.bitmap + slot * span.span.elem_size / 64);
  }

  // In pieces, which are let go as it shrinks: all roots' references stand on it at the beginning.
  class Stack {
   public:
    bool empty() const { return pieces_.empty(); }
    void push(const Item& item) {
      if (pieces_.empty() || pieces_.back().size() == kPiece) {
        pieces_.push_back(std::move(spare_));
        pieces_.back().reserve(kPiece);
      }
      pieces_.back().push_back(item);
    }
    Item pop() {
      auto& piece = pieces_.back();
      Item item = piece.back();
      piece.pop_back();
      if (piece.empty()) {
        spare_ = std::move(piece);
        pieces_.pop_back();
      }
      return item;
    }

   private:
    static constexpr std::size_t kPiece = 4096;
    std::vector<std::vector<Item>> pieces_;  // none empty
    std::vector<Item> spare_;                // of no size
  };

  const Heap& heap_;
  Stack stack_;
  std::vector<Range> ranges_;
};

template <class Tag>
template <class Handle, class Outside, class Follow, class Prefetch>
void WorkList<Tag>::run(Handle&& handle, Outside&& outside, Follow&& follow, Prefetch&& prefetch) {
  Item looked_up[kStage];
  Resolved resolved[kStage];
  std::size_t first = 0, waiting = 0, ready_first = 0, ready = 0;
  for (;;) {
    while (waiting < kStage && !stack_.empty()) {
      auto& item = looked_up[(first + waiting++) % kStage];
      item = stack_.pop();
      heap_.pages().prefetch(item.reference.target);
    }
    // Move on a reference as long as the next stage has room, or has nothing else coming.
    while (ready < kStage && waiting > (stack_.empty() ? 0 : kStage / 2)) {
      auto& next = resolved[(ready_first + ready++) % kStage];
      next.item = looked_up[first];
      first = (first + 1) % kStage;
      waiting--;
      auto object = heap_.find(next.item.reference.target);
      next.found = object.has_value();
      if (!object) continue;
      next.object = *object;
      fetch_object(*object);
      prefetch(object->id);
    }
    if (ready > 0) {
      auto& next = resolved[ready_first];
      ready_first = (ready_first + 1) % kStage;
      ready--;
      if (next.found)
        handle(next.item, next.object);
      else
        outside(next.item);
      continue;
    }
    if (ranges_.empty()) return;
    Range block = ranges_.back();
    if (block.count > kBlock) {
      ranges_.back().begin += kBlock * block.size;
      ranges_.back().count -= kBlock;
      block.count = kBlock;
    } else {
      ranges_.pop_back();
    }
    follow(block);
  }
}

}  // namespace overhang
