#include "binary/dwarf_entries.h"

#include <dwarf.h>

#include <algorithm>

namespace overhang::dwarf {

std::int64_t Reader::read_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64;) {
    auto byte = read<std::uint8_t>();
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    shift += 7;
    if (byte & 0x80) continue;
    if ((byte & 0x40) && shift < 64) value |= ~std::uint64_t{0} << shift;
    return static_cast<std::int64_t>(value);
  }
  fail();
  return 0;
}

std::string_view Reader::read_text() {
  if (!ok() || offset() >= bytes_.size()) {
    fail();
    return {};
  }
  auto* start = reinterpret_cast<const char*>(bytes_.data() + offset());
  auto* end = static_cast<const char*>(std::memchr(start, 0, bytes_.size() - offset()));
  if (!end) {
    fail();
    return {};
  }
  auto size = static_cast<std::size_t>(end - start);
  skip(size + 1);
  return {start, size};
}

bool Entries::open() {
  // While .debug_info is inflated and indexed here.
  for (auto later : {DebugSection::Addr, DebugSection::RngLists, DebugSection::Ranges,
                     DebugSection::LocLists, DebugSection::Loc})
    sections_.prefetch(later);
  auto info = sections_.get(DebugSection::Info);
  for (std::uint64_t offset = 0; offset < info.size();) {
    auto unit = read_header(offset);
    if (!unit) {  // nothing says where the next one starts
      damaged_units_++;
      break;
    }
    offset = unit->end;
    if (unit->version == 0) continue;
    if (unit->table) {
      read_unit_entry(*unit);
      units_.push_back(*unit);
    } else {
      damaged_units_++;
    }
  }
  return !units_.empty();
}

// The unit at `offset`, its table null where it is damaged, its version 0 where it is of a kind
// that is not read. Nothing where not even its size makes sense.
std::optional<Unit> Entries::read_header(std::uint64_t offset) {
  auto info = sections_.get(DebugSection::Info);
  Reader reader(info, offset);
  Unit unit;
  unit.offset = offset;
  std::uint64_t size = reader.read<std::uint32_t>();
  if (size == 0xFFFFFFFF) {
    unit.is64 = true;
    size = reader.read<std::uint64_t>();
  }
  if (!reader.ok() || size > info.size() - reader.offset()) return std::nullopt;
  unit.end = reader.offset() + size;
  unit.version = reader.read<std::uint16_t>();
  std::uint8_t kind = DW_UT_compile, address_size;
  std::uint64_t abbreviations;
  if (unit.version >= 5) {
    kind = reader.read<std::uint8_t>();
    address_size = reader.read<std::uint8_t>();
    abbreviations = reader.read_offset(unit.is64);
  } else {
    abbreviations = reader.read_offset(unit.is64);
    address_size = reader.read<std::uint8_t>();
  }
  unit.first_die = reader.offset();
  bool known = unit.version >= 2 && unit.version <= 5 && address_size == 8 &&
               (kind == DW_UT_compile || kind == DW_UT_partial);
  if (!reader.ok() || unit.first_die > unit.end || !known)
    unit.version = 0;
  else
    unit.table = table_at(abbreviations, unit.is64, unit.version);
  return unit;
}

void Entries::read_unit_entry(Unit& unit) {
  auto reader_at = reader(unit, unit.first_die);
  Entry entry;
  // Its low_pc may be an index, which addr_base must be known for.
  auto* abbreviation = begin(reader_at, unit, entry);
  auto start = reader_at;
  if (!abbreviation || !read_attributes(reader_at, unit, *abbreviation, entry)) return;
  unit.addr_base = entry.number(DW_AT_addr_base);
  read_attributes(start, unit, *abbreviation, entry);
  unit.low_pc = entry.number(DW_AT_low_pc);
  unit.go = entry.number(DW_AT_language) == DW_LANG_Go;
}

const AbbreviationTable* Entries::table_at(std::uint64_t offset, bool is64, std::uint16_t version) {
  auto [place, fresh] = tables_.try_emplace({offset, is64, version});
  if (!fresh) return place->second.get();
  auto bytes = sections_.get(DebugSection::Abbrev);
  // Tables do not overlap in honest files, or are shared: a file that has us parse the section many
  // times over is after our time.
  if (offset >= bytes.size() || table_bytes_ > 4 * bytes.size()) return nullptr;
  std::uint64_t taken = 0;
  place->second = AbbreviationTable::parse(bytes.subspan(offset), is64, version, taken);
  table_bytes_ += taken;
  return place->second.get();
}

const Unit* Entries::unit_of(std::uint64_t offset) const {
  auto after = std::upper_bound(units_.begin(), units_.end(), offset,
                                [](std::uint64_t o, const Unit& u) { return o < u.offset; });
  if (after == units_.begin()) return nullptr;
  auto& unit = *std::prev(after);
  return unit.go && offset >= unit.first_die && offset < unit.end ? &unit : nullptr;
}

std::optional<Entry> Entries::at(std::uint64_t offset) {
  auto* unit = unit_of(offset);
  if (!unit) return std::nullopt;
  auto reader_at = reader(*unit, offset);
  Entry entry;
  if (!read(reader_at, *unit, entry) || entry.tag == 0) return std::nullopt;
  return entry;
}

Address Entries::indexed_address(const Unit& unit, std::uint64_t index) {
  auto addresses = sections_.get(DebugSection::Addr);
  if (index > addresses.size()) return 0;
  return load<std::uint64_t>(addresses, unit.addr_base + index * 8).value_or(0);
}

