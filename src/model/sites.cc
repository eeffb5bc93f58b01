#include "model/sites.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace overhang::model {
namespace {

// Hidden bytes that make a row of their own: what the allocator calls a large object.
constexpr std::uint64_t kLarge = 32 << 10;

class Finder {
 public:
  Finder(const Memory& memory, Knowledge knowledge)
      : memory_(memory),
        knowledge_(knowledge),
        visible_(find_visible(memory, knowledge)),
        live_(live_objects(memory)),
        regions_(hidden_regions(memory, visible_, knowledge)) {}

  Findings run() {
    out_.live = count(memory_, live_);
    std::vector<bool> overhang(live_.size());
    for (std::size_t i = 0; i < live_.size(); i++) overhang[i] = live_[i] && !visible_.seen[i];
    out_.overhang = count(memory_, overhang);
    for (const Region& region : regions_) {
      if (region.habit)
        add_habit(region);
      else if (matters(region))
        add_to_site(region);
    }
    for (auto& [key, group] : groups_) finish(key, group);
    std::set<ObjectIndex> arrays;
    for (const Region& region : out_.regions) arrays.insert(region.array);
    for (const View& view : visible_.views)
      if (view.kind != Kind::Pointer && arrays.contains(view.shown.object))
        out_.holders.push_back(view.holder);
    sum_bytes();
    return std::move(out_);
  }

 private:
  struct Owner {
    HolderName name;
    const View* view = nullptr;
    std::set<std::uint64_t> lens;  // of it and all that fit as well
  };
  struct Group {
    Site site;
    std::vector<Owner> owners;  // by region
  };
  using Key = std::tuple<std::string, SiteKind, const Type*, Category>;

  // Hidden slots without references keep nothing; an array's own bytes matter once half of them are
  // out of reach.
  bool matters(const Region& region) const {
    if (!memory_[region.array].elem->pointers()) return true;
    if (region.category != Category::Tail &&
        region.slots() * 2 >= array_slots(memory_, visible_, region.array, knowledge_))
      return true;
    return !references(memory_, region).empty();
  }

  // Who among the holders of slices over the array is to be named: whose slice the region borders
  // on, then who lives longest, then the first by name.
  Owner owner_of(const Region& region, std::set<std::string>* others) const {
    Owner best;
    std::tuple<std::uint64_t, SiteKind, std::string, std::uint64_t> best_fit;
    std::set<std::string> names;
    for (const View& view : visible_.views) {
      bool names_it = view.kind != Kind::Pointer || region.category == Category::Interior;
      if (view.shown.object != region.array || !names_it) continue;
      auto name = holder_name(memory_, visible_, view.holder);
      names.insert(name.shown());
      auto end = view.shown.first + view.shown.len;
      std::uint64_t distance = region.category == Category::Tail   ? region.begin - end
                               : region.category == Category::Head ? view.shown.first - region.end
                                                                   : 0;
      std::tuple fit{distance, name.shown_kind(), name.text, ~view.shown.cap};
      if (best.view && best_fit == fit) best.lens.insert(view.shown.len);
      if (best.view && best_fit <= fit) continue;
      best = {std::move(name), &view, {view.shown.len}};
      best_fit = std::move(fit);
    }
    names.erase(best.name.shown());
    if (others) others->insert(names.begin(), names.end());
    return best;
  }

  void add_habit(const Region& region) {
    const Type* elem = memory_[region.array].elem;
    auto name = owner_of(region, nullptr).name.shown();
    auto at = std::find_if(out_.habits.begin(), out_.habits.end(), [&](const Habit& habit) {
      return habit.name == name && habit.element_type == elem->name;
    });
    if (at == out_.habits.end()) at = out_.habits.insert(at, {name, elem->name});
    at->arrays++;
    at->spare_bytes += region.slots() * elem->size;
    at->regions.push_back(region);
  }

