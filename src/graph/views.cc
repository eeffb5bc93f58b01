#include "graph/views.h"

#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "goruntime/size_classes.h"

namespace overhang {

Views::Views(const Heap& heap, const LiveSet& live, const RootSet& roots, TypeTable& types,
             Dwarf* dwarf, Diagnostics& diagnostics)
    : heap_(heap),
      live_(live),
      diagnostics_(diagnostics),
      follower_(heap, types),
      full_(heap.object_count()),
      touched_(heap.object_count()),
      windowed_(heap.object_count()),
      deferred_seen_(heap.object_count()),
      info_(heap.object_count()),
      byte_type_(types.named("uint8")),
      places_(heap, roots, follower_.decoder(), dwarf) {
  places_.show([this](const Reference& reference, Holder holder, std::uint64_t offset) {
    push(reference, holder, offset);
  });
}

void Views::settle() {
  run();
  places_.show_unclaimed([this](const Reference& reference, Holder holder, std::uint64_t offset) {
    push(reference, holder, offset);
  });
  do {
    run();
  } while (settle_untouched() || settle_interior());
}

bool Views::settle_certain() {
  bool changed = false;
  // Showing one object may defer more references: by index, to the growing end.
  for (std::size_t i = 0; i < deferred_.size(); i++) {
    auto [object, holder, slot, offset] = deferred_[i];
    if (full(object)) continue;
    changed = true;
    shown_in_doubt_.emplace(object.value, i);
    show_whole(object, holder);
    do {
      run();
    } while (settle_untouched() || settle_interior());
  }
  return changed;
}

// Deferred references to objects that nothing typed shows.
bool Views::settle_untouched() {
  bool any = false;
  for (; next_untouched_ < deferred_.size(); next_untouched_++) {
    auto deferred = deferred_[next_untouched_];
    if (touched(deferred.object)) continue;
    any = true;
    show_whole(deferred.object, deferred.holder);
  }
  return any;
}

// Objects that only pointers show, each to a part: the rest belongs to the same value (a field's
// address was taken) or to an array that someone indexes; it is taken for visible.
bool Views::settle_interior() {
  bool any = false;
  for (auto id : std::exchange(interior_, {})) {
    if (full(id)) continue;
    if (windowed_.test(id.value)) continue;
    any = true;
    show_whole(id, info(id).holder());
  }
  return any;
}

// A work list with two stages of prefetch: an item's span, then its object's bits and bytes are on
// their way while earlier items are worked on.
void Views::run() {
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
    show(item);
  }
}

void Views::show(const Item& item) {
  const Reference& r = item.reference;
  if (r.kind == Reference::Kind::Map || r.kind == Reference::Kind::Chan) {
    show_map_or_chan(item);
    return;
  }
  auto ref = heap_.find(r.target);
  if (!ref) {
    if (r.kind == Reference::Kind::Value || r.kind == Reference::Kind::Slice)
      places_.show_static(r, item.holder, item.offset,
                          [this](const Reference& next, Holder holder, std::uint64_t offset) {
                            push(next, holder, offset);
                          });
    return;
  }
  if (!live_.live.test(ref->id.value)) {
    diagnostics_.lose("visible objects that the collector would not mark",
                      fmt::format("{:#x}", r.target));
    return;
  }
  switch (r.kind) {
    case Reference::Kind::Value:
      show_value(item, *ref);
      break;
    case Reference::Kind::Slice:
    case Reference::Kind::String:
      show_window(item, *ref);
      break;
    case Reference::Kind::Storage:
      show_storage(item, *ref);
      break;
    case Reference::Kind::Func:
      show_func(item, *ref);
      break;
    case Reference::Kind::Opaque:
      if (make_full(ref->id, heap_.slot_size(ref->id))) set_info(ref->id, r.type, false, item.holder);
      break;
    default:
      defer(item, *ref);
  }
}

// Marks the object fully visible; false if it was. `visible_bytes` is what the program asked for;
// the rest of the slot is the allocator's.
bool Views::make_full(ObjectId id, std::uint64_t visible_bytes) {
  touched_.set(id.value);
  if (!full_.set_first(id.value)) return false;
  auto slot = heap_.slot_size(id);
  auto visible = std::min(visible_bytes, slot);
  full_visible_bytes_ += visible;
  full_allocator_bytes_ += slot - visible;
  return true;
}

