#include "retain/map_room.h"

#include <algorithm>
#include <map>
#include <utility>

#include "goruntime/maps.h"

namespace overhang {

std::vector<MapRoom> find_map_room(Views& views, Namer& namer) {
  constexpr std::uint64_t kShrunk = 4;  // slots per entry
  std::map<std::pair<std::string, TypeId>, MapRoom> rows;
  for (const LargeMap& map : views.large_maps()) {
    auto entries = map_entries(views.heap().runtime(), map.header);
    auto slots = classic_map_slots(views.heap().runtime(), map.header).value_or(map.slots);
    if (!entries || *entries >= std::min(slots, map.slots) / kShrunk) continue;
    auto site = namer.name(map.holder, map.holder_offset);
    auto name = site.instance.empty() ? site.text : site.instance;
    MapRoom& row = rows[{name, map.type}];
    row.site = name;
    row.type = map.type;
    row.maps++;
    row.entries += *entries;
    row.slots += map.slots;
    row.storage_bytes += map.storage_bytes;
    row.spare_bytes += map.storage_bytes / map.slots * (map.slots - *entries);
  }
  std::vector<MapRoom> out;
  for (auto& [key, row] : rows) out.push_back(std::move(row));
  std::stable_sort(out.begin(), out.end(), [](const MapRoom& a, const MapRoom& b) {
    return a.spare_bytes > b.spare_bytes;
  });
  return out;
}

}  // namespace overhang
