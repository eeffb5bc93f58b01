// Room in maps. A map never gives back its groups or buckets: one that had a million entries once
// keeps the room for them. Growth alone leaves a map at least at 7/16 of its slots, so what is far
// below has lost entries, or was made with a hint of many. Of a swiss map that is told apart where
// a group was full when an entry was deleted from it: that leaves a mark.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/views.h"
#include "retain/sites.h"

namespace overhang {

struct MapRoom {
  std::string site;  // "main.index"
  TypeId type;
  std::uint64_t maps = 0, entries = 0, slots = 0;
  std::uint64_t shrunk_maps = 0;    // those that are known to have lost entries
  std::uint64_t storage_bytes = 0;  // of all groups or buckets, as the collector accounts them
  // The part of them that slots without an entry take.
  std::uint64_t spare_bytes = 0;
};

// Maps of more than one group or bucket in which less than a quarter of the slots is in use, by the
// place that holds them and their type, most spare bytes first.
std::vector<MapRoom> find_map_room(Views& views, Namer& namer);

}  // namespace overhang
