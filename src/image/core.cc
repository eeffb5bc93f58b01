// ELF cores as core(5), elf(5) and the kernel's fs/binfmt_elf.c (elf_core_dump) describe them. All
// header fields are hostile: each is checked against the file before it is used.
#include "image/core.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "image/file_map.h"
#include "image/registers.h"
#include "image/snapshot_note.h"

namespace overhang {

namespace {

struct LoadSegment {
  Address address;
  std::uint64_t offset;  // in the file
  std::uint64_t size;    // bytes in the file, cut at its end
  bool writable;
};

// elf_prstatus and elf_prpsinfo (linux/elfcore.h): where fields stand on both architectures.
constexpr std::uint64_t kPrstatusPid = 32;
constexpr std::uint64_t kPrstatusRegisters = 112;
constexpr std::uint64_t kPrpsinfoPid = 24;
constexpr std::uint64_t kNoteAlignment = 4;

class CoreReader {
 public:
  CoreReader(const std::string& path, ByteSpan file, Diagnostics& diagnostics)
      : path_(path), file_(file), diagnostics_(diagnostics) {}

  Status read_headers();
  void read_notes();
  std::vector<LoadSegment> load_segments();

  Architecture architecture() const { return architecture_; }
  std::vector<ThreadState> threads;
  std::vector<FileMapping> files;
  Auxv auxv;
  std::uint32_t pid = 0;
  std::optional<SnapshotNote> snapshot;  // of a core that overhang wrote
  std::uint64_t missing_bytes = 0;       // that the headers promise past the file's end

 private:
  Status check_kind() const;
  Result<std::uint64_t> header_count(const Elf64_Ehdr& header) const;
  void read_note_segment(ByteSpan notes);
  void read_prstatus(ByteSpan description);
  void read_files(ByteSpan description);
  void read_auxv(ByteSpan description);

