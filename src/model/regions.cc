#include "model/regions.h"

#include <algorithm>

namespace overhang::model {
namespace {

constexpr std::uint64_t kLargestSmall = 32 << 10;  // bytes; what the allocator has size classes for

// A slot that no view shows, seen from the views over its array.
Category category_of(const std::vector<View>& views, std::uint64_t slot) {
  bool before_all = true, behind_all = true;
  for (const View& view : views) {
    before_all &= slot < view.shown.first;
    behind_all &= slot >= view.shown.first + view.shown.len;
  }
  if (before_all) return Category::Head;
  if (!behind_all) return Category::Gap;
  return spare(views, slot) ? Category::Tail : Category::Clipped;
}

// Nothing hangs on a pointer-free array's hidden slots: what counts is a small part that keeps a
// large array. Room past len is ordinary where more than half is in use, where nothing is (a buffer
// between two uses), and in small arrays (a buffer that is filled in part).
void judge_pointer_free(const Object& array, const std::vector<View>& views, std::uint64_t slots,
                        std::vector<Region>& regions) {
  std::uint64_t hidden = 0;
  for (const Region& region : regions) hidden += region.slots();
  const auto size = array.elem->size, visible = slots - hidden;
  bool only_tail = regions.size() == 1 && regions[0].category == Category::Tail;
  bool buffer = only_tail && (visible == 0 || slots * size <= kLargestSmall);
  if (visible * size > slots * size / 2 || buffer) {
    if (!only_tail) regions.clear();
    for (Region& region : regions) region.habit = true;
    return;
  }
  // Bytes are cut out of texts and buffers. Other elements stand in collections: those are cut
  // short, or from the front, or both: then what is left is a window.
  bool text = size == 1 || std::any_of(views.begin(), views.end(),
                                       [](const View& view) { return view.kind == Kind::String; });
  bool both = regions.size() > 1 && regions[0].category == Category::Head;
  if (text || both)
    for (Region& region : regions) region.category = Category::Window;
}

}  // namespace

bool spare(const std::vector<View>& views, std::uint64_t slot) {
  return std::any_of(views.begin(), views.end(), [&](const View& view) {
    return view.kind != Kind::Pointer && slot >= view.shown.first &&
           slot < view.shown.first + view.shown.cap;
  });
}

std::uint64_t array_slots(const Memory& memory, const Visible& visible, ObjectIndex array,
                          Knowledge knowledge) {
  const Object& object = memory[array];
  if (knowledge == Knowledge::Exact) return object.count;
  const auto size = object.elem->size;
  bool pointers = object.elem->pointers();
  std::uint64_t farthest = 0;
  for (const View& view : visible.views_of(array))
    farthest = std::max(farthest, view.shown.first + view.shown.cap);
  bool fits = memory.allocator().slot_size(farthest * size, pointers) == object.slot_bytes;
  if (fits && references(memory, {array, Category::Tail, farthest, object.count}).empty())
    return farthest;
  auto header = memory.allocator().header_size(object.count * size, pointers);
  return (object.slot_bytes - header) / size;
}

std::vector<Region> hidden_regions(const Memory& memory, const Visible& visible,
                                   Knowledge knowledge) {
  std::vector<Region> out;
  for (ObjectIndex array = 0; array < memory.objects().size(); array++) {
    const Object& object = memory[array];
    if (!object.heap() || !object.array || !visible.seen[array]) continue;
    const auto views = visible.views_of(array);
    bool interior = std::all_of(views.begin(), views.end(),
                                [](const View& view) { return view.kind == Kind::Pointer; });
    const auto slots = array_slots(memory, visible, array, knowledge);
    std::vector<Region> regions;
    for (std::uint64_t slot = 0; slot < slots; slot++) {
      if (slot < object.count && visible.slots[array][slot]) continue;
      auto category = interior ? Category::Interior : category_of(views, slot);
      if (regions.empty() || regions.back().end != slot || regions.back().category != category)
        regions.push_back({array, category, slot, slot});
      regions.back().end = slot + 1;
    }
    if (!object.elem->pointers() && !regions.empty() && !interior)
      judge_pointer_free(object, views, slots, regions);
    out.insert(out.end(), regions.begin(), regions.end());
  }
  return out;
}

std::vector<Place> references(const Memory& memory, const Region& region) {
  const Object& object = memory[region.array];
  std::vector<Place> out;
  for (auto slot = region.begin; slot < std::min(region.end, object.count); slot++)
    for (std::uint64_t i = 0; i < object.elem->refs; i++) {
      Place place{region.array, slot * object.elem->refs + i};
      if (!memory.at(place).nil()) out.push_back(place);
    }
  return out;
}

}  // namespace overhang::model
