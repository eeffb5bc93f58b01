// Objects with finalizers, cleanups or weak handles, and what the runtime keeps for their sake.
//
// A finalizer's record keeps its function and what its object refers to, but not the object
// (mgcmark.go: markrootSpans); a cleanup's its function and argument. Once the object is dead and
// the function has run, the record is gone, and with it what it kept: some collections later
// nothing is left. So these roots count only as long as their owner lives:
//
//   visible     a view leads to the owner: its roots show what they keep
//   hidden      only hidden words lead to it: what its roots keep hangs on the same words
//   dead        no collection has noticed yet: the finalizer will see what they keep
//   permanent   what it refers to leads back to it: never collected (runtime.SetFinalizer says so)
//
// Finalized objects that refer to each other in a chain go one a collection. More than kMostRounds
// of them count as permanent.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bitmap.h"
#include "graph/mark.h"

namespace overhang {

class Follower;
class WordTrace;

class Owners {
 public:
  static constexpr unsigned kMostRounds = 16;

  // `heap` must outlive it.
  Owners(const Heap& heap, const RootSet& roots);

  bool empty() const { return rows_.empty(); }
  bool owns(ObjectId id) const { return !rows_.empty() && owns_.test(id.value); }
  // Whether an object of the heap owns the root.
  bool owned(const Root& root) const;
  // The object's; none if it owns nothing.
  std::span<const Root> roots_of(ObjectId id) const;
  // Owners that are not `touched`.
  std::vector<ObjectId> hidden(const Bitmap& touched) const;
  // Those of them that are not `live`.
  std::vector<ObjectId> dead(const Bitmap& touched, const Bitmap& live) const;
  // Those of them that are permanent.
  std::vector<ObjectId> permanent(const Bitmap& touched, Follower& follower) const;
  // Has `trace` go on from what the runtime keeps for the object's sake.
  void push_kept(ObjectId id, WordTrace& trace) const;

 private:
  struct Row {
    ObjectId owner;
    std::size_t first = 0, last = 0;  // in roots_
  };
  template <class Match>
  std::vector<ObjectId> select(Match&& match) const;

  const Heap& heap_;
  std::vector<Root> roots_;  // owned ones, by owner
  std::vector<Row> rows_;    // by owner
  Bitmap owns_;              // of no size without rows
};

}  // namespace overhang
