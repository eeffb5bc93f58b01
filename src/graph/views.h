// Which bytes of the live heap the program can still see.
//
// A view is one way in which code reaches memory (DESIGN.md §2): a variable's own bytes, the value
// behind a *T, a slice's [p, p + len·size), a string's bytes, what the runtime's maps, channels and
// closures hold. A view counts only if the word it hangs on is visible itself, so visibility is a
// fixpoint over byte ranges: start at globals and live locals, show what a visible word refers to,
// and so on until nothing new is shown.
//
// Objects are shown in one of three ways:
//   full     every byte that the program asked for is visible: one value that fills its slot, a
//            slice whose len fills it, storage of maps and channels. The common case: one bit.
//   partial  windows cover parts: slices and strings that leave something out, pointers to
//            elements. Their union is kept as intervals, so that words in it are followed once.
//   untouched  nothing shows it. If the collector keeps it all the same, it hangs on hidden words.
//
// A reference of unknown type (unsafe.Pointer, a stack word without a variable, a conservative
// frame) may show anything. It is deferred: first everything typed is settled; then objects with
// no typed view at all are followed as what they look like (guess.h); those that look like nothing,
// and objects that only pointers into them show, become visible as a whole.
// What is hidden now is *possibly* hidden. Finally the deferred references show their objects as a
// whole even where typed windows exist: what is still hidden is *certainly* hidden.
//
// Every word that is followed is one that the collector takes for a pointer (the types are checked
// against the object's pointer map), so what is visible is live.
#pragma once

#include <tsl/robin_map.h>
#include <tsl/robin_set.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bitmap.h"
#include "base/prefetch.h"
#include "graph/follow.h"
#include "graph/mark.h"
#include "graph/owners.h"
#include "graph/root_places.h"
#include "graph/work_list.h"

namespace overhang {

// What is known of an object's contents, and what first showed it: 8 bytes an object (16 with
// wide ids).
class ObjectInfo {
 public:
  ObjectInfo() = default;
  ObjectInfo(TypeId type, bool array, Holder holder)
      : type_(type.value & kTypeMask), array_(array), holder_(holder.bits()) {}
  TypeId type() const { return TypeId(type_); }  // of the value, or of an array's elements
  bool array() const { return array_; }
  Holder holder() const { return Holder::from_bits(holder_); }

 private:
  static constexpr std::uint32_t kTypeMask = 0x7FFFFFFFu;
  std::uint32_t type_ : 31 = 0;
  std::uint32_t array_ : 1 = 0;
  ObjectIndex holder_ = Holder().bits();
};
static_assert(sizeof(ObjectInfo) == (kWideIds ? 16 : 8));

// What a value of a type is to the object that it stands in.
enum class Shows : std::uint8_t {
  Part,      // all that is known of it
  Elements,  // of an array, which the object is
  Value,     // which the object is
};

// A slice or string that leaves part of its array out. Bytes are counted from the slot's start.
struct Window {
  ObjectId array;
  TypeId elem;  // kUnknownType for a string
  bool string = false;
  std::uint64_t begin = 0;
  std::uint64_t len = 0;            // bytes visible
  std::uint64_t cap = 0;            // bytes that reslicing could show
  Holder holder;                    // where the header stands
  std::uint64_t holder_offset = 0;  // bytes from the holder's start
  bool pointer = false;             // to an element (InteriorArray): len and cap are 0
};

// When the rest of an array counts as hidden that no slice shows, only pointers to elements.
enum class InteriorRule : std::uint8_t {
  // Where the allocator recorded the element type and no pointer leads to the first element, which
  // code may take for the array (unsafe.Slice).
  Certain,
  All,
};

// An array that only pointers to elements show.
struct InteriorArray {
  ObjectId array;
  TypeId elem;
  std::uint64_t holder_offset = 0;  // of the first such pointer, in ObjectInfo's holder
};

// A pointer to an element in a variable of a live frame: code may walk the array by it.
struct Walker {
  ObjectRef object;
  Holder holder;
  Address slot = 0;
};

// A map with more than one group or bucket.
struct LargeMap {
  Address header = 0;
  TypeId type;
  Holder holder;  // what refers to it first
  std::uint64_t holder_offset = 0;
  std::uint64_t slots = 0;          // for entries, in all groups or buckets
  std::uint64_t storage_bytes = 0;  // of those, as the collector accounts them
};

// A part of a pointer-free array that a pointer shows.
struct PointerPart {
  ObjectId array;
  std::uint64_t begin = 0, end = 0;  // bytes from the slot's start
};

// A reference of unknown type that made a difference: settle_certain() showed its object as a
// whole.
struct Doubt {
  ObjectRef object;
  Holder holder;      // what holds the reference
  Address slot = 0;   // where its word stands; 0: in a register or nowhere
  bool func = false;  // a func value whose captures the executable does not describe
  // What became visible by it and was hidden as a whole before (slot sizes). The sums over all
  // doubts are what the possible overhang has more than the certain one.
  std::uint64_t objects = 0, bytes = 0;
};

// Disjoint, merged byte ranges, begin -> end.
class Intervals {
 public:
  // Adds [begin, end); calls fresh(from, to) for each part that was not covered, in order.
  template <class Fresh>
  void add(std::uint64_t begin, std::uint64_t end, Fresh&& fresh);
  const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; }
  bool covers(std::uint64_t at) const {
    auto after = ranges_.upper_bound(at);
    return after != ranges_.begin() && std::prev(after)->second > at;
  }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;
};

