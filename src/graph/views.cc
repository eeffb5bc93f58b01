#include "graph/views.h"

#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "goruntime/size_classes.h"

namespace overhang {
Views::Views(const Heap& heap, const RootSet& roots, TypeTable& types, Dwarf* dwarf,
             Diagnostics& diagnostics, InteriorRule interior)
    : heap_(heap),
      diagnostics_(diagnostics),
      follower_(heap, types),
      guesser_(heap, follower_.decoder()),
      dwarf_(dwarf != nullptr),
      full_(heap.object_count()),
      touched_(heap.object_count()),
      windowed_(heap.object_count()),
      pointed_(heap.object_count()),
      deferred_seen_(heap.object_count()),
      info_(heap.object_count()),
      byte_type_(types.named("uint8")),
      hchan_type_(types.named("runtime.hchan")),
      noscan_type_(types.pointer_free_data()),
      owners_(heap, roots),
      places_(heap, roots, follower_, dwarf),
      interior_rule_(interior),
      work_(heap) {
  places_.show(pusher());
}

void Views::run() {
  for (;;) {
    work_.run(
        [this](const Item& item, const ObjectRef& object) {
          if (!wait_for_better(item, object)) show(item, object);
        },
        [this](const Item& item) { show_outside(item); },
        [this](const Work::Range& range) { follow_now(range); },
        [this](ObjectId id) { prefetch(id); });
    if (shapes_.empty()) return;
    for (auto& [item, object] : std::exchange(shapes_, {})) show(item, object);
  }
}

bool Views::wait_for_better(const Item& item, const ObjectRef& object) {
  if (item.reference.type == kUnknownType || !decoder().facts(item.reference.type).shape ||
      touched(object.id))
    return false;
  shapes_.emplace_back(item, object);
  return true;
}

// A reference that leads outside the heap.
void Views::show_outside(const Item& item) {
  const Reference& r = item.reference;
  switch (r.kind) {
    case Reference::Kind::Value:
    case Reference::Kind::Slice:
      places_.show_static(r, item.tag.holder, item.tag.offset, pusher());
      break;
    case Reference::Kind::Map:
    case Reference::Kind::Chan:
      // A map that does not escape stands on a stack, its header at least. Without DWARF what leads
      // into the program's code or to no word's address was guessed to be one.
      if (!dwarf_ && (r.target % 8 != 0 || heap_.runtime().module_of_pc(r.target))) break;
      if (expanded_.insert(r.target).second) expand(item, item.tag);
      break;
    default:
      break;
  }
}

void Views::show(const Item& item, const ObjectRef& object) {
  switch (item.reference.kind) {
    case Reference::Kind::Value:
      show_value(item, object);
      break;
    case Reference::Kind::Slice:
    case Reference::Kind::String:
      show_window(item, object);
      break;
    case Reference::Kind::Storage:
      show_storage(item, object);
      break;
    case Reference::Kind::Func:
      show_func(item, object);
      break;
    case Reference::Kind::Map:
    case Reference::Kind::Chan:
      show_map_or_chan(item, object);
      break;
    case Reference::Kind::Opaque:
      if (make_full(object, slot_size(object)))
        set_info(object, item.reference.type,
                 item.reference.count > 1 ? Shows::Elements : Shows::Part, item.tag.holder);
      break;
    case Reference::Kind::Unknown:
      defer(item, object);
      break;
  }
}

// Marks the object fully visible; false if it was. `visible_bytes` is what the program asked for;
// the rest of the slot is the allocator's.
bool Views::make_full(const ObjectRef& object, std::uint64_t visible_bytes) {
  touch(object);
  if (!full_.set_first(object.id.value)) return false;
  auto slot = slot_size(object);
  auto visible = std::min(visible_bytes, slot);
  full_visible_bytes_ += visible;
  full_allocator_bytes_ += slot - visible;
  return true;
}

void Views::set_info(const ObjectRef& object, TypeId type, Shows shows, Holder holder) {
  ObjectInfo& info = info_[object.id.value];
  // The first holder stays: it leads to a root without a cycle.
  Holder first = info.holder().none() ? holder : info.holder();
  bool unknown = info.type() == kUnknownType;
  if (unknown && type != kUnknownType) typed_bytes_ += slot_size(object);
  if (unknown || (type != kUnknownType && is_more(type, shows, info)))
    info = ObjectInfo(type, shows == Shows::Elements, first);
  else
    info = ObjectInfo(info.type(), info.array(), first);
}

// A pointer to a part of it, an element or a struct's field, may come before what it is a part of.
bool Views::is_more(TypeId type, Shows shows, const ObjectInfo& known) {
  if (shows == Shows::Part || (shows == Shows::Elements && known.array())) return false;
  if (shows == Shows::Elements && type == known.type()) return true;
  // What was an array's may be a slice's of one within a struct.
  if (known.array() && types().info(type).kind != TypeKind::Struct) return false;
  return decoder().facts(type).size > decoder().facts(known.type()).size;
}

void Views::follow_values(const ObjectRef& object, std::uint64_t begin, TypeId type,
                          std::uint64_t count) {
  if (count > Work::kBlock) {
    work_.push_range({object, begin, count, decoder().facts(type).size, type, {}});
    return;
  }
  follow_now({object, begin, count, 0, type, {}});
}

void Views::follow_now(const Work::Range& range) {
  auto holder = Holder::object(range.object.id);
  follower_.values(
      range.object, range.begin, range.type, range.count,
      [&](std::uint64_t offset, const Reference& reference) { push(reference, holder, offset); });
}

void Views::follow_whole(const ObjectRef& object, TypeId type) {
  auto holder = Holder::object(object.id);
  follower_.whole(object, type, [&](std::uint64_t offset, const Reference& reference) {
    // Beside a word of a known type stand words of known types.
    bool known = type != kUnknownType;
    push(known ? reference : guesser_.word_in(object, offset, reference), holder, offset);
  });
}

// The words behind a value: of a struct of which the value is the first field alone.
void Views::follow_behind(const ObjectRef& object, std::uint64_t begin) {
  if (begin >= slot_size(object)) return;
  auto holder = Holder::object(object.id);
  follower_.words(object, begin, slot_size(object),
                  [&](std::uint64_t offset, const Reference& word) { push(word, holder, offset); });
}

void Views::show_value(const Item& item, const ObjectRef& object) {
  if (full(object.id)) return;
  auto type = item.reference.type;
  const TypeFacts facts = decoder().facts(type);
  auto header = header_size(object);
  if (object.offset == header && facts.slot == slot_size(object)) {
    bool partial = touched(object.id);
    make_full(object, facts.size);
    set_info(object, type, Shows::Value, item.tag.holder);
    if (partial)
      follow_unseen(object, header, facts.size, type);
    else
      follow_values(object, header, type, 1);
    follow_behind(object, header + facts.size);
    return;
  }
  if (auto value = captured_value(item, object); value != kUnknownType) {
    Item again = item;
    again.reference.type = value;
    show_value(again, object);
    return;
  }
  // The allocator knows some objects' types: one value there is shown by any pointer into it.
  auto allocated = allocation_type(object);
  if (allocated != kUnknownType && decoder().facts(allocated).slot == slot_size(object)) {
    show_whole(object, item.tag.holder);
    return;
  }
  note_walker(item, object);
  if (allocated != kUnknownType && show_elements(item, object, facts.size, allocated)) return;
  show_part(object, item.tag, object.offset, facts.size, type);
}

// Of what stands outside the heap, all but globals is a frame's.
void Views::note_walker(const Item& item, const ObjectRef& object) {
  const Holder holder = item.tag.holder;
  if (!has_pointers(object) || !holder.is_place()) return;
  auto kind = places_.row(holder).kind;
  bool frame = kind == RootPlace::Kind::Local || kind == RootPlace::Kind::Static;
  if (frame && walked_.insert(object.id.value).second)
    walkers_.push_back({object, holder, item.reference.slot});
}

// A pointer to a field of an array's element shows the element, for the same reason. False if the
// object is no array of `elem`.
bool Views::show_elements(const Item& item, const ObjectRef& object, std::uint64_t bytes,
                          TypeId elem) {
  const auto size = decoder().facts(elem).size;
  auto header = header_size(object);
  if (size == 0 || object.offset < header) return false;
  auto first = (object.offset - header) / size;
  auto last = (object.offset - header + std::max<std::uint64_t>(bytes, 1) + size - 1) / size;
  if (header + last * size > slot_size(object)) return false;
  set_info(object, elem, Shows::Elements, item.tag.holder);
  show_part(object, item.tag, header + first * size, (last - first) * size, elem);
  return true;
}

// A slice of an array within a struct, x.first[:1], of which the object is an array: shows x as a
// pointer to the field would, and says nothing of x's neighbours. False for all other slices.
bool Views::show_around(const Item& item, const ObjectRef& object, std::uint64_t len,
                        std::uint64_t cap) {
  auto allocated = allocation_type(object);
  if (allocated == kUnknownType || allocated == item.reference.type ||
      types().info(allocated).kind != TypeKind::Struct)
    return false;
  const TypeFacts facts = decoder().facts(allocated);
  auto header = header_size(object);
  if (facts.slot == slot_size(object) || object.offset < header) return false;
  bool within =
      (object.offset - header) % facts.size + std::max<std::uint64_t>(cap, 1) <= facts.size;
  return within && facts.size > decoder().facts(item.reference.type).size &&
         show_elements(item, object, len, allocated);
}

// DWARF says alike of a captured variable x whose address the closure holds, and of one whose value
// it holds and takes the address of: "&x". For pointers the object tells: x itself would fill a
// slot of 8 bytes. The type of what x points to, if that is what stands here; else kUnknownType.
TypeId Views::captured_value(const Item& item, const ObjectRef& object) {
  const Holder holder = item.tag.holder;
  if (!holder.is_object() || object.offset != header_size(object)) return kUnknownType;
  const TypeInfo& variable = types().info(item.reference.type);
  if (variable.kind != TypeKind::Pointer) return kUnknownType;
  auto pointee = variable.elem;
  if (!types().is_closure(info(holder.as_object()).type())) return kUnknownType;
  return decoder().facts(pointee).slot == slot_size(object) ? pointee : kUnknownType;
}

// Bytes [begin, begin + bytes) hold one value of `type`.
void Views::show_part(const ObjectRef& object, const Tag& tag, std::uint64_t begin,
                      std::uint64_t bytes, TypeId type) {
  // A pointer to the first element may change what is known of the rest.
  if (touch(object) || (begin == header_size(object) && !windowed(object.id)))
    interior_.push_back({object.id, type, tag.offset});
  pointed_.set(object.id.value);
  // One value's type says nothing of a user arena's chunk.
  bool chunk = heap_.spans()[object.span].span.user_arena;
  set_info(object, chunk ? kUnknownType : type, Shows::Part, tag.holder);
  auto end = std::min(begin + bytes, slot_size(object));
  if (!has_pointers(object)) {
    // No words to follow; pointers' parts matter only where windows leave something out.
    pointer_parts_.push_back({object.id, begin, end});
    return;
  }
  follow_unseen(object, begin, end - begin, type);
}

// Follows what of bytes [begin, begin + bytes), values of `type`, was not followed before.
void Views::follow_unseen(const ObjectRef& object, std::uint64_t begin, std::uint64_t bytes,
                          TypeId type) {
  const auto size = decoder().facts(type).size;
  if (size == 0 || !has_pointers(object)) return;
  parts_[object.id.value].add(begin, begin + bytes, [&](std::uint64_t from, std::uint64_t to) {
    // Widened to whole values; a word that is followed twice does no harm.
    auto first = (from - begin) / size;
    auto last = (to - begin + size - 1) / size;
    if (begin + last * size > slot_size(object)) last = (slot_size(object) - begin) / size;
    if (last > first) follow_values(object, begin + first * size, type, last - first);
    // A value that ends past the slot is none of the type.
    auto rest = std::max(from, begin + last * size);
    if (rest < to)
      follower_.words(object, rest, to, [&](std::uint64_t offset, const Reference& word) {
        push(word, Holder::object(object.id), offset);
      });
  });
}

void Views::show_window(const Item& item, const ObjectRef& object) {
  if (full(object.id)) return;
  const Reference& r = item.reference;
  bool string = r.kind == Reference::Kind::String;
  auto type = string ? byte_type_ : r.type;
  const std::uint64_t size = string ? 1 : decoder().facts(type).size;
  if (size == 0) {
    // Keeps the object, and says nothing of what it is.
    show_part(object, item.tag, object.offset, 0, kUnknownType);
    return;
  }
  auto slot = slot_size(object);
  auto room = slot - object.offset;
  auto len = checked_mul(r.count, size), cap = checked_mul(r.capacity, size);
  if (!len || *len > room) {
    diagnostics_.lose("slices that end past their array", fmt::format("{:#x}", r.target));
    len = room;
  }
  if (!cap || *cap > room) cap = room;
  if (heap_.spans()[object.span].span.user_arena) {
    // A chunk of a user arena holds values of many types: what a slice leaves out of it is no part
    // of the slice's array.
    show_part(object, item.tag, object.offset, *len / size * size, type);
    return;
  }
  auto header = header_size(object);
  bool pointers = has_pointers(object);
  // Slots past len within cap are the program's even where rounding would account for them. So is
  // what holds a reference: after s[:n:n] the array is longer than cap.
  bool fills = object.offset == header && *len > 0 && (*cap == *len || !pointers) &&
               slot_size_for(heap_.runtime().layout(), *len, pointers) == slot &&
               !(pointers && heap_.refers(object.id, header + *len, slot));
  bool tiny = !pointers && slot == kTinySlot;
  bool touched_before = touched(object.id);
  if (fills || tiny) {
    make_full(object, tiny ? slot : *len);
    set_info(object, type, Shows::Elements, item.tag.holder);
    if (touched_before)
      follow_unseen(object, object.offset, *len, type);
    else if (pointers)
      follow_values(object, object.offset, type, *len / size);
    return;
  }
  if (pointers && show_around(item, object, *len, *cap)) return;
  touch(object);
  windowed_.set(object.id.value);
  set_info(object, type, Shows::Elements, item.tag.holder);
  windows_.push_back({object.id, string ? kUnknownType : type, string, object.offset, *len, *cap,
                      item.tag.holder, item.tag.offset, false});
  if (pointers && *len > 0) follow_unseen(object, object.offset, *len / size * size, type);
}

// The runtime's own arrays (map groups, channel buffers, pool locals) are in use as a whole.
void Views::show_storage(const Item& item, const ObjectRef& object) {
  if (!make_full(object, slot_size(object) - header_size(object))) return;
  set_info(object, item.reference.type, item.reference.count != 1 ? Shows::Elements : Shows::Part,
           item.tag.holder);
  follow_whole(object, item.reference.type);
}

// Whether what the holder's words mean is known.
bool Views::known(Holder holder) const {
  if (holder.none()) return false;
  if (holder.is_place()) return places_.row(holder).kind != RootPlace::Kind::Unknown;
  return info(holder.as_object()).type() != kUnknownType;
}

// What an object is of whose words nobody knows the meaning: a closure, whose first word is a
// function's entry, which nothing else in the heap is, or data that a typed word leads to.
TypeId Views::what_it_is(const ObjectRef& object, Holder holder) {
  if (!has_pointers(object)) return known(holder) ? noscan_type_ : kUnknownType;
  auto pc = heap_.image().word(heap_.base(object.id) + header_size(object));
  if (!pc || heap_.is_pointer_word(object.id, header_size(object))) return kUnknownType;
  auto type = types().closure(*pc, slot_size(object) - header_size(object));
  return types().is_closure(type) ? type : kUnknownType;
}

// Everything in the object, by the type that is known of it; else as an array of `elem`.
void Views::show_whole(const ObjectRef& object, Holder holder, TypeId elem) {
  if (heap_.spans()[object.span].span.user_arena) {
    // Values of many types, those that anything typed leads to followed already.
    if (!make_full(object, slot_size(object) - header_size(object))) return;
    set_info(object, kUnknownType, Shows::Part, holder);
    follow_rest(object);
    return;
  }
  auto allocated = allocation_type(object);
  auto type = allocated != kUnknownType ? allocated : info(object.id).type();
  const auto elem_size = decoder().facts(elem).size;
  bool array = type == kUnknownType && elem_size != 0 && object.offset >= header_size(object) &&
               (object.offset - header_size(object)) % elem_size == 0;
  if (array) type = elem;
  const TypeFacts facts = decoder().facts(type);
  bool single = facts.slot == slot_size(object);
  if (!make_full(object, single ? facts.size : slot_size(object) - header_size(object))) return;
  auto named = type == kUnknownType ? what_it_is(object, holder) : type;
  bool elements = array || (!single && allocated != kUnknownType);
  set_info(object, named, elements ? Shows::Elements : Shows::Part, holder);
  // A pointer's target type says what stands there, not what the rest of the slot holds.
  bool tiles = array || allocated != kUnknownType || windowed_.test(object.id.value);
  follow_whole(object, tiles ? type : kUnknownType);
}

// The words that no typed view has shown.
void Views::follow_rest(const ObjectRef& object) {
  std::uint64_t next = 0;
  auto words = [&](std::uint64_t end) {
    follower_.words(object, next, end, [&](std::uint64_t offset, const Reference& reference) {
      push(reference, Holder::object(object.id), offset);
    });
  };
  if (auto* parts = visible_parts(object.id))
    for (auto [begin, end] : parts->ranges()) {
      words(begin);
      next = end;
    }
  words(slot_size(object));
}

// Maps' headers are objects of their own (makemap; maps.NewMap).
bool Views::may_be_map(const ObjectRef& object) const {
  const Layout& layout = heap_.runtime().layout();
  auto header = layout.swiss_maps() ? layout.swissMap_size : layout.hmap_size;
  return has_pointers(object) && object.offset == 0 &&
         slot_size(object) == slot_size_for(layout, static_cast<std::uint64_t>(header), true);
}

void Views::show_map_or_chan(const Item& item, const ObjectRef& object) {
  // No map's or channel's header: the type was guessed, or the word is stale.
  bool map = item.reference.kind == Reference::Kind::Map;
  bool header =
      map ? may_be_map(object) : dwarf_ || guesser_.is_channel(object, item.reference.target);
  if (!header) {
    defer(item, object);
    return;
  }
  if (!make_full(object, slot_size(object) - header_size(object))) return;
  // A *runtime.hchan of the runtime's own does not say what the channel carries.
  bool unknown_chan =
      item.reference.kind == Reference::Kind::Chan && item.reference.type == kUnknownType;
  set_info(object, unknown_chan ? hchan_type_ : item.reference.type, Shows::Part, item.tag.holder);
  expand(item, {Holder::object(object.id), 0});
}

// The structures behind a map or channel, which `tag` holds.
void Views::expand(const Item& item, const Tag& tag) {
  LargeMap map;
  bool large = false;
  follower_.expand(item.reference, [&](const Reference& part) {
    push(part, tag.holder, tag.offset);
    if (part.kind != Reference::Kind::Storage) return;
    large |= part.count > 1;
    map.slots += part.count * kMapSlots;
    if (auto block = heap_.find(part.target)) map.storage_bytes += slot_size(*block);
  });
  if (item.reference.kind != Reference::Kind::Map || !large) return;
  map.header = item.reference.target;
  map.type = item.reference.type;
  map.holder = item.tag.holder;
  map.holder_offset = item.tag.offset;
  large_maps_.push_back(map);
}

TypeId Views::closure_type(const ObjectRef& object, Address target) {
  auto pc = heap_.image().word(target);
  if (!pc) return kUnknownType;
  auto type = types().closure(*pc, slot_size(object) - header_size(object));
  if (!types().is_closure(type) || (dwarf_ && types().captures_are_told(type))) return type;
  // The binary does not say what it captures (DWARF does since Go 1.23), if it is a closure at all.
  auto guessed = guesser_.closure(object);
  return dwarf_ && guessed == kUnknownType ? type : guessed;
}

void Views::show_func(const Item& item, const ObjectRef& object) {
  if (full(object.id)) return;
  auto type = closure_type(object, item.reference.target);
  if (type == kUnknownType) {
    defer(item, object);
    return;
  }
  Item value = item;
  value.reference.kind = Reference::Kind::Value;
  value.reference.type = type;
  show_value(value, object);
  // Words past what the binary describes are variables that it does not mention.
  if (full(object.id))
    follower_.words(object, header_size(object) + decoder().facts(type).size, slot_size(object),
                    [&](std::uint64_t offset, const Reference& reference) {
                      push(reference, Holder::object(object.id), offset);
                    });
}

void Views::defer(const Item& item, const ObjectRef& object) {
  if (full(object.id) || !deferred_seen_.set_first(object.id.value)) return;
  deferred_.push_back({object, item.tag.holder, item.reference.slot, item.reference.type,
                       item.reference.kind == Reference::Kind::Func});
}

}  // namespace overhang
