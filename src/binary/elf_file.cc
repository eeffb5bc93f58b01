#include "binary/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/checked.h"
#include "binary/name_index.h"

namespace overhang {
namespace {

// The NUL-terminated text at `offset`; empty where it starts or runs out of bounds.
std::string_view text_at(ByteSpan table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  auto rest = as_text(table.subspan(offset));
  auto end = rest.find('\0');
  return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
}

std::string to_hex(ByteSpan bytes) {
  std::string out;
  for (auto b : bytes) out += fmt::format("{:02x}", static_cast<unsigned>(b));
  return out;
}

Architecture architecture_of(unsigned machine) {
  if (machine == EM_X86_64) return Architecture::Amd64;
  if (machine == EM_AARCH64) return Architecture::Arm64;
  return Architecture::Other;
}

// The part of [offset, offset+size) that the file holds.
ByteSpan clipped(ByteSpan file, std::uint64_t offset, std::uint64_t size) {
  if (offset >= file.size()) return {};
  return file.subspan(offset, std::min<std::uint64_t>(size, file.size() - offset));
}

constexpr std::uint32_t kGoBuildIdNote = 4;  // cmd/internal/buildid: ELF_NOTE_GOBUILDID_TAG

// Picks the build ids out of the notes in `bytes` (a PT_NOTE segment or an SHT_NOTE section).
void read_notes(ByteSpan bytes, std::string& gnu, std::string& go) {
  ByteReader reader(bytes);
  while (reader.offset() < bytes.size()) {
    auto name_size = reader.read<std::uint32_t>();
    auto value_size = reader.read<std::uint32_t>();
    auto type = reader.read<std::uint32_t>();
    auto name = as_text(reader.read_bytes(name_size));
    reader.skip(align_up(name_size, 4) - name_size);
    auto value = reader.read_bytes(value_size);
    if (!reader.ok()) return;
    if (name == std::string_view("GNU\0", 4) && type == NT_GNU_BUILD_ID && gnu.empty())
      gnu = to_hex(value);
    if (name == std::string_view("Go\0\0", 4) && type == kGoBuildIdNote && go.empty())
      go = as_text(value);
    reader.skip(align_up(value_size, 4) - value_size);
    if (!reader.ok()) return;
  }
}

}  // namespace

// .symtab; its names are indexed at the first look-up: a big executable has hundreds of thousands
// of symbols, and many runs ask for none.
struct ElfFile::Symbols {
  ByteSpan table;    // Elf64_Sym
  ByteSpan strings;  // its string table

  std::size_t size() const { return table.size() / sizeof(Elf64_Sym); }
  Elf64_Sym at(std::size_t index) const {
    return load_unchecked<Elf64_Sym>(table.data() + index * sizeof(Elf64_Sym));
  }
  std::optional<ElfSymbol> find(std::string_view name) {
    auto name_of = [this](std::size_t i) {
      auto symbol = at(i);
      return symbol.st_shndx == SHN_UNDEF ? std::string_view{} : text_at(strings, symbol.st_name);
    };
    std::call_once(built_, [&] { names_.build(size(), name_of); });
    auto found = names_.find(name, name_of);
    if (!found) return std::nullopt;
    auto symbol = at(*found);
    return ElfSymbol{symbol.st_value, symbol.st_size};
  }

  std::string_view name_at(Address address) const {
    for (std::size_t i = 0; i < size(); i++) {
      auto symbol = at(i);
      if (symbol.st_value == address && symbol.st_shndx != SHN_UNDEF)
        return text_at(strings, symbol.st_name);
    }
    return {};
  }

 private:
  std::once_flag built_;
  NameIndex names_;
};

ElfFile::~ElfFile() {
  if (elf_) elf_end(elf_);
  if (fd_ >= 0) close(fd_);
}

Result<std::unique_ptr<ElfFile>> ElfFile::open(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    auto kind = errno == EACCES || errno == EPERM ? ErrorKind::NotPermitted : ErrorKind::NotFound;
    return fail(kind, "cannot open {}: {}", path, std::strerror(errno));
  }
  return of_descriptor(fd, path);
}

