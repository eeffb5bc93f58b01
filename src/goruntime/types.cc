#include "goruntime/types.h"

#include <algorithm>

#include "goruntime/type_names.h"
#include "goruntime/type_table.h"

namespace overhang {
namespace {

// Of a hostile image: more rows than this are not made.
constexpr std::size_t kMaxRows = std::size_t{1} << 24;

}  // namespace

TypeTable::Impl::Impl(const Runtime& runtime_in, Dwarf* dwarf_in)
    : runtime(runtime_in),
      dwarf(dwarf_in),
      diagnostics(runtime_in.diagnostics()),
      reader(runtime_in.image(), runtime_in.modules(), runtime_in.layout().minor,
             runtime_in.layout().swiss_maps()) {
  auto& unknown = rows.emplace_back();
  unknown.info.name = "unknown type";
  unknown.decoded = unknown.compiled = unknown.mask_made = true;
}

TypeId TypeTable::Impl::add_row() {
  if (rows.size() >= kMaxRows) {
    diagnostics.lose("types beyond the type table's capacity");
    return kUnknownType;
  }
  rows.emplace_back();
  return TypeId(static_cast<std::uint32_t>(rows.size() - 1));
}

TypeRow& TypeTable::Impl::decoded(TypeId id) {
  TypeRow& r = row(id);
  if (r.decoded) return r;
  if (r.dwarf) {
    decode_dwarf(id);
  } else {
    r.decoded = true;
    decode_rtype(id);
    remember_name(id);
  }
  return r;
}

TypeId TypeTable::Impl::intern_rtype(Address address) {
  auto [at, fresh] = by_rtype.try_emplace(address);
  if (!fresh) return at->second;
  if (!reader.plausible(address)) return kUnknownType;
  auto id = add_row();
  at->second = id;
  if (id != kUnknownType) row(id).info.rtype = address;
  return id;
}

TypeId TypeTable::Impl::intern_pointer(TypeId elem) {
  auto [at, fresh] = pointers.try_emplace(elem);
  if (!fresh) return at->second;
  const TypeRow& pointee = decoded(elem);
  auto is_it = [&](TypeId id) {
    const auto& info = decoded(id).info;
    return info.kind == TypeKind::Pointer && info.elem == elem;
  };
  auto id = intern_rtype(reader.pointer_type(pointee.info.rtype));
  if (!is_it(id)) {
    auto known = by_name.find(fmt::format("*{}", pointee.info.name));
    id = known != by_name.end() ? known->second : kUnknownType;
  }
  if (!is_it(id) && dwarf && !pointee.full_name.empty())
    id = intern_die(dwarf->type_named(fmt::format("*{}", pointee.full_name)));
  if (!is_it(id)) {
    id = add_plain(fmt::format("*{}", pointee.info.name), TypeKind::Pointer, 8, 8);
    if (id == kUnknownType) return id;
    row(id).info.direct_interface = true;
    row(id).info.elem = elem;
  }
  return pointers[elem] = id;
}

TypeId TypeTable::Impl::add_plain(std::string name, TypeKind kind, std::uint64_t size,
                                  std::uint64_t pointer_bytes) {
  auto id = add_row();
  if (id == kUnknownType) return id;
  TypeRow& r = row(id);
  r.info.name = std::move(name);
  r.info.kind = kind;
  r.info.size = size;
  r.info.has_pointers = pointer_bytes != 0;
  r.pointer_bytes = pointer_bytes;
  r.decoded = true;
  return id;
}

TypeId TypeTable::Impl::scalar_word() {
  if (scalar_word_type == kUnknownType)
    scalar_word_type = add_plain("uintptr", TypeKind::Scalar, 8, 0);
  return scalar_word_type;
}

TypeId TypeTable::Impl::unknown_word() {
  if (unknown_word_type == kUnknownType)
    unknown_word_type = add_plain("unsafe.Pointer", TypeKind::UnsafePointer, 8, 8);
  return unknown_word_type;
}

TypeId TypeTable::Impl::pointer_free_data() {
  if (pointer_free_type == kUnknownType)
    pointer_free_type = add_plain("(pointer-free data)", TypeKind::Scalar, 1, 0);
  return pointer_free_type;
}

TypeId TypeTable::Impl::add_struct(std::string name, std::vector<TypeField> fields,
                                   std::uint64_t size) {
  auto id = add_row();
  if (id == kUnknownType) return id;
  TypeRow& r = row(id);
  r.info.name = std::move(name);
  r.info.kind = TypeKind::Struct;
  r.info.size = size;
  for (const auto& field : fields) {
    const TypeRow& part = decoded(field.type);
    if (!part.info.has_pointers) continue;
    r.info.has_pointers = true;
    r.pointer_bytes = field.offset + part.pointer_bytes;
  }
  r.info.fields = std::move(fields);
  r.decoded = true;
  return id;
}

void TypeTable::Impl::remember_name(TypeId id) {
  const TypeRow& r = row(id);
  by_name.try_emplace(r.info.name, id);
  if (!r.full_name.empty()) by_full_name.try_emplace(r.full_name, id);
}

TypeId TypeTable::Impl::named_in_full(std::string_view full_name) {
  if (auto at = by_full_name.find(std::string(full_name)); at != by_full_name.end())
    return at->second;
  if (dwarf) {
    auto id = intern_die(dwarf->type_named(full_name));
    if (decoded(id).info.kind != TypeKind::Unknown) return id;
  }
  if (!names_loaded) {
    // moduledata.typelinks: every type of the binary that has no name, so also *T of most T. There
    // is none since Go 1.27.
    names_loaded = true;
    if (!dwarf || !runtime.layout().has(runtime.layout().moduledata_typelinks)) all_types();
    for (const auto& module : runtime.modules()) {
      auto links = runtime.image().bytes(module.typelinks.data, module.typelinks.len * 4);
      if (module.typelinks.len > (module.etypes - module.types) / 8 || !links) continue;
      for (std::uint64_t i = 0; i < module.typelinks.len; i++) {
        auto offset = load<std::int32_t>(*links, i * 4).value_or(0);
        auto id = intern_rtype(module.types + static_cast<std::uint64_t>(offset));
        if (id != kUnknownType) decoded(decoded(id).info.elem);
      }
    }
    return named_in_full(full_name);
  }
  return kUnknownType;
}

TypeId TypeTable::Impl::named(std::string_view name) {
  if (name.empty()) return kUnknownType;
  auto stars = std::min(name.find_first_not_of('*'), name.size());
  auto id = named_in_full(name.substr(stars));
  if (id == kUnknownType) {
    auto at = by_name.find(short_type_name(name.substr(stars)));
    if (at == by_name.end()) return kUnknownType;
    // A path that is given must be the type's own.
    const auto& full = row(at->second).full_name;
    if (name.find('/') != std::string_view::npos && !full.empty() && full != name.substr(stars))
      return kUnknownType;
    id = at->second;
  }
  for (; stars > 0; stars--) id = intern_pointer(id);
  return id;
}

TypeTable::TypeTable(const Runtime& runtime, Dwarf* dwarf)
    : impl_(std::make_unique<Impl>(runtime, dwarf)) {}
TypeTable::~TypeTable() = default;

TypeId TypeTable::from_rtype(Address rtype) { return impl_->intern_rtype(rtype); }
TypeId TypeTable::from_dwarf(DieOffset die) { return impl_->intern_die(die); }
const std::vector<TypeId>& TypeTable::all() { return impl_->all_types(); }
TypeId TypeTable::named(std::string_view name) { return impl_->named(name); }

TypeId TypeTable::from_itab(Address itab) {
  auto [at, fresh] = impl_->by_itab.try_emplace(itab);
  if (!fresh) return at->second;
  auto type = impl_->reader.itab_type(itab);
  if (type) at->second = impl_->intern_rtype(*type);
  return at->second;
}

TypeId TypeTable::interface_of_itab(Address itab) {
  auto type = impl_->reader.itab_interface(itab);
  return type ? impl_->intern_rtype(*type) : kUnknownType;
}

const TypeInfo& TypeTable::info(TypeId id) const { return impl_->decoded(id).info; }
std::string_view TypeTable::full_name(TypeId id) const { return impl_->decoded(id).full_name; }
std::span<const ScanStep> TypeTable::program(TypeId id) { return impl_->program(id); }
const std::vector<std::uint64_t>& TypeTable::pointer_mask(TypeId id) {
  return impl_->pointer_mask(id);
}
TypeId TypeTable::pointer_free_data() { return impl_->pointer_free_data(); }
TypeId TypeTable::cleanup_argument(Address call) { return impl_->cleanup_argument(call); }
TypeId TypeTable::closure(Address pc, std::uint64_t object_bytes) {
  return impl_->closure(pc, object_bytes);
}
TypeId TypeTable::closure_like(Address pc, TypeId structure) {
  return impl_->closure_like(pc, structure);
}
TypeId TypeTable::sized(std::uint64_t bytes) { return impl_->sized(bytes); }
bool TypeTable::has_dwarf() const { return impl_->dwarf != nullptr; }
bool TypeTable::may_be_closure(Address pc, TypeId structure) {
  return impl_->may_be_closure(pc, structure);
}
bool TypeTable::captures_are_told(TypeId closure) const {
  const auto& fields = info(closure).fields;
  return fields.size() < 2 || std::any_of(fields.begin() + 1, fields.end(), [](const auto& field) {
           return field.name != kUnknownField;
         });
}
TypeId TypeTable::either(std::vector<TypeId> types) { return impl_->either(std::move(types)); }
TypeId TypeTable::sync_map_node_target(TypeId node, bool is_entry) {
  return impl_->sync_map_node_target(node, is_entry);
}
std::string TypeTable::slice_name(TypeId elem) const { return "[]" + info(elem).name; }
std::size_t TypeTable::size() const { return impl_->rows.size(); }

}  // namespace overhang
