#include "image/core.h"

#include <gtest/gtest.h>

#include "unit/image/core_writer.h"

namespace overhang {
namespace {

std::string text_at(const Image& image, Address address, std::uint64_t size) {
  auto bytes = image.bytes(address, size);
  return bytes ? std::string(as_text(*bytes)) : "hole";
}

struct Opened {
  explicit Opened(const std::string& content)
      : file(content), image(open_core(file.path(), diagnostics)) {}
  ScratchFile file;
  Diagnostics diagnostics;
  Result<std::unique_ptr<Image>> image;

  ErrorKind error() const { return image ? ErrorKind::Usage : image.error().kind; }
  const Image* operator->() const { return image->get(); }
  const Image& operator*() const { return **image; }
};

TEST(Core, GivesMemoryAndNothingOfHoles) {
  CoreWriter core;
  core.loads = {{0x1000, "first", 0x1000}, {0x5000, "second", 6}};
  Opened opened(core.bytes());
  ASSERT_TRUE(opened.image);
  EXPECT_EQ(text_at(*opened, 0x1000, 5), "first");
  EXPECT_EQ(text_at(*opened, 0x1003, 2), "st");
  EXPECT_EQ(text_at(*opened, 0x1000, 6), "hole");  // p_filesz < p_memsz
  EXPECT_EQ(text_at(*opened, 0x5002, 4), "cond");
  EXPECT_EQ(text_at(*opened, 0x4FFF, 2), "hole");
  EXPECT_EQ(text_at(*opened, 0, 1), "hole");
  EXPECT_EQ(text_at(*opened, UINT64_MAX, 1), "hole");
  EXPECT_EQ(opened->at(0x1001, UINT64_MAX), nullptr);
  EXPECT_TRUE(opened.diagnostics.warnings().empty());
}

TEST(Core, MergesLoadsThatAreAdjacentInMemoryAndFile) {
  CoreWriter core;
  core.loads = {{0x1000, "abcd", 4}, {0x1004, "efgh", 4}, {0x1008, "ijkl", 4, PF_R}};
  Opened opened(core.bytes());
  ASSERT_TRUE(opened.image);
  ASSERT_EQ(opened->segments().size(), 2u);  // the third is not writable
  EXPECT_EQ(opened->segments()[0].size, 8u);
  EXPECT_TRUE(opened->segments()[0].writable_in_target);
  EXPECT_FALSE(opened->segments()[1].writable_in_target);
  EXPECT_EQ(opened->at(0x1002, 4), opened->at(0x1000, 1) + 2);
  EXPECT_EQ(text_at(*opened, 0x1006, 4), "ghij");  // stitched
}

TEST(Core, ReadsThreadsFilesAndAuxv) {
  CoreWriter core;
  std::string psinfo(136, '\0');
  std::uint32_t pid = 4321;
  std::memcpy(&psinfo[24], &pid, sizeof pid);
  std::string files;
  for (std::uint64_t word :
       {2ull, 4096ull, 0x400000ull, 0x500000ull, 0ull, 0x500000ull, 0x600000ull, 0x100ull})
    append(files, word);
  files += std::string("/no/such/program\0/no/such/data\0", 31);
  std::string auxv;
  for (std::uint64_t word : {9ull, 0x401000ull, 0ull, 0ull, 6ull, 4096ull}) append(auxv, word);
  core.notes = note(NT_PRSTATUS, prstatus(4322, 0x7ffe0000, 0x401234)) + note(NT_PRPSINFO, psinfo) +
               note(NT_PRSTATUS, prstatus(4323, 0x7fff0000, 0x405678)) +
               note(NT_PRSTATUS, prstatus(99, 1, 2), "OTHER") + note(NT_FILE, files) +
               note(NT_AUXV, auxv);
  core.loads = {{0x1000, "x", 1}};
  Opened opened(core.bytes());
  ASSERT_TRUE(opened.image);
  EXPECT_EQ(opened->identity().pid, 4321u);
  EXPECT_FALSE(opened->identity().live);
  EXPECT_EQ(opened->identity().executable, "");  // there is no such file
  ASSERT_EQ(opened->threads().size(), 2u);
  EXPECT_EQ(opened->threads()[1].tid, 4323u);
  EXPECT_EQ(opened->threads()[1].sp, 0x7fff0000u);
  EXPECT_EQ(opened->threads()[1].pc, 0x405678u);
  EXPECT_EQ(opened->threads()[1].register_count, 27u);
  ASSERT_EQ(opened->file_mappings().size(), 2u);
  EXPECT_EQ(opened->file_mappings()[1].path, "/no/such/data");
  EXPECT_EQ(opened->file_mappings()[1].start, 0x500000u);
  EXPECT_EQ(opened->file_mappings()[1].file_offset, 0x100u * 4096);
  EXPECT_EQ(opened->auxv(AT_ENTRY), 0x401000u);
  EXPECT_EQ(opened->auxv(AT_PAGESZ), std::nullopt);  // after AT_NULL
}

TEST(Core, FindsTheExecutableByTheEntryAddress) {
  ScratchFile executable("anything");
  CoreWriter core;
  std::string files, auxv;
  for (std::uint64_t word : {1ull, 4096ull, 0x400000ull, 0x500000ull, 0ull}) append(files, word);
  files += executable.path() + '\0';
  for (std::uint64_t word : {9ull, 0x401000ull, 0ull, 0ull}) append(auxv, word);
  core.notes = note(NT_AUXV, auxv) + note(NT_FILE, files);
  core.loads = {{0x1000, "x", 1}};
  Opened opened(core.bytes());
  ASSERT_TRUE(opened.image);
  EXPECT_EQ(opened->identity().executable, executable.path());
}

TEST(Core, CountsMoreThan65535Segments) {
  CoreWriter core;
  core.extended_count = true;
  constexpr std::uint64_t kCount = 70'000;
  for (std::uint64_t i = 0; i < kCount; i++) core.loads.push_back({0x10000 + i * 64, "seg!", 4});
  Opened opened(core.bytes());
  ASSERT_TRUE(opened.image);
  EXPECT_EQ(opened->segments().size(), kCount);
  EXPECT_EQ(text_at(*opened, 0x10000 + 69'999 * 64, 4), "seg!");
  EXPECT_EQ(text_at(*opened, 0x10000 + 70'000 * 64, 1), "hole");
}

TEST(Core, RefusesAnExtendedCountWithoutItsSection) {
  CoreWriter core;
  core.loads = {{0x1000, "x", 1}};
  auto bytes = core.bytes();
  auto set = [&](auto member_offset, auto value) {
    std::memcpy(&bytes[member_offset], &value, sizeof value);
  };
  set(offsetof(Elf64_Ehdr, e_phnum), std::uint16_t{PN_XNUM});
  EXPECT_EQ(Opened(bytes).error(), ErrorKind::BadInput);
  set(offsetof(Elf64_Ehdr, e_shoff), std::uint64_t{1} << 40);
  EXPECT_EQ(Opened(bytes).error(), ErrorKind::Truncated);
}

TEST(Core, ReadsWhatIsThereOfACoreCutShort) {
  CoreWriter core;
  core.loads = {{0x1000, std::string(100, 'a'), 100}, {0x2000, std::string(100, 'b'), 100}};
  auto bytes = core.bytes();
  bytes.resize(bytes.size() - 60);
  Opened opened(bytes);
  ASSERT_TRUE(opened.image);
  EXPECT_EQ(text_at(*opened, 0x1000, 100), std::string(100, 'a'));
  EXPECT_EQ(text_at(*opened, 0x2000, 40), std::string(40, 'b'));
  EXPECT_EQ(text_at(*opened, 0x2000, 41), "hole");
  ASSERT_EQ(opened.diagnostics.warnings().size(), 1u);
  EXPECT_NE(opened.diagnostics.warnings()[0].find(" 60 bytes"), std::string::npos);
}

// Every possible cut: an error or an image, never a crash, and a clear error within the headers.
TEST(Core, SurvivesACutAtEachByte) {
  CoreWriter core;
  core.notes = note(NT_PRSTATUS, prstatus(1, 2, 3));
  core.loads = {{0x1000, "abcdefgh", 8}};
  auto bytes = core.bytes();
  auto headers_end = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr);
  for (std::size_t size = 0; size < bytes.size(); size++) {
    Opened opened(bytes.substr(0, size));
    if (size + 8 <= bytes.size() || size <= headers_end)
      EXPECT_EQ(opened.error(), ErrorKind::Truncated) << size;
    else
      EXPECT_EQ(text_at(*opened, 0x1000, size + 8 - bytes.size()),
                std::string("abcdefgh").substr(0, size + 8 - bytes.size()))
          << size;
  }
}

TEST(Core, NamesWhatElseTheFileIs) {
  auto refuse = [](const std::string& content, ErrorKind kind, const char* word) {
    Opened opened(content);
    ASSERT_FALSE(opened.image) << word;
    EXPECT_EQ(opened.image.error().kind, kind) << opened.image.error().message;
    EXPECT_NE(opened.image.error().message.find(word), std::string::npos)
        << opened.image.error().message;
    EXPECT_EQ(opened.image.error().message.find('\n'), std::string::npos);
  };
  refuse("\x28\xB5\x2F\xFD rest", ErrorKind::BadInput, "zstd");
  refuse("\x1F\x8B\x08 rest of it", ErrorKind::BadInput, "gzip");
  refuse("\xFD\x37zXZ\x01 rest", ErrorKind::BadInput, "xz");
  refuse("#!/bin/sh\n", ErrorKind::BadInput, "not an ELF core");
  CoreWriter core;
  core.loads = {{0x1000, "x", 1}};
  core.header.e_type = ET_DYN;
  refuse(core.bytes(), ErrorKind::BadInput, "executable");
  core.header.e_type = ET_CORE;
  core.header.e_machine = EM_RISCV;
  refuse(core.bytes(), ErrorKind::Unsupported, "machine");
  core.header.e_ident[EI_DATA] = ELFDATA2MSB;
  refuse(core.bytes(), ErrorKind::Unsupported, "little-endian");
  core.header.e_ident[EI_CLASS] = ELFCLASS32;
  refuse(core.bytes(), ErrorKind::Unsupported, "64-bit");
  CoreWriter empty;
  refuse(empty.bytes(), ErrorKind::BadInput, "no memory");
}

TEST(Core, NamesMissingFilesAndDirectories) {
  Diagnostics diagnostics;
  auto missing = open_core("/no/such/core", diagnostics);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
  auto directory = open_core("/tmp", diagnostics);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().kind, ErrorKind::BadInput);
}

Elf64_Phdr hostile_load(std::uint64_t offset, std::uint64_t address, std::uint64_t file_size,
                        std::uint64_t memory_size) {
  Elf64_Phdr p{};
  p.p_type = PT_LOAD;
  p.p_offset = offset;
  p.p_vaddr = address;
  p.p_filesz = file_size;
  p.p_memsz = memory_size;
  return p;
}

TEST(Core, SurvivesHostileProgramHeaders) {
  CoreWriter core;
  core.loads = {{0x1000, "good", 4}};
  constexpr auto kMax = UINT64_MAX;
  Opened opened(core.bytes({
      hostile_load(kMax, 0x2000, 16, 16),
      hostile_load(kMax - 8, 0x3000, 16, 16),
      hostile_load(64, kMax - 3, 16, 16),
      hostile_load(64, 0x4000, kMax, kMax),
      hostile_load(64, 0x5000, kMax, 4),
      hostile_load(kMax / 2, 0x6000, kMax / 2, kMax / 2),
      hostile_load(0, 0x7000, 0, kMax),
  }));
  ASSERT_TRUE(opened.image);
  EXPECT_EQ(text_at(*opened, 0x1000, 4), "good");
  EXPECT_EQ(text_at(*opened, 0x2000, 1), "hole");
  EXPECT_EQ(text_at(*opened, 0x7000, 1), "hole");
  EXPECT_NE(text_at(*opened, 0x5000, 4), "hole");  // its memory size is sound
  EXPECT_EQ(text_at(*opened, 0x5000, 5), "hole");
  EXPECT_FALSE(opened.diagnostics.warnings().empty());
}

TEST(Core, CutsOverlappingLoadsToWhatIsNew) {
  CoreWriter core;
  core.loads = {{0x1000, "aaaaaaaa", 8},
                {0x1004, "bbbbbbbb", 8},
                {0x1002, "cc", 2},
                {0x1010, "dd", 2},
                {0x1006, std::string(16, 'e'), 16}};
  Opened opened(core.bytes());
  ASSERT_TRUE(opened.image);
  EXPECT_EQ(text_at(*opened, 0x1000, 22), "aaaaaaaabbbbeeeeeeeeee");
  Address end = 0;
  for (auto& segment : opened->segments()) {
    EXPECT_GE(segment.start, end);
    end = segment.start + segment.size;
  }
}

TEST(Core, SurvivesHostileNotes) {
  auto opens = [](const std::string& notes) {
    CoreWriter core;
    core.notes = notes;
    core.loads = {{0x1000, "good", 4}};
    Opened opened(core.bytes());
    ASSERT_TRUE(opened.image);
    EXPECT_TRUE(opened->threads().empty());
    EXPECT_TRUE(opened->file_mappings().empty());
    EXPECT_FALSE(opened.diagnostics.warnings().empty());
  };
  std::string huge;
  append(huge, Elf64_Nhdr{0xFFFFFFFF, 0xFFFFFFFF, NT_PRSTATUS});
  opens(huge);
  huge.clear();
  append(huge, Elf64_Nhdr{5, 0xFFFFFFFD, NT_PRSTATUS});
  opens(huge + std::string("CORE\0\0\0\0", 8));
  opens(note(NT_PRSTATUS, std::string(100, '\0')));
  opens(note(NT_PRSTATUS, std::string(112 + 26 * 8, '\0')));
  std::string files;
  append(files, UINT64_MAX / 24 + 2);  // times 24 wraps to a small number
  append(files, std::uint64_t{4096});
  opens(note(NT_FILE, files + std::string(48, '\0')));
  files.clear();
  for (std::uint64_t word : {1ull, 4096ull, 0x1000ull, 0x2000ull, 0ull}) append(files, word);
  opens(note(NT_FILE, files + "a path without an end"));
  files.clear();
  for (std::uint64_t word : {1ull, 4096ull, 0x2000ull, 0x1000ull, 0ull}) append(files, word);
  opens(note(NT_FILE, files + std::string("/backwards\0", 11)));
  opens("odd");
}

// A program header table that claims 4 billion entries must not be allocated.
TEST(Core, RefusesAHugeHeaderCount) {
  CoreWriter core;
  core.extended_count = true;
  core.loads = {{0x1000, "x", 1}};
  auto bytes = core.bytes();
  auto info = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr) + offsetof(Elf64_Shdr, sh_info);
  std::uint32_t count = UINT32_MAX;
  std::memcpy(&bytes[info], &count, sizeof count);
  EXPECT_EQ(Opened(bytes).error(), ErrorKind::Truncated);
}

TEST(Core, ReadsZerosWhereTheFileShrankAndCountsThem) {
  constexpr std::uint64_t kPage = 4096;
  CoreWriter core;
  core.loads = {{0x100000, std::string(64 * kPage, 'x'), 64 * kPage}};
  auto bytes = core.bytes();
  Opened opened(bytes);
  ASSERT_TRUE(opened.image);
  EXPECT_EQ(opened->lost_bytes(), 0u);
  ASSERT_EQ(truncate(opened.file.path().c_str(), 16 * kPage), 0);
  EXPECT_EQ(*opened->read<char>(0x100000), 'x');
  EXPECT_EQ(*opened->read<char>(0x100000 + 40 * kPage), '\0');
  EXPECT_EQ(*opened->read<char>(0x100000 + 20 * kPage), '\0');
  EXPECT_EQ(*opened->read<char>(0x100000 + 60 * kPage), '\0');
  EXPECT_EQ(opened->lost_bytes(), bytes.size() - 16 * kPage);
  ASSERT_EQ(truncate(opened.file.path().c_str(), 0), 0);
  EXPECT_EQ(*opened->read<char>(0x100000), '\0');
  EXPECT_EQ(opened->lost_bytes(), bytes.size());
}

}  // namespace
}  // namespace overhang