// Takes the descriptor over.
Result<std::unique_ptr<ElfFile>> ElfFile::of_descriptor(int fd, const std::string& path) {
  std::unique_ptr<ElfFile> file(new ElfFile);
  file->path_ = path;
  file->fd_ = fd;
  elf_version(EV_CURRENT);
  file->elf_ = elf_begin(file->fd_, ELF_C_READ_MMAP, nullptr);
  if (!file->elf_ || elf_kind(file->elf_) != ELF_K_ELF)
    return fail(ErrorKind::BadInput, "{} is not an ELF file", path);

  std::size_t size = 0;
  auto* raw = elf_rawfile(file->elf_, &size);
  auto* ident = elf_getident(file->elf_, nullptr);
  if (ident && (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB))
    return fail(ErrorKind::Unsupported, "{} is not a 64-bit little-endian ELF file", path);
  GElf_Ehdr header;
  if (!raw || !ident || !gelf_getehdr(file->elf_, &header))
    return fail(ErrorKind::BadInput, "{} has no readable ELF header", path);
  file->architecture_ = architecture_of(header.e_machine);
  file->position_independent_ = header.e_type == ET_DYN;
  file->entry_ = header.e_entry;
  ByteSpan all(reinterpret_cast<const std::byte*>(raw), size);
  file->read_segments(all);
  file->read_sections(all);
  return file;
}

void ElfFile::read_segments(ByteSpan file) {
  std::size_t count = 0;
  if (elf_getphdrnum(elf_, &count) != 0) return;
  for (std::size_t i = 0; i < count; i++) {
    GElf_Phdr header;
    if (!gelf_getphdr(elf_, static_cast<int>(i), &header)) return;
    auto bytes = clipped(file, header.p_offset, header.p_filesz);
    if (header.p_type == PT_NOTE) read_notes(bytes, gnu_build_id_, go_build_id_);
    if (header.p_type == PT_LOAD)
      segments_.push_back({header.p_vaddr, header.p_memsz, header.p_offset,
                           (header.p_flags & PF_W) != 0, (header.p_flags & PF_X) != 0, bytes});
  }
}

void ElfFile::read_sections(ByteSpan file) {
  symbols_ = std::make_unique<Symbols>();
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf_, &names) != 0) return;
  // libelf bounds the walk by what the file holds.
  for (Elf_Scn* scn = nullptr; (scn = elf_nextscn(elf_, scn));) {
    GElf_Shdr header;
    if (!gelf_getshdr(scn, &header)) return;
    auto contents = [&file](const GElf_Shdr& h) {
      if (h.sh_type == SHT_NOBITS) return ByteSpan{};
      return slice(file, h.sh_offset, h.sh_size).value_or(ByteSpan{});
    };
    auto bytes = contents(header);
    auto* name = elf_strptr(elf_, names, header.sh_name);
    sections_.push_back({name ? name : "", header.sh_addr, header.sh_size,
                         (header.sh_flags & SHF_COMPRESSED) != 0, bytes});
    if (header.sh_type == SHT_NOTE) read_notes(bytes, gnu_build_id_, go_build_id_);
    GElf_Shdr strings;
    if (header.sh_type == SHT_SYMTAB && header.sh_entsize == sizeof(Elf64_Sym) &&
        gelf_getshdr(elf_getscn(elf_, header.sh_link), &strings)) {
      symbols_->table = bytes;
      symbols_->strings = contents(strings);
    }
  }
}

const ElfSection* ElfFile::section(std::string_view name) const {
  auto found = std::find_if(sections_.begin(), sections_.end(),
                            [name](const ElfSection& s) { return s.name == name; });
  return found == sections_.end() ? nullptr : &*found;
}

std::optional<ElfSymbol> ElfFile::symbol(std::string_view name) const {
  return symbols_->find(name);
}

std::string_view ElfFile::symbol_name(Address address) const { return symbols_->name_at(address); }

bool ElfFile::has_symbols() const { return symbols_->size() > 0; }

bool ElfFile::has_dwarf() const {
  for (auto* name : {".debug_info", ".zdebug_info"})
    if (auto* s = section(name); s && !s->bytes.empty()) return true;
  return false;
}

}  // namespace overhang
