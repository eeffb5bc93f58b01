// The file, in this order: ELF header, program headers, section header 0 where the segments are too
// many for the ELF header to count, notes, and from the next page on the kept part of each segment.
#include "image/core_writer.h"

#include <elf.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/checked.h"
#include "base/parallel.h"
#include "image/pages.h"
#include "image/registers.h"

namespace overhang {
namespace {

constexpr std::uint64_t kPage = Image::kPageSize;
constexpr std::uint64_t kPiece = 4 << 20;  // bytes that a worker reads at a time
// A hole is worth a write of its own from here on.
constexpr std::uint64_t kLeastHole = 4;  // pages

// struct elf_prstatus, elf_prpsinfo (linux/elfcore.h), of both architectures.
constexpr std::size_t kPrstatusPid = 32, kPrstatusParent = 36, kPrstatusRegisters = 112;
constexpr std::size_t kPrpsinfoSize = 136, kPrpsinfoState = 1, kPrpsinfoPid = 24,
                      kPrpsinfoParent = 28, kPrpsinfoCommand = 40, kPrpsinfoArguments = 56;
constexpr std::size_t kCommandLength = 15, kArgumentsLength = 79;

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
void put(std::string& out, std::size_t offset, const T& value) {
  std::memcpy(out.data() + offset, &value, sizeof value);
}

void append_note(std::string& out, std::string_view owner, std::uint32_t type,
                 std::string_view description) {
  auto pad = [&] { out.resize(align_up(out.size(), 4)); };
  append(out, Elf64_Nhdr{static_cast<Elf64_Word>(owner.size() + 1),
                         static_cast<Elf64_Word>(description.size()), type});
  out += owner;
  out += '\0';
  pad();
  out += description;
  pad();
}

// The registers, then pr_fpvalid and padding to a word.
std::string prstatus(const CoreNotes& notes, const ThreadState& thread) {
  auto registers = sizeof(std::uint64_t) * register_shape(notes.architecture).count;
  std::string out(kPrstatusRegisters + registers + 8, '\0');
  put(out, kPrstatusPid, thread.tid);
  put(out, kPrstatusParent, notes.parent);
  auto state = thread.registers;
  if (thread.register_count == 0) {  // of one in uninterruptible sleep, these alone are known
    auto shape = register_shape(notes.architecture);
    state[shape.sp] = thread.sp;
    state[shape.pc] = thread.pc;
  }
  std::memcpy(out.data() + kPrstatusRegisters, state.data(), registers);
  return out;
}

std::string prpsinfo(const CoreNotes& notes) {
  std::string out(kPrpsinfoSize, '\0');
  out[kPrpsinfoState] = 'S';
  put(out, kPrpsinfoPid, notes.pid);
  put(out, kPrpsinfoParent, notes.parent);
  notes.command.copy(out.data() + kPrpsinfoCommand, kCommandLength);
  notes.arguments.copy(out.data() + kPrpsinfoArguments, kArgumentsLength);
  return out;
}

std::string auxv(const CoreNotes& notes) {
  std::string out;
  for (auto& [type, value] : notes.auxv) {
    append(out, type);
    append(out, value);
  }
  append(out, std::uint64_t{AT_NULL});
  append(out, std::uint64_t{0});
  return out;
}

// Count, page size, count × {start, end, offset in pages}, then the paths.
std::string files(const CoreNotes& notes) {
  std::string out;
  append(out, std::uint64_t{notes.files.size()});
  append(out, kPage);
  for (auto& file : notes.files) {
    append(out, file.start);
    append(out, file.end);
    append(out, file.file_offset / kPage);
  }
  for (auto& file : notes.files) {
    out += file.path;
    out += '\0';
  }
  return out;
}

// In the kernel's order: the first thread, the process, the other threads.
std::string all_notes(const CoreNotes& notes) {
  std::string out;
  bool first = true;
  auto of_process = [&] {
    append_note(out, "CORE", NT_PRPSINFO, prpsinfo(notes));
    append_note(out, "CORE", NT_AUXV, auxv(notes));
    append_note(out, "CORE", NT_FILE, files(notes));
  };
  for (auto& thread : notes.threads) {
    append_note(out, "CORE", NT_PRSTATUS, prstatus(notes, thread));
    if (first) of_process();
    first = false;
  }
  if (first) of_process();
  append_note(out, kSnapshotNoteOwner, kSnapshotNoteType, notes.snapshot.encode());
  return out;
}

Elf64_Ehdr file_header(Architecture architecture, std::uint64_t headers) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_CORE;
  header.e_machine = architecture == Architecture::Arm64 ? EM_AARCH64 : EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<Elf64_Half>(std::min<std::uint64_t>(headers, PN_XNUM));
  if (headers >= PN_XNUM) {
    header.e_shoff = sizeof header + headers * sizeof(Elf64_Phdr);
    header.e_shnum = 1;
    header.e_shentsize = sizeof(Elf64_Shdr);
  }
  return header;
}

Elf64_Phdr program_header(const CoreSegment& segment, std::uint64_t offset) {
  Elf64_Phdr header{};
  header.p_type = PT_LOAD;
  header.p_flags =
      static_cast<Elf64_Word>((segment.readable ? PF_R : 0) | (segment.writable ? PF_W : 0) |
                              (segment.executable ? PF_X : 0));
  header.p_offset = offset;
  header.p_vaddr = segment.start;
  header.p_filesz = segment.kept;
  header.p_memsz = segment.size;
  header.p_align = kPage;
  return header;
}

// Everything before memory. `offsets` gets where in the file each segment stands; `end` its end.
std::string front_matter(const CoreNotes& notes, const std::vector<CoreSegment>& segments,
                         std::vector<std::uint64_t>& offsets, std::uint64_t& end) {
  auto headers = segments.size() + 1;
  auto header = file_header(notes.architecture, headers);
  auto note_text = all_notes(notes);
  bool extended = header.e_shnum != 0;
  auto notes_at =
      sizeof header + headers * sizeof(Elf64_Phdr) + (extended ? sizeof(Elf64_Shdr) : 0);
  end = align_up(notes_at + note_text.size(), kPage);

  std::string out;
  append(out, header);
  Elf64_Phdr note{};
  note.p_type = PT_NOTE;
  note.p_offset = notes_at;
  note.p_filesz = note_text.size();
  note.p_align = 4;
  append(out, note);
  for (auto& segment : segments) {
    append(out, program_header(segment, end));
    offsets.push_back(end);
    end += segment.kept;
  }
  if (extended) {
    Elf64_Shdr section{};
    section.sh_size = 1;  // e_shnum, e_shstrndx and e_phnum in full
    section.sh_info = static_cast<Elf64_Word>(headers);
    append(out, section);
  }
  return out + note_text;
}

struct Piece {
  Address address;
  std::uint64_t size;    // bytes, whole pages
  std::uint64_t offset;  // in the file
};

std::vector<Piece> cut(const std::vector<CoreSegment>& segments,
                       const std::vector<std::uint64_t>& offsets) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < segments.size(); i++)
    for (auto& range : segments[i].present)
      for (std::uint64_t done = 0; done < range.size; done += kPiece) {
        auto address = range.start + done;
        pieces.push_back({address, std::min(kPiece, range.size - done),
                          offsets[i] + (address - segments[i].start)});
      }
  return pieces;
}

