#include "cli/findings.h"

#include <utility>

namespace overhang {

Findings find_leaks(Views& views) {
  Namer namer(views);
  HiddenMemory hidden = find_hidden(views, views.decoder());
  Sites sites = find_sites(views, hidden, namer);
  Overhang overhang = find_overhang(views, hidden, sites);
  return {std::move(hidden), std::move(sites), std::move(overhang)};
}

}  // namespace overhang
