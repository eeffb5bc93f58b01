// The machine's memory: objects made of slots, and slices over them. Everything is kept by index
// and in full; nothing here is fast.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/words.h"
#include "model/allocator.h"
#include "model/types.h"

namespace overhang::model {

using ObjectIndex = std::uint32_t;
inline constexpr ObjectIndex kNoObject = 0xFFFFFFFFu;

// A reference: to one slot of an object (a pointer: len and cap are 1), or to a window of slots.
struct Ref {
  ObjectIndex object = kNoObject;
  std::uint64_t first = 0, len = 0, cap = 0;  // slots of the object
  // Without an object: not nil all the same, but leads to no memory of the heap (make([]T, 0), a
  // text of the program).
  bool outside = false;

  bool nowhere() const { return object == kNoObject; }
  bool nil() const { return nowhere() && !outside; }
  bool operator==(const Ref&) const = default;
};

// A variable, or what the allocator gave: `count` slots, each a value of type `elem`.
struct Object {
  const Type* elem = nullptr;
  std::uint64_t count = 0;
  bool array = false;      // made as one; else a single value
  std::string variable{};  // its name; "": in the heap
  std::string held_as{};   // what the report calls it, if not by its name
  SiteKind held_kind = SiteKind::Global;
  std::uint64_t slot_bytes = 0;      // that the allocator gave, with header and rounding
  std::vector<Ref> refs{};           // of slot i: [i * elem->refs, (i + 1) * elem->refs)
  const Type* map = nullptr;         // of a variable that is a map: its slots are its values
  bool made = false;                 // a map that is not nil
  std::vector<std::int64_t> keys{};  // of these entries

  bool heap() const { return variable.empty(); }
  std::uint64_t slot_of(std::uint64_t ref) const { return ref / elem->refs; }
};

// A reference's place: `ref` of an object's.
struct Place {
  ObjectIndex object = kNoObject;
  std::uint64_t ref = 0;
  bool operator==(const Place&) const = default;
};

class Memory {
 public:
  explicit Memory(Allocator allocator) : allocator_(allocator) {}

  const Allocator& allocator() const { return allocator_; }
  const std::vector<Object>& objects() const { return objects_; }
  const Object& operator[](ObjectIndex index) const { return objects_[index]; }
  Object& operator[](ObjectIndex index) { return objects_[index]; }
  Ref& at(Place place) { return objects_[place.object].refs[place.ref]; }
  const Ref& at(Place place) const { return objects_[place.object].refs[place.ref]; }

  // A variable of that type, zero. A map's values become slots as they are set.
  ObjectIndex declare(const std::string& name, const Type* type);
  // A single value (new), and an array (make); the latter refers to no object if it takes no bytes.
  Ref allocate(const Type* type);
  Ref allocate_array(const Type* elem, std::uint64_t len, std::uint64_t cap);

  // append(slice, …): `values` holds the references of whole elements, one after another, and
  // `count` says how many elements they are.
  Ref append(Ref slice, const Type* elem, const std::vector<Ref>& values, std::uint64_t count);
  // slice[low:high:max]; the bounds are those of the slice, which the caller has checked.
  static Ref reslice(Ref slice, std::uint64_t low, std::uint64_t high, std::uint64_t max);
  // The references in the window's slots.
  std::vector<Ref> read(Ref window) const;
  // copy(to, from): returns the number of elements.
  std::uint64_t copy(Ref to, Ref from);
  // clear(slice).
  void clear(Ref slice);

 private:
  void write(ObjectIndex object, std::uint64_t first, const std::vector<Ref>& values);
  Allocator allocator_;
  std::vector<Object> objects_;
};

// What Go's collector keeps, by object: an object that any reference leads to is kept as a whole
// and all its slots are followed. Variables are kept.
std::vector<bool> live_objects(const Memory& memory);

struct Count {
  std::uint64_t objects = 0, bytes = 0;  // slot sizes, of heap objects
  bool operator==(const Count&) const = default;
};
Count count(const Memory& memory, const std::vector<bool>& objects);

}  // namespace overhang::model
