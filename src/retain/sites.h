// Sites: the named places that hold the slices over hidden memory.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/words.h"
#include "graph/views.h"
#include "retain/hidden.h"

namespace overhang {

struct SiteName {
  std::string text;  // "main.pool.inUse", "conns in main.(*Pool).run", "value of map main.index"
  SiteKind kind = SiteKind::Other;
  // A field of an object right behind a global pointer: its name by way of the global
  // ("main.pool.inUse"; `text` is "main.Pool.inUse"). It names the site if no other object has a
  // part in it.
  std::string instance{};
};

// A place as the program's source has it: what the search for the statement that made a hidden
// region starts from.
struct SlicePlace {
  enum class Kind : std::uint8_t { Unknown, Global, Field, Local, Captured };
  Kind kind = Kind::Unknown;
  // "example.com/m/pool.all" (Global), "conns" (Local, Captured); Field: "". A stripped program's
  // locals have none.
  std::string variable;
  std::string function;  // Local: as the linker names it
  Address code = 0;      // Captured: of the closure's function
  struct Field {
    std::string owner;  // the struct's type with its import path; "" where it has no name
    std::string name;
  };
  // Unknown: where the header stands of a package-level variable whose name nobody tells; or 0.
  Address global = 0;
  std::vector<Field> fields;   // from the variable, or from the innermost object, on
  bool behind = false;         // Global: of the object that the variable leads to
  std::uint32_t elements = 0;  // an element of that, so many times
  bool key = false;            // the last of them is a map's key
  // The slice's element with import paths, "*example.com/m/pool.Conn"; "" where it has no name.
  std::string element;
  // The slice's own type where it has a name and stands in an object of its own (var h = &Heap{}),
  // "example.com/m/pool.Heap"; else "".
  std::string slice_type;
  // Category window: the other places that keep the array, which have to let go of it too.
  std::vector<SlicePlace> shared;
};

// Names places and the way to them from a root.
class Namer {
 public:
  explicit Namer(Views& views) : views_(views) {}

  // The place at byte `offset` of `holder`.
  SiteName name(Holder holder, std::uint64_t offset);
  // The way from a root to that place, a step each: "main.pool", "inUse".
  std::vector<std::string> path(Holder holder, std::uint64_t offset);
  // The same place for a reader of the source.
  SlicePlace source_place(Holder holder, std::uint64_t offset);
  // ".inUse", "[].items": the way within a value of `type`; "" at its start or where unknown.
  std::string field_path(TypeId type, std::uint64_t offset);
  // Of a map's group or bucket.
  bool is_map_storage(TypeId type);
  // The key or value of a map's entry that byte `offset` of a group or bucket is of, and which byte
  // of that.
  struct MapPart {
    TypeId type;
    std::uint64_t offset = 0;
    bool key = false;
    bool value = false;  // neither: control words, the next bucket
  };
  MapPart map_part(TypeId storage, std::uint64_t offset);

 private:
  using Edge = std::pair<ObjectIndex, ObjectIndex>;  // a holder's bits, an object that it refers to
  struct EdgeHash {
    std::size_t operator()(const Edge& edge) const {
      return edge.first * 0x9E3779B97F4A7C15ull + edge.second;
    }
  };
  const TypeField* field_at(const TypeInfo& of, std::uint64_t offset);
  SiteName name_object(ObjectId id, std::uint64_t offset, unsigned depth);
  std::string place_name(const RootPlace& place);
  SiteName name_at(Holder holder, std::uint64_t offset, unsigned depth);
  SiteName name_of_pointee(ObjectId id, unsigned depth);
  std::vector<SlicePlace::Field> fields_at(TypeId type, std::uint64_t offset, bool& element);
  // Where `holder` refers to the object: the offset of the first such word.
  std::uint64_t offset_in(Holder holder, ObjectId target);
  bool is_map(TypeId type);

  Views& views_;
  std::unordered_map<std::uint64_t, std::string> field_names_;  // (type, offset) -> Type.field
  std::unordered_map<Edge, std::uint64_t, EdgeHash> offsets_;   // where the holder has the word
  std::unordered_map<ObjectIndex, std::uint32_t> readings_;     // holder -> times it was read
};

struct Site {
  SiteName name;
  std::uint32_t group = 0;  // the sites of one holder and element type, one for each category
  TypeId elem;              // kUnknownType: a string's bytes
  Category category = Category::Tail;
  std::uint64_t arrays = 0, array_bytes = 0;
  std::uint64_t slots = 0, visible_slots = 0, hidden_slots = 0, hidden_bytes = 0;
  std::uint64_t len = 0, cap = 0;  // slots, of the only array's widest window; 0 for more arrays
  bool pointer_free = false;
  // The widest window over the largest array, for the path.
  Holder holder;
  std::uint64_t holder_offset = 0;
  std::uint64_t largest_array_bytes = 0;
  std::uint64_t first_hidden_slot = 0, last_hidden_slot = 0;  // of the largest array
  ObjectId example;                                           // the largest array
  std::vector<std::string> shared_with;
  // Where those stand that have to let go of the array too, as far as they differ: a holder and the
  // slice's offset in it.
  std::vector<std::pair<Holder, std::uint64_t>> shared_places;
};

// Ordinary room of reused pointer-free buffers.
struct Habit {
  std::string name;
  TypeId elem;
  std::uint64_t arrays = 0, spare_bytes = 0;
};

inline constexpr std::uint32_t kNoSite = 0xFFFFFFFFu;

struct Sites {
  std::vector<Site> sites;
  // By group: the holder's name as its windows have it (without an instance).
  std::vector<SiteName> groups;
  std::vector<std::uint32_t> site_of_region;  // kNoSite: not a site
  std::vector<Habit> habits;
  std::uint64_t habit_bytes = 0, habit_arrays = 0;
};

// Groups regions by the place that holds their arrays' slices, element type and category.
Sites find_sites(Views& views, const HiddenMemory& hidden, Namer& namer);

}  // namespace overhang
