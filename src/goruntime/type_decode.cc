// From abi.Type records to rows.
#include "goruntime/type_names.h"
#include "goruntime/type_table.h"

namespace overhang {
namespace {

constexpr unsigned kMaxComposedDepth = 16;
constexpr std::uint64_t kMapBucketSlots = 8;  // abi.MapBucketCount, to 1.23

// "sync.node[K]" of package "internal/sync" is "internal/sync.node[K]".
std::string with_path(const std::string& text, const std::string& path) {
  auto dot = text.find('.');
  if (path.empty() || dot == std::string::npos || dot > text.find('[')) return text;
  return path + text.substr(dot);
}

template <class NameOf>
std::string composed_func_name(const Rtype& type, NameOf&& name_of) {
  std::vector<std::string> inputs, outputs;
  for (auto input : type.inputs) inputs.push_back(name_of(input));
  for (auto output : type.outputs) outputs.push_back(name_of(output));
  if (type.variadic && !inputs.empty() && inputs.back().starts_with("[]"))
    inputs.back().replace(0, 2, "...");
  auto out = fmt::format("func({})", fmt::join(inputs, ", "));
  if (outputs.size() == 1) return out + " " + outputs[0];
  if (outputs.size() > 1) out += fmt::format(" ({})", fmt::join(outputs, ", "));
  return out;
}

template <class NameOf>
std::string composed_struct_name(const Rtype& type, NameOf&& name_of) {
  if (type.fields.empty()) return "struct {}";
  std::vector<std::string> fields;
  for (const auto& field : type.fields)
    fields.push_back(field.embedded ? name_of(field.type)
                                    : fmt::format("{} {}", field.name, name_of(field.type)));
  return fmt::format("struct {{ {} }}", fmt::join(fields, "; "));
}

}  // namespace

TypeKind table_kind(GoKind kind, bool has_methods) {
  switch (kind) {
    case GoKind::Invalid:
      return TypeKind::Unknown;
    case GoKind::Array:
      return TypeKind::Array;
    case GoKind::Chan:
      return TypeKind::Chan;
    case GoKind::Func:
      return TypeKind::Func;
    case GoKind::Interface:
      return has_methods ? TypeKind::Interface : TypeKind::EmptyInterface;
    case GoKind::Map:
      return TypeKind::Map;
    case GoKind::Pointer:
      return TypeKind::Pointer;
    case GoKind::Slice:
      return TypeKind::Slice;
    case GoKind::String:
      return TypeKind::String;
    case GoKind::Struct:
      return TypeKind::Struct;
    case GoKind::UnsafePointer:
      return TypeKind::UnsafePointer;
    default:
      return TypeKind::Scalar;
  }
}

void TypeTable::Impl::decode_rtype(TypeId id) {
  TypeRow& r = row(id);
  auto type = reader.read(r.info.rtype);
  if (!type) {
    diagnostics.lose("types that could not be read", fmt::format("{:#x}", r.info.rtype));
    r.info.name = "unknown type";
    return;
  }
  r.info.kind = table_kind(type->kind, type->methods != 0);
  r.info.size = type->size;
  r.info.has_pointers = type->pointer_bytes != 0;
  r.info.direct_interface = type->direct_interface;
  r.pointer_bytes = type->pointer_bytes;
  if (type->has_static_mask) r.gc_data = type->gc_data;
  r.opaque = !type->complete;
  r.info.name = type->text.empty() ? composed_name(*type) : short_type_name(type->text);
  if (!type->package_path.empty()) r.full_name = with_path(type->text, type->package_path);
  if (type->complete) {
    if (type->elem) r.info.elem = intern_rtype(type->elem);
    if (type->key) r.info.key = intern_rtype(type->key);
    r.info.count = type->count;
    r.info.map_indirect_key = type->map_indirect_key;
    r.info.map_indirect_elem = type->map_indirect_elem;
    for (auto& field : type->fields)
      r.info.fields.push_back(
          {std::move(field.name), field.offset, intern_rtype(field.type), field.embedded});
    if (type->kind == GoKind::Map) r.info.map_storage = classic_bucket(type->map_storage, *type);
  }
  r.special = special_struct(r);
}

// The bucket type of a map type, which is a bare record where reflect made it (reflect.bucketOf):
// then composed from key and element as MapBucketType does.
TypeId TypeTable::Impl::classic_bucket(Address bucket, const Rtype& map) {
  auto record = reader.read(bucket);
  if (!record || record->complete) return intern_rtype(bucket);
  // Somebody may have met the bare record before its map.
  if (auto at = by_rtype.find(bucket); at != by_rtype.end() && !row(at->second).info.fields.empty())
    return at->second;
  auto slots = [&](Address type, bool indirect) {
    auto id = intern_rtype(type);
    return array_of(indirect ? intern_pointer(id) : id, kMapBucketSlots);
  };
  auto keys = slots(map.key, map.map_indirect_key);
  auto elems = slots(map.elem, map.map_indirect_elem);
  auto topbits = add_plain("[8]uint8", TypeKind::Scalar, kMapBucketSlots, 0);
  auto overflow = record->pointer_bytes != 0 ? unknown_word() : scalar_word();
  auto elems_at = kMapBucketSlots + decoded(keys).info.size;
  auto overflow_at = elems_at + decoded(elems).info.size;
  auto id = kUnknownType;
  if (overflow_at + 8 == record->size)
    id = add_struct(fmt::format("bucket({},{})", decoded(intern_rtype(map.key)).info.name,
                                decoded(intern_rtype(map.elem)).info.name),
                    {{"topbits", 0, topbits},
                     {"keys", kMapBucketSlots, keys},
                     {"elems", elems_at, elems},
                     {"overflow", overflow_at, overflow}},
                    record->size);
  if (id == kUnknownType) return intern_rtype(bucket);
  TypeRow& r = row(id);
  r.info.rtype = bucket;
  r.gc_data = record->has_static_mask ? record->gc_data : 0;
  r.special = special_struct(r);
  return by_rtype[bucket] = id;
}

TypeId TypeTable::Impl::array_of(TypeId elem, std::uint64_t count) {
  const TypeRow& part = decoded(elem);
  auto pointer_bytes =
      part.info.has_pointers && count != 0 ? (count - 1) * part.info.size + part.pointer_bytes : 0;
  auto id = add_plain(fmt::format("[{}]{}", count, part.info.name), TypeKind::Array,
                      count * part.info.size, pointer_bytes);
  if (id == kUnknownType) return id;
  row(id).info.elem = elem;
  row(id).info.count = count;
  return id;
}

// The name of a type that reflect made, as reflect composes it (reflect.StructOf, FuncOf, …).
std::string TypeTable::Impl::composed_name(const Rtype& type) {
  if (composing >= kMaxComposedDepth) return "…";
  composing++;
  auto name_of = [&](Address address) {
    auto id = intern_rtype(address);
    return id == kUnknownType ? std::string("?") : decoded(id).info.name;
  };
  std::string out;
  switch (type.complete ? type.kind : GoKind::Invalid) {
    case GoKind::Pointer:
      out = fmt::format("*{}", name_of(type.elem));
      break;
    case GoKind::Slice:
      out = fmt::format("[]{}", name_of(type.elem));
      break;
    case GoKind::Array:
      out = fmt::format("[{}]{}", type.count, name_of(type.elem));
      break;
    case GoKind::Map:
      out = fmt::format("map[{}]{}", name_of(type.key), name_of(type.elem));
      break;
    case GoKind::Chan: {
      constexpr std::string_view kDirections[] = {"chan", "<-chan", "chan<-", "chan"};
      out = fmt::format("{} {}", kDirections[type.chan_direction & 3], name_of(type.elem));
      break;
    }
    case GoKind::Func:
      out = composed_func_name(type, name_of);
      break;
    case GoKind::Struct:
      out = composed_struct_name(type, name_of);
      break;
    default:
      out = fmt::format("{} bytes", type.size);
  }
  composing--;
  return out;
}

}  // namespace overhang