void Views::set_info(ObjectId id, TypeId type, bool array, Holder holder) {
  ObjectInfo& info = info_[id.value];
  if (info.type() == kUnknownType && type != kUnknownType) typed_bytes_ += heap_.slot_size(id);
  // The first holder stays: it leads to a root without a cycle.
  Holder first = info.holder().none() ? holder : info.holder();
  if (info.type() == kUnknownType)
    info = ObjectInfo(type, array, first);
  else
    info = ObjectInfo(info.type(), info.array(), first);
}

void Views::follow_values(ObjectId id, std::uint64_t begin, TypeId type, std::uint64_t count) {
  follower_.values(id, begin, type, count, [&](std::uint64_t offset, const Reference& reference) {
    push(reference, Holder::object(id), offset);
  });
}

void Views::show_value(const Item& item, const ObjectRef& ref) {
  if (full(ref.id)) return;
  const TypeFacts facts = decoder().facts(item.reference.type);
  const HeapSpan& span = heap_.spans()[ref.span];
  auto header = heap_.header_size(ref.id);
  if (ref.offset == header && facts.slot == span.span.elem_size) {
    bool partial = touched(ref.id);
    if (!make_full(ref.id, facts.size)) return;
    set_info(ref.id, item.reference.type, false, item.holder);
    if (partial)
      follow_unseen(ref.id, header, facts.size, item.reference.type);
    else
      follow_values(ref.id, header, item.reference.type, 1);
    return;
  }
  // The allocator knows some objects' types: one value there is shown by any pointer into it.
  if (auto allocated = follower_.allocation_type(ref.id); allocated != kUnknownType) {
    if (decoder().facts(allocated).slot == span.span.elem_size) {
      show_whole(ref.id, item.holder);
      return;
    }
  }
  show_part(ref.id, item.holder, ref.offset, facts.size, item.reference.type);
}

// Bytes [begin, begin + bytes) hold values of `type`, whole ones.
void Views::show_part(ObjectId id, Holder holder, std::uint64_t begin, std::uint64_t bytes,
                      TypeId type) {
  bool first = touched_.set_first(id.value);
  if (first) interior_.push_back(id);
  set_info(id, type, false, holder);
  auto end = std::min(begin + bytes, heap_.slot_size(id));
  if (heap_.span_of(id).layout == PointerLayout::None) {
    // No words to follow; pointers' parts matter only where windows leave something out.
    pointer_parts_.push_back({id, begin, end});
    return;
  }
  follow_unseen(id, begin, end - begin, type);
}

void Views::follow_unseen(ObjectId id, std::uint64_t begin, std::uint64_t bytes, TypeId type) {
  const auto size = decoder().facts(type).size;
  if (size == 0 || heap_.span_of(id).layout == PointerLayout::None) return;
  parts_[id.value].add(begin, begin + bytes, [&](std::uint64_t from, std::uint64_t to) {
    // Widened to whole values; a word that is followed twice does no harm.
    auto first = (from - begin) / size;
    auto last = (to - begin + size - 1) / size;
    if (begin + last * size > heap_.slot_size(id)) last = (heap_.slot_size(id) - begin) / size;
    if (last > first) follow_values(id, begin + first * size, type, last - first);
  });
}

void Views::show_window(const Item& item, const ObjectRef& ref) {
  if (full(ref.id)) return;
  const Reference& r = item.reference;
  bool string = r.kind == Reference::Kind::String;
  const TypeFacts facts = string ? TypeFacts{} : decoder().facts(r.type);
  const std::uint64_t size = string ? 1 : facts.size;
  if (size == 0) return;
  auto slot = heap_.slot_size(ref.id);
  auto room = slot - ref.offset;
  auto len = checked_mul(r.count, size), cap = checked_mul(r.capacity, size);
  if (!len || *len > room) {
    diagnostics_.lose("slices that end past their array", fmt::format("{:#x}", r.target));
    len = room;
  }
  if (!cap || *cap > room) cap = room;
  auto header = heap_.header_size(ref.id);
  bool has_pointers = heap_.spans()[ref.span].layout != PointerLayout::None;
  bool fills = ref.offset == header && *len > 0 && slot_size_for(*len, has_pointers) == slot;
  bool tiny = !has_pointers && slot == 16;  // the tiny allocator packs several values into a slot
  if (fills || tiny) {
    bool partial = touched(ref.id);
    if (!make_full(ref.id, tiny ? slot : *len)) return;
    set_info(ref.id, string ? byte_type_ : r.type, true, item.holder);
    if (partial)
      follow_unseen(ref.id, ref.offset, *len, r.type);
    else if (has_pointers)
      follow_values(ref.id, ref.offset, r.type, *len / size);
    return;
  }
  touched_.set(ref.id.value);
  windowed_.set(ref.id.value);
  set_info(ref.id, string ? byte_type_ : r.type, true, item.holder);
  windows_.push_back({ref.id, string ? kUnknownType : r.type, string, ref.offset, *len, *cap,
                      item.holder, item.offset});
  if (has_pointers && *len > 0) follow_unseen(ref.id, ref.offset, *len / size * size, r.type);
}

