// What the files that implement TypeTable share: its rows and how they come about.
//
// A row is interned first, by the address of its abi.Type, by its DIE, or as a pointer to another
// row; it is decoded when somebody asks for it. Decoding interns the rows of its components but
// does not decode them (by-value parts of DWARF types excepted, without recursion), so that cyclic
// types need no care and only what is asked for costs anything.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "goruntime/rtype.h"
#include "goruntime/types.h"

namespace overhang {

// Structs whose fields mean more than their types say (type_special.cc).
enum class SpecialStruct : std::uint8_t {
  None,
  AtomicPointer,         // sync/atomic.Pointer[T]
  RuntimeAtomicPointer,  // internal/runtime/atomic.Pointer[T]
  PoolQueueSlot,         // sync.eface
  MapBucket,             // to 1.23: a bucket whose overflow word points to another
  Fields,                // single fields: kTypedFields
};

struct TypeRow {
  TypeInfo info;
  std::string full_name;  // named types: with the import path
  SpecialStruct special = SpecialStruct::None;
  bool decoded = false;
  bool compiled = false;
  bool mask_made = false;
  bool opaque = false;  // pointers, but no type tells where they lead
  std::uint64_t pointer_bytes = 0;
  Address gc_data = 0;               // a plain mask; 0: none
  std::unique_ptr<DwarfType> dwarf;  // a row that only DWARF knows, until it is decoded
  std::vector<ScanStep> program;
  std::vector<std::uint64_t> mask;
};

struct TypeTable::Impl {
  Impl(const Runtime& runtime_in, Dwarf* dwarf_in);

  // --- types.cc ---
  TypeRow& row(TypeId id) { return rows[id.value < rows.size() ? id.value : 0]; }
  TypeRow& decoded(TypeId id);
  TypeId add_row();
  // kUnknownType where no type stands at `address`.
  TypeId intern_rtype(Address address);
  // *elem: by its abi.Type or DIE where there is one.
  TypeId intern_pointer(TypeId elem);
  TypeId add_struct(std::string name, std::vector<TypeField> fields, std::uint64_t size);
  TypeId add_plain(std::string name, TypeKind kind, std::uint64_t size,
                   std::uint64_t pointer_bytes);
  TypeId scalar_word();   // uintptr
  TypeId unknown_word();  // unsafe.Pointer
  TypeId pointer_free_data();
  void remember_name(TypeId id);
  TypeId named(std::string_view name);
  // A named type by its name with the import path; kUnknownType if there is none.
  TypeId named_in_full(std::string_view full_name);

  // --- type_decode.cc ---
  void decode_rtype(TypeId id);
  std::string composed_name(const Rtype& type);
  TypeId classic_bucket(Address bucket, const Rtype& map);
  TypeId array_of(TypeId elem, std::uint64_t count);

  // --- type_dwarf.cc ---
  TypeId intern_die(DieOffset die);
  void decode_dwarf(TypeId id);
  bool finish_dwarf(TypeId id, std::vector<TypeId>& waiting);

  // --- type_programs.cc ---
  const std::vector<ScanStep>& program(TypeId id);
  const std::vector<std::uint64_t>& pointer_mask(TypeId id);
  struct ProgramBuilder;
  std::optional<std::vector<std::uint64_t>> static_mask(const TypeRow& row) const;

  // --- type_special.cc ---
  SpecialStruct special_struct(const TypeRow& row);
  // The step for a pointer to `elem` that stands at `offset`.
  ScanStep pointer_step(std::uint64_t offset, TypeId pointer, TypeId elem);
  // The step for field `index` of a special struct, where it is not what the field's type says;
  // `offset` is the field's.
  std::optional<ScanStep> special_step(TypeId structure, std::size_t index, std::uint64_t offset);
  TypeId weak_handle();
  TypeId sync_map_node_target(TypeId node, bool is_entry);

  // --- type_scan.cc ---
  const std::vector<TypeId>& all_types();
  TypeId either(std::vector<TypeId> types);
  TypeId sized(std::uint64_t bytes);
  bool surely_type(const Module& module, Address address) const;

  // --- type_closures.cc ---
  TypeId closure(Address pc, std::uint64_t object_bytes);
  TypeId closure_of(const Function& function, std::uint64_t object_bytes);
  TypeId cleanup_argument(Address call);
  TypeId closure_like(Address pc, TypeId structure);
  struct Captured {
    std::string name;
    TypeId type, value;  // as DWARF has it; of "&x": x's
  };
  const std::vector<Captured>& captured_by(Address pc);
  bool may_be_field(const Captured& variable, const TypeField& field);
  bool may_be_closure(Address pc, TypeId structure);
  void name_captured(Address pc, std::vector<TypeField>& fields);
  TypeId method_value_receiver(std::string_view name);

  const Runtime& runtime;
  Dwarf* dwarf;
  Diagnostics& diagnostics;
  RtypeReader reader;
  std::deque<TypeRow> rows;  // stable addresses
  std::unordered_map<Address, TypeId> by_rtype;
  std::unordered_map<Address, TypeId> by_itab;
  std::unordered_map<DieOffset, TypeId> by_die;
  std::unordered_map<TypeId, TypeId> pointers;  // intern_pointer
  std::unordered_map<std::string, TypeId> by_name;
  std::unordered_map<std::string, TypeId> by_full_name;
  std::unordered_map<Address, TypeId> closures;                           // by pc
  std::unordered_map<Address, std::vector<Captured>> captured_variables;  // by pc
  std::unordered_map<Address, TypeId> cleanup_arguments;                  // by the dictionary
  std::map<std::pair<Address, std::uint32_t>, TypeId> closures_like;      // by pc and structure
  std::unordered_map<std::uint64_t, TypeId> node_targets;
  TypeId weak_handle_type, scalar_word_type, unknown_word_type, pointer_free_type;
  unsigned composing = 0;  // depth of composed_name
  bool names_loaded = false;
  std::vector<TypeId> every;  // all_types()
  bool every_scanned = false;
  std::map<std::vector<std::uint32_t>, TypeId> eithers;
  std::unordered_map<std::uint64_t, TypeId> sized_types;
};

// Of a closure's field of which the binary tells nothing.
inline constexpr const char* kUnknownField = "?";

// Generic code is compiled once for all pointer types: T is a *uint8 in name only
// (noder/reader.go: shapify).
inline bool is_pointer_shape(const TypeRow& pointer) {
  return pointer.info.name == "go.shape.*uint8";
}

// The general way from Go's kinds to the table's.
TypeKind table_kind(GoKind kind, bool has_methods);

}  // namespace overhang