class Views {
 public:
  // `dwarf` may be nullptr. All arguments must outlive the views.
  Views(const Heap& heap, const RootSet& roots, TypeTable& types, Dwarf* dwarf,
        Diagnostics& diagnostics, InteriorRule interior = InteriorRule::Certain);

  // Settles everything typed, then objects without a typed view: what is hidden now is possibly
  // hidden. `live` gives the live set; it is asked only where there are objects with finalizers or
  // the like that nothing shows (graph/owners.h).
  void settle(const std::function<const Bitmap&()>& live);
  // Lets deferred references show objects that have windows: what is hidden now is certainly
  // hidden. False if that changed nothing.
  bool settle_certain();

  const Heap& heap() const { return heap_; }
  // Objects that some view leads to.
  std::uint64_t touched_objects() const { return touched_objects_; }
  Follower& follower() { return follower_; }
  ReferenceDecoder& decoder() { return follower_.decoder(); }
  TypeTable& types() { return decoder().types(); }
  TypeId byte_type() const { return byte_type_; }

  // Of the closure object that a func value at `target` leads to.
  TypeId closure_type(const ObjectRef& object, Address target);

  bool full(ObjectId id) const { return full_.test(id.value); }
  // Some view leads to it.
  bool touched(ObjectId id) const { return touched_.test(id.value); }
  const Bitmap& touched() const { return touched_; }  // by object
  const ObjectInfo& info(ObjectId id) const { return info_[id.value]; }
  void prefetch(ObjectId id) const {
    prefetch_read(&info_[id.value]);
    touched_.prefetch(id.value);
  }
  // A slice or string leaves part of it out, or did when it was shown.
  bool windowed(ObjectId id) const { return windowed_.test(id.value); }
  // Something other than a slice or string refers to it: a pointer to an element, a word of unknown
  // type. Of objects that are not full.
  bool pointed(ObjectId id) const {
    return pointed_.test(id.value) || deferred_seen_.test(id.value);
  }
  // Notes what is known of an object's contents: what was known first stays, unless this is more.
  void set_info(const ObjectRef& object, TypeId type, Shows shows, Holder holder);
  const RootPlaces& places() const { return places_; }
  RootPlaces& places() { return places_; }
  const Owners& owners() const { return owners_; }
  // Windows over arrays that were not full then; arrays may have become full since.
  const std::vector<Window>& windows() const { return windows_; }
  const std::vector<PointerPart>& pointer_parts() const { return pointer_parts_; }
  const std::vector<LargeMap>& large_maps() const { return large_maps_; }
  // Arrays whose rest no pointer shows; some may have become full, or got windows, since.
  const std::vector<InteriorArray>& interior_arrays() const { return interior_arrays_; }
  // All visible ranges of an array with pointers that is not full; nullptr: none.
  const Intervals* visible_parts(ObjectId id) const {
    auto at = parts_.find(id.value);
    return at == parts_.end() ? nullptr : &at->second;
  }

