#include "goruntime/rtype.h"

#include <algorithm>

#include "base/checked.h"

namespace overhang {
namespace {

// struct Type, the same from Go 1.19 to 1.27 on 64-bit systems.
constexpr std::uint64_t kTypeSize = 48;
constexpr std::uint64_t kPtrBytesOffset = 8;
constexpr std::uint64_t kTFlagOffset = 20;
constexpr std::uint64_t kAlignOffset = 21;
constexpr std::uint64_t kFieldAlignOffset = 22;
constexpr std::uint64_t kKindOffset = 23;
constexpr std::uint64_t kGCDataOffset = 32;
constexpr std::uint64_t kStrOffset = 40;
constexpr std::uint64_t kPtrToThisOffset = 44;

constexpr std::uint8_t kKindMask = (1 << 5) - 1;
constexpr std::uint8_t kKindDirectIface = 1 << 5;  // to 1.25
constexpr std::uint8_t kKindGCProg = 1 << 6;       // to 1.23
constexpr std::uint8_t kTFlagUncommon = 1 << 0;
constexpr std::uint8_t kTFlagExtraStar = 1 << 1;
constexpr std::uint8_t kTFlagNamed = 1 << 2;
constexpr std::uint8_t kTFlagGCMaskOnDemand = 1 << 4;  // 1.24+
constexpr std::uint8_t kTFlagDirectIface = 1 << 5;     // 1.26+

// abi.Name's flag bits.
constexpr std::uint8_t kNameEmbedded = 1 << 3;

// Bounds on what a type may claim.
constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 47;
constexpr std::uint64_t kMaxNameBytes = 1 << 20;
constexpr std::uint64_t kMaxFields = 1 << 20;
constexpr std::uint64_t kStructFieldSize = 24;

std::uint64_t fixed_size(GoKind kind) {
  switch (kind) {
    case GoKind::Bool:
    case GoKind::Int8:
    case GoKind::Uint8:
      return 1;
    case GoKind::Int16:
    case GoKind::Uint16:
      return 2;
    case GoKind::Int32:
    case GoKind::Uint32:
    case GoKind::Float32:
      return 4;
    case GoKind::Complex128:
    case GoKind::Interface:
    case GoKind::String:
      return 16;
    case GoKind::Slice:
      return 24;
    default:
      return 8;
  }
}

// What the kind alone says of PtrBytes. Pointers to types outside the heap have none.
bool pointer_bytes_fit(GoKind kind, std::uint64_t pointer_bytes) {
  switch (kind) {
    case GoKind::Array:
    case GoKind::Struct:
      return true;
    case GoKind::Interface:
      return pointer_bytes == 16;
    case GoKind::String:
    case GoKind::Map:
    case GoKind::Chan:
    case GoKind::Func:
    case GoKind::UnsafePointer:
      return pointer_bytes == 8;
    case GoKind::Pointer:
    case GoKind::Slice:
      return pointer_bytes <= 8;
    default:
      return pointer_bytes == 0;
  }
}

}  // namespace

struct RtypeReader::Head {
  std::uint64_t size, pointer_bytes;
  std::uint8_t tflag, field_align, kind_byte;
  GoKind kind;
  Address gc_data;
  std::int32_t str;
  const Module* module;
};

const Module* RtypeReader::module_of(Address address) const {
  for (const auto& module : modules_)
    if (address >= module.types && address < module.etypes) return &module;
  return nullptr;
}

std::optional<RtypeReader::Head> RtypeReader::head(Address address) const {
  if (address == 0 || address % 8 != 0) return std::nullopt;
  const auto* raw = image_.at(address, kTypeSize);
  if (!raw) return std::nullopt;
  Head head;
  head.size = load_unchecked<std::uint64_t>(raw);
  head.pointer_bytes = load_unchecked<std::uint64_t>(raw + kPtrBytesOffset);
  head.tflag = load_unchecked<std::uint8_t>(raw + kTFlagOffset);
  auto align = load_unchecked<std::uint8_t>(raw + kAlignOffset);
  head.field_align = load_unchecked<std::uint8_t>(raw + kFieldAlignOffset);
  head.kind_byte = load_unchecked<std::uint8_t>(raw + kKindOffset);
  head.kind = static_cast<GoKind>(head.kind_byte & kKindMask);
  head.gc_data = load_unchecked<std::uint64_t>(raw + kGCDataOffset);
  head.str = load_unchecked<std::int32_t>(raw + kStrOffset);
  head.module = module_of(address);

  if (head.kind == GoKind::Invalid || head.kind > GoKind::UnsafePointer) return std::nullopt;
  if (head.size > kMaxSize || head.pointer_bytes > head.size || head.pointer_bytes % 8 != 0)
    return std::nullopt;
  if (align == 0 || align > 16 || (align & (align - 1)) != 0) return std::nullopt;
  bool composite = head.kind == GoKind::Array || head.kind == GoKind::Struct;
  if (!composite && head.size != fixed_size(head.kind)) return std::nullopt;
  if (!pointer_bytes_fit(head.kind, head.pointer_bytes)) return std::nullopt;
  // runtime.resolveNameOff: offsets of types made at run time are negative keys of a map.
  if (head.module) {
    if (head.str < 0 ||
        static_cast<std::uint64_t>(head.str) >= head.module->etypes - head.module->types)
      return std::nullopt;
  } else if (head.str >= 0) {
    return std::nullopt;
  }
  return head;
}

bool RtypeReader::plausible(Address address) const { return head(address).has_value(); }

Address RtypeReader::pointer_type(Address address) const {
  const auto* module = module_of(address);
  auto offset = image_.read<std::int32_t>(address + kPtrToThisOffset);
  if (!module || !offset || *offset <= 0) return 0;
  return module->types + static_cast<std::uint64_t>(*offset);
}

std::optional<std::string> RtypeReader::name(Address address) const {
  std::uint64_t length = 0;
  Address at = address + 1;
  for (unsigned shift = 0;; shift += 7, at++) {
    auto byte = image_.read<std::uint8_t>(at);
    if (!byte || shift > 28) return std::nullopt;
    length |= std::uint64_t{*byte & 0x7Fu} << shift;
    if (*byte < 0x80) break;
  }
  if (length > kMaxNameBytes) return std::nullopt;
  auto text = image_.bytes(at + 1, length);
  if (!text) return std::nullopt;
  return std::string(as_text(*text));
}

// Where abi.MapType.Flags stands, abi.OldMapType.Flags, runtime.maptype.flags; the last field.
std::uint64_t RtypeReader::map_flags_at() const {
  if (!swiss_maps_) return 84;
  return minor_ < 27 ? 104 : 128;
}

// The size of the record before an UncommonType (abi.Type.Uncommon).
std::uint64_t RtypeReader::record_size(GoKind kind) const {
  switch (kind) {
    case GoKind::Struct:
    case GoKind::Interface:
      return 80;
    case GoKind::Pointer:
    case GoKind::Slice:
    case GoKind::Func:
      return 56;
    case GoKind::Array:
      return 72;
    case GoKind::Chan:
      return 64;
    case GoKind::Map:
      return map_flags_at() + (swiss_maps_ ? 8 : 4);
    default:
      return kTypeSize;
  }
}

bool RtypeReader::read_struct(Address address, Rtype& type) const {
  auto fields = read_slice(image_, address + 56);
  if (!fields || fields->len > kMaxFields) return false;
  if (fields->len == 0) return true;
  const auto* raw = image_.at(fields->data, fields->len * kStructFieldSize);
  if (!raw) return false;
  std::uint64_t end = 0;
  for (std::uint64_t i = 0; i < fields->len; i++, raw += kStructFieldSize) {
    Rtype::Field field;
    auto name_at = load_unchecked<std::uint64_t>(raw);
    field.type = load_unchecked<std::uint64_t>(raw + 8);
    field.offset = load_unchecked<std::uint64_t>(raw + 16);
    auto flags = image_.read<std::uint8_t>(name_at);
    auto text = name(name_at);
    if (!flags || !text || !plausible(field.type)) return false;
    auto size_of_field = size(field.type).value_or(kMaxSize);
    if (field.offset < end || field.offset > type.size || size_of_field > type.size - field.offset)
      return false;
    end = field.offset + size_of_field;
    field.name = std::move(*text);
    field.embedded = *flags & kNameEmbedded;
    type.fields.push_back(std::move(field));
  }
  return true;
}

bool RtypeReader::read_map(Address address, Rtype& type) const {
  const auto* raw = image_.at(address, record_size(GoKind::Map));
  if (!raw) return false;
  type.key = load_unchecked<std::uint64_t>(raw + 48);
  type.elem = load_unchecked<std::uint64_t>(raw + 56);
  type.map_storage = load_unchecked<std::uint64_t>(raw + 64);
  type.map_flags = load_unchecked<std::uint32_t>(raw + map_flags_at());
  // abi.MapIndirectKey and MapIndirectElem; OldMapType.IndirectKey and IndirectElem.
  type.map_indirect_key = type.map_flags & (swiss_maps_ ? 4 : 1);
  type.map_indirect_elem = type.map_flags & (swiss_maps_ ? 8 : 2);
  return true;
}

// FuncType.InSlice and OutSlice: the parameters' types follow the record and its uncommon part.
bool RtypeReader::read_func(Address address, bool uncommon, Rtype& type) const {
  auto in = image_.read<std::uint16_t>(address + 48);
  auto out = image_.read<std::uint16_t>(address + 50);
  if (!in || !out) return false;
  type.variadic = *out & 0x8000;
  std::uint64_t in_count = *in, out_count = *out & 0x7FFF;
  auto at = address + record_size(GoKind::Func) + (uncommon ? 16 : 0);
  const auto* raw = image_.at(at, (in_count + out_count) * 8);
  if (in_count + out_count != 0 && !raw) return false;
  for (std::uint64_t i = 0; i < in_count + out_count; i++)
    (i < in_count ? type.inputs : type.outputs)
        .push_back(load_unchecked<std::uint64_t>(raw + i * 8));
  return true;
}

bool RtypeReader::read_components(Address address, bool uncommon, Rtype& type) const {
  switch (type.kind) {
    case GoKind::Chan:
      type.chan_direction = image_.word(address + 56).value_or(0);
      [[fallthrough]];
    case GoKind::Pointer:
    case GoKind::Slice:
      type.elem = image_.word(address + 48).value_or(0);
      return plausible(type.elem);
    case GoKind::Array: {
      type.elem = image_.word(address + 48).value_or(0);
      type.count = image_.word(address + 64).value_or(0);
      if (!plausible(type.elem)) return false;
      auto total = checked_mul(type.count, size(type.elem).value_or(kMaxSize));
      return total && *total == type.size;
    }
    case GoKind::Interface:
      type.methods = image_.word(address + 64).value_or(0);
      return true;
    case GoKind::Map:
      return read_map(address, type) && plausible(type.key) && plausible(type.elem) &&
             plausible(type.map_storage);
    case GoKind::Func:
      return read_func(address, uncommon, type);
    case GoKind::Struct:
      return read_struct(address, type);
    default:
      return true;
  }
}

std::optional<Rtype> RtypeReader::read(Address address) const {
  auto head = this->head(address);
  if (!head) return std::nullopt;
  Rtype type;
  type.kind = head->kind;
  type.size = head->size;
  type.pointer_bytes = head->pointer_bytes;
  type.gc_data = head->gc_data;
  type.direct_interface =
      minor_ >= 26 ? head->tflag & kTFlagDirectIface : head->kind_byte & kKindDirectIface;
  bool unusual_mask =
      minor_ >= 24 ? head->tflag & kTFlagGCMaskOnDemand : head->kind_byte & kKindGCProg;
  type.has_static_mask = type.pointer_bytes != 0 && !unusual_mask;

  if (head->module) {
    auto text = name(head->module->types + static_cast<std::uint64_t>(head->str));
    if (!text) return std::nullopt;
    type.text = std::move(*text);
    if (head->tflag & kTFlagExtraStar && type.text.starts_with('*')) type.text.erase(0, 1);
  }
  bool uncommon = head->tflag & kTFlagUncommon;
  if (uncommon && head->module && head->tflag & kTFlagNamed) {
    auto offset = image_.read<std::int32_t>(address + record_size(type.kind));
    if (offset && *offset > 0)
      type.package_path =
          name(head->module->types + static_cast<std::uint64_t>(*offset)).value_or("");
  }
  // reflect.bucketOf makes a bare abi.Type of kind Struct: nothing of a StructType follows.
  bool bare = !head->module && type.kind == GoKind::Struct && head->field_align == 0;
  type.complete = !bare && read_components(address, uncommon, type);
  if (!type.complete) type.fields.clear();
  return type;
}

std::optional<Address> RtypeReader::itab_type(Address itab) const {
  if (itab % 8 != 0) return std::nullopt;
  const auto* raw = image_.at(itab, 24);
  if (!raw) return std::nullopt;
  auto inter = load_unchecked<std::uint64_t>(raw);
  auto type = load_unchecked<std::uint64_t>(raw + 8);
  auto inter_head = head(inter);
  if (!inter_head || inter_head->kind != GoKind::Interface || !plausible(type)) return std::nullopt;
  return type;
}

std::optional<Address> RtypeReader::itab_interface(Address itab) const {
  return itab_type(itab) ? image_.word(itab) : std::nullopt;
}

}  // namespace overhang
