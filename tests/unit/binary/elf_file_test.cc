#include "binary/elf_file.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>
#include <tuple>

#include "unit/binary/go_build.h"

namespace overhang {
namespace {

using namespace test;

constexpr const char* kSource = R"(package main

import "os"

var table = [3]int{1, 2, 3}

func main() { os.Exit(table[len(os.Args)]) }
)";

TEST(ElfFile, SymbolsAreThoseOfGoToolNm) {
  auto path = build_go(kSource);
  auto file = ElfFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE((*file)->has_symbols());
  std::map<std::string, std::set<std::pair<Address, std::uint64_t>>> by_name;
  for (auto& line : lines_of(output_of("go tool nm -size " + path))) {
    auto words = words_of(line);
    if (words.size() != 4 || words[2] == "_" || words[2] == "U") continue;
    by_name[words[3]].insert({std::stoull(words[0], nullptr, 16), std::stoull(words[1])});
  }
  ASSERT_GT(by_name.size(), 1000u);
  for (auto& [name, places] : by_name) {
    auto symbol = (*file)->symbol(name);
    ASSERT_TRUE(symbol) << name;
    EXPECT_TRUE(places.count({symbol->address, symbol->size})) << name;
  }
  EXPECT_FALSE((*file)->symbol("main.absent"));
  EXPECT_FALSE((*file)->symbol(""));
}

TEST(ElfFile, SectionsAndSegmentsAreThoseOfReadelf) {
  auto path = build_go(kSource);
  auto file = ElfFile::open(path);
  ASSERT_TRUE(file);
  auto bytes = file_bytes(path);
  std::size_t sections = 0, segments = 0;
  for (auto& line : lines_of(output_of("readelf -SlW " + path))) {
    auto words = words_of(line.find(']') == line.npos ? line : line.substr(line.find(']') + 1));
    if (words.size() > 5 && words[0][0] == '.' && line.find(']') != line.npos) {
      auto* section = (*file)->section(words[0]);
      ASSERT_TRUE(section) << line;
      sections++;
      EXPECT_EQ(section->address, std::stoull(words[2], nullptr, 16));
      EXPECT_EQ(section->size, std::stoull(words[4], nullptr, 16));
      EXPECT_EQ(section->compressed, words[6].find('C') != std::string::npos) << line;
      EXPECT_EQ(section->bytes.size(), words[1] == "NOBITS" ? 0 : section->size) << line;
      auto offset = std::stoull(words[3], nullptr, 16);
      EXPECT_TRUE(section->bytes.empty() ||
                  std::memcmp(section->bytes.data(), bytes.data() + offset, section->size) == 0);
    }
    if (words.size() > 6 && words[0] == "LOAD") {
      ASSERT_LT(segments, (*file)->segments().size());
      auto& segment = (*file)->segments()[segments++];
      EXPECT_EQ(segment.file_offset, std::stoull(words[1], nullptr, 16));
      EXPECT_EQ(segment.address, std::stoull(words[2], nullptr, 16));
      EXPECT_EQ(segment.bytes.size(), std::stoull(words[4], nullptr, 16));
      EXPECT_EQ(segment.memory_size, std::stoull(words[5], nullptr, 16));
      EXPECT_EQ(segment.writable, line.find("RW") != line.npos);
      EXPECT_EQ(segment.executable, line.find("R E") != line.npos);
    }
  }
  EXPECT_EQ(sections, (*file)->sections().size());
  EXPECT_EQ(segments, (*file)->segments().size());
  EXPECT_EQ((*file)->architecture(), Architecture::Amd64);
}

TEST(ElfFile, BuildIdsAreThoseOfTheTools) {
  auto path = build_go(kSource, "-ldflags=-B=0x0123456789abcdef");
  auto file = ElfFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->gnu_build_id(), "0123456789abcdef");
  EXPECT_EQ((*file)->go_build_id() + "\n", output_of("go tool buildid " + path));
}

TEST(ElfFile, StrippedAndPositionIndependent) {
  auto plain = ElfFile::open(build_go(kSource));
  ASSERT_TRUE(plain);
  EXPECT_TRUE((*plain)->has_dwarf());
  EXPECT_FALSE((*plain)->position_independent());
  auto stripped = ElfFile::open(build_go(kSource, "-buildmode=pie -ldflags='-s -w'"));
  ASSERT_TRUE(stripped);
  EXPECT_FALSE((*stripped)->has_dwarf());
  EXPECT_FALSE((*stripped)->has_symbols());
  EXPECT_FALSE((*stripped)->symbol("main.main"));
  EXPECT_TRUE((*stripped)->position_independent());
}