  const std::string& path_;
  ByteSpan file_;
  Diagnostics& diagnostics_;
  Architecture architecture_ = Architecture::Other;
  std::vector<Elf64_Phdr> headers_;
};

// The file's first bytes: an ELF core of a machine that is supported, or what it is instead.
Status CoreReader::check_kind() const {
  static constexpr struct {
    std::string_view magic;
    const char* name;
    const char* unpack;
  } kCompressed[] = {{"\x28\xB5\x2F\xFD", "zstd", "unzstd"},
                     {"\x1F\x8B", "gzip", "gunzip"},
                     {"\xFD"
                      "7zXZ",
                      "xz", "unxz"},
                     {"\x04\x22\x4D\x18", "lz4", "unlz4"},
                     {"BZh", "bzip2", "bunzip2"}};
  auto text = as_text(file_);
  for (auto& format : kCompressed)
    if (text.starts_with(format.magic))
      return fail(ErrorKind::BadInput, "{} is compressed with {}; unpack it first ({})", path_,
                  format.name, format.unpack);
  if (!text.starts_with(std::string_view(ELFMAG, std::min<std::size_t>(SELFMAG, text.size()))))
    return fail(ErrorKind::BadInput, "{} is not an ELF core file", path_);
  auto header = load<Elf64_Ehdr>(file_, 0);
  if (!header)
    return fail(ErrorKind::Truncated, "{} ends within its ELF header ({} bytes)", path_,
                file_.size());
  if (header->e_ident[EI_CLASS] != ELFCLASS64)
    return fail(ErrorKind::Unsupported, "{} is not a 64-bit ELF file", path_);
  if (header->e_ident[EI_DATA] != ELFDATA2LSB)
    return fail(ErrorKind::Unsupported, "{} is not a little-endian ELF file", path_);
  if (header->e_type == ET_EXEC || header->e_type == ET_DYN)
    return fail(ErrorKind::BadInput,
                "{} is an executable, not a core; give a core file or a process id (and the "
                "executable with --exe)",
                path_);
  if (header->e_type != ET_CORE)
    return fail(ErrorKind::BadInput, "{} is an ELF file, but not a core (e_type {})", path_,
                header->e_type);
  if (header->e_machine != EM_X86_64 && header->e_machine != EM_AARCH64)
    return fail(ErrorKind::Unsupported, "{} is a core of machine {}; amd64 and arm64 are known",
                path_, header->e_machine);
  if (header->e_phentsize != sizeof(Elf64_Phdr))
    return fail(ErrorKind::BadInput, "{} has program headers of {} bytes instead of {}", path_,
                header->e_phentsize, sizeof(Elf64_Phdr));
  return {};
}

// e_phnum has 16 bits; a core with more segments says so in section header 0 (PN_XNUM).
Result<std::uint64_t> CoreReader::header_count(const Elf64_Ehdr& header) const {
  if (header.e_phnum != PN_XNUM) return header.e_phnum;
  auto section = load<Elf64_Shdr>(file_, header.e_shoff);
  if (header.e_shoff == 0)
    return fail(ErrorKind::BadInput, "{} has no section header that counts its segments (PN_XNUM)",
                path_);
  if (!section)
    return fail(ErrorKind::Truncated,
                "{} ends before the section header that counts its segments (PN_XNUM, at {})",
                path_, header.e_shoff);
  return section->sh_info;
}

Status CoreReader::read_headers() {
  OVERHANG_CHECK(check_kind());
  auto header = load_unchecked<Elf64_Ehdr>(file_.data());
  architecture_ = header.e_machine == EM_X86_64 ? Architecture::Amd64 : Architecture::Arm64;
  OVERHANG_TRY(auto count, header_count(header));
  // count has 32 bits, so the product does not overflow.
  auto table = slice(file_, header.e_phoff, count * sizeof(Elf64_Phdr));
  if (!table)
    return fail(ErrorKind::Truncated, "{} ends within its {} program headers ({} bytes in all)",
                path_, count, file_.size());
  headers_.resize(count);
  if (count != 0) std::memcpy(headers_.data(), table->data(), table->size());
  return {};
}

void CoreReader::read_notes() {
  for (auto& header : headers_) {
    if (header.p_type != PT_NOTE) continue;
    auto offset = std::min<std::uint64_t>(header.p_offset, file_.size());
    auto size = std::min<std::uint64_t>(header.p_filesz, file_.size() - offset);
    missing_bytes = checked_add(missing_bytes, header.p_filesz - size).value_or(UINT64_MAX);
    read_note_segment(file_.subspan(offset, size));
  }
  if (pid == 0 && !threads.empty()) pid = threads.front().tid;
}

void CoreReader::read_note_segment(ByteSpan notes) {
  ByteReader reader(notes);
  while (reader.offset() < notes.size()) {
    auto note = reader.read<Elf64_Nhdr>();
    auto name = reader.read_bytes(note.n_namesz);
    // The padding after the last note may be left out.
    reader.skip(std::min(align_up(note.n_namesz, kNoteAlignment) - note.n_namesz,
                         notes.size() - reader.offset()));
    auto description = reader.read_bytes(note.n_descsz);
    if (!reader.ok()) {
      diagnostics_.lose("core notes that run past their segment", path_);
      return;
    }
    reader.skip(std::min(align_up(note.n_descsz, kNoteAlignment) - note.n_descsz,
                         notes.size() - reader.offset()));
    auto owner = as_text(name);
    owner = owner.substr(0, owner.find('\0'));
    if (owner == kSnapshotNoteOwner && note.n_type == kSnapshotNoteType)
      snapshot = SnapshotNote::decode(description);
    if (owner != "CORE") continue;
    switch (note.n_type) {
      case NT_PRSTATUS:
        read_prstatus(description);
        break;
      case NT_PRPSINFO:
        pid = load<std::uint32_t>(description, kPrpsinfoPid).value_or(0);
        break;
      case NT_FILE:
        read_files(description);
        break;
      case NT_AUXV:
        read_auxv(description);
        break;
    }
  }
}

void CoreReader::read_prstatus(ByteSpan description) {
  auto shape = register_shape(architecture_);
  auto tid = load<std::uint32_t>(description, kPrstatusPid);
  auto registers = slice(description, kPrstatusRegisters, shape.count * sizeof(std::uint64_t));
  if (!tid || !registers) {
    diagnostics_.lose("thread notes (NT_PRSTATUS) that are too short", path_);
    return;
  }
  threads.push_back(make_thread_state(architecture_, *tid, *registers));
}

// NT_FILE: count, page size, count × {start, end, offset in pages}, then the paths.
void CoreReader::read_files(ByteSpan description) {
  ByteReader reader(description);
  auto count = reader.read<std::uint64_t>();
  auto page_size = reader.read<std::uint64_t>();
  constexpr std::uint64_t kRow = 3 * sizeof(std::uint64_t);
  if (!reader.ok() || count > (description.size() - reader.offset()) / kRow) {
    diagnostics_.lose("file notes (NT_FILE) whose count is out of bounds", path_);
    return;
  }
  auto names = as_text(description).substr(reader.offset() + count * kRow);
  for (std::uint64_t i = 0; i < count; i++) {
    FileMapping mapping;
    mapping.start = reader.read<std::uint64_t>();
    mapping.end = reader.read<std::uint64_t>();
    auto offset = checked_mul(reader.read<std::uint64_t>(), page_size);
    auto length = names.find('\0');
    if (length == names.npos || !offset || mapping.end < mapping.start) {
      diagnostics_.lose("malformed rows of file notes (NT_FILE)", path_);
      if (length == names.npos) return;
    } else {
      mapping.file_offset = *offset;
      mapping.path = names.substr(0, length);
      files.push_back(std::move(mapping));
    }
    names.remove_prefix(length + 1);
  }
}

void CoreReader::read_auxv(ByteSpan description) {
  auxv.clear();
  ByteReader reader(description);
  for (;;) {
    auto type = reader.read<std::uint64_t>();
    auto value = reader.read<std::uint64_t>();
    if (!reader.ok() || type == AT_NULL) return;
    auxv.emplace_back(type, value);
  }
}

// What of the PT_LOADs stands in the file, in address order; pieces that are adjacent in both
// address and file are one. (Kernels and gcore split a heap where only flags differ.)
std::vector<LoadSegment> CoreReader::load_segments() {
  std::vector<LoadSegment> loads;
  for (auto& header : headers_) {
    if (header.p_type != PT_LOAD) continue;
    auto wanted = std::min(header.p_filesz, header.p_memsz);
    if (wanted == 0) continue;
    if (!checked_add(header.p_vaddr, wanted) || !checked_add(header.p_offset, wanted)) {
      diagnostics_.lose("program headers that run past the address space", path_);
      continue;
    }
    auto offset = std::min<std::uint64_t>(header.p_offset, file_.size());
    auto size = std::min<std::uint64_t>(wanted, file_.size() - offset);
    missing_bytes = checked_add(missing_bytes, wanted - size).value_or(UINT64_MAX);
    if (size != 0) loads.push_back({header.p_vaddr, offset, size, (header.p_flags & PF_W) != 0});
  }
  std::stable_sort(loads.begin(), loads.end(),
                   [](auto& a, auto& b) { return a.address < b.address; });
  std::vector<LoadSegment> merged;
  for (auto& load : loads) {
    if (!merged.empty()) {
      auto& last = merged.back();
      if (last.writable == load.writable && last.address + last.size == load.address &&
          last.offset + last.size == load.offset) {
        last.size += load.size;
        continue;
      }
    }
    merged.push_back(load);
  }
  return merged;
}

// The file that was mapped where the process began, if it can be opened here.
std::string find_executable(const Image& image) {
  auto* mapping = image.executable_mapping();
  return mapping && access(mapping->path.c_str(), R_OK) == 0 ? mapping->path : std::string();
}

}  // namespace

Result<std::unique_ptr<Image>> open_core(const std::string& path, Diagnostics& diagnostics) {
  OVERHANG_TRY(auto file, FileMap::open(path));
  CoreReader reader(path, file->bytes(), diagnostics);
  OVERHANG_CHECK(reader.read_headers());
  reader.read_notes();
  auto loads = reader.load_segments();
  if (reader.missing_bytes != 0) {
    if (loads.empty())
      return fail(ErrorKind::Truncated, "{} was cut short: none of the memory is in it ({} bytes)",
                  path, file->bytes().size());
    diagnostics.warn(fmt::format("{} was cut short: {} bytes that its headers promise are missing",
                                 path, reader.missing_bytes));
  }
  if (loads.empty()) return fail(ErrorKind::BadInput, "{} holds no memory", path);

  TargetIdentity identity;
  identity.pid = reader.pid;
  identity.path = path;
  identity.missing_bytes = reader.missing_bytes;
  if (reader.snapshot) {
    identity.pause_ms = reader.snapshot->pause_ms;
    identity.taken_at = utc_text(reader.snapshot->taken_at);
    identity.clock_ns = reader.snapshot->clock_ns;
  }
  auto image = std::make_unique<Image>(reader.architecture(), std::move(identity));
  for (auto& load : loads) {
    Image::Segment segment;
    segment.start = load.address;
    segment.size = load.size;
    segment.data =
        const_cast<std::byte*>(file->bytes().data() + load.offset);  // no fill: not written
    segment.writable_in_target = load.writable;
    image->add_segment(std::move(segment));
  }
  image->set_threads(std::move(reader.threads));
  image->set_file_mappings(std::move(reader.files));
  image->set_auxv(std::move(reader.auxv));
  image->identity().executable = find_executable(*image);
  image->count_losses([map = file.get()] { return map->lost_bytes(); });
  image->keep(std::move(file));
  return image;
}

}  // namespace overhang
