#include "retain/sites.h"

#include <algorithm>
#include <tuple>

namespace overhang {
namespace {

class Grouper {
 public:
  Grouper(Views& views, const HiddenMemory& hidden, Namer& namer)
      : views_(views), heap_(views.heap()), hidden_(hidden), namer_(namer) {}

  Sites group() {
    out_.site_of_region.assign(hidden_.regions.size(), kNoSite);
    for (std::size_t i = 0; i < hidden_.regions.size(); i++) {
      const HiddenRegion& region = hidden_.regions[i];
      if (region.habit)
        add_habit(region);
      else if (matters(region))
        out_.site_of_region[i] = add_region(region);
    }
    for (std::size_t i = 0; i < out_.sites.size(); i++)
      if (auto& instance = instances_[i]; !instance.empty())
        out_.sites[i].name = {std::move(instance), SiteKind::Global};
    return std::move(out_);
  }

 private:
  // An array of pointers whose hidden slots are all nil keeps nothing; its own bytes matter once
  // most of them are out of reach.
  bool matters(const HiddenRegion& region) const {
    const HiddenArray& array = hidden_.arrays[region.array];
    if (pointer_free(array)) return true;
    if (region.category != Category::Tail &&
        (region.end - region.begin) * 2 >= array.data_end - array.data_begin)
      return true;
    return heap_.refers(array.object, region.begin, region.end);
  }

  bool pointer_free(const HiddenArray& array) const {
    return heap_.span_of(array.object).layout == PointerLayout::None;
  }

  struct Named {
    SiteName name;
    std::string text;  // as a person reads it
    const Window* window = nullptr;
    std::vector<std::pair<std::string, const Window*>> others;
  };

  // The window's capacity reaches over all of the region.
  static bool has_room(const Window& window, const HiddenRegion& region) {
    return window.begin <= region.begin && region.end <= window.begin + window.cap;
  }

  // What `inner` shows is cut out of what `outer` shows.
  static bool within(const Window& inner, const Window& outer) {
    return outer.begin <= inner.begin && inner.begin + inner.len <= outer.begin + outer.len;
  }

  // How well a window explains a region: of plain data one whose capacity reaches over it (a buffer
  // keeps its room whatever becomes of the texts cut out of it), the one that the region borders
  // on, then the holder that lives longest. Smaller is better.
  static auto fit(const HiddenRegion& region, const SiteName& name, const Window& window) {
    bool spare = region.category == Category::Window && has_room(window, region);
    std::uint64_t distance = 0;
    if (region.category == Category::Tail)
      distance = region.begin - std::min(region.begin, window.begin + window.len);
    if (region.category == Category::Head)
      distance = std::max(region.end, window.begin) - region.end;
    auto kind = name.instance.empty() ? name.kind : SiteKind::Global;
    return std::tuple(!spare, distance, kind, name.text, ~window.cap);
  }

  // The array's holder that is named in the report, and the others. The regions of one array come
  // one after another, and all of a category get the same answer: of tail, head and clipped there
  // is one, fit() takes all gaps of an array alike, and of windows the first speaks for the array.
  const Named& named(const HiddenRegion& region) {
    if (named_array_ != region.array || named_category_ != region.category) {
      named_ = find_named(region);
      named_array_ = region.array;
      named_category_ = region.category;
    }
    return named_;
  }

  Named find_named(const HiddenRegion& region) {
    const HiddenArray& array = hidden_.arrays[region.array];
    // An array may have very many holders (substrings of one text): a few tell enough, those that
    // stand nearest to the region.
    constexpr ObjectIndex kMaxHolders = 64;
    auto first = array.first_window, count = std::min(array.window_count, kMaxHolders);
    if (region.category == Category::Tail || region.category == Category::Clipped)
      first += array.window_count - count;
    Named best;
    std::vector<std::pair<std::string, const Window*>> all;
    for (ObjectIndex i = 0; i < count; i++) {
      const Window& window = hidden_.windows[first + i];
      auto name = namer_.name(window.holder, window.holder_offset);
      all.emplace_back(name.instance.empty() ? name.text : name.instance, &window);
      if (best.window && fit(region, best.name, *best.window) <= fit(region, name, window))
        continue;
      best.name = std::move(name);
      best.window = &window;
      best.text = all.back().first;
    }
    for (auto& one : all)
      if (one.first != best.text) best.others.push_back(std::move(one));
    return best;
  }

