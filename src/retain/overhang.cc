#include "retain/overhang.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/bitmap.h"

namespace overhang {
namespace {

class Tracer {
 public:
  Tracer(Views& views, const HiddenMemory& hidden, const Sites& sites)
      : views_(views),
        heap_(views.heap()),
        hidden_(hidden),
        owners_(heap_.object_count(), groups_of(sites),
                static_cast<std::uint32_t>(sites.groups.size())),
        sites_(sites.sites.size()),
        groups_(sites.groups.size()),
        work_(heap_) {
    leaves_.reserve(kLeaves);
  }

  void trace_region(const HiddenRegion& region, std::uint32_t site) {
    push_region(region, site);
    sites_[site].stale_slots += stale_slots(region);
    follow_all();
  }

  // Once all regions are traced: what hangs on a site and on others. Labels do not say which sites
  // share an object, so it is gone through once more from the site's words. False: enough objects
  // have been gone through so.
  bool trace_joint(const std::vector<const HiddenRegion*>& regions, std::uint32_t site) {
    if (joint_visits_ >= owners_.reached() * kJointPasses) return false;
    if (joint_seen_.size() == 0) joint_seen_ = Bitmap(heap_.object_count());
    joint_site_ = site;
    for (const HiddenRegion* region : regions) push_region(*region, site);
    finish();
    joint_visits_ += joint_reached_.size();
    for (ObjectId id : joint_reached_) joint_seen_.clear(id.value);
    joint_reached_.clear();
    return true;
  }

  void finish() {
    follow_all();
    while (!leaves_.empty()) {
      take_leaves();
      follow_all();
    }
  }
  const SiteRetention& site(std::uint32_t index) const { return sites_[index]; }

  // Sums by site and type, in one pass over the labels.
  Overhang totals() {
    Counted total;
    std::vector<Counted> groups(groups_);
    std::vector<std::map<std::pair<std::uint32_t, bool>, Counted>> types(sites_.size());
    // Runs of objects with the same site and type are the rule: look up once per run.
    std::uint32_t run_site = ExclusiveOwners::kNone;
    std::uint32_t run_type = 0;
    bool run_array = false;
    Counted* run = nullptr;
    for (const HeapSpan& span : heap_.spans()) {
      auto bytes = span.span.elem_size;
      for (std::uint32_t i = 0; i < span.span.slots; i++) {
        ObjectId id(span.first.value + i);
        auto label = owners_.label_of(id);
        if (label == ExclusiveOwners::kNone || views_.touched(id)) continue;
        total.objects++;
        total.bytes += bytes;
        if (label == ExclusiveOwners::kShared) continue;
        auto& group = groups[owners_.group_of(label)];
        group.objects++;
        group.bytes += bytes;
        if (!owners_.is_owner(label)) continue;
        sites_[label].exclusive.objects++;
        sites_[label].exclusive.bytes += bytes;
        const ObjectInfo& info = views_.info(id);
        if (!run || label != run_site || info.type().value != run_type ||
            info.array() != run_array) {
          run_site = label;
          run_type = info.type().value;
          run_array = info.array();
          run = &types[label][{run_type, run_array}];
        }
        run->objects++;
        run->bytes += bytes;
      }
    }
    for (std::size_t s = 0; s < sites_.size(); s++) {
      for (auto& [key, counted] : types[s])
        sites_[s].types.push_back({TypeId(key.first), key.second, counted});
      std::stable_sort(
          sites_[s].types.begin(), sites_[s].types.end(),
          [](const auto& a, const auto& b) { return a.counted.bytes > b.counted.bytes; });
    }
    return {total, std::move(sites_), std::move(groups), std::move(owners_)};
  }

 private:
  ObjectRef object_of(const HiddenArray& array) const {
    return {array.object, heap_.span_index_of(array.object), 0};
  }

  void push_region(const HiddenRegion& region, std::uint32_t site) {
    const HiddenArray& array = hidden_.arrays[region.array];
    auto bytes = region.end - region.begin;
    auto object = object_of(array);
    auto count = bytes / array.elem_size;
    if (count * array.elem_size == bytes) {
      work_.push_range({object, region.begin, count, array.elem_size, array.elem, site});
    } else {
      views_.follower().words(object, region.begin, region.end,
                              [&](std::uint64_t, const Reference& word) { push(word, site); });
    }
  }

  // What of a reference tells what an object holds, and whose it is.
  struct Item {
    Address address;
    TypeId type;
    std::uint32_t label;
    Reference::Kind kind;
    Address target() const { return address; }
  };
  using Work = WorkList<Item, std::uint32_t>;  // the tag is the label

  void push(const Reference& reference, std::uint32_t label) {
    if (!ends_here(reference)) {
      work_.push(reference.target, reference.type, label, reference.kind);
      return;
    }
    heap_.pages().prefetch(reference.target);
    leaves_.push_back({reference.target, reference.type, label, reference.kind});
    if (leaves_.size() == kLeaves) take_leaves();
  }

