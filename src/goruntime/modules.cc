#include "goruntime/modules.h"

#include <algorithm>

namespace overhang {
namespace {

// Plugins add modules one by one; more than this is a damaged chain.
constexpr std::size_t kMaxModules = 4096;
constexpr std::uint32_t kPclntabMagic = 0xFFFFFFF1;     // internal/abi.Go120PCLnTabMagic
constexpr std::uint32_t kPclntabMagic118 = 0xFFFFFFF0;  // Go 1.18 and 1.19
constexpr std::uint64_t kFunctabEntry = 8;              // runtime.functab

// The fields of one record; a field that cannot be read makes the whole record bad.
class ModuleReader {
 public:
  ModuleReader(const Image& image, const Layout& layout, Address address)
      : image_(image), layout_(layout), address_(address) {}

  std::optional<Module> read();

 private:
  Address word(std::int64_t offset) {
    auto value = image_.word(address_ + static_cast<std::uint64_t>(offset));
    if (!value) ok_ = false;
    return value.value_or(0);
  }
  TargetSlice slice_at(std::int64_t offset) {
    auto value = read_slice(image_, address_ + static_cast<std::uint64_t>(offset));
    if (!value) ok_ = false;
    return value.value_or(TargetSlice{});
  }
  // The bytes of a []T whose T has `unit` bytes.
  ByteSpan table(std::int64_t offset, std::uint64_t unit) {
    auto header = slice_at(offset);
    auto bytes = header.len <= UINT64_MAX / unit ? image_.bytes(header.data, header.len * unit)
                                                 : std::nullopt;
    if (!bytes) ok_ = false;
    return bytes.value_or(ByteSpan{});
  }
  // runtime.bitvector {n int32; bytedata *uint8}, cut to the words of [begin, end).
  void mask(std::int64_t offset, Address begin, Address end, Address& bytes, std::uint64_t& bits) {
    auto at = address_ + static_cast<std::uint64_t>(offset);
    auto n = image_.read<std::int32_t>(at);
    auto data = image_.word(at + 8);
    if (!n || *n < 0 || !data || end < begin) {
      ok_ = false;
      return;
    }
    bits = std::min<std::uint64_t>(static_cast<std::uint64_t>(*n), (end - begin) / 8);
    bytes = *data;
    if (!image_.at(bytes, (bits + 7) / 8)) ok_ = false;
  }
  FunctionTable functions(Address text);

  const Image& image_;
  const Layout& layout_;
  Address address_;
  bool ok_ = true;
};

FunctionTable ModuleReader::functions(Address text) {
  auto header = word(layout_.moduledata_pcHeader);
  auto magic = image_.read<std::uint32_t>(header);
  auto quantum = image_.read<std::uint8_t>(header + 6);       // minLC
  auto pointer_size = image_.read<std::uint8_t>(header + 7);  // ptrSize
  bool before_120 = magic == kPclntabMagic118;
  bool known = before_120 || magic == kPclntabMagic;
  if (!known || !quantum || *quantum == 0 || pointer_size != 8) ok_ = false;
  FunctionTable::Parts parts;
  parts.funcnametab = table(layout_.moduledata_funcnametab, 1);
  parts.cutab = table(layout_.moduledata_cutab, 4);
  parts.filetab = table(layout_.moduledata_filetab, 1);
  parts.pctab = table(layout_.moduledata_pctab, 1);
  parts.pclntable = table(layout_.moduledata_pclntable, 1);
  parts.ftab = table(layout_.moduledata_ftab, kFunctabEntry);
  parts.text = text;
  parts.pc_quantum = quantum.value_or(1);
  parts.has_start_line = !before_120;
  return ok_ ? FunctionTable(parts) : FunctionTable();
}

std::optional<Module> ModuleReader::read() {
  Module m;
  m.address = address_;
  m.text = word(layout_.moduledata_text);
  m.etext = word(layout_.moduledata_etext);
  m.minpc = word(layout_.moduledata_minpc);
  m.maxpc = word(layout_.moduledata_maxpc);
  m.noptrdata = word(layout_.moduledata_noptrdata);
  m.enoptrdata = word(layout_.moduledata_enoptrdata);
  m.data = word(layout_.moduledata_data);
  m.edata = word(layout_.moduledata_edata);
  m.bss = word(layout_.moduledata_bss);
  m.ebss = word(layout_.moduledata_ebss);
  m.noptrbss = word(layout_.moduledata_noptrbss);
  m.enoptrbss = word(layout_.moduledata_enoptrbss);
  m.types = word(layout_.moduledata_types);
  m.etypes = word(layout_.moduledata_etypes);
  m.rodata = word(layout_.moduledata_rodata);
  m.gofunc = word(layout_.moduledata_gofunc);
  if (layout_.has(layout_.moduledata_typelinks))
    m.typelinks = slice_at(layout_.moduledata_typelinks);
  mask(layout_.moduledata_gcdatamask, m.data, m.edata, m.data_mask, m.data_mask_bits);
  mask(layout_.moduledata_gcbssmask, m.bss, m.ebss, m.bss_mask, m.bss_mask_bits);
  m.functions = functions(m.text);
  bool ordered = m.text <= m.etext && m.minpc <= m.maxpc && m.types <= m.etypes;
  if (!ok_ || !ordered) return std::nullopt;
  return m;
}

}  // namespace

Result<std::vector<Module>> read_modules(const Image& image, const Layout& layout, Address first,
                                         Diagnostics& diagnostics) {
  std::vector<Module> modules;
  for (Address at = first; at;) {
    bool seen = std::any_of(modules.begin(), modules.end(),
                            [at](const Module& m) { return m.address == at; });
    std::optional<Module> module;
    if (!seen && modules.size() < kMaxModules) module = ModuleReader(image, layout, at).read();
    if (!module) {
      if (modules.empty())
        return fail(
            ErrorKind::BadInput,
            "runtime.firstmoduledata at {:#x}, or what it leads to, is not readable: the core is "
            "cut short, the program had not started yet, or the executable is not the one "
            "that ran",
            at);
      diagnostics.lose("module unreadable (runtime.moduledata)", fmt::format("{:#x}", at));
      break;
    }
    modules.push_back(*module);
    at = image.word(at + static_cast<std::uint64_t>(layout.moduledata_next)).value_or(0);
  }
  return modules;
}

}  // namespace overhang
