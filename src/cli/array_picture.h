// A site's largest array as rows for a picture.
#pragma once

#include "graph/views.h"
#include "report/model.h"
#include "retain/hidden.h"
#include "retain/sites.h"

namespace overhang {

// Bounded, however many slices show the array: the widest slices and the largest regions stand in
// it, the others are counted. `hidden` is that in which the site was found.
ArrayPicture picture_of(Views& views, Namer& namer, const HiddenMemory& hidden, const Site& site);

}  // namespace overhang