  // Of full objects: what is visible, and rounding and headers, the allocator's.
  std::uint64_t full_visible_bytes() const { return full_visible_bytes_; }
  std::uint64_t full_allocator_bytes() const { return full_allocator_bytes_; }
  // Slot bytes of objects whose type is known.
  std::uint64_t typed_bytes() const { return typed_bytes_; }
  std::uint64_t unknown_references() const { return deferred_.size(); }
  // The references that settle_certain() took at their widest, in the order in which it did.
  const std::vector<Doubt>& doubts() const { return doubts_; }
  // The one for whose sake it showed the array; nullptr: it did not.
  const Doubt* doubt_about(ObjectId id) const {
    auto at = doubt_of_.find(id.value);
    return at == doubt_of_.end() ? nullptr : &doubts_[at->second];
  }

 private:
  struct Tag {
    Holder holder;
    std::uint64_t offset = 0;  // of the word in the holder
  };
  struct Item {
    Reference reference;
    Tag tag;
    Address target() const { return reference.target; }
  };
  using Work = WorkList<Item, Tag>;
  struct Deferred {
    ObjectRef object;
    Holder holder;
    Address slot;
    TypeId elem;  // what the object is an array of, where the reference tells
    bool func;
  };

  void push(const Reference& reference, Holder holder, std::uint64_t offset) {
    work_.push(reference, Tag{holder, offset});
  }
  RootPlaces::Emit pusher() {
    return [this](const Reference& reference, Holder holder, std::uint64_t offset) {
      push(reference, holder, offset);
    };
  }
  std::uint64_t slot_size(const ObjectRef& object) const {
    return heap_.spans()[object.span].span.elem_size;
  }
  std::uint64_t header_size(const ObjectRef& object) const {
    return Heap::header_size(heap_.spans()[object.span]);
  }
  bool has_pointers(const ObjectRef& object) const {
    return heap_.spans()[object.span].layout != PointerLayout::None;
  }
  // The type of the object's elements as the allocator recorded it; kUnknownType where it did not.
  TypeId allocation_type(const ObjectRef& object) { return guesser_.allocated_type(object); }
  void run();  // until the work list and what waits are empty
  bool wait_for_better(const Item& item, const ObjectRef& object);
  void show(const Item& item, const ObjectRef& object);
  void show_outside(const Item& item);
  void show_value(const Item& item, const ObjectRef& object);
  void show_window(const Item& item, const ObjectRef& object);
  void show_storage(const Item& item, const ObjectRef& object);
  bool may_be_map(const ObjectRef& object) const;
  void show_map_or_chan(const Item& item, const ObjectRef& object);
  void expand(const Item& item, const Tag& tag);
  void show_func(const Item& item, const ObjectRef& object);
  void show_part(const ObjectRef& object, const Tag& tag, std::uint64_t begin, std::uint64_t bytes,
                 TypeId type);
  bool show_elements(const Item& item, const ObjectRef& object, std::uint64_t bytes, TypeId elem);
  bool show_around(const Item& item, const ObjectRef& object, std::uint64_t len, std::uint64_t cap);
  void show_whole(const ObjectRef& object, Holder holder, TypeId elem = kUnknownType);
  bool known(Holder holder) const;
  TypeId what_it_is(const ObjectRef& object, Holder holder);
  TypeId captured_value(const Item& item, const ObjectRef& object);
  void follow_values(const ObjectRef& object, std::uint64_t begin, TypeId type,
                     std::uint64_t count);
  bool is_more(TypeId type, Shows shows, const ObjectInfo& known);
  void follow_now(const Work::Range& range);
  void follow_behind(const ObjectRef& object, std::uint64_t begin);
  void follow_whole(const ObjectRef& object, TypeId type);
  void follow_rest(const ObjectRef& object);
  void follow_unseen(const ObjectRef& object, std::uint64_t begin, std::uint64_t bytes,
                     TypeId type);
  void defer(const Item& item, const ObjectRef& object);
  void note_walker(const Item& item, const ObjectRef& object);
  void doubt(const ObjectRef& object, Holder holder, Address slot, bool func, TypeId elem);
  // Notes that a view leads to the object; true if it is the first.
  bool touch(const ObjectRef& object) {
    if (!touched_.set_first(object.id.value)) return false;
    if (++touched_objects_ % Meter::kStep == 0) diagnostics_.meter().advance(Meter::kStep);
    touched_bytes_ += slot_size(object);
    if (owners_.owns(object.id)) shown_owners_.push_back(object.id);
    return true;
  }
  bool make_full(const ObjectRef& object, std::uint64_t visible_bytes);
  void settle_all();
  bool settle_owners();
  bool settle_untouched();
  bool settle_guessed();
  bool show_first_whole(unsigned rank);
  unsigned whole_rank(const ObjectRef& object);
  bool settle_interior();
  bool rest_is_hidden(const InteriorArray& interior);

