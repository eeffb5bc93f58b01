// What each remedy would give back, by the collector's own account: what dies when the slices of a
// holder are replaced by copies, or by nil.
//
// Replacing a header lets go of its array. The array dies if nothing else refers to it: no other
// slice, no pointer to an element, no hidden word that stays. What hangs on its hidden words alone
// dies with it; what its windows show lives on in the copy. So of a holder's arrays (a group of
// sites) some die, and the rest keep what they reach: of the objects that are exclusive to the
// group (ExclusiveOwners) those die that no survivor leads to. That has to be traced only where
// some of the arrays die and some do not, or where a finalizer's object that an array hides refers
// to the array: with nothing else to hold it, the two keep each other for good (owners.h).
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/bitmap.h"
#include "retain/hidden.h"
#include "retain/overhang.h"
#include "retain/sites.h"

namespace overhang {

struct WhatIf {
  Remedy remedy = Remedy::Clear;
  std::uint64_t factor = 0;        // CopyIfCapExceeds
  Counted frees;                   // what dies: objects and their slot bytes
  Counted allocates;               // the copies, rounded up to their size classes
  std::uint64_t copies_bytes = 0;  // of the elements of the slices that are copied
  std::uint64_t slices = 0;        // that are replaced
  // Arrays with such a slice that stay all the same, since something else refers to them.
  std::uint64_t kept_arrays = 0;
};

class WhatIfs {
 public:
  // All must outlive it.
  WhatIfs(Views& views, const HiddenMemory& hidden, const Sites& sites, const Overhang& overhang,
          Namer& namer);
  // In the order of the enumeration, CopyIfCapExceeds with the factors 2, 4 and 8. Clear is that of
  // the site's hidden slots; the others replace the slices of the site's holder whose arrays hide
  // something, in any category; of `interior`, which no slice holds, there is Clear alone.
  std::vector<WhatIf> of_site(std::uint32_t site);
  // The same at all sites together, whoever holds the slices.
  std::vector<WhatIf> of_all();

 private:
  static constexpr std::uint32_t kAll = 0xFFFFFFFFu;  // instead of a group

  struct Slice {
    std::uint64_t len = 0, cap = 0;  // bytes
    bool string = false;
  };
  struct Array {
    ObjectIndex hidden = 0;  // index into HiddenMemory::arrays
    bool pinned = false;     // something but the slices below refers to it
    ObjectIndex first_slice = 0, slice_count = 0;
  };
  // Arrays that hide something, with the group's slices over them.
  struct Arrays {
    std::vector<Array> arrays;
    std::vector<Slice> slices;
  };

  std::vector<WhatIf> replacements(std::uint32_t group);
  Arrays collect(std::uint32_t group);
  Array collect_array(ObjectIndex hidden, std::uint32_t group, std::vector<Slice>& slices);
  bool held_by(const Window& window, std::uint32_t group);
  template <class Replaced>
  void replace(const Arrays& arrays, std::uint32_t group, WhatIf& out, Replaced&& replaced);
  std::vector<ObjectId> kept_by_themselves(const Arrays& arrays, const std::vector<bool>& dies);
  Counted kept_by_survivors(const Arrays& arrays, std::uint32_t group,
                            const std::vector<ObjectId>& permanent, std::vector<bool>& dies);
  bool exclusive_to(std::uint32_t group, ObjectId id) const;

  Views& views_;
  const Heap& heap_;
  const HiddenMemory& hidden_;
  const Sites& sites_;
  const Overhang& overhang_;
  Namer& namer_;
  std::vector<std::vector<ObjectIndex>> arrays_of_group_;  // in HiddenMemory::arrays, ascending
  std::vector<ObjectIndex> first_region_;  // by hidden array; and regions.size() at the end
  std::unordered_map<std::uint32_t, std::vector<WhatIf>> by_group_;
  Bitmap seen_;  // of kept_by_survivors; empty between its calls
};

}  // namespace overhang