  // Whether the object has no pointers, as the reference has it. Many have not, texts above all:
  // they need no place on the work list, and are reached by the batch.
  bool ends_here(const Reference& reference) {
    if (reference.kind == Reference::Kind::String) return true;
    return reference.kind == Reference::Kind::Slice &&
           !views_.decoder().facts(reference.type).has_pointers;
  }

  void take_leaves() {
    // Those that are no such objects after all, or keep others alive by a finalizer or the like, go
    // to the work list.
    std::size_t found = 0;
    for (const Item& item : leaves_) {
      auto& hit = hits_[found];
      if (!heap_.pages().find(item.address, hit) || !heap_.allocated().test(hit.id)) continue;
      if (!hit.noscan || views_.owners().owns(ObjectId(hit.id))) {
        work_.push(item);
        continue;
      }
      prefetch(ObjectId(hit.id));
      prefetch_read(&heap_.spans()[hit.span]);
      leaves_[found++] = item;
    }
    for (std::size_t i = 0; i < found; i++)
      mark(leaves_[i], {ObjectId(hits_[i].id), hits_[i].span, 0});
    leaves_.clear();
  }

  void prefetch(ObjectId id) const {
    owners_.prefetch(id);
    views_.prefetch(id);
  }

  void follow_all() {
    work_.run([this](const Item& item, const ObjectRef& to) { reach(item, to); },
              [](const Item&) {}, [this](const Work::Range& range) { follow(range); },
              [this](ObjectId id) { prefetch(id); });
  }

  static std::vector<std::uint32_t> groups_of(const Sites& sites) {
    std::vector<std::uint32_t> out;
    for (const Site& site : sites.sites) out.push_back(site.group);
    return out;
  }

  // Slots of the region with a word that is not null.
  std::uint64_t stale_slots(const HiddenRegion& region) {
    const HiddenArray& array = hidden_.arrays[region.array];
    std::uint64_t stale = 0, last = ~std::uint64_t{0};
    views_.follower().words(object_of(array), region.begin, region.end,
                            [&](std::uint64_t offset, const Reference&) {
                              auto slot = (offset - region.begin) / array.elem_size;
                              stale += slot != std::exchange(last, slot);
                            });
    return stale;
  }

  void follow(const Work::Range& range) {
    views_.follower().values(range.object, range.begin, range.type, range.count,
                             [&](std::uint64_t, const Reference& next) { push(next, range.tag); });
  }

  // What the object holds, as far as the reference tells: an array of values from its start on, one
  // value that fills it, or one where the reference leads to.
  struct Contents {
    TypeId type;
    bool array = false;
    bool part = false;
  };
  Contents contents(const Item& r, const ObjectRef& object) {
    switch (r.kind) {
      case Reference::Kind::Slice:
      case Reference::Kind::Storage:
        return {whole_elements(r.type, object), true};
      case Reference::Kind::String:
        return {views_.byte_type(), true};
      case Reference::Kind::Func:
        return {views_.closure_type(object, r.address), false};
      case Reference::Kind::Map:
      case Reference::Kind::Chan:
      case Reference::Kind::Opaque:
        return {r.type, false};
      case Reference::Kind::Value:
        if (fills(r.type, object)) return {r.type, false};
        break;
      case Reference::Kind::Unknown:
        break;
    }
    // A pointer into something larger: its own type, where the allocator knows it.
    if (auto known = views_.follower().allocation_type(object); known != kUnknownType)
      return {known, !fills(known, object)};
    return {r.type, false, r.kind == Reference::Kind::Value};
  }

  // A slice may be of an array within a struct: then it is structs that the object is an array of.
  TypeId whole_elements(TypeId type, const ObjectRef& object) {
    auto known = views_.follower().allocation_type(object);
    if (known == kUnknownType || fills(known, object)) return type;
    auto size = [&](TypeId of) { return views_.decoder().facts(of).size; };
    return size(known) > size(type) ? known : type;
  }

  bool fills(TypeId type, const ObjectRef& object) {
    return views_.decoder().facts(type).slot == heap_.spans()[object.span].span.elem_size;
  }

  // What the object holds, if it has a label now that it had not, and no view shows it: what it
  // refers to has to get that too.
  std::optional<Contents> mark(const Item& item, const ObjectRef& object) {
    if (views_.touched(object.id)) {
      // What keeps an array once its slices have let go of it.
      if (views_.windowed(object.id)) owners_.reach(object.id, item.label);
      return std::nullopt;
    }
    if (joint_site_ != kNoSite) return mark_jointly(item, object);
    if (item.label < sites_.size()) sites_[item.label].reaches = true;
    note_sharing(owners_.label_of(object.id), item.label);
    if (!owners_.reach(object.id, item.label)) return std::nullopt;
    if (owners_.reached() - told_ >= Meter::kStep) tell();
    auto held = contents(item, object);
    views_.set_info(object, held.type, held.array ? Shows::Elements : Shows::Part, Holder());
    return held;
  }

  void note_sharing(std::uint32_t present, std::uint32_t label) {
    if (present == ExclusiveOwners::kNone || present == label) return;
    for (auto one : {present, label})
      if (one < sites_.size()) sites_[one].shares = true;
  }

