// Damaged debug sections: every question must come back, with any answer.
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include "binary/dwarf.h"
#include "unit/binary/go_build.h"

namespace overhang {
namespace {

using namespace test;

constexpr const char* kSource = R"(package main

import "os"

var names []string

func main() {
	for _, arg := range os.Args {
		names = append(names, arg)
	}
	func() { names = names[:0] }()
}
)";

// Asks everything that can be asked.
void question(const ElfFile& file) {
  Diagnostics diagnostics;
  auto dwarf = Dwarf::open(file, &diagnostics);
  if (!dwarf) return;
  for (auto& global : (*dwarf)->globals()) {
    auto type = (*dwarf)->type(global.type);
    if (!type) continue;
    (*dwarf)->type(type->elem);
    for (auto& field : type->fields) (*dwarf)->type(field.type);
  }
  (*dwarf)->type((*dwarf)->type_named("runtime.mheap"));
  (*dwarf)->constant("runtime.pagesPerArena");
  auto text = file.section(".text");
  if (!text) return;
  for (std::uint64_t i = 0; i < 200; i++) (*dwarf)->variables(text->address + text->size * i / 200);
  if (auto closure = file.symbol("main.main.func1")) (*dwarf)->captured(closure->address);
}

struct Range {
  std::size_t offset, size;
};

Range place_of(const std::vector<char>& bytes, const ElfFile& file, const char* name) {
  auto* section = file.section(name);
  if (!section) return {0, 0};
  auto found = std::string_view(bytes.data(), bytes.size()).find(as_text(section->bytes));
  return {found, section->bytes.size()};
}

std::size_t damage(const std::string& flags, const std::vector<const char*>& sections, int rounds) {
  auto path = build_go(kSource, flags);
  auto bytes = file_bytes(path);
  auto file = ElfFile::open(path);
  if (!file) return 0;
  std::uint64_t state = 1;
  auto next = [&state] {
    return (state = state * 6364136223846793005u + 1442695040888963407u) >> 33;
  };
  TemporaryFile damaged_file;
  std::size_t damaged_sections = 0;
  for (auto* name : sections) {
    auto place = place_of(bytes, **file, name);
    if (place.size == 0) continue;
    damaged_sections++;
    for (int round = 0; round < rounds; round++) {
      auto damaged = bytes;
      // Often near the start, where headers and the first entries are.
      auto reach = round % 2 ? place.size : std::min<std::size_t>(place.size, 512);
      for (int i = 0; i < (round % 4 + 1) * 4; i++)
        damaged[place.offset + next() % reach] = static_cast<char>(next());
      damaged_file.write(damaged);
      auto opened = ElfFile::open(damaged_file.path());
      if (opened) question(**opened);
    }
  }
  return damaged_sections;
}

// The offset in .debug_info, as libdw has it.
std::uint64_t first_child_of_unit(const std::string& path, std::string_view name) {
  int fd = open(path.c_str(), O_RDONLY);
  auto* dwarf = dwarf_begin(fd, DWARF_C_READ);
  std::uint64_t offset = 0;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die top, child;
  while (dwarf && dwarf_get_units(dwarf, unit, &unit, nullptr, nullptr, &top, nullptr) == 0)
    if (dwarf_diename(&top) == name && dwarf_child(&top, &child) == 0)
      offset = dwarf_dieoffset(&child);
  dwarf_end(dwarf);
  close(fd);
  return offset;
}

TEST(DwarfDamage, PlainSections) {
  auto damaged = damage("-ldflags=-compressdwarf=false",
                        {".debug_info", ".debug_abbrev", ".debug_addr", ".debug_ranges",
                         ".debug_rnglists", ".debug_loc", ".debug_loclists"},
                        30);
  EXPECT_EQ(damaged, go_toolchain_minor() >= 25 ? 5u : 4u);
}

TEST(DwarfDamage, CompressedSections) {
  auto damaged = damage("", {".debug_info", ".debug_abbrev"}, 30);
  EXPECT_EQ(damaged, 2u);
}

TEST(DwarfDamage, IsCounted) {
  auto path = build_go(kSource, "-ldflags=-compressdwarf=false");
  auto bytes = file_bytes(path);
  auto file = ElfFile::open(path);
  ASSERT_TRUE(file);
  auto place = place_of(bytes, **file, ".debug_info");
  auto child = first_child_of_unit(path, "main");
  ASSERT_GT(child, 0u);
  bytes[place.offset + child] = '\x7f';  // a code that no abbreviation of Go's has
  TemporaryFile damaged(bytes);
  auto opened = ElfFile::open(damaged.path());
  ASSERT_TRUE(opened);
  Diagnostics diagnostics;
  auto dwarf = Dwarf::open(**opened, &diagnostics);
  ASSERT_TRUE(dwarf);
  EXPECT_FALSE((*dwarf)->globals().empty());  // the other units are still read
  ASSERT_EQ(diagnostics.warnings().size(), 1u);
  EXPECT_TRUE(diagnostics.warnings()[0].starts_with("DWARF unit damaged: 1"));
}

}  // namespace
}  // namespace overhang
