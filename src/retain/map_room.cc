#include "retain/map_room.h"

#include <algorithm>
#include <map>
#include <utility>

#include "goruntime/maps.h"

namespace overhang {
namespace {

// maps/group.go: ctrlDeleted among a group's 8 control bytes, its first word.
bool has_deleted(std::uint64_t control) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kDeleted = 0xFE;
  auto zero = control ^ (kOnes * kDeleted);
  return ((zero - kOnes) & ~zero & (kOnes << 7)) != 0;
}

bool lost_entries(Views& views, const LargeMap& map) {
  const Runtime& runtime = views.heap().runtime();
  if (!runtime.layout().swiss_maps()) return false;
  std::vector<MapBlock> blocks;
  map_storage(runtime, views.types(), map.header, map.type, blocks);
  for (const MapBlock& block : blocks) {
    if (block.kind != MapBlock::Kind::Groups) continue;
    for (std::uint64_t i = 0; i < block.count; i++) {
      auto control = runtime.image().word(block.address + i * block.item_size);
      if (!control) break;  // nor is what follows it in the image
      if (has_deleted(*control)) return true;
    }
  }
  return false;
}

}  // namespace

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
    row.shrunk_maps += lost_entries(views, map);
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
