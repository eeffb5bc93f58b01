// The memory behind a map: every block that the runtime allocated for it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "goruntime/types.h"

namespace overhang {

// Slots of a swiss map's group (abi.SwissMapGroupSlots), and of a bucket (abi.OldMapBucketCount).
inline constexpr std::uint64_t kMapSlots = 8;

// One allocation of a map. All of it is in use as long as the map is, keys and elements that are
// stored indirectly apart: those are found by the blocks' own types.
struct MapBlock {
  enum class Kind : std::uint8_t {
    Header,      // maps.Map; runtime.hmap
    Directory,   // swiss: array of *maps.table
    Table,       // swiss: maps.table
    Groups,      // swiss: array of groups; a group's first 8 bytes are control bytes, and slot i is
                 // in use if byte i's top bit is clear (maps/group.go)
    Buckets,     // classic: 2^B buckets and the overflow buckets allocated with them
    OldBuckets,  // classic, while growing
    Overflow,    // classic: one bucket
    Extra,       // classic: runtime.mapextra
    OverflowList,  // classic: the header of a []*bmap, count 1, or its array
  };
  Kind kind = Kind::Header;
  Address address = 0;
  std::uint64_t count = 1;      // values
  std::uint64_t item_size = 0;  // bytes of one value
  TypeId type;                  // of one value; kUnknownType: only `item_size` is known
  // Whether it holds the map's keys and elements. What the others' pointers lead to are blocks.
  bool holds_entries() const {
    return kind == Kind::Groups || kind == Kind::Buckets || kind == Kind::OldBuckets ||
           kind == Kind::Overflow;
  }
  std::uint64_t bytes() const { return count * item_size; }
};

// Puts the blocks of the map whose header stands at `header` into `out` (cleared first), each once.
// `map_type` is the map's type. What is out of bounds is counted in diagnostics and left out.
// Mirrors internal/runtime/maps (Map, table, groupsReference) and, to 1.23, runtime/map.go.
void map_storage(const Runtime& runtime, TypeTable& types, Address header, TypeId map_type,
                 std::vector<MapBlock>& out);

// How many entries the map has, as len() says (maps.Map.used; runtime.hmap.count).
std::optional<std::uint64_t> map_entries(const Runtime& runtime, Address header);

// The slots of its 2^hmap.B buckets: while a map grows, and by overflow, it has more. Nothing for
// a swiss map.
std::optional<std::uint64_t> classic_map_slots(const Runtime& runtime, Address header);

}  // namespace overhang
