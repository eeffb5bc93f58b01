// abi.Type records in the image (internal/abi/type.go, map.go and its predecessors), decoded one at
// a time. Nothing is followed: components are given as addresses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "goruntime/runtime.h"

namespace overhang {

// internal/abi.Kind; reflect's and DW_AT_go_kind's numbers too.
enum class GoKind : std::uint8_t {
  Invalid,
  Bool,
  Int,
  Int8,
  Int16,
  Int32,
  Int64,
  Uint,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Uintptr,
  Float32,
  Float64,
  Complex64,
  Complex128,
  Array,
  Chan,
  Func,
  Interface,
  Map,
  Pointer,
  Slice,
  String,
  Struct,
  UnsafePointer,
};

struct Rtype {
  GoKind kind = GoKind::Invalid;
  std::uint64_t size = 0;           // bytes
  std::uint64_t pointer_bytes = 0;  // PtrBytes: prefix that may hold pointers
  bool direct_interface = false;
  // GCData is a plain mask: no GC program (KindGCProg, to 1.23), not on demand (1.24+).
  bool has_static_mask = false;
  // Fields, elements and so on could be read. False for the bare records that reflect makes for
  // the buckets of its map types (reflect.bucketOf, to 1.23).
  bool complete = true;
  Address gc_data = 0;
  std::string text;          // Str: package-qualified, paths in brackets in full; empty where the
                             // record was made at run time (its names are in a map of reflect's)
  std::string package_path;  // of a named type
  Address elem = 0;          // pointer, slice, array, chan, map value
  Address key = 0;           // map
  Address map_storage = 0;   // map: Group or Bucket
  std::uint32_t map_flags = 0;
  bool map_indirect_key = false, map_indirect_elem = false;
  std::uint64_t count = 0;           // array
  std::uint64_t methods = 0;         // interface
  std::uint64_t chan_direction = 0;  // 1 receive, 2 send, 3 both
  bool variadic = false;
  std::vector<Address> inputs, outputs;  // func
  struct Field {
    std::string name;
    Address type = 0;
    std::uint64_t offset = 0;
    bool embedded = false;
  };
  std::vector<Field> fields;  // struct; in order, none overlapping, all within size
};

class RtypeReader {
 public:
  // All must outlive the reader. `swiss_maps`: what abi.MapType looks like.
  RtypeReader(const Image& image, const std::vector<Module>& modules, int minor, bool swiss_maps)
      : image_(image), modules_(modules), minor_(minor), swiss_maps_(swiss_maps) {}

  // Whether an abi.Type may stand at `address`: its fixed part is readable and consistent.
  bool plausible(Address address) const;
  // Nothing where no type stands there.
  std::optional<Rtype> read(Address address) const;
  // abi.Type.Size_ alone.
  std::optional<std::uint64_t> size(Address address) const { return image_.word(address); }
  // The type of pointers to the type at `address` (PtrToThis); 0 where the binary has none or does
  // not say.
  Address pointer_type(Address address) const;
  // An abi.Name's text: flag byte, length, bytes. Nothing where it is not all there.
  std::optional<std::string> name(Address address) const;
  // abi.ITab.Type and Inter, where the itab is one.
  std::optional<Address> itab_type(Address itab) const;
  std::optional<Address> itab_interface(Address itab) const;

 private:
  struct Head;
  std::optional<Head> head(Address address) const;
  const Module* module_of(Address address) const;
  bool read_struct(Address address, Rtype& type) const;
  bool read_map(Address address, Rtype& type) const;
  bool read_func(Address address, bool uncommon, Rtype& type) const;
  bool read_components(Address address, bool uncommon, Rtype& type) const;
  std::uint64_t map_flags_at() const;
  std::uint64_t record_size(GoKind kind) const;

  const Image& image_;
  const std::vector<Module>& modules_;
  int minor_;
  bool swiss_maps_;
};

}  // namespace overhang