// Copies pieces of memory into the file. One per worker.
class Copier {
 public:
  Copier(const PendingFile& file, const ReadMemory& read)
      : file_(file), read_(read), buffer_(new std::byte[kPiece]) {}

  // False where the file cannot be written; errno says why.
  bool copy(const Piece& piece) {
    if (!read_(piece.address, buffer_.get(), piece.size)) read_pages(piece);
    auto pages = piece.size / kPage;
    for (std::uint64_t page = 0; page < pages;) {
      if (is_zero_page(at(page))) {
        page++;
        continue;
      }
      auto end = end_of_run(page, pages);
      if (!file_.write(at(page), (end - page) * kPage, piece.offset + page * kPage)) return false;
      memory_bytes += (end - page) * kPage;
      page = end;
    }
    return true;
  }

  std::uint64_t memory_bytes = 0, missing_bytes = 0;

 private:
  std::byte* at(std::uint64_t page) const { return buffer_.get() + page * kPage; }

  // Where a page of a piece cannot be read, the others still can.
  void read_pages(const Piece& piece) {
    for (std::uint64_t done = 0; done < piece.size; done += kPage) {
      auto* to = buffer_.get() + done;
      if (read_(piece.address + done, to, kPage)) continue;
      std::memset(to, 0, kPage);
      missing_bytes += kPage;
    }
  }

  // Short holes are written along.
  std::uint64_t end_of_run(std::uint64_t page, std::uint64_t pages) const {
    auto end = page + 1;
    for (auto next = end; next < pages && next - end < kLeastHole; next++)
      if (!is_zero_page(at(next))) end = next + 1;
    return end;
  }

  const PendingFile& file_;
  const ReadMemory& read_;
  std::unique_ptr<std::byte[]> buffer_;
};

}  // namespace

Result<WrittenCore> write_core(const PendingFile& file, const CoreNotes& notes,
                               const std::vector<CoreSegment>& segments, const ReadMemory& read,
                               unsigned threads, Meter& meter) {
  std::vector<std::uint64_t> offsets;
  std::uint64_t end = 0;
  auto front = front_matter(notes, segments, offsets, end);
  if (!file.resize(end) || !file.write(front.data(), front.size(), 0)) return file.failure(errno);

  auto pieces = cut(segments, offsets);
  std::uint64_t bytes = 0;
  for (auto& piece : pieces) bytes += piece.size;
  meter.begin(bytes, "bytes");
  std::atomic<int> error{0};
  std::atomic<std::uint64_t> memory_bytes{0}, missing_bytes{0};
  std::atomic<std::size_t> next{0};
  on_workers(std::max(threads, 1u), [&](unsigned) {
    Copier copier(file, read);
    for (;;) {
      auto i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= pieces.size() || error.load(std::memory_order_relaxed)) break;
      if (!copier.copy(pieces[i])) error.store(errno ? errno : EIO, std::memory_order_relaxed);
      meter.advance(pieces[i].size);
    }
    memory_bytes += copier.memory_bytes;
    missing_bytes += copier.missing_bytes;
  });
  meter.end();
  if (error) return file.failure(error);
  return WrittenCore{end, memory_bytes, missing_bytes};
}

}  // namespace overhang
