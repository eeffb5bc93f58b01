#include "retain/hidden.h"

#include <algorithm>

#include "goruntime/size_classes.h"

namespace overhang {
namespace {

struct Range {
  std::uint64_t begin, end;
};

// Sorts and merges.
std::vector<Range> merged(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  std::vector<Range> out;
  for (const Range& range : ranges) {
    if (range.begin >= range.end) continue;
    if (!out.empty() && range.begin <= out.back().end)
      out.back().end = std::max(out.back().end, range.end);
    else
      out.push_back(range);
  }
  return out;
}

// What of `range` the sorted, merged `cover` leaves out.
std::vector<Range> uncovered(Range range, const std::vector<Range>& cover) {
  std::vector<Range> out;
  auto next = range.begin;
  auto part = std::partition_point(cover.begin(), cover.end(),
                                   [&](const Range& r) { return r.end <= range.begin; });
  for (; part != cover.end() && part->begin < range.end; ++part) {
    if (part->begin > next) out.push_back({next, part->begin});
    next = std::max(next, part->end);
  }
  if (next < range.end) out.push_back({next, range.end});
  return out;
}

// The largest size that the allocator keeps size classes for (maxSmallSize).
constexpr std::uint64_t kMaxSmallObject = 32 << 10;

class Finder {
 public:
  Finder(const Views& views, ReferenceDecoder& decoder)
      : views_(views), heap_(views.heap()), decoder_(decoder) {}

  HiddenMemory find() {
    collect_windows();
    pointer_parts_ = views_.pointer_parts();
    std::stable_sort(pointer_parts_.begin(), pointer_parts_.end(),
                     [](const auto& a, const auto& b) { return a.array < b.array; });
    for (std::size_t i = 0; i < out_.windows.size();) {
      auto last = i;
      while (last < out_.windows.size() && out_.windows[last].array == out_.windows[i].array)
        last++;
      add_array(i, last);
      i = last;
    }
    return std::move(out_);
  }

 private:
  void collect_windows() {
    for (const Window& window : views_.windows())
      if (!views_.full(window.array)) out_.windows.push_back(window);
    auto interior = views_.interior_arrays();
    std::stable_sort(interior.begin(), interior.end(),
                     [](const auto& a, const auto& b) { return a.array < b.array; });
    auto last = std::unique(interior.begin(), interior.end(),
                            [](const auto& a, const auto& b) { return a.array == b.array; });
    for (auto at = interior.begin(); at != last; ++at) {
      if (views_.full(at->array) || views_.windowed(at->array)) continue;
      Window pointer;
      pointer.array = at->array;
      pointer.elem = at->elem;
      pointer.pointer = true;
      pointer.begin = heap_.header_size(at->array);
      pointer.holder = views_.info(at->array).holder();
      pointer.holder_offset = at->holder_offset;
      out_.windows.push_back(pointer);
    }
    std::stable_sort(out_.windows.begin(), out_.windows.end(),
                     [](const Window& a, const Window& b) {
                       return a.array != b.array ? a.array < b.array : a.begin < b.begin;
                     });
  }

  std::vector<Range> visible_ranges(ObjectId id, std::size_t first, std::size_t last,
                                    bool has_pointers) {
    std::vector<Range> ranges;
    if (has_pointers) {
      if (auto* parts = views_.visible_parts(id))
        for (auto [begin, end] : parts->ranges()) ranges.push_back({begin, end});
      return merged(std::move(ranges));
    }
    for (auto i = first; i < last; i++) {
      const Window& window = out_.windows[i];
      ranges.push_back({window.begin, window.begin + window.len});
    }
    auto at = std::lower_bound(pointer_parts_.begin(), pointer_parts_.end(), id,
                               [](const PointerPart& p, ObjectId o) { return p.array < o; });
    for (; at != pointer_parts_.end() && at->array == id; ++at)
      ranges.push_back({at->begin, at->end});
    return merged(std::move(ranges));
  }

