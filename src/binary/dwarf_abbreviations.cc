#include <dwarf.h>

#include "binary/dwarf_entries.h"

namespace overhang::dwarf {
namespace {

using Kind = SkipStep::Kind;

// How an attribute of `form` is passed over; nothing for a form that is not known.
std::optional<SkipStep> skip_of(std::uint64_t form, bool is64, std::uint16_t version) {
  std::uint32_t offset_size = is64 ? 8 : 4;
  auto bytes = [](std::uint32_t n) { return SkipStep{Kind::Bytes, n}; };
  switch (form) {
    case DW_FORM_flag_present:
    case DW_FORM_implicit_const:
      return bytes(0);
    case DW_FORM_data1:
    case DW_FORM_ref1:
    case DW_FORM_flag:
    case DW_FORM_strx1:
    case DW_FORM_addrx1:
      return bytes(1);
    case DW_FORM_data2:
    case DW_FORM_ref2:
    case DW_FORM_strx2:
    case DW_FORM_addrx2:
      return bytes(2);
    case DW_FORM_strx3:
    case DW_FORM_addrx3:
      return bytes(3);
    case DW_FORM_data4:
    case DW_FORM_ref4:
    case DW_FORM_ref_sup4:
    case DW_FORM_strx4:
    case DW_FORM_addrx4:
      return bytes(4);
    case DW_FORM_addr:
    case DW_FORM_data8:
    case DW_FORM_ref8:
    case DW_FORM_ref_sig8:
    case DW_FORM_ref_sup8:
      return bytes(8);
    case DW_FORM_data16:
      return bytes(16);
    case DW_FORM_ref_addr:
      return bytes(version < 3 ? 8 : offset_size);
    case DW_FORM_strp:
    case DW_FORM_strp_sup:
    case DW_FORM_line_strp:
    case DW_FORM_sec_offset:
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_GNU_strp_alt:
      return bytes(offset_size);
    case DW_FORM_sdata:
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index:
      return SkipStep{Kind::Varint};
    case DW_FORM_string:
      return SkipStep{Kind::Text};
    case DW_FORM_block1:
      return SkipStep{Kind::Block1};
    case DW_FORM_block2:
      return SkipStep{Kind::Block2};
    case DW_FORM_block4:
      return SkipStep{Kind::Block4};
    case DW_FORM_block:
    case DW_FORM_exprloc:
      return SkipStep{Kind::Block};
    case DW_FORM_indirect:
      return SkipStep{Kind::Indirect};
    default:
      return std::nullopt;
  }
}

}  // namespace

bool skip_form(Reader& reader, std::uint64_t form, bool is64, std::uint16_t version) {
  auto step = skip_of(form, is64, version);
  return step && skip(reader, *step, is64, version);
}

bool skip(Reader& reader, SkipStep step, bool is64, std::uint16_t version) {
  // An indirect form may name itself again: each turn takes bytes, so this ends.
  while (step.kind == Kind::Indirect) {
    auto known = skip_of(reader.read_uvarint(), is64, version);
    if (!reader.ok() || !known) return false;
    step = *known;
  }
  switch (step.kind) {
    case Kind::Bytes:
      reader.skip(step.bytes);
      break;
    case Kind::Varint:
      reader.skip_varint();
      break;
    case Kind::Text:
      reader.read_text();
      break;
    case Kind::Block1:
      reader.skip(reader.read<std::uint8_t>());
      break;
    case Kind::Block2:
      reader.skip(reader.read<std::uint16_t>());
      break;
    case Kind::Block4:
      reader.skip(reader.read<std::uint32_t>());
      break;
    case Kind::Block:
      reader.skip(reader.read_uvarint());
      break;
    case Kind::Indirect:
      break;
  }
  return reader.ok();
}

std::unique_ptr<AbbreviationTable> AbbreviationTable::parse(ByteSpan bytes, bool is64,
                                                            std::uint16_t version,
                                                            std::uint64_t& taken) {
  // Producers number their declarations from 1 on without holes; a code far beyond what the section
  // could declare (three bytes each at least) is damage.
  auto table = std::make_unique<AbbreviationTable>();
  auto max_code = bytes.size() / 3 + 1;
  Reader reader(bytes);
  for (;;) {
    auto code = reader.read_uvarint();
    taken = reader.offset();
    if (!reader.ok() || code > max_code) return nullptr;
    if (code == 0) return table;
    Abbreviation declared;
    declared.tag = static_cast<std::uint16_t>(reader.read_uvarint());
    declared.children = reader.read<std::uint8_t>() == DW_CHILDREN_yes;
    declared.first_attribute = static_cast<std::uint32_t>(table->attributes.size());
    declared.first_step = static_cast<std::uint32_t>(table->steps.size());
    for (;;) {
      auto name = reader.read_uvarint();
      auto form = reader.read_uvarint();
      auto implicit = form == DW_FORM_implicit_const ? reader.read_varint() : 0;
      taken = reader.offset();
      if (!reader.ok()) return nullptr;
      if (name == 0 && form == 0) break;
      auto step = skip_of(form, is64, version);
      // Real ones have a few dozen; each costs time at every entry.
      constexpr std::uint32_t kMaxAttributes = 256;
      if (!step || declared.attributes == kMaxAttributes) return nullptr;
      table->attributes.push_back(
          {static_cast<std::uint16_t>(name), static_cast<std::uint16_t>(form), implicit});
      // Runs of fixed sizes are passed over in one go.
      if (step->kind == Kind::Bytes && declared.steps && table->steps.back().kind == Kind::Bytes) {
        table->steps.back().bytes += step->bytes;
      } else if (step->kind != Kind::Bytes || step->bytes) {
        table->steps.push_back(*step);
        declared.steps++;
      }
      declared.attributes++;
    }
    if (code >= table->by_code.size()) table->by_code.resize(code + 1);
    if (!table->by_code[code].tag) table->by_code[code] = declared;
  }
}

}  // namespace overhang::dwarf
