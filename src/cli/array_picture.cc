#include "cli/array_picture.h"

#include <algorithm>
#include <vector>

namespace overhang {
namespace {

constexpr std::size_t kMaxWindows = 64;
constexpr std::size_t kMaxRegions = 256;
// Parts in which references are looked for: more are not told apart on a screen.
constexpr std::uint64_t kParts = 512;

// Keeps the `most` largest, in their order; returns how many went.
template <class Row, class Size>
std::uint64_t keep_largest(std::vector<const Row*>& rows, std::size_t most, Size size) {
  if (rows.size() <= most) return 0;
  auto gone = rows.size() - most;
  std::ranges::nth_element(rows, rows.begin() + static_cast<std::ptrdiff_t>(most),
                           [&](const Row* a, const Row* b) { return size(*a) > size(*b); });
  rows.resize(most);
  std::ranges::sort(rows);  // they stand in one vector, by where they begin
  return gone;
}

class Painter {
 public:
  Painter(Views& views, Namer& namer, const HiddenMemory& hidden, const HiddenArray& array)
      : views_(views), namer_(namer), hidden_(hidden), array_(array) {}

  ArrayPicture paint() {
    picture_.array_bytes = views_.heap().slot_size(array_.object);
    picture_.element_bytes = array_.elem_size;
    picture_.slots = (array_.data_end - array_.data_begin) / array_.elem_size;
    add_windows();
    add_regions();
    add_stale();
    return std::move(picture_);
  }

 private:
  // A byte's slot; slices of other element types may begin within one.
  std::uint64_t slot(std::uint64_t byte) const {
    return (byte - std::min(byte, array_.data_begin)) / array_.elem_size;
  }
  std::uint64_t slot_after(std::uint64_t byte) const { return slot(byte + array_.elem_size - 1); }

  void add_windows() {
    std::vector<const Window*> windows;
    for (ObjectIndex i = 0; i < array_.window_count; i++)
      windows.push_back(&hidden_.windows[array_.first_window + i]);
    picture_.windows_omitted =
        keep_largest(windows, kMaxWindows, [](const Window& w) { return std::max(w.cap, w.len); });
    for (const Window* window : windows) {
      auto name = namer_.name(window->holder, window->holder_offset);
      picture_.windows.push_back({slot(window->begin),
                                  slot_after(window->begin + window->len) - slot(window->begin),
                                  slot_after(window->begin + window->cap) - slot(window->begin),
                                  name.instance.empty() ? name.text : name.instance});
    }
  }

  void add_regions() {
    auto index = static_cast<ObjectIndex>(&array_ - hidden_.arrays.data());
    auto at = std::ranges::lower_bound(hidden_.regions, index, {}, &HiddenRegion::array);
    for (; at != hidden_.regions.end() && at->array == index; ++at) regions_.push_back(&*at);
    picture_.regions_omitted =
        keep_largest(regions_, kMaxRegions, [](const HiddenRegion& r) { return r.end - r.begin; });
    for (const HiddenRegion* region : regions_)
      picture_.regions.push_back(
          {category_name(region->category), slot(region->begin), slot_after(region->end)});
  }

  void add_stale() {
    auto step = std::max<std::uint64_t>(picture_.slots / kParts, 1) * array_.elem_size;
    for (const HiddenRegion* region : regions_) {
      for (auto begin = region->begin; begin < region->end; begin += step) {
        auto end = std::min(begin + step, region->end);
        if (!views_.heap().refers(array_.object, begin, end)) continue;
        auto& runs = picture_.stale;
        if (!runs.empty() && runs.back().second == slot(begin))
          runs.back().second = slot_after(end);
        else
          runs.emplace_back(slot(begin), slot_after(end));
      }
    }
  }

  Views& views_;
  Namer& namer_;
  const HiddenMemory& hidden_;
  const HiddenArray& array_;
  std::vector<const HiddenRegion*> regions_;
  ArrayPicture picture_;
};

}  // namespace

ArrayPicture picture_of(Views& views, Namer& namer, const HiddenMemory& hidden, const Site& site) {
  // Arrays stand in the order of their objects.
  auto array = std::ranges::lower_bound(hidden.arrays, site.example, {}, &HiddenArray::object);
  return Painter(views, namer, hidden, *array).paint();
}

}  // namespace overhang