TEST(ElfFile, SaysWhatIsWrong) {
  EXPECT_EQ(ElfFile::open("/nonexistent/file").error().kind, ErrorKind::NotFound);
  TemporaryFile text(std::string("#!/bin/sh\n"));
  EXPECT_EQ(ElfFile::open(text.path()).error().kind, ErrorKind::BadInput);
  TemporaryFile nothing(std::string{});
  EXPECT_EQ(ElfFile::open(nothing.path()).error().kind, ErrorKind::BadInput);
  auto bytes = file_bytes(build_go(kSource));
  for (auto [place, value] : {std::pair{EI_CLASS, ELFCLASS32}, {EI_DATA, ELFDATA2MSB}}) {
    auto changed = bytes;
    changed[place] = static_cast<char>(value);
    TemporaryFile other(changed);
    EXPECT_EQ(ElfFile::open(other.path()).error().kind, ErrorKind::Unsupported);
  }
}

TEST(ElfFile, CutOffAnywhereIsAnErrorOrShorter) {
  auto bytes = file_bytes(build_go(kSource));
  TemporaryFile file;
  std::size_t opened = 0;
  for (std::size_t size = 0; size < bytes.size(); size = size < 4096 ? size + 61 : size * 5 / 4) {
    file.write(std::span(bytes).first(size));
    auto cut = ElfFile::open(file.path());
    if (!cut) continue;
    opened++;
    for (auto& section : (*cut)->sections()) EXPECT_LE(section.bytes.size(), size);
    std::uint64_t held = 0;
    for (auto& segment : (*cut)->segments()) held = std::max(held, segment.bytes.size());
    EXPECT_LE(held, size);
    (*cut)->symbol("main.main");
  }
  EXPECT_GT(opened, 20u);
}

TEST(ElfFile, DamagedHeadersDoNoHarm) {
  auto bytes = file_bytes(build_go(kSource));
  std::uint64_t state = 1;  // a fixed linear congruential sequence
  auto next = [&state] {
    return (state = state * 6364136223846793005u + 1442695040888963407u) >> 33;
  };
  TemporaryFile file;
  for (int round = 0; round < 300; round++) {
    auto damaged = bytes;
    // The ELF header, the program headers and Go's section headers lie in the first 4 KiB.
    for (int i = 0; i < 8; i++) damaged[16 + next() % 4080] = static_cast<char>(next());
    file.write(damaged);
    auto opened = ElfFile::open(file.path());
    if (!opened) continue;
    (*opened)->symbol("main.main");
    for (auto& section : (*opened)->sections()) EXPECT_LE(section.bytes.size(), bytes.size());
  }
}

// A header and its program headers, as they stand in the memory of a program that was unpacked.
class ForgedMemory {
 public:
  explicit ForgedMemory(std::vector<Elf64_Phdr> segments) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_phoff = header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<Elf64_Half>(segments.size());
    header.e_shoff = 0x10000;  // not loaded
    header.e_shnum = header.e_shstrndx = 7;
    std::memcpy(page_.data(), &header, sizeof header);
    std::memcpy(page_.data() + sizeof header, segments.data(),
                segments.size() * sizeof segments[0]);
    Image::Segment add;
    add.start = kBase;
    add.size = page_.size();
    add.data = page_.data();
    image_.add_segment(std::move(add));
  }
  auto open() { return ElfFile::in_memory(image_, kBase, "forged"); }
  const Image& image() const { return image_; }

  static constexpr Address kBase = 0x400000;
  static Elf64_Phdr segment(std::uint64_t offset, std::uint64_t size) {
    Elf64_Phdr out{};
    out.p_type = PT_LOAD;
    out.p_flags = PF_R;
    out.p_offset = offset;
    out.p_vaddr = kBase + offset;
    out.p_filesz = out.p_memsz = size;
    return out;
  }

 private:
  std::vector<std::byte> page_ = std::vector<std::byte>(4096);
  Image image_{Architecture::Amd64, {}};
};

TEST(ElfInMemory, IsWhatWasLoaded) {
  ForgedMemory memory({ForgedMemory::segment(0, 4096)});
  EXPECT_EQ(elf_headers(memory.image()), std::vector<Address>{ForgedMemory::kBase});
  auto file = memory.open();
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ((*file)->load_bias(), 0u);
  EXPECT_TRUE((*file)->sections().empty());
  ASSERT_EQ((*file)->segments().size(), 1u);
  EXPECT_EQ((*file)->segments()[0].bytes.size(), 4096u);
}

TEST(ElfInMemory, RefusesWhatIsNotThere) {
  using Memory = ForgedMemory;
  const std::vector<std::vector<Elf64_Phdr>> forged = {
      {},
      {Memory::segment(0, 8192)},
      {Memory::segment(4096, 16)},
      {Memory::segment(0, 4096), Memory::segment(0, std::uint64_t{1} << 40)},
      {Memory::segment(0, 4096), Memory::segment(~std::uint64_t{0} - 8, 64)},
      std::vector<Elf64_Phdr>(70, Memory::segment(0, std::uint64_t{1} << 30)),
  };
  for (std::size_t i = 0; i < forged.size(); i++) EXPECT_FALSE(Memory(forged[i]).open()) << i;
  Image empty(Architecture::Amd64, {});
  EXPECT_FALSE(ElfFile::in_memory(empty, Memory::kBase, "forged"));
  EXPECT_TRUE(elf_headers(empty).empty());
}

}  // namespace
}  // namespace overhang
