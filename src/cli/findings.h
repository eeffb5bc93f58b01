// What one state of the views hides.
#pragma once

#include "graph/views.h"
#include "retain/hidden.h"
#include "retain/overhang.h"
#include "retain/sites.h"

namespace overhang {

struct Findings {
  HiddenMemory hidden;
  Sites sites;
  Overhang overhang;
};

// The hidden memory of the views' present state, site by site.
Findings find_leaks(Views& views);

}  // namespace overhang
