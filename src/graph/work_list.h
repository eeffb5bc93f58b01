// The work list of a traversal over the heap: depth first, with prefetch, in bounded room.
//
// References wait on a stack. Those next in turn pass through a short pipeline: first the page
// table's entry for the target is fetched, then its span's row, then the target's slot is known and
// its bytes, pointer map and the traversal's own tables are fetched, then the reference is handled.
// Memory latency, not arithmetic, is what such a loop costs. Large arrays are followed a block at a
// time, so that a million elements never stand on the stack at once.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/prefetch.h"
#include "base/stack.h"
#include "goruntime/types.h"
#include "heap/heap.h"

namespace overhang {

// Item: what the traversal keeps of a reference, with target() to tell where it leads. Small ones
// are quick. Tag: what it wants to know of a range of values.
template <class Item, class Tag>
class WorkList {
 public:
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

  // Of what an Item is made of.
  template <class... Parts>
  [[gnu::always_inline]] void push(Parts&&... parts) {
    stack_.push(std::forward<Parts>(parts)...);
  }
  void push_range(const Range& range) { ranges_.push_back(range); }

  // Until nothing is left: handle(item, object) for each reference into a slot that is in use,
  // outside(item) for others, follow(range) for at most kBlock values of a range; each may push
  // more. prefetch(id) fetches the traversal's tables.
  template <class Handle, class Outside, class Follow, class Prefetch>
  void run(Handle&& handle, Outside&& outside, Follow&& follow, Prefetch&& prefetch);

 private:
  struct Entry {
    Item item;
    PageTable::Hit hit;
    std::uint64_t offset = 0;
    bool found = false;
  };
  static constexpr std::size_t kStage = 12;
  static constexpr std::size_t kEntries = 64;  // room for three stages; a power of two

  std::uint64_t fetch_object(const Item& item, const PageTable::Hit& hit) const {
    const HeapSpan& span = heap_.spans()[hit.span];
    auto slot = hit.slot * span.span.elem_size;
    if (span.data) {
      auto* data = span.data + slot;
      prefetch_read(data);
      prefetch_read(data + 64);
      if (span.bitmap) prefetch_read(span.bitmap + slot / 64);
    }
    return item.target() - span.span.base - slot;
  }

  const Heap& heap_;
  Stack<Item> stack_;  // all roots' references stand on it at the beginning
  std::vector<Range> ranges_;
};

template <class Item, class Tag>
template <class Handle, class Outside, class Follow, class Prefetch>
void WorkList<Item, Tag>::run(Handle&& handle, Outside&& outside, Follow&& follow,
                              Prefetch&& prefetch) {
  // From the newest to the oldest: their page's entry is on its way, their span's row, the object.
  Entry ring[kEntries];
  auto entry = [&](std::size_t i) -> Entry& { return ring[i % kEntries]; };
  std::size_t popped = 0, looked_up = 0, fetched = 0, handled = 0;
  for (;;) {
    while (popped - looked_up < kStage && !stack_.empty()) {
      Entry& next = entry(popped++);
      next.item = stack_.pop();
      heap_.pages().prefetch(next.item.target());
    }
    // Move on a reference as long as the next stage has room, or has nothing else coming.
    const std::size_t stay = stack_.empty() ? 0 : kStage / 2;
    while (looked_up - fetched < kStage && popped - looked_up > stay) {
      Entry& next = entry(looked_up++);
      next.found =
          heap_.pages().find(next.item.target(), next.hit) && heap_.allocated().test(next.hit.id);
      if (next.found) prefetch_read(&heap_.spans()[next.hit.span]);
    }
    while (fetched - handled < kStage && looked_up - fetched > stay) {
      Entry& next = entry(fetched++);
      if (!next.found) continue;
      next.offset = fetch_object(next.item, next.hit);
      prefetch(ObjectId(next.hit.id));
    }
    if (handled != fetched) {
      Entry& next = entry(handled++);
      if (next.found)
        handle(next.item, ObjectRef{ObjectId(next.hit.id), next.hit.span, next.offset});
      else
        outside(next.item);
      continue;
    }
    if (handled != popped || !stack_.empty()) continue;
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
