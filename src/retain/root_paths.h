// Why objects are alive: ways from the roots to them, over the collector's own references.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "graph/mark.h"

namespace overhang {

// A word from which the collector starts: an entry of RootSet::roots or, of a goroutine, of its
// roots.
struct RootWord {
  static constexpr std::uint32_t kNoGoroutine = 0xFFFFFFFFu;
  std::uint32_t goroutine = kNoGoroutine;  // index into RootSet::goroutines
  std::uint32_t index = 0;
};

// A way from a root: the objects on it, each referred to by the one before, the first by the root.
struct RootPath {
  RootWord root;
  std::vector<ObjectId> objects;
  // Further ways that leave this one's end at the same object by a reference from the same type.
  std::uint64_t similar = 0;
};

// Breadth first from all roots, in their order: static data, goroutines, runtime records.
// Memory: 8 bytes a slot (12 with wide ids).
class RootPaths {
 public:
  // What makes ways alike, for a reader: the type of the object that refers, say.
  using Label = std::function<std::uint64_t(ObjectId)>;

  RootPaths(const Heap& heap, const RootSet& roots);

  bool reached(ObjectId id) const { return depth_[id.value] != kUnreached; }
  // Objects on the shortest way before it.
  std::uint32_t depth(ObjectId id) const { return depth_[id.value]; }
  // The object before it on the shortest way; itself, where a root refers to it.
  ObjectId parent(ObjectId id) const { return ObjectId(parent_[id.value]); }
  // A shortest way to an object that is reached.
  RootPath shortest(ObjectId id) const;
  // That, and ways that leave it: with another last reference to some object of the shortest way,
  // and from there on as it. Of those that refer to the same object and have the same label one,
  // the shortest, which counts the others. In the order of their length, `most` at most. One pass
  // over the live heap.
  std::vector<RootPath> distinct(ObjectId id, std::size_t most, const Label& label) const;

 private:
  static constexpr std::uint32_t kUnreached = 0xFFFFFFFFu;

  void start(RootWord word, Address value);
  void start_contents(RootWord word, Address object);
  void run();
  template <class Visit>
  void for_each_root(Visit&& visit) const;

  const Heap& heap_;
  const RootSet& roots_;
  std::vector<ObjectIndex> parent_;
  std::vector<std::uint32_t> depth_;  // as a count; the last but one stands for all deeper ones
  std::unordered_map<ObjectIndex, RootWord> root_of_;  // of objects that are their own parents
  std::vector<ObjectIndex> wave_;                      // objects with pointers of one depth
};

}  // namespace overhang