  void add_to_site(const Region& region) {
    const Object& array = memory_[region.array];
    std::set<std::string> others;
    auto owner = owner_of(region, &others);
    Group& group = groups_[{owner.name.text, owner.name.kind, array.elem, region.category}];
    Site& site = group.site;
    site.element_type = array.elem->name;
    site.category = region.category;
    site.shared_with.insert(others.begin(), others.end());
    site.hidden_slots += region.slots();
    site.hidden_bytes += region.slots() * array.elem->size;
    bool fresh = site.regions.empty() || site.regions.back().array != region.array;
    site.regions.push_back(region);
    group.owners.push_back(owner);
    if (!fresh) return;
    site.arrays++;
    site.array_bytes += array.slot_bytes;
    site.slots += array_slots(memory_, visible_, region.array, knowledge_);
    const auto& shown = visible_.slots[region.array];
    site.visible_slots += static_cast<std::uint64_t>(std::count(shown.begin(), shown.end(), true));
    bool one = site.arrays == 1 && region.category != Category::Interior;
    site.len = one ? owner.view->shown.len : 0;
    site.cap = one ? owner.view->shown.cap : 0;
    site.lens = one ? owner.lens : std::set<std::uint64_t>{0};
  }

  void finish(const Key& key, Group& group) {
    Site& site = group.site;
    HolderName name = group.owners.front().name;
    for (const Owner& owner : group.owners)
      if (owner.name.instance != name.instance) name.instance.clear();
    site.name = name.shown();
    site.kind = site_kind_name(name.shown_kind());
    site.holders = holders(key);
    out_.regions.insert(out_.regions.end(), site.regions.begin(), site.regions.end());

    auto cleared = memory_;
    for (const Region& region : site.regions) {
      const Type* elem = memory_[region.array].elem;
      std::set<std::uint64_t> stale;
      for (Place place : references(memory_, region)) {
        stale.insert(place.ref / elem->refs);
        const Ref& ref = memory_.at(place);
        site.keeps |= !ref.nowhere() && !visible_.seen[ref.object];
        cleared.at(place) = {};
      }
      site.stale_slots += stale.size();
    }
    auto left = count(cleared, live_objects(cleared));
    site.retained = {out_.live.objects - left.objects, out_.live.bytes - left.bytes};

    bool pointers = memory_[site.regions.front().array].elem->pointers();
    bool mostly_lost = site.category != Category::Tail && site.hidden_slots * 2 >= site.slots;
    if (site.keeps || ((!pointers || mostly_lost) && site.hidden_bytes >= kLarge))
      out_.sites.push_back(site);
  }

  // The slices of that name over arrays of which it is the owner, in any category.
  std::vector<Place> holders(const Key& key) const {
    const auto& [text, kind, elem, category] = key;
    std::set<ObjectIndex> arrays;
    for (const auto& [other, group] : groups_)
      if (std::get<0>(other) == text && std::get<1>(other) == kind && std::get<2>(other) == elem)
        for (const Region& region : group.site.regions) arrays.insert(region.array);
    std::vector<Place> out;
    for (const View& view : visible_.views) {
      if (view.kind == Kind::Pointer || !arrays.contains(view.shown.object)) continue;
      auto name = holder_name(memory_, visible_, view.holder);
      if (name.text == text && name.kind == kind) out.push_back(view.holder);
    }
    return out;
  }

  void sum_bytes() {
    for (ObjectIndex i = 0; i < memory_.objects().size(); i++) {
      const Object& object = memory_[i];
      if (!object.heap() || !visible_.seen[i]) continue;
      const auto views = visible_.views_of(i);
      const auto size = object.elem->size;
      auto slots = object.array ? array_slots(memory_, visible_, i, knowledge_) : object.count;
      for (std::uint64_t slot = 0; slot < slots; slot++) {
        bool shown = slot < object.count && visible_.slots[i][slot];
        auto& bytes = shown                ? out_.visible_bytes
                      : spare(views, slot) ? out_.spare_bytes
                                           : out_.lost_bytes;
        bytes += size;
      }
      out_.allocator_bytes += object.slot_bytes - slots * size;
    }
  }

  const Memory& memory_;
  Knowledge knowledge_;
  Visible visible_;
  std::vector<bool> live_;
  std::vector<Region> regions_;
  std::map<Key, Group> groups_;
  Findings out_;
};

}  // namespace

Findings find_leaks(const Memory& memory, Knowledge knowledge) {
  return Finder(memory, knowledge).run();
}

}  // namespace overhang::model