  const Heap& heap_;
  Diagnostics& diagnostics_;
  Follower follower_;
  Guesser guesser_;
  bool dwarf_;  // variables have types; captured ones too, since Go 1.23
  Bitmap full_, touched_, windowed_, pointed_, deferred_seen_;
  std::vector<ObjectInfo> info_;
  TypeId byte_type_;  // of strings' bytes
  TypeId hchan_type_;
  TypeId noscan_type_;  // of pointer-free data that a typed reference leads to, itself without type
  Owners owners_;
  std::vector<ObjectId> shown_owners_;  // what they keep is still to be shown
  RootPlaces places_;
  std::vector<Window> windows_;
  std::vector<PointerPart> pointer_parts_;
  tsl::robin_map<ObjectIndex, Intervals> parts_;
  std::vector<LargeMap> large_maps_;
  InteriorRule interior_rule_;
  std::vector<InteriorArray> interior_;  // shown by a pointer to a part of them: first, or anew
  std::vector<InteriorArray> interior_arrays_;
  std::vector<Walker> walkers_;  // the first of each object
  tsl::robin_set<ObjectIndex> walked_;
  tsl::robin_set<Address> expanded_;  // map and channel headers outside the heap
  std::vector<Deferred> deferred_;
  // References to types that generic code is compiled with, to objects that a reference of the real
  // type may show as well: those come last.
  std::vector<std::pair<Item, ObjectRef>> shapes_;
  std::vector<Doubt> doubts_;
  std::unordered_map<ObjectIndex, std::size_t> doubt_of_;  // object -> doubts_
  std::array<std::size_t, 2> next_guess_{};                // without and with the population
  std::array<std::size_t, 3> next_whole_{};                // by whole_rank()
  Work work_;
  std::uint64_t touched_objects_ = 0, touched_bytes_ = 0;  // slot sizes
  std::uint64_t full_visible_bytes_ = 0, full_allocator_bytes_ = 0, typed_bytes_ = 0;
};

template <class Fresh>
void Intervals::add(std::uint64_t begin, std::uint64_t end, Fresh&& fresh) {
  if (begin >= end) return;
  auto at = ranges_.upper_bound(begin);
  if (at != ranges_.begin() && std::prev(at)->second >= begin) --at;
  auto low = begin, high = end, next = begin;
  while (at != ranges_.end() && at->first <= end) {
    if (next < at->first) fresh(next, at->first);
    next = std::max(next, at->second);
    low = std::min(low, at->first);
    high = std::max(high, at->second);
    at = ranges_.erase(at);
  }
  if (next < end) fresh(next, end);
  ranges_.emplace(low, high);
}

}  // namespace overhang
