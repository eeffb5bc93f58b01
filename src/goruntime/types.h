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
  Interface,       // non-empty: {*itab, data}
  EmptyInterface,  // {*abi.Type, data}
  Map,             // a pointer to the map's header
  Chan,            // a pointer to hchan
  Func,            // a pointer to a closure object
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
  // As a person writes it, packages by name alone, also within brackets: "*http.Request",
  // "map[string]int", "main.Ring[url.URL]".
  std::string name;
  TypeKind kind = TypeKind::Unknown;
  std::uint64_t size = 0;     // bytes
  bool has_pointers = false;  // by the collector's account
  bool direct_interface =
      false;                // an interface's data word is the value itself (abi.Type.IsDirectIface:
                            // KindDirectIface in Kind_ to 1.25, TFlagDirectIface in TFlag in 1.26)
  TypeId elem;              // pointer, slice, array, chan; map value
  TypeId key;               // map
  std::uint64_t count = 0;  // array: elements
  std::vector<TypeField> fields;  // struct
  Address rtype = 0;              // the abi.Type in the image; 0 where only DWARF knows the type
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
    Interface,       // {*itab, data}: the collector's pointer is the second word alone
    EmptyInterface,  // {*abi.Type, data}: as Interface
    Map,             // target: the map type
    Chan,            // target: the channel type (elem = element)
    Func,            // a closure
    Repeat,          // `count` times, `stride` bytes apart: the next `steps` steps
    SyncMapNode,     // *internal/sync.node: target: the node type; see sync_map_node_target
    PoolLocals,      // sync.Pool's local/victim: array of target, as many as the word that follows
  };
  Kind kind;
  std::uint32_t steps = 0;   // Repeat: how many following steps belong to it
  std::uint64_t offset = 0;  // bytes; within a Repeat: from the element's start
  TypeId target{};
  std::uint64_t count = 0;   // Repeat
  std::uint64_t stride = 0;  // Repeat, bytes
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
  // A type by name, with import paths in full ("*net/http.Request") or as the report shows it
  // ("*http.Request"); kUnknownType if nobody knows it.
  TypeId named(std::string_view name);
  // Every type that has an abi.Type in the executable, found by looking for them (type_scan.cc).
  const std::vector<TypeId>& all();
  // Dynamic type of an interface: word 0 of Interface (*itab) / EmptyInterface (*abi.Type).
  TypeId from_itab(Address itab);
  // The interface type that the itab is of: that of the variable, or one with the same methods.
  TypeId interface_of_itab(Address itab);

  const TypeInfo& info(TypeId id) const;
  // A named type's name with its import path; of others, what DWARF says or nothing.
  std::string_view full_name(TypeId id) const;
  // The places that hold pointers in one value of the type, in address order, Repeat nested (at
  // most 32 deep). Exactly the collector's pointer words: those that the type does not explain are
  // UnsafePointer. Valid as long as the table.
  std::span<const ScanStep> program(TypeId id);
  // The pointer words of one value, bit i = word i (as abi.Type.GCData; made from the type where
  // GCData is on demand or a program). Empty for pointer-free types and for those of over 1 GiB.
  const std::vector<std::uint64_t>& pointer_mask(TypeId id);
  // A function value's captured variables: a struct type over the closure object ({F uintptr; x
  // *T; …}), made from DWARF's closure offsets (1.23+; before: closure_like) or a method value's
  // receiver; words of which the binary tells nothing are unsafe.Pointer. `pc` is the closure
  // object's first word, `object_bytes` what the object has room for (objects of one function are
  // of one size). kUnknownType where pc is no function's start. Words of the object that lie past
  // the struct are variables that the binary does not mention.
  TypeId closure(Address pc, std::uint64_t object_bytes);
  // The type of closures of the function at `pc` that were allocated as `structure`
  // (typecheck/func.go: ClosureType). Its fields have the variables' names as far as binary and
  // types tell.
  TypeId closure_like(Address pc, TypeId structure);
  // One of these types, which say the same of every word: structs and maps are named
  // "main.A|main.B", and fields alike. The type itself where there is only one.
  TypeId either(std::vector<TypeId> types);
  // "24 bytes": values without pointers of which only the size is known.
  TypeId sized(std::uint64_t bytes);
  // Whether DWARF describes types, and so all variables.
  bool has_dwarf() const;
  // Whether a closure of the function at `pc` may have been allocated as `structure`: DWARF, where
  // there is any, has a variable of each pointer-holding field's type (and name, if that is given)
  // among those that the function captures.
  bool may_be_closure(Address pc, TypeId structure);
  // Whether `closure`, made by closure(), says of any word what it is.
  bool captures_are_told(TypeId closure) const;
  // Whether the type was made by closure(); its name is "closure " and the function's.
  bool is_closure(TypeId id) const { return info(id).name.starts_with(kClosurePrefix); }
  static constexpr std::string_view kClosurePrefix = "closure ";
  // What a cleanup's argument is (mcleanup.go: AddCleanup[T, S], cleanupFn.arg is a *S), by the
  // func value cleanupFn.call: S where the binary has symbols, else its shape; kUnknownType where
  // neither tells, as of a shape that stands for all pointers.
  TypeId cleanup_argument(Address call);
  // What a SyncMapNode's node is the first field of: "internal/sync.entry[K,V]" or
  // "internal/sync.indirect[K,V]" (hashtriemap.go: node.entry, node.indirect; the same in
  // internal/concurrent, 1.23, and unique, 1.25+). kUnknownType where the binary has no such type.
  TypeId sync_map_node_target(TypeId node, bool is_entry);
  // A byte of pointer-free memory of which nobody knows what it is: "(pointer-free data)".
  TypeId pointer_free_data();
  // Interned [] and * of a type, for names in reports.
  std::string slice_name(TypeId elem) const;
  std::size_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace overhang
