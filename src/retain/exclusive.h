// Who alone keeps what: the first level of the dominator tree.
//
// A set of owners (sites) each has pointers into a graph of objects that nothing else reaches. An
// object is exclusive to an owner if every path to it starts at that owner: the owner dominates it
// in the graph with a root above all owners. Clearing one owner's pointers frees exactly its
// exclusive objects. Only that level of the dominator tree is needed to say what each site
// retains, and it is found without building the tree or an edge list: a label per object, the
// owner's index, or "shared" once a second owner reaches it. Labels only rise (none, one owner,
// shared), so each object is visited at most twice.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"

namespace overhang {

class ExclusiveOwners {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;    // no owner reaches it
  static constexpr std::uint32_t kShared = 0xFFFFFFFEu;  // more than one does

  explicit ExclusiveOwners(std::uint32_t objects) : labels_(objects, kNone) {}

  // Notes that `label` (an owner, or kShared) reaches `object`. True if that is news, so that the
  // object's successors must be reached with label_of(object) in turn.
  bool reach(ObjectId object, std::uint32_t label) {
    auto& present = labels_[object.value];
    if (present == label || present == kShared) return false;
    present = present == kNone ? label : kShared;
    return true;
  }
  void prefetch(ObjectId object) const { __builtin_prefetch(&labels_[object.value]); }
  std::uint32_t label_of(ObjectId object) const { return labels_[object.value]; }

 private:
  std::vector<std::uint32_t> labels_;
};

}  // namespace overhang
