#include "goruntime/runtime.h"

#include <elf.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "goruntime/modules.h"

namespace overhang {
namespace {

constexpr std::uint64_t kPageSize = 4096;

// The value of the Go build id note ("Go\0\0", type 4) in `note`, or empty.
std::string_view go_build_id_of(ByteSpan note) {
  ByteReader reader(note);
  auto name_size = reader.read<std::uint32_t>();
  auto value_size = reader.read<std::uint32_t>();
  auto type = reader.read<std::uint32_t>();
  auto name = as_text(reader.read_bytes(name_size));
  auto value = as_text(reader.read_bytes(value_size));
  if (!reader.ok() || type != 4 || name != std::string_view("Go\0\0", 4)) return {};
  return value;
}

// Compares sections that neither the loader nor the program writes with what the image holds at
// their place. A section that the image leaves out says nothing.
Status check_same_build(const Image& image, const ElfFile& file, std::uint64_t bias) {
  for (auto name : {".note.go.buildid", ".note.gnu.build-id", ".go.buildinfo"}) {
    auto* section = file.section(name);
    if (!section || section->bytes.empty()) continue;
    auto bytes = image.bytes(section->address + bias, section->bytes.size());
    if (!bytes || std::ranges::equal(*bytes, section->bytes)) continue;
    auto ours = file.go_build_id();
    auto theirs = go_build_id_of(*bytes);
    if (!theirs.empty())
      return fail(ErrorKind::BadInput,
                  "{} has Go build id {}, but the process ran an executable with {}; give the "
                  "executable that ran with --exe",
                  file.path(), ours, theirs);
    return fail(ErrorKind::BadInput,
                "{} (Go build id {}) is not the executable that the process ran: {} differs; give "
                "the executable that ran with --exe",
                file.path(), ours.empty() ? "none" : ours, name);
  }
  return {};
}

// Where a position-independent executable was put, relative to its link-time addresses.
Result<std::uint64_t> executable_bias(const Image& image, const ElfFile& file) {
  auto entry = image.auxv(AT_ENTRY);
  if (!file.position_independent()) {
    if (entry && *entry != file.entry())
      return fail(ErrorKind::BadInput,
                  "{} starts at {:#x}, but the process's executable at {:#x}; give the executable "
                  "that ran with --exe",
                  file.path(), file.entry(), *entry);
    return 0;
  }
  if (!entry)
    return fail(ErrorKind::BadInput,
                "{} is position-independent and the image has no auxiliary vector (AT_ENTRY) that "
                "says where it was loaded; take the core with gcore",
                file.path());
  auto bias = *entry - file.entry();
  if (bias % kPageSize != 0)
    return fail(ErrorKind::BadInput,
                "{} starts at {:#x}, which does not fit the process's entry {:#x}; give the "
                "executable that ran with --exe",
                file.path(), file.entry(), *entry);
  return bias;
}

// Where a shared library was put: of the mappings, that in which its own build is found.
std::optional<std::uint64_t> library_bias(const Image& image, const ElfFile& file) {
  auto* section = file.section(".go.buildinfo");
  if (!section || section->bytes.empty() || !file.position_independent()) return std::nullopt;
  for (auto& mapping : image.file_mappings()) {
    auto bias = bias_of(file, mapping, mapping.start);
    if (!bias || !image.bytes(section->address + *bias, section->bytes.size())) continue;
    if (check_same_build(image, file, *bias)) return bias;
  }
  return std::nullopt;
}

// Where a program was put that another one unpacked: its own header stands there.
std::optional<std::uint64_t> unpacked_bias(const Image& image, const ElfFile& file) {
  auto& segments = file.segments();
  if (segments.empty() || segments[0].file_offset != 0) return std::nullopt;
  auto header = slice(segments[0].bytes, 0, offsetof(Elf64_Ehdr, e_shoff));
  if (!header) return std::nullopt;
  for (Address start : elf_headers(image)) {
    auto bias = start - segments[0].address;
    if (bias != 0 && !file.position_independent()) continue;
    auto theirs = image.bytes(start, header->size());
    if (theirs && std::ranges::equal(*theirs, *header) && check_same_build(image, file, bias))
      return bias;
  }
  return std::nullopt;
}

// Errors: those of a file that is neither the process's executable nor a library in it.
Result<std::uint64_t> find_load_bias(const Image& image, const ElfFile& file) {
  if (file.load_bias()) return *file.load_bias();
  auto bias = executable_bias(image, file);
  if (bias)
    if (auto same = check_same_build(image, file, *bias); !same)
      bias = tl::unexpected(same.error());
  if (bias) return bias;
  if (auto library = library_bias(image, file)) return *library;
  if (auto unpacked = unpacked_bias(image, file)) return *unpacked;
  return bias;
}

// Kernel cores leave unmodified file pages out (core(5): coredump_filter).
void lay_read_only_segments(Image& image, const ElfFile& file, std::uint64_t bias) {
  for (auto& segment : file.segments()) {
    if (segment.writable || segment.bytes.empty()) continue;
    Image::Segment add;
    add.start = segment.address + bias;
    add.size = segment.bytes.size();
    add.data = const_cast<std::byte*>(segment.bytes.data());  // no `fill`: never written
    image.add_segment(std::move(add));
  }
}

Error explain_by_release(const Error& error, const GoVersion& version, const Layout& layout) {
  if (version.minor <= layout.minor) return error;
  return {ErrorKind::Unsupported,
          fmt::format("the program was built by {}, newer than Go 1.{}, the newest that overhang "
                      "knows, and does not read like one of that ({})",
                      version.text, layout.minor, error.message)};
}

}  // namespace

std::optional<std::uint64_t> bias_of(const ElfFile& file, const FileMapping& mapping,
                                     Address address) {
  auto offset = mapping.file_offset + (address - mapping.start);
  for (auto& segment : file.segments())
    if (offset - segment.file_offset < segment.bytes.size())
      return address - (segment.address + (offset - segment.file_offset));
  return std::nullopt;
}

bool same_build(const Image& image, const ElfFile& file, std::uint64_t bias) {
  return check_same_build(image, file, bias).has_value();
}

std::optional<TargetSlice> read_slice(const Image& image, Address header) {
  auto bytes = image.bytes(header, 24);
  if (!bytes) return std::nullopt;
  TargetSlice out;
  out.data = load_unchecked<std::uint64_t>(bytes->data());
  out.len = load_unchecked<std::uint64_t>(bytes->data() + 8);
  out.cap = load_unchecked<std::uint64_t>(bytes->data() + 16);
  if (out.len > out.cap || out.cap > INT64_MAX) return std::nullopt;
  return out;
}

Result<std::unique_ptr<Runtime>> Runtime::open(Image& image, const ElfFile& file,
                                               Diagnostics& diagnostics,
                                               const ElfFile* debug_file) {
  Phase phase(diagnostics, "runtime");
  OVERHANG_TRY(auto info, read_build_info(file));
  if (image.architecture() != file.architecture())
    return fail(ErrorKind::BadInput,
                "{} is for another machine than the process; give the executable that ran with "
                "--exe",
                file.path());
  if (info.version.text.find("noallocheaders") != std::string::npos)
    return fail(ErrorKind::Unsupported,
                "{} was built with GOEXPERIMENT=noallocheaders, whose heap overhang does not read",
                file.path());
  // malloc.go: with asanenabled an object is followed by a red zone of up to 2 KB, which is not
  // cleared and which nothing tells from further elements of an array.
  if (info.module_text.find("build\t-asan=true\n") != std::string::npos)
    diagnostics.warn(
        fmt::format("{} was built with -asan, which pads objects: arrays seem longer than the "
                    "program made them",
                    file.path()));
  Parts parts;
  parts.debug_file = debug_file;
  parts.version = info.version;
  OVERHANG_TRY(parts.layout, layout_for(info.version, file.architecture()));
  OVERHANG_TRY(parts.load_bias, find_load_bias(image, file));
  auto explained = [&parts](const Error& error) {
    return tl::unexpected(explain_by_release(error, parts.version, *parts.layout));
  };
  lay_read_only_segments(image, file, parts.load_bias);
  auto variables = find_variables(image, file, debug_file ? *debug_file : file, *parts.layout,
                                  parts.load_bias, diagnostics);
  if (!variables) return explained(variables.error());
  parts.variables = *variables;
  auto modules = read_modules(image, *parts.layout, parts.variables.first_moduledata, diagnostics);
  if (!modules) return explained(modules.error());
  parts.modules = std::move(*modules);
  return std::make_unique<Runtime>(image, file, diagnostics, std::move(parts));
}

Error Runtime::explained(const Error& error) const {
  return explain_by_release(error, version(), layout());
}

const Module* Runtime::module_of_pc(Address pc) const {
  for (auto& module : parts_.modules)
    if (pc >= module.minpc && pc < module.maxpc) return &module;
  return nullptr;
}

std::optional<Function> Runtime::find_function(Address pc) const {
  auto* module = module_of_pc(pc);
  if (!module) return std::nullopt;
  return module->functions.find(pc);
}

const Module* Runtime::module_of_data(Address address) const {
  for (auto& module : parts_.modules)
    if ((address >= module.data && address < module.edata) ||
        (address >= module.bss && address < module.ebss))
      return &module;
  return nullptr;
}

bool Runtime::is_root_word(const Module& module, Address address) const {
  bool in_data = address >= module.data && address < module.edata;
  bool in_bss = address >= module.bss && address < module.ebss;
  if ((!in_data && !in_bss) || address % 8 != 0) return false;
  auto bit = (address - (in_data ? module.data : module.bss)) / 8;
  if (bit >= (in_data ? module.data_mask_bits : module.bss_mask_bits)) return false;
  auto byte = image_.read<std::uint8_t>((in_data ? module.data_mask : module.bss_mask) + bit / 8);
  return byte && (*byte >> (bit % 8) & 1);
}

bool Runtime::has_root_words(const Module& module, Address address,
                             std::span<const std::uint64_t> mask, std::uint64_t words) const {
  for (std::uint64_t word = 0; word < words; word++) {
    bool pointer = word / 64 < mask.size() && (mask[word / 64] >> word % 64 & 1);
    if (is_root_word(module, address + word * 8) != pointer) return false;
  }
  return true;
}

bool Runtime::in_pointer_free_data(Address address) const {
  return std::any_of(parts_.modules.begin(), parts_.modules.end(), [&](const Module& module) {
    return (address >= module.noptrdata && address < module.enoptrdata) ||
           (address >= module.noptrbss && address < module.enoptrbss);
  });
}

}  // namespace overhang
