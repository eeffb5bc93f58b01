// Forges ELF cores for tests: headers, notes and memory laid out by hand after elf(5) and core(5).
#pragma once

#include <elf.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace overhang {

// A file of its own that goes with the object.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& content) {
    char name[] = "/tmp/overhang_test_XXXXXX";
    int fd = mkstemp(name);
    path_ = name;
    if (write(fd, content.data(), content.size()) != static_cast<ssize_t>(content.size())) abort();
    close(fd);
  }
  ~ScratchFile() { unlink(path_.c_str()); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// One note, padded to four bytes.
inline std::string note(std::uint32_t type, const std::string& description,
                        const std::string& owner = "CORE") {
  std::string out;
  append(out, Elf64_Nhdr{static_cast<Elf64_Word>(owner.size() + 1),
                         static_cast<Elf64_Word>(description.size()), type});
  out += owner;
  out += '\0';
  while (out.size() % 4) out += '\0';
  out += description;
  while (out.size() % 4) out += '\0';
  return out;
}

// struct elf_prstatus of amd64: 336 bytes, pr_pid at 32, pr_reg at 112 (sp word 19, pc word 16).
inline std::string prstatus(std::uint32_t tid, std::uint64_t sp, std::uint64_t pc) {
  std::string out(336, '\0');
  std::memcpy(&out[32], &tid, sizeof tid);
  std::memcpy(&out[112 + 19 * 8], &sp, sizeof sp);
  std::memcpy(&out[112 + 16 * 8], &pc, sizeof pc);
  return out;
}

struct CoreWriter {
  struct Load {
    std::uint64_t address;
    std::string bytes;
    std::uint64_t memory_size;  // at least bytes.size(); the rest is a hole
    std::uint32_t flags = PF_R | PF_W;
  };

  std::string notes;
  std::vector<Load> loads;
  Elf64_Ehdr header = default_header();
  bool extended_count = false;  // PN_XNUM, with the count in section header 0

  static Elf64_Ehdr default_header() {
    Elf64_Ehdr h{};
    std::memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    h.e_ident[EI_DATA] = ELFDATA2LSB;
    h.e_ident[EI_VERSION] = EV_CURRENT;
    h.e_type = ET_CORE;
    h.e_machine = EM_X86_64;
    h.e_version = EV_CURRENT;
    h.e_phoff = sizeof h;
    h.e_ehsize = sizeof h;
    h.e_phentsize = sizeof(Elf64_Phdr);
    return h;
  }

  // ELF header, program headers, section header 0 if asked for, notes, memory.
  std::string bytes(const std::vector<Elf64_Phdr>& more = {}) const {
    auto count = loads.size() + more.size() + 1;
    auto headers_end = sizeof header + count * sizeof(Elf64_Phdr);
    auto h = header;
    h.e_phnum = static_cast<Elf64_Half>(count);
    Elf64_Shdr section{};
    std::uint64_t data = headers_end;
    if (extended_count) {
      h.e_phnum = PN_XNUM;
      h.e_shoff = headers_end;
      h.e_shnum = 1;
      h.e_shentsize = sizeof section;
      section.sh_info = static_cast<Elf64_Word>(count);
      data += sizeof section;
    }
    std::string out, body = notes;
    append(out, h);
    Elf64_Phdr note_header{};
    note_header.p_type = PT_NOTE;
    note_header.p_offset = data;
    note_header.p_filesz = notes.size();
    append(out, note_header);
    for (auto& load : loads) {
      Elf64_Phdr p{};
      p.p_type = PT_LOAD;
      p.p_flags = load.flags;
      p.p_offset = data + body.size();
      p.p_vaddr = load.address;
      p.p_filesz = load.bytes.size();
      p.p_memsz = load.memory_size;
      append(out, p);
      body += load.bytes;
    }
    for (auto& p : more) append(out, p);
    if (extended_count) append(out, section);
    return out + body;
  }
};

}  // namespace overhang
