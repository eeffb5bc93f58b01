#include "retain/overhang.h"

#include <algorithm>
#include <map>

#include <tsl/robin_set.h>

#include "retain/exclusive.h"

namespace overhang {
namespace {

class Tracer {
 public:
  Tracer(Views& views, const HiddenMemory& hidden, std::uint32_t sites)
      : views_(views),
        heap_(views.heap()),
        hidden_(hidden),
        owners_(heap_.object_count()),
        sites_(sites) {}

  void trace_region(const HiddenRegion& region, std::uint32_t site) {
    const HiddenArray& array = hidden_.arrays[region.array];
    auto bytes = region.end - region.begin;
    std::uint64_t stale = 0, last = ~std::uint64_t{0};
    auto emit = [&](std::uint64_t offset, const Reference& reference) {
      auto slot = (offset - region.begin) / array.elem_size;
      stale += slot != std::exchange(last, slot);
      work_.push_back({reference, site});
    };
    auto count = bytes / array.elem_size;
    if (count * array.elem_size == bytes)
      views_.follower().values(array.object, region.begin, array.elem, count, emit);
    else
      heap_.for_each_pointer(array.object, region.begin, region.end,
                             [&](std::uint64_t offset, Address value) {
        Reference unknown;
        unknown.target = value;
        emit(offset, unknown);
      });
    sites_[site].stale_slots += stale;
    run();
  }

  // Sums by site and type, in one pass over the labels.
  Overhang totals() {
    Overhang out;
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
        if (label == ExclusiveOwners::kNone) continue;
        out.total.objects++;
        out.total.bytes += bytes;
        if (label == ExclusiveOwners::kShared) continue;
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
      std::stable_sort(sites_[s].types.begin(), sites_[s].types.end(),
                       [](const auto& a, const auto& b) {
                         return a.counted.bytes > b.counted.bytes;
                       });
    }
    out.sites = std::move(sites_);
    return out;
  }

 private:
  struct Item {
    Reference reference;
    std::uint32_t label;
  };

  void run() {
    constexpr std::size_t kDepth = 16;
    Item ring[kDepth];
    std::size_t head = 0, size = 0;
    while (size > 0 || !work_.empty()) {
      while (size < kDepth && !work_.empty()) {
        Item& slot = ring[(head + size++) % kDepth];
        slot = work_.back();
        work_.pop_back();
        heap_.pages().prefetch(slot.reference.target);
      }
      Item item = ring[head];
      head = (head + 1) % kDepth;
      size--;
      reach(item);
    }
  }

  void reach(const Item& item) {
    const Reference& r = item.reference;
    bool structure = r.kind == Reference::Kind::Map || r.kind == Reference::Kind::Chan;
    auto ref = heap_.find(r.target);
    if (!ref) return;
    if (views_.touched(ref->id) || !views_.live().live.test(ref->id.value)) return;
    if (!owners_.reach(ref->id, item.label)) return;
    auto label = owners_.label_of(ref->id);
    auto emit = [&](std::uint64_t, const Reference& next) { work_.push_back({next, label}); };
    auto type = r.type;
    bool array = false;
    switch (r.kind) {
      case Reference::Kind::Value: {
        const TypeFacts facts = views_.decoder().facts(type);
        if (ref->offset == heap_.header_size(ref->id) &&
            facts.slot == heap_.slot_size(ref->id)) {
          views_.set_info(ref->id, type, false, Holder());
          views_.follower().values(ref->id, ref->offset, type, 1, emit);
          return;
        }
        // A pointer into something larger: its own type, where the allocator knows it.
        if (auto known = views_.follower().allocation_type(ref->id); known != kUnknownType) {
          array = views_.decoder().facts(known).slot != heap_.slot_size(ref->id);
          type = known;
        } else {
          views_.set_info(ref->id, type, false, Holder());
          views_.follower().whole(ref->id, kUnknownType, emit);
          return;
        }
        break;
      }
      case Reference::Kind::Slice:
      case Reference::Kind::Storage:
        array = true;
        break;
      case Reference::Kind::String:
        type = views_.byte_type();
        array = true;
        break;
      case Reference::Kind::Func: {
        auto pc = heap_.image().word(r.target);
        type = pc ? views_.types().closure(*pc) : kUnknownType;
        break;
      }
      case Reference::Kind::Map:
      case Reference::Kind::Chan:
      case Reference::Kind::Opaque:
        break;
      case Reference::Kind::Unknown:
        if (auto known = views_.follower().allocation_type(ref->id); known != kUnknownType) {
          array = views_.decoder().facts(known).slot != heap_.slot_size(ref->id);
          type = known;
        }
        break;
    }
    views_.set_info(ref->id, type, array, Holder());
    if (structure) {
      // The header's words are those that the expansion emits.
      views_.follower().expand(r, [&](Address, const Reference& part) {
        if (part.target != r.target) work_.push_back({part, label});
      });
      return;
    }
    if (r.kind == Reference::Kind::Opaque) return;
    // A value smaller than its slot is followed once; arrays as far as the slot goes.
    if (!array && type != kUnknownType &&
        views_.decoder().facts(type).slot == heap_.slot_size(ref->id))
      views_.follower().values(ref->id, heap_.header_size(ref->id), type, 1, emit);
    else
      follow_array(ref->id, ref->offset, type, emit);
  }

  // Elements stand at a multiple of their size from where the slice points.
  template <class Emit>
  void follow_array(ObjectId id, std::uint64_t offset, TypeId type, Emit& emit) {
    auto header = heap_.header_size(id);
    const auto size = views_.decoder().facts(type).size;
    bool aligned = size != 0 && offset >= header && (offset - header) % size == 0;
    views_.follower().whole(id, aligned ? type : kUnknownType, emit);
  }

  Views& views_;
  const Heap& heap_;
  const HiddenMemory& hidden_;
  ExclusiveOwners owners_;
  std::vector<SiteRetention> sites_;
  std::vector<Item> work_;
};

}  // namespace

Overhang find_overhang(Views& views, const HiddenMemory& hidden,
                       const std::vector<std::uint32_t>& site_of_region, std::uint32_t sites) {
  // Site by site, so that a label's reach is complete before the next one's begins.
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < hidden.regions.size(); i++)
    if (site_of_region[i] != kNoSite) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return site_of_region[a] < site_of_region[b];
  });
  Tracer tracer(views, hidden, sites);
  for (auto i : order) tracer.trace_region(hidden.regions[i], site_of_region[i]);
  return tracer.totals();
}

}  // namespace overhang
