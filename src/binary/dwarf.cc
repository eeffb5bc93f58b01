#include "binary/dwarf.h"

#include <dwarf.h>

#include <tuple>
#include <utility>

#include "binary/dwarf_impl.h"

namespace overhang {
namespace {

constexpr std::uint64_t kWord = 8;  // bytes; the supported architectures are 64-bit
constexpr std::uint8_t kKindChan = 18, kKindFunc = 19, kKindMap = 21,
                       kKindUnsafePointer = 26;  // reflect.Kind

// [runtime.types, runtime.etypes): the section that holds the abi.Types.
std::pair<Address, Address> find_types(const ElfFile& file) {
  auto start = file.symbol("runtime.types"), end = file.symbol("runtime.etypes");
  if (start && end) return {start->address, end->address};
  auto* section = file.position_independent() ? file.section(".data.rel.ro") : nullptr;
  if (!section) section = file.section(".rodata");
  if (!section) return {};
  return {section->address, section->address + section->size};
}

bool is_plain_typedef(const dwarf::Entry& entry) {
  return entry.tag == DW_TAG_typedef && !entry.find(DW_AT_go_kind);
}

// The kind as the entry says it, or as its tag implies.
std::uint8_t kind_of(const dwarf::Entry& entry) {
  if (auto* kind = entry.find(DW_AT_go_kind)) return static_cast<std::uint8_t>(kind->value);
  if (entry.tag == DW_TAG_pointer_type && !entry.find(DW_AT_type)) return kKindUnsafePointer;
  return 0;
}

bool is_type(std::uint16_t tag) {
  return tag == DW_TAG_base_type || tag == DW_TAG_structure_type || tag == DW_TAG_array_type ||
         tag == DW_TAG_pointer_type || tag == DW_TAG_subroutine_type || tag == DW_TAG_typedef ||
         tag == DW_TAG_unspecified_type;
}

}  // namespace

Dwarf::Dwarf() = default;
Dwarf::~Dwarf() = default;

Result<std::unique_ptr<Dwarf>> Dwarf::open(const ElfFile& file, Diagnostics* diagnostics) {
  if (!file.has_dwarf()) return fail(ErrorKind::NotFound, "{} has no DWARF", file.path());
  std::unique_ptr<Dwarf> dwarf(new Dwarf);
  dwarf->impl_ = std::make_unique<Impl>(file);
  auto& impl = *dwarf->impl_;
  impl.diagnostics = diagnostics;
  std::tie(impl.types_start, impl.types_end) = find_types(file);
  if (!impl.entries.open())
    return fail(ErrorKind::BadInput, "{} has damaged or unknown DWARF in .debug_info", file.path());
  if (diagnostics)
    for (std::uint64_t i = 0; i < impl.entries.damaged_units(); i++)
      diagnostics->lose("DWARF unit damaged", file.path());
  return dwarf;
}

dwarf::Index& Dwarf::Impl::index() {
  if (indexed) return index_;
  indexed = true;
  index_.build(entries);
  if (diagnostics)
    for (std::uint64_t i = 0; i < index_.damaged_units(); i++)
      diagnostics->lose("DWARF unit damaged");
  return index_;
}

const std::vector<DwarfGlobal>& Dwarf::globals() {
  if (!impl_->globals) {
    impl_->globals.emplace();
    for (auto& global : impl_->index().globals())
      impl_->globals->push_back({std::string(global.name), global.address, global.type});
    for (auto& module : impl_->modules)
      for (auto& global : module.dwarf->globals())
        impl_->globals->push_back(
            {global.name, global.address + module.shift, module.tagged(global.type)});
  }
  return *impl_->globals;
}

DieOffset Dwarf::type_named(std::string_view name) {
  if (auto offset = impl_->index().type_named(name)) return offset;
  for (auto& module : impl_->modules)
    if (auto offset = module.dwarf->type_named(name)) return module.tagged(offset);
  return 0;
}

std::optional<std::int64_t> Dwarf::constant(std::string_view name) {
  return impl_->index().constant(name);
}

// The type entry behind `offset` and any plain typedefs, of which honest files have at most three
// (a type parameter, its shape, and that one's definition). Sets `dictionary_index` where there is
// one.
std::optional<dwarf::Entry> Dwarf::Impl::definition(
    DieOffset offset, std::optional<std::uint32_t>& dictionary_index) {
  constexpr int kMaxHops = 8;
  for (int hops = 0; hops < kMaxHops; hops++) {
    auto entry = entries.at(offset);
    if (!entry || !is_type(entry->tag)) return std::nullopt;
    if (!is_plain_typedef(*entry)) return entry;
    if (auto* index = entry->find(DW_AT_go_dict_index))
      dictionary_index = static_cast<std::uint32_t>(index->value);
    offset = entry->number(DW_AT_type);
  }
  return std::nullopt;
}

std::optional<DwarfType> Dwarf::type(DieOffset offset) {
  if (auto* module = impl_->module_of_type(offset)) return module->type(offset);
  DwarfType out;
  auto entry = impl_->definition(offset, out.dictionary_index);
  if (!entry) return std::nullopt;
  out.name = entry->text(DW_AT_name);
  out.definition = entry->offset;
  out.go_kind = kind_of(*entry);
  out.size = entry->number(DW_AT_byte_size);
  out.key = entry->number(DW_AT_go_key);
  out.elem = entry->number(DW_AT_go_elem);
  out.runtime_type = impl_->type_address(entry->number(DW_AT_go_runtime_type));
  bool word = entry->tag == DW_TAG_pointer_type || out.go_kind == kKindChan ||
              out.go_kind == kKindMap || out.go_kind == kKindFunc;
  if (word) out.size = kWord;
  if (entry->tag == DW_TAG_pointer_type || entry->tag == DW_TAG_array_type)
    out.elem = entry->number(DW_AT_type);
  auto shape = std::move(entry);                // what the size and fields are read from
  if (shape->tag == DW_TAG_typedef && !word) {  // an interface: a typedef of its header
    std::optional<std::uint32_t> unused;
    shape = impl_->definition(shape->number(DW_AT_type), unused);
    if (!shape) return std::nullopt;
    out.size = shape->number(DW_AT_byte_size);
  }
  if (shape->tag == DW_TAG_structure_type || shape->tag == DW_TAG_array_type)
    impl_->read_children(*shape, out);
  return out;
}

Address Dwarf::Impl::type_address(std::uint64_t value) const {
  if (value == 0 || types_end < types_start) return 0;
  if (value < types_end - types_start) return types_start + value;
  // Before Go 1.23 uintptr alone has its address.
  return value >= types_start && value < types_end ? value : 0;
}

void Dwarf::Impl::read_children(const dwarf::Entry& parent, DwarfType& out) {
  auto* unit = entries.unit_of(parent.offset);
  if (!unit || !parent.children) return;
  auto reader = entries.reader(*unit, parent.offset);
  dwarf::Entry entry;
  entries.read(reader, *unit, entry);  // the parent itself
  for (std::uint64_t depth = 1; entries.read(reader, *unit, entry);) {
    if (entry.tag == 0 && --depth == 0) return;
    if (entry.tag == DW_TAG_member && depth == 1)
      out.fields.push_back({std::string(entry.text(DW_AT_name)),
                            entry.number(DW_AT_data_member_location), entry.number(DW_AT_type),
                            entry.number(DW_AT_go_embedded_field) != 0});
    if (entry.tag == DW_TAG_subrange_type && depth == 1) out.count = entry.number(DW_AT_count);
    if (entry.children) depth++;
  }
}

}  // namespace overhang
