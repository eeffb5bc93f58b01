// Go types as the analysis needs them: one table over abi.Type (in the image) and DWARF types,
// each compiled once into a flat scan program.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "goruntime/runtime.h"

namespace overhang {

enum class TypeKind : std::uint8_t {
  Unknown,
  Scalar,  // bool, numbers, uintptr: no pointers
  Pointer,
  UnsafePointer,
  Slice,
  String,
  Interface,  // non-empty: {*itab, data}
  EmptyInterface,  // {*abi.Type, data}
  Map,   // a pointer to the map's header
  Chan,  // a pointer to hchan
  Func,  // a pointer to a closure object
  Struct,
  Array,
};

struct TypeField {
  std::string name;
  std::uint64_t offset = 0;  // bytes
  TypeId type;
  bool embedded = false;
};

struct TypeInfo {
  std::string name;  // as a person writes it: "*main.Conn", "map[string]int", "main.Ring[int]"
  TypeKind kind = TypeKind::Unknown;
  std::uint64_t size = 0;       // bytes
  bool has_pointers = false;    // by the collector's account
  bool direct_interface = false;  // an interface's data word is the value itself (abi.Type.IsDirectIface:
                                  // KindDirectIface in Kind_ to 1.25, TFlagDirectIface in TFlag in 1.26)
  TypeId elem;                  // pointer, slice, array, chan; map value
  TypeId key;                   // map
  std::uint64_t count = 0;      // array: elements
  std::vector<TypeField> fields;  // struct
  Address rtype = 0;            // the abi.Type in the image; 0 where only DWARF knows the type
  // Map: the type of a group (swiss) or bucket (classic), and its size.
  TypeId map_storage;
  bool map_indirect_key = false, map_indirect_elem = false;
};

// One pointer-holding place in a value, or a loop over such places.
struct ScanStep {
  enum class Kind : std::uint8_t {
    Pointer,         // *target: shows one target
    UnsafePointer,   // shows something unknown
    Slice,           // {data, len, cap} of target
    String,          // {data, len}
    Interface,       // {*itab, data}
    EmptyInterface,  // {*abi.Type, data}
    Map,             // target: the map type
    Chan,            // target: the channel type (elem = element)
    Func,            // a closure
    Repeat,          // `count` times, `stride` bytes apart: the next `steps` steps
    SyncMapNode,     // *internal/sync.node: target: the node type; entry or indirect by isEntry
    PoolLocals,      // sync.Pool's local/victim: array of target, as many as the word that follows
  };
  Kind kind;
  std::uint32_t steps = 0;    // Repeat: how many following steps belong to it
  std::uint64_t offset = 0;   // bytes; within a Repeat: from the element's start
  TypeId target;
  std::uint64_t count = 0;    // Repeat
  std::uint64_t stride = 0;   // Repeat, bytes
};

class TypeTable {
 public:
  // `dwarf` may be nullptr. Both must outlive the table. Not thread-safe: types are compiled on
  // first use.
  TypeTable(const Runtime& runtime, Dwarf* dwarf);
  ~TypeTable();

  // The type whose abi.Type stands at `rtype` in the image; kUnknownType where that is no type.
  TypeId from_rtype(Address rtype);
  // The type of a DWARF DIE; the abi.Type is preferred where the DIE names one.
  TypeId from_dwarf(DieOffset die);
  // A type by full name with import paths shortened as the report shows it; kUnknownType if
  // nobody knows it.
  TypeId named(std::string_view name);
  // Dynamic type of an interface: word 0 of Interface (*itab) / EmptyInterface (*abi.Type).
  TypeId from_itab(Address itab);

  const TypeInfo& info(TypeId id) const;
  // The places that hold pointers in one value of the type, in address order, Repeat nested.
  std::span<const ScanStep> program(TypeId id);
  // The pointer words of one value, bit i = word i (as abi.Type.GCData; made from the type where
  // GCData is on demand). At most `max_words` words; empty for pointer-free types.
  const std::vector<std::uint64_t>& pointer_mask(TypeId id);
  // A function value's captured variables: a struct type over the closure object ({F uintptr; x
  // *T; …}), made from DWARF's closure offsets (1.23+) or a method value's receiver;
  // kUnknownType where the binary does not tell. `pc` is the closure object's first word.
  TypeId closure(Address pc);
  // Interned [] and * of a type, for names in reports.
  std::string slice_name(TypeId elem) const;
  std::size_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace overhang