  std::optional<Contents> mark_jointly(const Item& item, const ObjectRef& object) {
    if (!joint_seen_.set_first(object.id.value)) return std::nullopt;
    joint_reached_.push_back(object.id);
    if (owners_.label_of(object.id) != joint_site_) {
      auto& joint = sites_[joint_site_].joint;
      joint.objects++;
      joint.bytes += heap_.spans()[object.span].span.elem_size;
    }
    return contents(item, object);
  }

  void reach(const Item& item, const ObjectRef& object) {
    auto held = mark(item, object);
    if (!held) return;
    const auto [type, array, part] = *held;
    const auto label = owners_.label_of(object.id);
    // What it refers to is followed below, a finalizer or none.
    if (views_.owners().owns(object.id))
      for (const Root& root : views_.owners().roots_of(object.id))
        if (root.kind != RootKind::FinalizerObject) push(views_.places().meaning(root), label);
    const HeapSpan& span = heap_.spans()[object.span];
    if (item.kind == Reference::Kind::Opaque) return;
    if (item.kind == Reference::Kind::Map || item.kind == Reference::Kind::Chan) {
      Reference header;
      header.kind = item.kind;
      header.type = item.type;
      header.target = item.address;
      views_.follower().expand(header, [&](const Reference& next) { push(next, label); });
      return;
    }
    if (span.layout == PointerLayout::None) return;
    auto header = Heap::header_size(span);
    const TypeFacts& facts = views_.decoder().facts(type);
    const auto size = facts.size;
    const bool closure = facts.closure, single = !array && facts.slot == span.span.elem_size;
    auto data = span.span.elem_size - header;
    // Values stand at multiples of their size; what the pointer leads into may be something else.
    bool own = array && views_.follower().allocation_type(object) == type;
    bool tiles = array && size != 0 && object.offset >= header &&
                 (own || (object.offset - header) % size == 0);
    bool one =
        part && size != 0 && object.offset >= header && object.offset + size <= span.span.elem_size;
    auto begin = one ? object.offset : header;
    std::uint64_t count = tiles ? data / size : single || one ? 1 : 0;
    Work::Range range{object, begin, count, size, type, label};
    if (count > Work::kBlock)
      work_.push_range(range);
    else if (count > 0)
      follow(range);
    auto words = [&](std::uint64_t from, std::uint64_t to) {
      if (from >= to) return;
      views_.follower().words(object, from, to,
                              [&](std::uint64_t, const Reference& word) { push(word, label); });
    };
    words(header, begin);
    // A closure may hold more than the binary describes.
    if (!single || closure) words(begin + count * size, span.span.elem_size);
  }

  void tell() {
    heap_.runtime().diagnostics().meter().advance(owners_.reached() - told_);
    told_ = owners_.reached();
  }

  Views& views_;
  const Heap& heap_;
  const HiddenMemory& hidden_;
  ExclusiveOwners owners_;
  std::vector<SiteRetention> sites_;
  std::size_t groups_;  // how many
  Work work_;
  static constexpr std::size_t kLeaves = 128;
  std::vector<Item> leaves_;  // fewer than kLeaves
  std::array<PageTable::Hit, kLeaves> hits_;
  std::uint64_t told_ = 0;  // of owners_.reached()
  // trace_joint: the site in question, and what it has led to so far.
  static constexpr std::uint64_t kJointPasses = 4;
  std::uint32_t joint_site_ = kNoSite;
  Bitmap joint_seen_;
  std::vector<ObjectId> joint_reached_;
  std::uint64_t joint_visits_ = 0;
};

// Those with most references first: what is left out by the bound weighs least.
void trace_what_sites_share(Tracer& tracer, const HiddenMemory& hidden, const Sites& sites,
                            const std::vector<ObjectIndex>& order) {
  std::map<std::uint32_t, std::vector<const HiddenRegion*>> regions;
  for (auto i : order)
    if (auto site = sites.site_of_region[i]; tracer.site(site).shares)
      regions[site].push_back(&hidden.regions[i]);
  std::vector<std::uint32_t> sharing;
  for (const auto& [site, unused] : regions) sharing.push_back(site);
  std::stable_sort(sharing.begin(), sharing.end(), [&](std::uint32_t a, std::uint32_t b) {
    return tracer.site(a).stale_slots > tracer.site(b).stale_slots;
  });
  for (auto site : sharing)
    if (!tracer.trace_joint(regions[site], site)) break;
}

}  // namespace

Overhang find_overhang(Views& views, const HiddenMemory& hidden, const Sites& sites) {
  // Site by site, so that a label's reach is complete before the next one's begins.
  std::vector<ObjectIndex> order;
  for (ObjectIndex i = 0; i < hidden.regions.size(); i++)
    if (sites.site_of_region[i] != kNoSite) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](ObjectIndex a, ObjectIndex b) {
    return sites.site_of_region[a] < sites.site_of_region[b];
  });
  Tracer tracer(views, hidden, sites);
  for (auto i : order) tracer.trace_region(hidden.regions[i], sites.site_of_region[i]);
  tracer.finish();
  trace_what_sites_share(tracer, hidden, sites, order);
  return tracer.totals();
}

}  // namespace overhang
