#include "cli/leak_report.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "cli/array_picture.h"
#include "cli/doubts.h"
#include "cli/remedies.h"
#include "goruntime/types.h"
#include "retain/heap_types.h"
#include "retain/map_room.h"

namespace overhang {
namespace {

// A site's identity in both states of the views. The one object that names a field's site in one
// state may have company in the other: its group's name is the same in both.
using SiteKey = std::tuple<std::string, SiteKind, TypeId, Category>;
SiteKey key_of(const Sites& sites, std::size_t index) {
  const Site& site = sites.sites[index];
  const SiteName& holder = sites.groups[site.group];
  return {holder.text, holder.kind, site.elem, site.category};
}
std::map<SiteKey, std::size_t> by_key(const Sites& sites) {
  std::map<SiteKey, std::size_t> out;
  for (std::size_t i = 0; i < sites.sites.size(); i++) out[key_of(sites, i)] = i;
  return out;
}

// What the site weighs: what it keeps alive, and its own bytes where no expression reaches them.
std::uint64_t weight(const SiteRow& row) {
  return std::max(row.retained_bytes, row.retained_bytes_possible) + row.joint_bytes +
         row.hidden_bytes;
}

// Pointer-free arrays are large in sum, or no news: what the allocator calls a large object.
constexpr std::uint64_t kLarge = 32 << 10;

bool worth_a_row(const Site& site, bool reaches, const SiteRow& row) {
  if (site.pointer_free) return row.hidden_bytes >= kLarge;
  if (row.retained_bytes_possible > 0 || row.retained_bytes > 0 || reaches) return true;
  // An array of pointers that keeps nothing else: report it where most of it is lost for good.
  return site.category != Category::Tail && row.hidden_slots * 2 >= row.slots &&
         row.hidden_bytes >= kLarge;
}

SiteRow row_of(Views& views, Namer& namer, const Site& site, const SiteRetention& retention) {
  TypeTable& types = views.types();
  SiteRow row;
  row.site = site.name.text;
  row.kind = site_kind_name(site.name.kind);
  row.element_type = site.elem == kUnknownType ? "uint8" : types.info(site.elem).name;
  row.category = category_name(site.category);
  row.arrays = site.arrays;
  row.array_bytes = site.array_bytes;
  row.slots = site.slots;
  row.visible_slots = site.visible_slots;
  row.hidden_slots = site.hidden_slots;
  row.hidden_bytes = site.hidden_bytes;
  row.stale_slots = retention.stale_slots;
  row.len = site.len;
  row.cap = site.cap;
  row.retained_objects = retention.exclusive.objects;
  row.retained_bytes = retention.exclusive.bytes;
  row.shared_with = site.shared_with;
  row.path = namer.path(site.holder, site.holder_offset);
  row.path.push_back(fmt::format(
      "[{}:{}]", site.first_hidden_slot,
      site.category == Category::Tail ? std::string() : std::to_string(site.last_hidden_slot)));
  std::map<std::string, TypeCount> by_name;
  for (const RetainedType& retained : retention.types) {
    auto& count = by_name[contents_name(types, retained.type, retained.array)];
    count.objects += retained.counted.objects;
    count.bytes += retained.counted.bytes;
  }
  for (auto& [name, count] : by_name)
    row.retained_types.push_back({name, count.objects, count.bytes});
  std::stable_sort(row.retained_types.begin(), row.retained_types.end(),
                   [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  return row;
}

// "*example.com/m/pool.Conn"
std::string name_with_path(TypeTable& types, TypeId type) {
  constexpr unsigned kMaxSteps = 16;
  std::string out;
  for (unsigned i = 0; i < kMaxSteps; i++) {
    const TypeInfo& info = types.info(type);
    bool slice = info.kind == TypeKind::Slice, pointer = info.kind == TypeKind::Pointer;
    auto name = types.full_name(type);
    if (!name.empty() && !slice && !pointer) return out.append(name);
    if (!slice && !pointer) return {};
    out += slice ? "[]" : "*";
    type = info.elem;
  }
  return {};
}

// The place of the site's largest array; of many objects of a type, that of all of them.
SlicePlace source_place(Namer& namer, TypeTable& types, const Site& site) {
  auto place = namer.source_place(site.holder, site.holder_offset);
  if (site.elem != kUnknownType) place.element = name_with_path(types, site.elem);
  bool of_many = site.name.kind == SiteKind::Field;
  if (of_many && place.kind == SlicePlace::Kind::Global && !place.fields.empty()) {
    place.kind = SlicePlace::Kind::Field;
    place.variable.clear();
  }
  if (site.category == Category::Window)
    for (const auto& [holder, offset] : site.shared_places)
      place.shared.push_back(namer.source_place(holder, offset));
  return place;
}

}  // namespace

TargetRow describe_target(const OpenedTarget& target) {
  const TargetIdentity& identity = target.image->identity();
  TargetRow row;
  row.live = identity.live;
  row.path = identity.path;
  row.pid = identity.pid;
  row.exe = target.file->path();
  row.go_version = target.runtime->version().text;
  row.arch = target.image->architecture() == Architecture::Arm64 ? "arm64" : "amd64";
  row.dwarf = target.dwarf != nullptr;
  row.pause_ms = identity.pause_ms;
  row.taken_at = identity.taken_at;
  return row;
}

void describe_heap(const Views& views, const LiveSet& live, const RootSet& roots,
                   const Findings& certain, const Findings& possible, Diagnostics& diagnostics,
                   LeakReport& report) {
  HeapTotals& heap = report.heap;
  heap.live_objects = live.objects;
  heap.live_bytes = live.bytes;
  heap.typed_bytes = views.typed_bytes();
  heap.visible_bytes = views.full_visible_bytes() + certain.hidden.visible_bytes;
  heap.spare_bytes = certain.hidden.spare_bytes;
  heap.lost_bytes = certain.hidden.lost_bytes;
  heap.allocator_bytes = views.full_allocator_bytes() + certain.hidden.allocator_bytes;
  heap.overhang_objects = certain.overhang.total.objects;
  heap.overhang_bytes = certain.overhang.total.bytes;
  heap.overhang_bytes_possible = possible.overhang.total.bytes;
  heap.unknown_references = views.unknown_references();
  for (const Goroutine& goroutine : roots.goroutines)
    for (const StackFrame& frame : goroutine.frames) heap.conservative_frames += frame.conservative;
  const Heap& all = views.heap();
  for (const HeapSpan& span : all.spans()) {
    for (std::uint32_t i = 0; i < span.span.slots; i++) {
      ObjectId id(span.first.value + i);
      if (!all.allocated(id) || live.live.test(id.value)) continue;
      heap.garbage_objects++;
      heap.garbage_bytes += span.span.elem_size;
    }
  }
  auto sum = heap.visible_bytes + heap.spare_bytes + heap.lost_bytes + heap.overhang_bytes +
             heap.allocator_bytes;
  auto reached = views.touched_objects() + heap.overhang_objects;
  if (reached != heap.live_objects)
    diagnostics.warn(fmt::format("conservation: {} live objects, but {} are visible or overhang",
                                 heap.live_objects, reached));
  if (sum != heap.live_bytes)
    diagnostics.warn(fmt::format("conservation: {} live bytes, but {} in the five buckets",
                                 heap.live_bytes, sum));
}

std::vector<SlicePlace> describe_sites(Views& views, const Findings& certain,
                                       const Findings& possible, std::size_t pictures,
                                       LeakReport& report) {
  Namer namer(views);
  WhatIfs what_ifs(views, certain.hidden, certain.sites, certain.overhang, namer);
  struct Described {
    SiteRow row;
    const Site* site;
    const HiddenMemory* hidden;  // in which the site was found
  };
  std::vector<Described> described;
  // What is visible by a doubtful reference alone may hide something in turn: some sites are only
  // certain, as others are only possible.
  auto certain_sites = by_key(certain.sites), possible_sites = by_key(possible.sites);
  auto add = [&](const Findings& found, std::size_t index, const Counted& sure,
                 const Counted& perhaps, bool reaches, auto&& remedies) {
    const Site& site = found.sites.sites[index];
    const SiteRetention& retention = found.overhang.sites[index];
    SiteRow row = row_of(views, namer, site, retention);
    row.retained_objects = sure.objects;
    row.retained_bytes = sure.bytes;
    row.retained_bytes_possible = std::max(perhaps.bytes, sure.bytes);
    if (&found == &certain) {
      row.joint_objects = retention.joint.objects;
      row.joint_bytes = retention.joint.bytes;
    }
    if (row.retained_bytes_possible != row.retained_bytes)
      if (const Doubt* doubt = views.doubt_about(site.example))
        row.doubt = describe_doubt(views, namer, *doubt);
    row.retained_jointly = reaches && row.retained_bytes_possible == 0;
    if (!worth_a_row(site, reaches, row)) return;
    row.remedies = remedy_rows(remedies(), site.pointer_free);
    described.push_back({std::move(row), &site, &found.hidden});
  };
  auto of_certain = [&](std::size_t site) {
    return [&what_ifs, site] { return what_ifs.of_site(static_cast<std::uint32_t>(site)); };
  };
  for (std::size_t i = 0; i < possible.sites.sites.size(); i++) {
    const SiteRetention& perhaps = possible.overhang.sites[i];
    auto at = certain_sites.find(key_of(possible.sites, i));
    if (at == certain_sites.end()) {
      // Not certain: clearing frees nothing.
      add(possible, i, {}, perhaps.exclusive, perhaps.reaches,
          [] { return std::vector<WhatIf>(1); });
      continue;
    }
    const SiteRetention& sure = certain.overhang.sites[at->second];
    add(certain, at->second, sure.exclusive, perhaps.exclusive, perhaps.reaches,
        of_certain(at->second));
  }
  for (std::size_t i = 0; i < certain.sites.sites.size(); i++) {
    if (possible_sites.contains(key_of(certain.sites, i))) continue;
    const SiteRetention& sure = certain.overhang.sites[i];
    add(certain, i, sure.exclusive, {}, sure.reaches, of_certain(i));
  }
  std::stable_sort(described.begin(), described.end(), [](const Described& a, const Described& b) {
    return weight(a.row) > weight(b.row);
  });
  std::vector<SlicePlace> places;
  for (auto& [row, site, hidden] : described) {
    places.push_back(source_place(namer, views.types(), *site));
    if (places.size() <= pictures) row.picture = picture_of(views, namer, *hidden, *site);
    report.sites.push_back(std::move(row));
  }
  report.remedies = remedy_rows(what_ifs.of_all(), false);
  for (const MapRoom& room : find_map_room(views, namer))
    report.maps.push_back({room.site, views.types().info(room.type).name, room.maps, room.entries,
                           room.slots, room.storage_bytes, room.spare_bytes, room.shrunk_maps});
  for (const Habit& habit : certain.sites.habits)
    report.spare.push_back(
        {habit.name, habit.elem == kUnknownType ? "uint8" : views.types().info(habit.elem).name,
         habit.arrays, habit.spare_bytes});
  std::stable_sort(
      report.spare.begin(), report.spare.end(),
      [](const SpareRow& a, const SpareRow& b) { return a.spare_bytes > b.spare_bytes; });
  return places;
}

}  // namespace overhang
