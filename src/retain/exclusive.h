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
#include "base/prefetch.h"

namespace overhang {

class ExclusiveOwners {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;    // no owner reaches it
  static constexpr std::uint32_t kShared = 0xFFFFFFFEu;  // more than one does

  // Owners are [0, owners). Labels take two bytes an object where that is enough for them.
  ExclusiveOwners(std::uint32_t objects, std::uint32_t owners) {
    if (owners < narrow(kShared))
      narrow_.assign(objects, narrow(kNone));
    else
      wide_.assign(objects, kNone);
  }

  // Notes that `label` (an owner, or kShared) reaches `object`. True if that is news, so that the
  // object's successors must be reached with label_of(object) in turn.
  bool reach(ObjectId object, std::uint32_t label) {
    return narrow_.empty()
               ? raise(wide_[object.value], label, kShared, kNone)
               : raise(narrow_[object.value], narrow(label), narrow(kShared), narrow(kNone));
  }
  void prefetch(ObjectId object) const {
    if (narrow_.empty())
      prefetch_read(&wide_[object.value]);
    else
      prefetch_read(&narrow_[object.value]);
  }
  std::uint32_t label_of(ObjectId object) const {
    if (narrow_.empty()) return wide_[object.value];
    std::uint32_t label = narrow_[object.value];
    return label >= narrow(kShared) ? label | 0xFFFF0000u : label;
  }

 private:
  static constexpr std::uint16_t narrow(std::uint32_t label) {
    return static_cast<std::uint16_t>(label);
  }
  template <class Label>
  static bool raise(Label& present, Label label, Label shared, Label none) {
    if (present == label || present == shared) return false;
    present = present == none ? label : shared;
    return true;
  }

  std::vector<std::uint16_t> narrow_;  // one of the two is in use
  std::vector<std::uint32_t> wide_;
};

}  // namespace overhang
