// Overhang: the live objects that hang on hidden words alone, and which site's words they are.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/views.h"
#include "retain/exclusive.h"
#include "retain/hidden.h"
#include "retain/sites.h"

namespace overhang {

struct Counted {
  std::uint64_t objects = 0, bytes = 0;  // slot sizes
};

struct RetainedType {
  TypeId type;
  bool array = false;  // objects are arrays of `type`
  Counted counted;
};

struct SiteRetention {
  Counted exclusive;                // freed when this site alone is cleared
  Counted joint;                    // beside that, freed when all are cleared that share it;
                                    // nothing where that would have taken too long to find
  std::vector<RetainedType> types;  // of exclusive objects, most bytes first
  bool reaches = false;             // some overhang hangs on it, if not on it alone
  bool shares = false;              // some hangs on another site as well
  std::uint64_t stale_slots = 0;    // hidden slots with a reference that is not null
};

struct Overhang {
  Counted total;                     // freed when all sites are cleared
  std::vector<SiteRetention> sites;  // by site index
  std::vector<Counted> groups;       // by group: freed when all sites of the group are cleared
  // Whose each object is: of the overhang, and of arrays that show in part, as far as hidden words
  // lead to them. Owners are the sites.
  ExclusiveOwners owners;
};

// Objects that no view touches get their types set on the way (Views::set_info).
Overhang find_overhang(Views& views, const HiddenMemory& hidden, const Sites& sites);

}  // namespace overhang