const Abbreviation* Entries::begin(Reader& reader, const Unit& unit, Entry& entry) {
  entry.offset = reader.offset();
  entry.tag = 0;
  entry.children = false;
  entry.attributes.clear();
  auto code = reader.read_uvarint();
  if (!reader.ok() || code == 0) return nullptr;
  auto* abbreviation = unit.table->find(code);
  if (!abbreviation) {
    reader.fail();
    return nullptr;
  }
  entry.tag = abbreviation->tag;
  entry.children = abbreviation->children;
  return abbreviation;
}

bool Entries::read(Reader& reader, const Unit& unit, Entry& entry) {
  auto* abbreviation = begin(reader, unit, entry);
  if (!abbreviation) return reader.ok();
  return read_attributes(reader, unit, *abbreviation, entry);
}

bool Entries::read_attributes(Reader& reader, const Unit& unit, const Abbreviation& abbreviation,
                              Entry& entry) {
  entry.attributes.resize(abbreviation.attributes);
  for (std::uint32_t i = 0; i < abbreviation.attributes; i++) {
    auto& declared = unit.table->attributes[abbreviation.first_attribute + i];
    auto& attribute = entry.attributes[i];
    attribute = {declared.name, declared.form, 0, {}, {}};
    if (!read_form(reader, unit, attribute, declared.implicit)) return false;
  }
  return true;
}

bool Entries::skip_attributes(Reader& reader, const Unit& unit, const Abbreviation& abbreviation) {
  for (std::uint32_t i = 0; i < abbreviation.steps; i++)
    if (!skip(reader, unit.table->steps[abbreviation.first_step + i], unit.is64, unit.version))
      return false;
  return true;
}

bool Entries::read_form(Reader& reader, const Unit& unit, Attribute& attribute,
                        std::int64_t implicit) {
  auto text_of = [this, &reader, &unit](DebugSection section) {
    return Reader(sections_.get(section), reader.read_offset(unit.is64)).read_text();
  };
  while (attribute.form == DW_FORM_indirect && reader.ok())
    attribute.form = static_cast<std::uint16_t>(reader.read_uvarint());
  switch (attribute.form) {
    case DW_FORM_addr:
    case DW_FORM_data8:
      attribute.value = reader.read<std::uint64_t>();
      break;
    case DW_FORM_data1:
    case DW_FORM_flag:
      attribute.value = reader.read<std::uint8_t>();
      break;
    case DW_FORM_data2:
      attribute.value = reader.read<std::uint16_t>();
      break;
    case DW_FORM_data4:
      attribute.value = reader.read<std::uint32_t>();
      break;
    case DW_FORM_sdata:
      attribute.value = static_cast<std::uint64_t>(reader.read_varint());
      break;
    case DW_FORM_udata:
      attribute.value = reader.read_uvarint();
      break;
    case DW_FORM_implicit_const:
      attribute.value = static_cast<std::uint64_t>(implicit);
      break;
    case DW_FORM_flag_present:
      attribute.value = 1;
      break;
    case DW_FORM_sec_offset:
      attribute.value = reader.read_offset(unit.is64);
      break;
    case DW_FORM_ref_addr:
      attribute.value =
          unit.version < 3 ? reader.read<std::uint64_t>() : reader.read_offset(unit.is64);
      break;
    case DW_FORM_ref1:
      attribute.value = unit.offset + reader.read<std::uint8_t>();
      break;
    case DW_FORM_ref2:
      attribute.value = unit.offset + reader.read<std::uint16_t>();
      break;
    case DW_FORM_ref4:
      attribute.value = unit.offset + reader.read<std::uint32_t>();
      break;
    case DW_FORM_ref8:
      attribute.value = unit.offset + reader.read<std::uint64_t>();
      break;
    case DW_FORM_ref_udata:
      attribute.value = unit.offset + reader.read_uvarint();
      break;
    case DW_FORM_addrx:
      attribute.value = indexed_address(unit, reader.read_uvarint());
      break;
    case DW_FORM_addrx1:
      attribute.value = indexed_address(unit, reader.read<std::uint8_t>());
      break;
    case DW_FORM_addrx2:
      attribute.value = indexed_address(unit, reader.read<std::uint16_t>());
      break;
    case DW_FORM_addrx4:
      attribute.value = indexed_address(unit, reader.read<std::uint32_t>());
      break;
    case DW_FORM_string:
      attribute.text = reader.read_text();
      break;
    case DW_FORM_strp:
      attribute.text = text_of(DebugSection::Str);
      break;
    case DW_FORM_line_strp:
      attribute.text = text_of(DebugSection::LineStr);
      break;
    case DW_FORM_block1:
      attribute.block = reader.read_bytes(reader.read<std::uint8_t>());
      break;
    case DW_FORM_block2:
      attribute.block = reader.read_bytes(reader.read<std::uint16_t>());
      break;
    case DW_FORM_block4:
      attribute.block = reader.read_bytes(reader.read<std::uint32_t>());
      break;
    case DW_FORM_block:
    case DW_FORM_exprloc:
      attribute.block = reader.read_bytes(reader.read_uvarint());
      break;
    default:  // no attribute of Go's that is asked for has such a form
      attribute.name = 0;
      return skip_form(reader, attribute.form, unit.is64, unit.version);
  }
  return reader.ok();
}

}  // namespace overhang::dwarf
