// Reading of .debug_info: units, abbreviations, and the entries (DIEs) with their attributes.
//
// A reader of our own rather than libdw, by measurement: on the `go` command (20 MB) libdw spends
// 77 ms in dwarf_begin_elf, which inflates every debug section, and 21 ms to step over the units'
// children, where this takes 30 ms for both. libdw also refuses the form in which Go writes
// location expressions (DW_FORM_block1). And this is bounded by construction on damaged input.
// DWARF 2 to 5, 32- and 64-bit format, 8-byte addresses.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/bytes.h"
#include "binary/dwarf_sections.h"

namespace overhang::dwarf {

// ByteReader and the encodings that only DWARF uses.
class Reader : public ByteReader {
 public:
  explicit Reader(ByteSpan bytes, std::uint64_t offset = 0)
      : ByteReader(bytes, offset), bytes_(bytes) {}
  std::int64_t read_varint();    // LEB128 with sign
  std::string_view read_text();  // up to a NUL, which is passed over
  // An offset as the unit's format has it: 4 or 8 bytes.
  std::uint64_t read_offset(bool is64) {
    return is64 ? read<std::uint64_t>() : read<std::uint32_t>();
  }
  void skip_varint() {
    while (read<std::uint8_t>() & 0x80) {  // a failed read gives zero
    }
  }
  void fail() { skip(UINT64_MAX); }

 private:
  ByteSpan bytes_;
};

// One step over attributes that are not wanted.
struct SkipStep {
  enum class Kind : std::uint8_t { Bytes, Varint, Text, Block1, Block2, Block4, Block, Indirect };
  Kind kind;
  std::uint32_t bytes = 0;
};

// False at damage. `is64`, `version`: the unit's.
bool skip(Reader& reader, SkipStep step, bool is64, std::uint16_t version);
bool skip_form(Reader& reader, std::uint64_t form, bool is64, std::uint16_t version);

struct Abbreviation {
  struct Attribute {
    std::uint16_t name;
    std::uint16_t form;
    std::int64_t implicit;  // DW_FORM_implicit_const
  };
  std::uint16_t tag = 0;  // 0: no such code
  bool children = false;
  std::uint32_t first_attribute = 0, attributes = 0;
  std::uint32_t first_step = 0, steps = 0;
};

// The abbreviations of a unit. Codes are dense in practice: a table by code, and what a damaged
// file puts far out is refused.
struct AbbreviationTable {
  // Null where a declaration is damaged or has an unknown form. `taken`: the bytes parsed.
  static std::unique_ptr<AbbreviationTable> parse(ByteSpan bytes, bool is64, std::uint16_t version,
                                                  std::uint64_t& taken);

  std::vector<Abbreviation> by_code;
  std::vector<Abbreviation::Attribute> attributes;
  std::vector<SkipStep> steps;

  const Abbreviation* find(std::uint64_t code) const {
    return code < by_code.size() && by_code[code].tag ? &by_code[code] : nullptr;
  }
};

struct Unit {
  std::uint64_t offset = 0;     // of the header in .debug_info
  std::uint64_t end = 0;        // of the unit
  std::uint64_t first_die = 0;  // the unit's own entry
  std::uint16_t version = 0;
  bool is64 = false;  // 64-bit DWARF format
  bool go = false;    // DW_LANG_Go
  const AbbreviationTable* table = nullptr;
  Address low_pc = 0;
  std::uint64_t addr_base = 0;
};

struct Attribute {
  std::uint16_t name = 0;
  std::uint16_t form = 0;
  // A number, an address (indices resolved), an offset in .debug_info (references made absolute),
  // or an offset in another section.
  std::uint64_t value = 0;
  ByteSpan block;         // blocks and location expressions
  std::string_view text;  // strings
};

struct Entry {
  std::uint64_t offset = 0;  // in .debug_info
  std::uint16_t tag = 0;     // 0: the mark that ends a list of children
  bool children = false;
  std::vector<Attribute> attributes;

  const Attribute* find(std::uint16_t name) const {
    for (auto& attribute : attributes)
      if (attribute.name == name) return &attribute;
    return nullptr;
  }
  std::uint64_t number(std::uint16_t name, std::uint64_t otherwise = 0) const {
    auto* attribute = find(name);
    return attribute ? attribute->value : otherwise;
  }
  std::string_view text(std::uint16_t name) const {
    auto* attribute = find(name);
    return attribute ? attribute->text : std::string_view{};
  }
};

// The units of a file and what stands in them.
class Entries {
 public:
  explicit Entries(const ElfFile& file) : sections_(file) {}
  // Finds all units; false where there is none. Units that are damaged are counted and left out.
  bool open();

  const std::vector<Unit>& units() const { return units_; }  // in order of offset
  std::uint64_t damaged_units() const { return damaged_units_; }
  // The unit that `offset` lies in; null for an offset that no entry of a Go unit can have.
  const Unit* unit_of(std::uint64_t offset) const;
  // A reader at `offset` that ends with the unit.
  Reader reader(const Unit& unit, std::uint64_t offset) {
    return Reader(sections_.get(DebugSection::Info).first(unit.end), offset);
  }
  // The next entry, in place of what `entry` held; false at the end or at damage.
  bool read(Reader& reader, const Unit& unit, Entry& entry);
  // The same without attributes: `entry` gets offset, tag and children. `keep` says by tag whether
  // the attributes are wanted after all.
  template <class Keep>
  bool read_if(Reader& reader, const Unit& unit, Entry& entry, Keep&& keep) {
    auto* abbreviation = begin(reader, unit, entry);
    if (!abbreviation) return reader.ok();
    if (keep(entry.tag)) return read_attributes(reader, unit, *abbreviation, entry);
    return skip_attributes(reader, unit, *abbreviation);
  }
  // The entry at `offset`, where it lies in a Go unit.
  std::optional<Entry> at(std::uint64_t offset);

  // Entry `index` of the unit's part of .debug_addr; 0 where there is none.
  Address indexed_address(const Unit& unit, std::uint64_t index);
  DebugSections& sections() { return sections_; }

 private:
  const AbbreviationTable* table_at(std::uint64_t offset, bool is64, std::uint16_t version);
  std::optional<Unit> read_header(std::uint64_t offset);
  void read_unit_entry(Unit& unit);
  // Reads the code. Null for an end mark (entry: tag 0) and at damage (the reader fails).
  const Abbreviation* begin(Reader& reader, const Unit& unit, Entry& entry);
  bool read_attributes(Reader& reader, const Unit& unit, const Abbreviation& abbreviation,
                       Entry& entry);
  bool skip_attributes(Reader& reader, const Unit& unit, const Abbreviation& abbreviation);
  bool read_form(Reader& reader, const Unit& unit, Attribute& attribute, std::int64_t implicit);

  DebugSections sections_;
  std::vector<Unit> units_;
  std::uint64_t damaged_units_ = 0;
  // By offset, format and version: these set the sizes of forms.
  std::map<std::tuple<std::uint64_t, bool, std::uint16_t>, std::unique_ptr<AbbreviationTable>>
      tables_;
  std::uint64_t table_bytes_ = 0;  // of .debug_abbrev that were parsed
};

}  // namespace overhang::dwarf
