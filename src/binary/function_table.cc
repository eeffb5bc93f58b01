// Ports of runtime/symtab.go's readers. The _func record has been the same since Go 1.20 (before,
// it had no startLine): 44 (40) bytes, then npcdata offsets into pctab, then nfuncdata offsets from
// moduledata.gofunc.
#include "binary/function_table.h"

#include <algorithm>

namespace overhang {
namespace {

constexpr std::uint64_t kFtabEntrySize = 8;

std::string_view text_at(ByteSpan table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  auto rest = as_text(table.subspan(offset));
  return rest.substr(0, rest.find('\0'));
}

// runtime.readvarint over 32 bits.
std::uint32_t read_varint32(ByteReader& reader) {
  return static_cast<std::uint32_t>(reader.read_uvarint());
}

}  // namespace

std::size_t FunctionTable::size() const {
  auto entries = parts_.ftab.size() / kFtabEntrySize;
  return entries ? entries - 1 : 0;
}

std::optional<Function> FunctionTable::find(Address pc) const {
  if (pc < parts_.text) return std::nullopt;
  auto offset = pc - parts_.text;
  auto entry_offset = [this](std::size_t i) {
    return load_unchecked<std::uint32_t>(parts_.ftab.data() + i * kFtabEntrySize);
  };
  // The last entry at or below the offset. (The runtime comes here by findfunctab's buckets.)
  auto count = size();
  if (count == 0 || offset < entry_offset(0) || offset >= entry_offset(count)) return std::nullopt;
  std::size_t low = 0, high = count;
  while (high - low > 1) {
    auto middle = low + (high - low) / 2;
    (entry_offset(middle) <= offset ? low : high) = middle;
  }
  return function(low);
}

std::optional<Function> FunctionTable::function(std::size_t index) const {
  if (index >= size()) return std::nullopt;
  ByteReader entry(parts_.ftab, index * kFtabEntrySize);
  entry.skip(4);
  Function f;
  f.offset = entry.read<std::uint32_t>();
  auto end_offset = entry.read<std::uint32_t>();

  ByteReader record(parts_.pclntable, f.offset);
  auto entry_offset = record.read<std::uint32_t>();
  auto name_offset = record.read<std::int32_t>();
  f.args_size = record.read<std::int32_t>();
  f.deferreturn = record.read<std::uint32_t>();
  f.pcsp = record.read<std::uint32_t>();
  f.pcfile = record.read<std::uint32_t>();
  f.pcln = record.read<std::uint32_t>();
  f.npcdata = record.read<std::uint32_t>();
  f.cu_offset = record.read<std::uint32_t>();
  if (parts_.has_start_line) f.start_line = record.read<std::int32_t>();
  f.func_id = record.read<std::uint8_t>();
  f.flag = record.read<std::uint8_t>();
  record.skip(1);
  f.nfuncdata = record.read<std::uint8_t>();
  if (!record.ok()) return std::nullopt;
  f.entry = parts_.text + entry_offset;
  f.end = parts_.text + end_offset;
  if (name_offset >= 0)
    f.name = text_at(parts_.funcnametab, static_cast<std::uint32_t>(name_offset));
  return f;
}

std::optional<std::int32_t> FunctionTable::pc_value(const Function& f, std::uint32_t table,
                                                    Address pc) const {
  if (table == 0 || pc < f.entry) return std::nullopt;
  // Steps of (zigzag value delta, pc delta) until the pc is passed; a value delta of zero ends the
  // table, except as the first. Each step takes bytes, so the loop ends with the table.
  ByteReader reader(parts_.pctab, table);
  auto at = f.entry;
  std::uint32_t value = static_cast<std::uint32_t>(-1);
  for (bool first = true;; first = false) {
    auto delta = read_varint32(reader);
    if (!reader.ok() || (delta == 0 && !first)) return std::nullopt;
    value += -(delta & 1) ^ (delta >> 1);
    at += std::uint64_t{read_varint32(reader)} * parts_.pc_quantum;
    if (!reader.ok()) return std::nullopt;
    if (pc < at) return static_cast<std::int32_t>(value);
  }
}

std::int32_t FunctionTable::pcdata(const Function& f, std::uint32_t index, Address pc) const {
  if (index >= f.npcdata) return -1;
  auto table =
      load<std::uint32_t>(parts_.pclntable, f.offset + record_size() + std::uint64_t{index} * 4);
  return table ? pc_value(f, *table, pc).value_or(-1) : -1;
}

std::optional<std::uint32_t> FunctionTable::funcdata_offset(const Function& f,
                                                            std::uint32_t index) const {
  if (index >= f.nfuncdata) return std::nullopt;
  auto offset = load<std::uint32_t>(
      parts_.pclntable, f.offset + record_size() + (std::uint64_t{f.npcdata} + index) * 4);
  if (!offset || *offset == ~std::uint32_t{0}) return std::nullopt;
  return offset;
}

SourceLine FunctionTable::line(const Function& f, Address pc) const {
  auto file = pc_value(f, f.pcfile, pc);
  auto line = pc_value(f, f.pcln, pc);
  if (!file || !line || *file < 0 || *line < 0) return {};
  // runtime.funcfile: cutab holds offsets into filetab, per compilation unit.
  auto index = std::uint64_t{f.cu_offset} + static_cast<std::uint32_t>(*file);
  auto offset = load<std::uint32_t>(parts_.cutab, index * 4);
  if (!offset || *offset == ~std::uint32_t{0}) return {};
  return {text_at(parts_.filetab, *offset), *line};
}

}  // namespace overhang