  std::uint32_t add_region(const HiddenRegion& region) {
    const HiddenArray& array = hidden_.arrays[region.array];
    const Named& who = named(region);
    auto holder =
        fmt::format("{}\n{}\n{}", who.name.text, static_cast<int>(who.name.kind), array.elem.value);
    auto key = fmt::format("{}\n{}", holder, static_cast<int>(region.category));
    auto [at, fresh] =
        by_key_.try_emplace(std::move(key), static_cast<std::uint32_t>(out_.sites.size()));
    if (fresh) {
      Site site;
      site.name = who.name;
      site.group = group_of(std::move(holder), who.name);
      site.elem = array.elem;
      site.category = region.category;
      site.pointer_free = pointer_free(array);
      out_.sites.push_back(std::move(site));
      last_array_.push_back(kNoArray);
      instances_.push_back(who.name.instance);
    }
    Site& site = out_.sites[at->second];
    if (instances_[at->second] != who.name.instance) instances_[at->second].clear();
    auto hidden_slots = (region.end - region.begin) / array.elem_size;
    site.hidden_bytes += region.end - region.begin;
    site.hidden_slots += hidden_slots;
    if (std::exchange(last_array_[at->second], region.array) != region.array)
      add_array(site, region, who);
    return at->second;
  }

  std::uint32_t group_of(std::string holder, const SiteName& name) {
    auto next = static_cast<std::uint32_t>(out_.groups.size());
    auto [at, fresh] = group_by_holder_.try_emplace(std::move(holder), next);
    if (fresh) out_.groups.push_back({name.text, name.kind});
    return at->second;
  }

  void add_array(Site& site, const HiddenRegion& region, const Named& who) {
    const HiddenArray& array = hidden_.arrays[region.array];
    auto slot = heap_.slot_size(array.object);
    site.arrays++;
    site.array_bytes += slot;
    site.slots += (array.data_end - array.data_begin) / array.elem_size;
    site.visible_slots += array.visible_bytes / array.elem_size;
    site.len = site.arrays == 1 ? who.window->len / array.elem_size : 0;
    site.cap = site.arrays == 1 ? who.window->cap / array.elem_size : 0;
    if (slot > site.largest_array_bytes) {
      site.largest_array_bytes = slot;
      site.holder = who.window->holder;
      site.holder_offset = who.window->holder_offset;
      site.example = array.object;
      site.first_hidden_slot = (region.begin - array.data_begin) / array.elem_size;
      site.last_hidden_slot = (region.end - array.data_begin) / array.elem_size;
    }
    constexpr std::size_t kMaxShared = 16;
    for (const auto& [other, window] : who.others) {
      bool known = std::find(site.shared_with.begin(), site.shared_with.end(), other) !=
                   site.shared_with.end();
      if (known || site.shared_with.size() >= kMaxShared) continue;
      site.shared_with.push_back(other);
      // What is cut out of a buffer follows it to a smaller one.
      if (has_room(*who.window, region) && within(*window, *who.window)) continue;
      site.shared_places.emplace_back(window->holder, window->holder_offset);
    }
  }

  void add_habit(const HiddenRegion& region) {
    const HiddenArray& array = hidden_.arrays[region.array];
    auto bytes = region.end - region.begin;
    out_.habit_bytes += bytes;
    out_.habit_arrays++;
    const Named& who = named(region);
    auto key = fmt::format("{}\n{}", who.text, array.elem.value);
    auto [at, fresh] = habit_by_key_.try_emplace(std::move(key), out_.habits.size());
    if (fresh) out_.habits.push_back({who.text, array.elem, 0, 0});
    out_.habits[at->second].arrays++;
    out_.habits[at->second].spare_bytes += bytes;
  }

  Views& views_;
  const Heap& heap_;
  const HiddenMemory& hidden_;
  Namer& namer_;
  Sites out_;
  Named named_;  // of the regions of named_category_ in array named_array_
  ObjectIndex named_array_ = kNoArray;
  Category named_category_ = Category::Tail;
  std::unordered_map<std::string, std::uint32_t> by_key_, group_by_holder_;
  std::unordered_map<std::string, std::size_t> habit_by_key_;
  std::vector<ObjectIndex> last_array_;  // by site
  std::vector<std::string> instances_;   // by site: the one object's name, while there is one
};

}  // namespace

Sites find_sites(Views& views, const HiddenMemory& hidden, Namer& namer) {
  return Grouper(views, hidden, namer).group();
}

}  // namespace overhang
