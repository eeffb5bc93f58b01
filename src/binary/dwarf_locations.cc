#include "binary/dwarf_locations.h"

#include <dwarf.h>

#include <array>
#include <optional>

namespace overhang::dwarf {
namespace {

using Where = LocationPiece::Where;

// The lists of version 4 and 5 differ in how an entry is written, but come down to the same:
// an end, a new base, or a range of pcs.
struct ListEntry {
  enum class Kind : std::uint8_t { End, Base, Range, Default } kind = Kind::End;
  Address low = 0, high = 0;
};

// .debug_loc and .debug_ranges: pairs relative to the base; (-1, base) sets it, (0, 0) ends.
ListEntry read_entry4(Reader& reader, Address& base) {
  auto low = reader.read<std::uint64_t>();
  auto high = reader.read<std::uint64_t>();
  if (low == UINT64_MAX) {
    base = high;
    return {ListEntry::Kind::Base};
  }
  if (!reader.ok() || (low == 0 && high == 0)) return {};
  return {ListEntry::Kind::Range, base + low, base + high};
}

// .debug_loclists, .debug_rnglists: the same but for one kind that only the former has, which
// shifts the numbers of those after it.
ListEntry read_entry5(Reader& reader, Entries& entries, const Unit& unit, bool locations,
                      Address& base) {
  auto kind = reader.read<std::uint8_t>();
  if (locations && kind == DW_LLE_default_location) return {ListEntry::Kind::Default};
  if (locations && kind > DW_LLE_default_location) kind--;
  auto indexed = [&] { return entries.indexed_address(unit, reader.read_uvarint()); };
  switch (kind) {
    case DW_RLE_base_addressx:
      base = indexed();
      return {ListEntry::Kind::Base};
    case DW_RLE_base_address:
      base = reader.read<std::uint64_t>();
      return {ListEntry::Kind::Base};
    case DW_RLE_offset_pair: {
      auto low = base + reader.read_uvarint();
      return {ListEntry::Kind::Range, low, base + reader.read_uvarint()};
    }
    case DW_RLE_startx_endx: {
      auto low = indexed();
      return {ListEntry::Kind::Range, low, indexed()};
    }
    case DW_RLE_startx_length: {
      auto low = indexed();
      return {ListEntry::Kind::Range, low, low + reader.read_uvarint()};
    }
    case DW_RLE_start_end: {
      auto low = reader.read<std::uint64_t>();
      return {ListEntry::Kind::Range, low, reader.read<std::uint64_t>()};
    }
    case DW_RLE_start_length: {
      auto low = reader.read<std::uint64_t>();
      return {ListEntry::Kind::Range, low, low + reader.read_uvarint()};
    }
    default:
      return {};
  }
}

bool range_list_contains(Entries& entries, const Unit& unit, std::uint64_t offset, Address pc) {
  bool v5 = unit.version >= 5;
  Reader reader(entries.sections().get(v5 ? DebugSection::RngLists : DebugSection::Ranges), offset);
  auto base = unit.low_pc;
  for (;;) {
    auto entry = v5 ? read_entry5(reader, entries, unit, false, base) : read_entry4(reader, base);
    if (!reader.ok() || entry.kind == ListEntry::Kind::End) return false;
    if (entry.kind == ListEntry::Kind::Range && pc >= entry.low && pc < entry.high) return true;
  }
}

// The expression that a location list has for `pc`; empty if none.
ByteSpan location_at(Entries& entries, const Unit& unit, std::uint64_t offset, Address pc) {
  bool v5 = unit.version >= 5;
  Reader reader(entries.sections().get(v5 ? DebugSection::LocLists : DebugSection::Loc), offset);
  auto base = unit.low_pc;
  ByteSpan otherwise;
  for (;;) {
    auto entry = v5 ? read_entry5(reader, entries, unit, true, base) : read_entry4(reader, base);
    if (!reader.ok() || entry.kind == ListEntry::Kind::End) return otherwise;
    if (entry.kind == ListEntry::Kind::Base) continue;
    auto expression = reader.read_bytes(v5 ? reader.read_uvarint() : reader.read<std::uint16_t>());
    if (entry.kind == ListEntry::Kind::Default) otherwise = expression;
    if (entry.kind == ListEntry::Kind::Range && pc >= entry.low && pc < entry.high)
      return expression;
  }
}

// The little of DWARF's stack machine that describes places: operands are places, and a literal
// is a place in memory until DW_OP_stack_value says that it is the value.
class Evaluator {
 public:
  Evaluator(Entries& entries, const Unit& unit, ByteSpan expression)
      : entries_(entries), unit_(unit), reader_(expression), size_(expression.size()) {}

  std::vector<LocationPiece> run() {
    while (reader_.offset() < size_)
      if (!step(reader_.read<std::uint8_t>()) || !reader_.ok()) return {};
    if (depth_) finish_piece(0);
    return std::move(pieces_);
  }

 private:
  struct Operand {
    Where where;
    std::int64_t value;
  };

