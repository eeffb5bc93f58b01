// ElfFile::in_memory: a file that was never on disk, made of the memory that it was unpacked into.
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/checked.h"
#include "binary/elf_file.h"

namespace overhang {
namespace {

constexpr std::uint64_t kLargest = std::uint64_t{2} << 30;  // bytes: of the file, of all segments

bool write_at(int fd, ByteSpan bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    auto written = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return true;
}

}  // namespace

std::vector<Address> elf_headers(const Image& image) {
  std::vector<Image::Range> starts;
  for (auto& segment : image.segments()) starts.push_back({segment.start, SELFMAG});
  image.load(starts);
  std::vector<Address> out;
  for (auto& start : starts) {
    auto bytes = image.bytes(start.start, SELFMAG);
    if (bytes && as_text(*bytes) == std::string_view(ELFMAG, SELFMAG)) out.push_back(start.start);
  }
  return out;
}

Result<std::unique_ptr<ElfFile>> ElfFile::in_memory(const Image& image, Address base,
                                                    const std::string& path) {
  auto refuse = [&](const char* why) {
    return fail(ErrorKind::BadInput, "{} at {:#x}: {}", path, base, why);
  };
  auto header = image.read<Elf64_Ehdr>(base);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return refuse("no ELF header");
  if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == PN_XNUM)
    return refuse("no readable program headers");
  auto table = image.bytes(base + header->e_phoff, header->e_phnum * sizeof(Elf64_Phdr));
  if (!table) return refuse("no readable program headers");
  std::vector<Elf64_Phdr> loaded;
  std::optional<std::uint64_t> bias;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < header->e_phnum; i++) {
    auto segment = load_unchecked<Elf64_Phdr>(table->data() + i * sizeof(Elf64_Phdr));
    if (segment.p_type != PT_LOAD) continue;
    auto end = checked_add(segment.p_offset, segment.p_filesz);
    if (!end || *end > kLargest || (total += segment.p_filesz) > kLargest)
      return refuse("its segments are too large for a file");
    if (segment.p_offset == 0) bias = base - segment.p_vaddr;
    loaded.push_back(segment);
  }
  if (!bias) return refuse("its header was not loaded with it");

  int fd = memfd_create("overhang", MFD_CLOEXEC);
  if (fd < 0)
    return fail(ErrorKind::NotPermitted, "no room for {}: {}", path, std::strerror(errno));
  // A piece at a time: one that crosses segments of the image would be copied and kept.
  constexpr std::uint64_t kPiece = 4096;
  for (auto& segment : loaded) {
    for (std::uint64_t done = 0; done < segment.p_filesz;) {
      Address at = segment.p_vaddr + *bias + done;
      auto size = std::min(segment.p_filesz - done, kPiece - at % kPiece);
      auto bytes = image.bytes(at, size);
      if (!bytes || !write_at(fd, *bytes, segment.p_offset + done)) {
        close(fd);
        return fail(ErrorKind::Truncated, "{}: {:#x} is not in the image", path, at);
      }
      done += size;
    }
  }
  // Sections are not loaded.
  header->e_shoff = 0;
  header->e_shnum = header->e_shstrndx = 0;
  auto* first = reinterpret_cast<const std::byte*>(&*header);
  if (!write_at(fd, {first, sizeof *header}, 0)) {
    close(fd);
    return fail(ErrorKind::NotPermitted, "no room for {}", path);
  }
  OVERHANG_TRY(auto file, of_descriptor(fd, path));
  file->load_bias_ = bias;
  return file;
}

}  // namespace overhang
