#include "retain/path_roots.h"

namespace overhang {
namespace {

// Of the runtime, and of the packages that only it and the standard library can import.
bool is_runtimes(std::string_view name) {
  return name.starts_with("runtime.") || name.starts_with("runtime/") ||
         name.starts_with("internal/");
}

}  // namespace

Holder PathRoots::origin(Holder place) const {
  for (unsigned i = 0; i < kMaxChain && place.is_place(); i++) {
    const RootPlace& row = views_.places().row(place);
    if (row.kind != RootPlace::Kind::Static || row.parent.none()) break;
    place = row.parent;
  }
  return place;
}

RootSort PathRoots::sort_of(const RootPlace& row) const {
  switch (row.kind) {
    case RootPlace::Kind::Global:
      return is_runtimes(views_.places().name(row)) ? RootSort::Runtime : RootSort::Globals;
    case RootPlace::Kind::Local:
      return is_runtimes(views_.places().function(row)) ? RootSort::Runtime : RootSort::Locals;
    default:
      return RootSort::Others;
  }
}

void PathRoots::add(const Start& start) {
  auto from = origin(start.place);
  if (from.is_object())
    behind_objects_.push_back(start);
  else
    starts_[static_cast<std::size_t>(sort_of(views_.places().row(from)))].push_back(start);
}

ObjectId PathRoots::object_before(const Start& start) const {
  return origin(start.place).as_object();
}

// What the place's words refer to, by its type.
void PathRoots::add_words_of(Holder place) {
  const RootPlace& row = views_.places().row(place);
  if (row.address == 0 || row.type == kUnknownType || row.kind == RootPlace::Kind::Unknown ||
      row.kind == RootPlace::Kind::Finalizer)
    return;
  const Heap& heap = views_.heap();
  const auto size = views_.decoder().facts(row.type).size;
  auto bytes = heap.image().bytes(row.address, size);
  if (!bytes) return;
  views_.decoder().decode({bytes->data(), bytes->size(), row.address, nullptr}, 0, row.type, 1,
                          [&](std::uint64_t offset, const Reference& reference) {
                            auto object = heap.find(reference.target);
                            if (object && views_.touched(object->id))
                              add({place, *object, offset, true});
                          });
}

void PathRoots::find() {
  for (ObjectIndex i = 0; i < views_.places().size(); i++) add_words_of(Holder::place(i));
  // Places whose bytes say nothing of their words: variables in pieces, finalizers, lone words.
  for (std::uint32_t s = 0; s < views_.heap().spans().size(); s++) {
    const HeapSpan& span = views_.heap().spans()[s];
    for (std::uint32_t i = 0; i < span.span.slots; i++) {
      ObjectId id(span.first.value + i);
      auto holder = views_.info(id).holder();
      if (holder.is_place() && views_.touched(id)) add({holder, {id, s, 0}, 0, false});
    }
  }
}

AccessSteps::Step PathRoots::step(const Start& start) {
  const RootPlace& row = views_.places().row(start.place);
  return steps_.in_variable(start.known_offset ? row.type : kUnknownType, start.offset);
}

FrameIndex PathRoots::root(const RootPlace& row) {
  const RootPlaces& places = views_.places();
  auto function = places.function(row);
  std::string name;
  if (row.kind == RootPlace::Kind::Static) {
    name = "static data " + views_.types().info(row.type).name;
  } else {
    RootPlace without = row;
    // Words without a meaning are one root: their addresses tell a person nothing.
    if (row.kind == RootPlace::Kind::Unknown) without.by_address = false;
    name = places.name(without);
    if (!function.empty()) name += fmt::format(" in {}", function);
  }
  auto frame = frames_.root(steps_.intern(name));
  if (!function.empty()) code_.try_emplace(frame, row.frame_pc);
  return frame;
}

// Static data is no object of the heap: a frame of its own, without bytes.
FrameIndex PathRoots::in_static_data(FrameIndex parent, Holder place) {
  const RootPlace& row = views_.places().row(place);
  AccessSteps::Step step = 0;
  if (row.parent.is_object()) {
    auto id = row.parent.as_object();
    const ObjectInfo& info = views_.info(id);
    auto header = views_.heap().header_size(id);
    auto offset = row.parent_offset >= header ? row.parent_offset - header : 0;
    step = steps_.at(steps_.words_of(info.type(), info.array()), offset, frames_[parent].map);
  } else {
    step = steps_.in_variable(views_.places().row(row.parent).type, row.parent_offset);
  }
  return frames_.child(parent, step, row.type, false);
}

}  // namespace overhang