void Views::show_storage(const Item& item, const ObjectRef& ref) {
  // The runtime's own arrays (map groups, channel buffers, pool locals) are in use as a whole.
  if (full(ref.id)) return;
  auto header = heap_.header_size(ref.id);
  if (!make_full(ref.id, heap_.slot_size(ref.id) - header)) return;
  set_info(ref.id, item.reference.type, item.reference.count != 1, item.holder);
  follower_.whole(ref.id, item.reference.type,
                  [&](std::uint64_t offset, const Reference& reference) {
                    push(reference, Holder::object(ref.id), offset);
                  });
}

// Everything in the object, by the type that is known of it.
void Views::show_whole(ObjectId id, Holder holder) {
  auto header = heap_.header_size(id);
  auto allocated = follower_.allocation_type(id);
  auto type = allocated != kUnknownType ? allocated : info(id).type();
  const TypeFacts facts = decoder().facts(type);
  auto slot = heap_.slot_size(id);
  bool single = facts.slot == slot;
  if (!make_full(id, single ? facts.size : slot - header)) return;
  set_info(id, type, !single && info(id).array(), holder);
  // A pointer's target type says what stands there, not what the rest of the slot holds.
  bool tiles = allocated != kUnknownType || windowed_.test(id.value);
  follower_.whole(id, tiles ? type : kUnknownType,
                  [&](std::uint64_t offset, const Reference& reference) {
                    push(reference, Holder::object(id), offset);
                  });
}

void Views::show_map_or_chan(const Item& item) {
  const Reference& r = item.reference;
  auto ref = heap_.find(r.target);
  if (ref) {
    if (!make_full(ref->id, heap_.slot_size(ref->id) - heap_.header_size(ref->id))) return;
    set_info(ref->id, r.type, false, item.holder);
  } else if (!expanded_.insert(r.target).second) {
    return;
  }
  follower_.expand(r, [&](Address holder_address, const Reference& part) {
    auto holder = item.holder;
    auto offset = item.offset;
    if (holder_address != 0) {
      if (auto container = heap_.find(holder_address)) {
        holder = Holder::object(container->id);
        offset = part.slot >= heap_.base(container->id) ? part.slot - heap_.base(container->id) : 0;
      }
    }
    push(part, holder, offset);
  });
}

void Views::show_func(const Item& item, const ObjectRef& ref) {
  auto pc = heap_.image().word(item.reference.target);
  auto type = pc ? types().closure(*pc) : kUnknownType;
  if (type == kUnknownType) {
    defer(item, ref);
    return;
  }
  Item value = item;
  value.reference.kind = Reference::Kind::Value;
  value.reference.type = type;
  show_value(value, ref);
}

std::string Views::doubt_about(ObjectId id) const {
  auto at = shown_in_doubt_.find(id.value);
  if (at == shown_in_doubt_.end()) return {};
  const Deferred& deferred = deferred_[at->second];
  if (!deferred.holder.is_place()) return fmt::format("word {:#x} of an object", deferred.slot);
  const RootPlace& place = places_.row(deferred.holder);
  return place.function.empty() ? place.name : fmt::format("{} of {}", place.name, place.function);
}

void Views::defer(const Item& item, const ObjectRef& ref) {
  if (full(ref.id) || !deferred_seen_.set_first(ref.id.value)) return;
  deferred_.push_back({ref.id, item.holder, item.reference.slot, item.offset});
}

}  // namespace overhang
