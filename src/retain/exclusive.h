// Who alone keeps what: the first level of the dominator tree.
//
// A set of owners (sites) each has pointers into a graph of objects that nothing else reaches. An
// object is exclusive to an owner if every path to it starts at that owner: the owner dominates it
// in the graph with a root above all owners. Clearing one owner's pointers frees exactly its
// exclusive objects. Owners come in groups (the sites of one holder): what only owners of one group
// reach, but more than one of them, is exclusive to the group. Only these levels of the dominator
// tree are needed to say what each site retains, and they are found without building the tree or an
// edge list: a label per object, the owner's index, or its group's once a second owner of the group
// reaches it, or "shared". Labels only rise (none, owner, group, shared), so each object is visited
// at most three times.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/prefetch.h"
#include "heap/object_id.h"

namespace overhang {

class ExclusiveOwners {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;    // no owner reaches it
  static constexpr std::uint32_t kShared = 0xFFFFFFFEu;  // more than one does

  ExclusiveOwners() = default;
  // Owners are [0, group_of.size()), groups [0, groups); group_of gives each owner's group. Labels
  // take two bytes an object where that is enough for them.
  ExclusiveOwners(ObjectIndex objects, std::vector<std::uint32_t> group_of, std::uint32_t groups)
      : group_of_(std::move(group_of)) {
    auto owners = static_cast<std::uint32_t>(group_of_.size());
    for (std::uint32_t group = 0; group < groups; group++) group_of_.push_back(group);
    first_group_ = owners;
    if (owners + groups < narrow(kShared))
      narrow_.assign(objects, narrow(kNone));
    else
      wide_.assign(objects, kNone);
  }

  // The label of what more than one owner of the group reaches, and none of another.
  std::uint32_t group_label(std::uint32_t group) const { return first_group_ + group; }
  // Of a label that is neither kNone nor kShared.
  std::uint32_t group_of(std::uint32_t label) const { return group_of_[label]; }
  bool is_owner(std::uint32_t label) const { return label < first_group_; }

  // Notes that `label` (an owner's, a group's, or kShared) reaches `object`. True if that is news,
  // so that the object's successors must be reached with label_of(object) in turn.
  bool reach(ObjectId object, std::uint32_t label) {
    auto present = label_of(object);
    if (present == label || present == kShared) return false;
    auto risen = present == kNone ? label : join(present, label);
    if (risen == present) return false;
    reached_ += present == kNone;
    if (narrow_.empty())
      wide_[object.value] = risen;
    else
      narrow_[object.value] = narrow(risen);
    return true;
  }
  // How many objects have a label.
  std::uint64_t reached() const { return reached_; }
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
  // Of two labels that differ.
  std::uint32_t join(std::uint32_t a, std::uint32_t b) const {
    if (b == kShared || group_of_[a] != group_of_[b]) return kShared;
    return group_label(group_of_[a]);
  }

  std::vector<std::uint32_t> group_of_;  // by label
  std::uint64_t reached_ = 0;
  std::uint32_t first_group_ = 0;      // the label of group 0
  std::vector<std::uint16_t> narrow_;  // one of the two is in use
  std::vector<std::uint32_t> wide_;
};

}  // namespace overhang
