#include "binary/function_table.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "binary/elf_file.h"
#include "unit/binary/go_build.h"

namespace overhang {
namespace {

using namespace test;

constexpr const char* kSource = R"(package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type point struct{ X, Y float64 }

//go:noinline
func sum[T int | float64](values ...T) (total T) {
	defer func() { recover() }()
	for _, v := range values {
		total += v
	}
	return total
}

func main() {
	out, err := json.Marshal(map[string]point{strings.ToUpper(os.Args[0]): {1, 2}})
	fmt.Println(string(out), err, sum(1, 2), sum(1.5, 2.5))
}
)";

struct Program {
  std::string path = build_go(kSource);
  std::unique_ptr<ElfFile> file = std::move(*ElfFile::open(path));
  FunctionTable::Parts parts;
  FunctionTable table;

  // runtime.pcHeader: magic, pad, minLC, ptrSize, then the words nfunc, nfiles, textStart and the
  // offsets of funcname, cu, filetab, pctab and pcln.
  Program() {
    auto bytes = file->section(".gopclntab")->bytes;
    auto word = [&bytes](std::size_t i) { return *load<std::uint64_t>(bytes, 8 + 8 * i); };
    parts.text = file->symbol("runtime.text")->address;
    parts.pc_quantum = *load<std::uint8_t>(bytes, 6);
    parts.funcnametab = bytes.subspan(word(3));
    parts.cutab = bytes.subspan(word(4));
    parts.filetab = bytes.subspan(word(5));
    parts.pctab = bytes.subspan(word(6));
    parts.pclntable = bytes.subspan(word(7));
    parts.ftab = parts.pclntable.first(8 * (word(0) + 1));
    table = FunctionTable(parts);
  }
};

struct TextSymbol {
  std::uint64_t size;
  std::set<std::string> names;
};

std::map<Address, TextSymbol> text_symbols(const std::string& path) {
  std::map<Address, TextSymbol> out;
  for (auto& line : lines_of(output_of("go tool nm -size " + path))) {
    auto words = words_of(line);
    if (words.size() < 4 || (words[2] != "T" && words[2] != "t")) continue;
    auto& symbol = out[std::stoull(words[0], nullptr, 16)];
    symbol.size = std::max<std::uint64_t>(symbol.size, std::stoull(words[1]));
    auto name = line.substr(line.find(" " + words[2] + " ") + 3);
    // An assembly function's symbol says its calling convention, its pclntab entry does not.
    if (name.ends_with(".abi0")) name.resize(name.size() - 5);
    symbol.names.insert(name);
  }
  return out;
}

TEST(FunctionTable, FunctionsAreTheTextSymbols) {
  Program program;
  auto symbols = text_symbols(program.path);
  ASSERT_GT(program.table.size(), 1500u);
  Address end = 0;
  for (std::size_t i = 0; i < program.table.size(); i++) {
    auto f = program.table.function(i);
    ASSERT_TRUE(f);
    ASSERT_TRUE(symbols.count(f->entry)) << f->name;
    std::string name(f->name);
    // cmd/link writes the compiler's middle dots as dots into .symtab.
    for (std::size_t at; (at = name.find("\u00B7")) != name.npos;) name.replace(at, 2, ".");
    EXPECT_TRUE(symbols[f->entry].names.count(name)) << name;
    EXPECT_GE(f->end, f->entry + symbols[f->entry].size) << f->name;
    EXPECT_GE(f->entry, end) << f->name;
    end = f->end;
  }
  EXPECT_FALSE(program.table.function(program.table.size()));
}

TEST(FunctionTable, FindsEachFunctionByAnyOfItsPcs) {
  Program program;
  std::size_t found = 0;
  for (auto& [address, symbol] : text_symbols(program.path)) {
    if (symbol.size == 0) continue;
    for (auto pc : {address, address + symbol.size / 2, address + symbol.size - 1}) {
      auto f = program.table.find(pc);
      ASSERT_TRUE(f) << *symbol.names.begin();
      EXPECT_EQ(f->entry, address) << *symbol.names.begin();
    }
    found++;
  }
  EXPECT_GT(found, 1500u);
  auto text = program.parts.text;
  EXPECT_FALSE(program.table.find(text - 1));
  EXPECT_FALSE(program.table.find(0));
  EXPECT_FALSE(program.table.find(UINT64_MAX));
  auto end = program.table.function(program.table.size() - 1)->end;
  EXPECT_TRUE(program.table.find(end - 1));
  EXPECT_FALSE(program.table.find(end));
}

// readelf's reading of .debug_frame: the CFA of a frame is the sp at entry plus the return address.
TEST(FunctionTable, StackDepthIsTheFramesCfa) {
  Program program;
  std::size_t rows = 0;
  struct Row {
    Address pc;
    std::int64_t cfa;
  };
  std::vector<Row> frame;
  Address end = 0;
  auto check = [&] {
    for (std::size_t i = 0; i < frame.size(); i++) {
      auto next = i + 1 < frame.size() ? frame[i + 1].pc : end;
      for (auto pc : {frame[i].pc, next - 1}) {
        if (pc < frame[i].pc || next <= frame[i].pc) continue;
        auto f = program.table.find(pc);
        ASSERT_TRUE(f) << std::hex << pc;
        EXPECT_EQ(program.table.sp_delta(*f, pc), frame[i].cfa - 8)
            << f->name << " at " << std::hex << pc;
        rows++;
      }
    }
    frame.clear();
  };
  auto dump = output_of("readelf --debug-dump=frames-interp " + program.path + " 2>/dev/null");
  for (auto& line : lines_of(dump)) {
    if (auto at = line.find(" pc="); at != line.npos) {
      check();
      end = std::stoull(line.substr(line.find("..", at) + 2), nullptr, 16);
    }
    auto words = words_of(line);
    if (words.size() == 3 && words[1].starts_with("rsp+") && end)
      frame.push_back({std::stoull(words[0], nullptr, 16), std::stoll(words[1].substr(4))});
  }
  check();
  EXPECT_GT(rows, 10000u);
}

TEST(FunctionTable, LinesAreThoseOfAddr2line) {
  Program program;
  std::string input;
  std::vector<Address> pcs;
  for (std::size_t i = 0; i < program.table.size(); i += 7) {
    auto f = program.table.function(i);
    for (auto pc :
         {f->entry, f->entry + (f->end - f->entry) / 3, f->entry + (f->end - f->entry) / 2})
      pcs.push_back(pc);
  }
  for (auto pc : pcs) input += fmt::format("{:#x}\n", pc);
  TemporaryFile pcs_file(input);
  auto said = lines_of(output_of("go tool addr2line " + program.path + " < " + pcs_file.path()));
  ASSERT_EQ(said.size(), pcs.size() * 2);
  std::size_t known = 0;
  for (std::size_t i = 0; i < pcs.size(); i++) {
    auto f = program.table.find(pcs[i]);
    ASSERT_TRUE(f);
    auto line = program.table.line(*f, pcs[i]);
    if (said[2 * i + 1] == "?:0" || said[2 * i + 1] == ":-1") continue;  // not known to it either
    known++;
    EXPECT_EQ(fmt::format("{}:{}", line.file, line.line), said[2 * i + 1]) << f->name;
    EXPECT_EQ(f->name, said[2 * i]);
  }
  EXPECT_GT(known, pcs.size() * 9 / 10);
}

// What the sources say of a function: its line, and a call of deferreturn where it defers.
TEST(FunctionTable, RecordsSayWhatTheSourceDoes) {
  Program program;
  auto symbol = program.file->symbol("main.sum[go.shape.int]");
  ASSERT_TRUE(symbol);
  auto f = program.table.find(symbol->address);
  ASSERT_TRUE(f);
  EXPECT_EQ(f->start_line, 13);
  EXPECT_GT(f->deferreturn, 0u);
  EXPECT_LT(f->deferreturn, symbol->size);
  EXPECT_EQ(program.table.find(program.file->symbol("main.main")->address)->deferreturn, 0u);
  // internal/abi: PCDATA_StackMapIndex is 1; at a function's entry it is -1, and at some pc of a
  // function with calls a map is chosen. FUNCDATA_LocalsPointerMaps is 1.
  EXPECT_EQ(program.table.pcdata(*f, 1, f->entry), -1);
  std::int32_t largest = -1;
  for (auto pc = f->entry; pc < f->end; pc++)
    largest = std::max(largest, program.table.pcdata(*f, 1, pc));
  EXPECT_GE(largest, 0);
  EXPECT_TRUE(program.table.funcdata_offset(*f, 1));
  EXPECT_FALSE(program.table.funcdata_offset(*f, f->nfuncdata));
  EXPECT_EQ(program.table.pcdata(*f, f->npcdata, f->entry), -1);
}

TEST(FunctionTable, EmptyTableFindsNothing) {
  FunctionTable table;
  EXPECT_EQ(table.size(), 0u);
  EXPECT_FALSE(table.find(0));
  EXPECT_FALSE(table.function(0));
}

TEST(FunctionTable, ValuesStepAsEncoded) {
  // Two steps by hand: value -1 + 8 = 7 for 3 bytes, then 7 - 2 = 5 for 200 bytes, end.
  // Deltas are zigzag (8 -> 16, -2 -> 3); 200 as a varint is c8 01.
  const unsigned char steps[] = {0xFF, 16, 3, 3, 0xC8, 0x01, 0};
  FunctionTable::Parts parts;
  parts.pctab = std::as_bytes(std::span(steps));
  FunctionTable table(parts);
  Function f;
  f.entry = 0x1000;
  EXPECT_EQ(table.pc_value(f, 1, 0x1000), 7);
  EXPECT_EQ(table.pc_value(f, 1, 0x1002), 7);
  EXPECT_EQ(table.pc_value(f, 1, 0x1003), 5);
  EXPECT_EQ(table.pc_value(f, 1, 0x1000 + 202), 5);
  EXPECT_EQ(table.pc_value(f, 1, 0x1000 + 203), std::nullopt);
  EXPECT_EQ(table.pc_value(f, 1, 0xFFF), std::nullopt);
  EXPECT_EQ(table.pc_value(f, 0, 0x1000), std::nullopt);
  EXPECT_EQ(table.pc_value(f, 7, 0x1000), std::nullopt);
}

// A table whose bytes are changed at random: every question must come back, with any answer.
TEST(FunctionTable, DamagedBytesDoNoHarm) {
  Program program;
  // A part of the real thing that is small enough to be copied thousands of times: the first
  // functions' records, and ftab entries that lead there.
  constexpr std::uint64_t kPart = 4096;
  auto first = program.table.function(0)->offset;
  std::vector<std::byte> original;
  for (auto whole :
       {program.parts.funcnametab, program.parts.cutab, program.parts.filetab, program.parts.pctab,
        program.parts.pclntable.subspan(first), program.parts.ftab})
    original.insert(original.end(), whole.begin(), whole.begin() + kPart);
  for (std::uint64_t at = 5 * kPart + 4; at < original.size(); at += 8) {
    auto offset = load_unchecked<std::uint32_t>(&original[at]) - first;
    std::memcpy(&original[at], &offset, sizeof offset);
  }
  std::uint64_t state = 1;
  auto next = [&state] {
    return (state = state * 6364136223846793005u + 1442695040888963407u) >> 33;
  };
  std::size_t decoded = 0, values = 0;
  for (int round = 0; round < 3000; round++) {
    auto memory = original;
    for (int i = 0; i < 100; i++) memory[next() % memory.size()] = static_cast<std::byte>(next());
    ByteSpan all(memory);
    auto parts = program.parts;
    parts.funcnametab = all.subspan(0, kPart);
    parts.cutab = all.subspan(kPart, kPart);
    parts.filetab = all.subspan(2 * kPart, kPart);
    parts.pctab = all.subspan(3 * kPart, kPart);
    parts.pclntable = all.subspan(4 * kPart, kPart);
    parts.ftab = all.subspan(5 * kPart).first(next() % kPart);
    FunctionTable table(parts);
    for (int i = 0; i < 40; i++) {
      auto f = i % 2 ? table.function(next() % 100) : table.find(parts.text + next() % 0x8000);
      if (!f) continue;
      decoded++;
      auto pc = f->entry + next() % 1000;
      values += table.sp_delta(*f, pc).has_value();
      table.pcdata(*f, static_cast<std::uint32_t>(next()), pc);
      table.pcdata(*f, static_cast<std::uint32_t>(next() % 4), pc);
      table.funcdata_offset(*f, static_cast<std::uint32_t>(next() % 8));
      auto line = table.line(*f, pc);
      EXPECT_LE(line.file.size(), kPart);
      EXPECT_LE(f->name.size(), kPart);
    }
  }
  EXPECT_GT(decoded, 10000u);
  EXPECT_GT(values, 1000u);
}

}  // namespace
}  // namespace overhang
