#include "report/diff.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace overhang {
namespace {

using SiteKey = std::tuple<std::string, std::string, std::string, std::string>;

void put(SiteChange& change, std::uint64_t Change::*side, const SiteRow& row) {
  change.arrays.*side = row.arrays;
  change.hidden_slots.*side = row.hidden_slots;
  change.hidden_bytes.*side = row.hidden_bytes;
  change.retained_objects.*side = row.retained_objects;
  change.retained_bytes.*side = row.retained_bytes;
  change.weight.*side = weight(row);
}

bool changed(const SiteChange& change) {
  return change.weight.growth() != 0 || change.hidden_bytes.growth() != 0 ||
         change.retained_objects.growth() != 0;
}

}  // namespace

std::vector<SiteChange> changes_of(const std::vector<SiteRow>& older,
                                   const std::vector<SiteRow>& newer) {
  std::map<SiteKey, SiteChange> by_key;
  auto add = [&](const SiteRow& row, std::uint64_t Change::*side) {
    auto& change = by_key[{row.site, row.kind, row.element_type, row.category}];
    put(change, side, row);
    if (side == &Change::newer) change.sources = row.sources;
  };
  for (const SiteRow& row : older) add(row, &Change::older);
  for (const SiteRow& row : newer) add(row, &Change::newer);
  std::vector<SiteChange> out;
  for (auto& [key, change] : by_key) {
    if (!changed(change)) continue;
    std::tie(change.site, change.kind, change.element_type, change.category) = key;
    out.push_back(std::move(change));
  }
  std::ranges::stable_sort(out, std::greater<>(),
                           [](const SiteChange& change) { return change.weight.growth(); });
  return out;
}

std::vector<TypeChange> changes_of(const std::vector<HeapTypeRow>& older,
                                   const std::vector<HeapTypeRow>& newer) {
  std::map<std::string, TypeChange> by_name;
  auto add = [&](const HeapTypeRow& row, std::uint64_t Change::*side) {
    auto& change = by_name[row.type];
    change.objects.*side = row.objects;
    change.bytes.*side = row.bytes;
    change.hidden_bytes.*side = row.hidden_bytes;
    change.retained_bytes.*side = row.retained_bytes;
  };
  for (const HeapTypeRow& row : older) add(row, &Change::older);
  for (const HeapTypeRow& row : newer) add(row, &Change::newer);
  std::vector<TypeChange> out;
  for (auto& [name, change] : by_name) {
    if (change.objects.growth() == 0 && change.bytes.growth() == 0) continue;
    change.type = name;
    out.push_back(std::move(change));
  }
  std::ranges::stable_sort(out, std::greater<>(),
                           [](const TypeChange& change) { return change.bytes.growth(); });
  return out;
}

}  // namespace overhang