  void add_array(std::size_t first, std::size_t last) {
    auto id = out_.windows[first].array;
    const HeapSpan& span = heap_.span_of(id);
    bool has_pointers = span.layout != PointerLayout::None;
    auto slot = span.span.elem_size;
    HiddenArray array;
    array.object = id;
    array.data_begin = heap_.header_size(id);
    array.first_window = static_cast<ObjectIndex>(first);
    array.window_count = static_cast<ObjectIndex>(last - first);

    std::vector<Range> reach;
    std::uint64_t reach_end = array.data_begin, widest = 0, first_begin = slot, last_end = 0;
    bool any_string = false;
    for (auto i = first; i < last; i++) {
      const Window& window = out_.windows[i];
      reach.push_back({window.begin, window.begin + std::max(window.cap, window.len)});
      reach_end = std::max(reach_end, reach.back().end);
      first_begin = std::min(first_begin, window.begin);
      last_end = std::max(last_end, window.begin + window.len);
      any_string |= window.string;
      if (i == first || window.cap > widest) {
        widest = window.cap;
        array.elem = window.elem;
      }
    }
    reach = merged(std::move(reach));
    if (array.elem != kUnknownType)
      array.elem_size = std::max<std::uint64_t>(decoder_.facts(array.elem).size, 1);

    auto visible = visible_ranges(id, first, last, has_pointers);
    if (!visible.empty()) {
      reach_end = std::max(reach_end, visible.back().end);
      first_begin = std::min(first_begin, visible.front().begin);
      last_end = std::max(last_end, visible.back().end);
    }
    // What was not asked for never held a reference.
    bool exact = slot_size_for(heap_.runtime().layout(), reach_end - array.data_begin,
                               has_pointers) == slot &&
                 !(has_pointers && heap_.refers(id, reach_end, slot));
    array.data_end = exact ? reach_end : slot - (slot - array.data_begin) % array.elem_size;
    array.data_end = std::max(array.data_end, reach_end);
    for (const Range& range : visible) array.visible_bytes += range.end - range.begin;

    auto index = static_cast<ObjectIndex>(out_.arrays.size());
    out_.visible_bytes += array.visible_bytes;
    out_.allocator_bytes += slot - (array.data_end - array.data_begin);
    std::vector<HiddenRegion> regions;
    for (const Range& hidden : uncovered({array.data_begin, array.data_end}, visible)) {
      auto lost = uncovered(hidden, reach);
      std::uint64_t lost_bytes = 0;
      for (const Range& range : lost) lost_bytes += range.end - range.begin;
      out_.lost_bytes += lost_bytes;
      out_.spare_bytes += hidden.end - hidden.begin - lost_bytes;
      // Before every window, between two, past all of them: there first what some capacity reaches,
      // then what none does. A window of no length parts its sides as others do.
      auto add = [&](Category category, std::uint64_t begin, std::uint64_t end) {
        begin = std::max(begin, hidden.begin);
        end = std::min(end, hidden.end);
        if (begin < end) regions.push_back({index, category, false, begin, end});
      };
      add(Category::Head, hidden.begin, first_begin);
      add(Category::Gap, first_begin, last_end);
      add(Category::Tail, last_end, reach_end);
      add(Category::Clipped, std::max(last_end, reach_end), hidden.end);
    }
    if (out_.windows[first].pointer)
      for (auto& region : regions) region.category = Category::Interior;
    else if (!has_pointers)
      judge_pointer_free(array, any_string, regions);
    out_.arrays.push_back(array);
    out_.regions.insert(out_.regions.end(), regions.begin(), regions.end());
  }

  // Without pointers nothing hangs on hidden slots; what counts is the array's own bytes, where a
  // small part keeps a large one.
  void judge_pointer_free(const HiddenArray& array, bool any_string,
                          std::vector<HiddenRegion>& regions) {
    if (regions.empty()) return;
    auto data = array.data_end - array.data_begin;
    bool only_tail = regions.size() == 1 && regions.front().category == Category::Tail;
    bool reused = only_tail && (array.visible_bytes == 0 || data <= kMaxSmallObject);
    if (array.visible_bytes > data / 2 || reused) {
      // The room that append leaves, a buffer between two uses: a habit.
      if (!only_tail) regions.clear();
      for (auto& region : regions) region.habit = true;
      return;
    }
    // Bytes are cut out of buffers and texts; other elements stand in collections, which are
    // truncated, or cut at the head.
    bool collection = array.elem_size > 1 && !any_string;
    bool cut_once = regions.size() == 1;
    bool from_start = regions.front().category != Category::Head;
    if (collection && (cut_once || from_start)) return;
    for (auto& region : regions) region.category = Category::Window;
  }

  const Views& views_;
  const Heap& heap_;
  ReferenceDecoder& decoder_;
  HiddenMemory out_;
  std::vector<PointerPart> pointer_parts_;
};

}  // namespace

HiddenMemory find_hidden(const Views& views, ReferenceDecoder& decoder) {
  return Finder(views, decoder).find();
}

}  // namespace overhang
