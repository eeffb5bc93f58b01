// The order in which references are believed: typed ones, then guesses, then whatever is left.
#include <utility>

#include "goruntime/size_classes.h"
#include "graph/views.h"

namespace overhang {
void Views::settle(const std::function<const Bitmap&()>& live) {
  run();
  if (!dwarf_) {
    places_.show_guessed(guesser_, pusher());
    run();
  }
  places_.show_unclaimed(owners_, pusher());
  settle_all();
  if (owners_.empty()) return;
  auto show = [&](const std::vector<ObjectId>& owners) {
    for (ObjectId id : owners) places_.show_owned(owners_.roots_of(id), pusher());
    settle_all();
  };
  if (!owners_.hidden(touched_).empty()) show(owners_.dead(touched_, live()));
  show(owners_.permanent(touched_, follower_));
}

// Until nothing more comes to light.
void Views::settle_all() {
  do {
    run();
  } while (settle_owners() || settle_guessed() || settle_untouched() || settle_interior());
}

// What runtime records keep for the sake of objects that are visible.
bool Views::settle_owners() {
  if (shown_owners_.empty()) return false;
  for (ObjectId id : std::exchange(shown_owners_, {}))
    places_.show_owned(owners_.roots_of(id), pusher());
  return true;
}

bool Views::settle_certain() {
  auto before = doubts_.size();
  // Showing one object may defer more references, and lead to more walkers: by index, to the
  // growing ends.
  std::size_t next = 0, next_walker = 0;
  while (next < deferred_.size() || next_walker < walkers_.size()) {
    if (next < deferred_.size()) {
      auto [object, holder, slot, elem, func] = deferred_[next++];
      if (!full(object.id)) doubt(object, holder, slot, func, elem);
      continue;
    }
    // By unsafe.Add a local pointer comes to the other elements too, where nothing tells of them.
    auto [object, holder, slot] = walkers_[next_walker++];
    if (!full(object.id) && !windowed(object.id)) doubt(object, holder, slot, false, kUnknownType);
  }
  return doubts_.size() != before;
}

// Shows the object as a whole for the sake of one reference.
void Views::doubt(const ObjectRef& object, Holder holder, Address slot, bool func, TypeId elem) {
  auto objects = touched_objects_, bytes = touched_bytes_;
  doubt_of_.emplace(object.id.value, doubts_.size());
  show_whole(object, holder, elem);
  settle_all();
  doubts_.push_back(
      {object, holder, slot, func, touched_objects_ - objects, touched_bytes_ - bytes});
}

// Deferred references to objects that nothing typed shows, but that look like something.
bool Views::settle_guessed() {
  for (bool by_population : {false, true}) {
    for (auto& next = next_guess_[by_population]; next < deferred_.size();) {
      auto deferred = deferred_[next++];
      if (touched(deferred.object.id)) continue;
      auto meaning = guesser_.object(deferred.object, by_population);
      if (meaning.kind == Reference::Kind::Unknown) continue;
      meaning.slot = deferred.slot;
      push(meaning, deferred.holder, 0);
      return true;
    }
  }
  return false;
}

// What is likely to hold slices' headers comes before arrays, so that those are seen through
// headers where there are any.
unsigned Views::whole_rank(const ObjectRef& object) {
  if (heap_.spans()[object.span].layout == PointerLayout::InlineBitmap) return 0;
  auto allocated = allocation_type(object);
  return allocated != kUnknownType && decoder().facts(allocated).slot == slot_size(object) ? 1 : 2;
}

// Shows the first deferred object of that rank that nothing shows.
bool Views::show_first_whole(unsigned rank) {
  for (auto& next = next_whole_[rank]; next < deferred_.size();) {
    auto deferred = deferred_[next++];
    if (touched(deferred.object.id) || whole_rank(deferred.object) != rank) continue;
    show_whole(deferred.object, deferred.holder, deferred.elem);
    return true;
  }
  return false;
}

// Deferred references to objects that nothing typed shows: one at a time, so that what the one
// leads to is known before the next.
bool Views::settle_untouched() {
  return show_first_whole(0) || show_first_whole(1) || show_first_whole(2);
}

// Objects that only pointers show, each to a part: of an array the rest is hidden where that is
// certain enough. Else the rest belongs to the same value (a field's address was taken) or to an
// array that someone indexes; it is taken for visible.
bool Views::settle_interior() {
  bool any = false;
  for (const InteriorArray& interior : std::exchange(interior_, {})) {
    auto id = interior.array;
    if (full(id) || windowed(id)) continue;
    if (rest_is_hidden(interior)) {
      interior_arrays_.push_back(interior);
      continue;
    }
    any = true;
    show_whole({id, heap_.span_index_of(id), 0}, info(id).holder());
  }
  return any;
}

bool Views::rest_is_hidden(const InteriorArray& interior) {
  auto id = interior.array;
  const HeapSpan& span = heap_.span_of(id);
  const auto size = decoder().facts(interior.elem).size;
  auto header = heap_.header_size(id), slot = span.span.elem_size;
  if (span.span.user_arena || size == 0 || (slot - header) / size < 2) return false;
  if (interior_rule_ == InteriorRule::All)
    return slot > kTinySlot;  // there other values stand beside it
  auto* parts = visible_parts(id);
  if (!parts || parts->ranges().empty() || parts->ranges().begin()->first < header + size)
    return false;
  ObjectRef array{id, heap_.span_index_of(id), 0};
  return follower_.allocation_type(array) == interior.elem ||
         guesser_.is_array_of(array, interior.elem);
}

}  // namespace overhang