  bool push(Where where, std::uint64_t value) {
    if (depth_ == stack_.size()) return false;
    stack_[depth_++] = {where, static_cast<std::int64_t>(value)};
    return true;
  }
  bool push_signed(std::int64_t value) {
    return push(Where::Memory, static_cast<std::uint64_t>(value));
  }
  void finish_piece(std::uint64_t size) {
    auto top = depth_ ? stack_[depth_ - 1] : Operand{Where::Missing, 0};
    pieces_.push_back({top.where, top.value, size});
    depth_ = 0;
  }
  bool add(std::uint64_t value) {
    if (!depth_) return false;
    auto& top = stack_[depth_ - 1];
    if (top.where != Where::CfaOffset && top.where != Where::Memory) return false;
    top.value = static_cast<std::int64_t>(static_cast<std::uint64_t>(top.value) + value);
    return true;
  }
  bool step(std::uint8_t op);
  bool step_on_top(std::uint8_t op);

  Entries& entries_;
  const Unit& unit_;
  Reader reader_;
  std::uint64_t size_;
  std::array<Operand, 4> stack_{};
  std::size_t depth_ = 0;
  std::vector<LocationPiece> pieces_;
};

bool Evaluator::step(std::uint8_t op) {
  if (op >= DW_OP_lit0 && op <= DW_OP_lit31) return push(Where::Memory, op - DW_OP_lit0);
  if (op >= DW_OP_reg0 && op <= DW_OP_reg31) return push(Where::Register, op - DW_OP_reg0);
  switch (op) {
    case DW_OP_addr:
    case DW_OP_const8u:
    case DW_OP_const8s:
      return push(Where::Memory, reader_.read<std::uint64_t>());
    case DW_OP_const1u:
      return push(Where::Memory, reader_.read<std::uint8_t>());
    case DW_OP_const1s:
      return push_signed(reader_.read<std::int8_t>());
    case DW_OP_const2u:
      return push(Where::Memory, reader_.read<std::uint16_t>());
    case DW_OP_const2s:
      return push_signed(reader_.read<std::int16_t>());
    case DW_OP_const4u:
      return push(Where::Memory, reader_.read<std::uint32_t>());
    case DW_OP_const4s:
      return push_signed(reader_.read<std::int32_t>());
    case DW_OP_constu:
      return push(Where::Memory, reader_.read_uvarint());
    case DW_OP_consts:
      return push_signed(reader_.read_varint());
    case DW_OP_addrx:
    case DW_OP_GNU_addr_index:
      return push(Where::Memory, entries_.indexed_address(unit_, reader_.read_uvarint()));
    case DW_OP_regx:
      return push(Where::Register, reader_.read_uvarint());
    case DW_OP_call_frame_cfa:
      return push(Where::CfaOffset, 0);
    case DW_OP_fbreg:
      return push(Where::CfaOffset, static_cast<std::uint64_t>(reader_.read_varint()));
    case DW_OP_implicit_value: {
      std::uint64_t value = 0;
      auto bytes = reader_.read_bytes(reader_.read_uvarint());
      if (bytes.size() > sizeof value) return false;
      for (std::size_t i = 0; i < bytes.size(); i++)
        value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
      return push(Where::Constant, value);
    }
    case DW_OP_piece:
      finish_piece(reader_.read_uvarint());
      return true;
    default:
      return step_on_top(op);
  }
}

bool Evaluator::step_on_top(std::uint8_t op) {
  if (!depth_) return false;
  auto& top = stack_[depth_ - 1];
  switch (op) {
    case DW_OP_plus_uconst:
      return add(reader_.read_uvarint());
    case DW_OP_plus: {
      if (depth_ < 2 || top.where != Where::Memory) return false;
      auto value = static_cast<std::uint64_t>(top.value);
      depth_--;
      return add(value);
    }
    case DW_OP_stack_value:
      if (top.where != Where::Memory) return false;
      top.where = Where::Constant;
      return true;
    case DW_OP_deref:
      if (top.where != Where::CfaOffset) return false;
      top.where = Where::Indirect;
      return true;
    default:
      return false;
  }
}

}  // namespace

PcRange pc_range(const Entry& entry) {
  auto* low = entry.find(DW_AT_low_pc);
  auto* high = entry.find(DW_AT_high_pc);
  if (!low || !high) return {};
  bool is_address = high->form == DW_FORM_addr || high->form == DW_FORM_addrx;
  return {low->value, is_address ? high->value : low->value + high->value};
}

bool contains(Entries& entries, const Unit& unit, const Entry& entry, Address pc) {
  if (auto* ranges = entry.find(DW_AT_ranges))
    return range_list_contains(entries, unit, ranges->value, pc);
  if (!entry.find(DW_AT_low_pc)) return true;
  auto range = pc_range(entry);
  return pc >= range.low && pc < range.high;
}

std::vector<LocationPiece> evaluate(Entries& entries, const Unit& unit, ByteSpan expression) {
  return Evaluator(entries, unit, expression).run();
}

std::vector<LocationPiece> locate(Entries& entries, const Unit& unit, const Entry& entry,
                                  Address pc) {
  auto* location = entry.find(DW_AT_location);
  if (!location) return {};
  if (location->form != DW_FORM_sec_offset) return evaluate(entries, unit, location->block);
  return evaluate(entries, unit, location_at(entries, unit, location->value, pc));
}

}  // namespace overhang::dwarf
