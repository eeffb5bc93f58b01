// Opening Go programs. What is where comes from `go tool nm`; wrong, stripped and damaged inputs
// must say what to do.
#include "goruntime/runtime.h"

#include <elf.h>
#include <gtest/gtest.h>

#include "unit/binary/go_build.h"
#include "unit/goruntime/go_core.h"

namespace overhang::test {
namespace {

constexpr const char* kSource = R"go(
package main

import (
	"os"
	"time"
)

type mixed struct {
	number  uintptr
	pointer *int
	text    string
	numbers [2]uintptr
	last    *int
}

var (
	inBss  mixed
	inData = mixed{number: 7, pointer: new(int), text: "text"}
	plain  = [4]uintptr{1, 2, 3, 4}
)

//go:noinline
func somewhere(n int) int {
	if n == 0 {
		return 1
	}
	return n * somewhere(n-1)
}

func main() {
	inBss.last = inData.pointer
	os.Stdout.WriteString("ready\n"[somewhere(3)-6:])
	for {
		time.Sleep(time.Hour)
		inBss.number += plain[inBss.number%4]
	}
}
)go";

const std::string kToolchain = "go1.26.8";

// Link-time addresses by name.
std::map<std::string, Address> nm(const std::string& executable) {
  std::map<std::string, Address> out;
  for (auto& line : lines_of(output_of("go tool nm " + quoted(executable)))) {
    auto words = words_of(line);
    if (words.size() == 3) out[words[2]] = std::stoull(words[0], nullptr, 16);
  }
  return out;
}

void expect_opened(const Runtime& runtime, std::uint64_t bias) {
  auto symbols = nm(runtime.file().path());
  auto at = [&](const char* name) {
    EXPECT_TRUE(symbols.count(name)) << name;
    return symbols[name] + bias;
  };
  EXPECT_EQ(runtime.version().text, kToolchain);
  EXPECT_EQ(runtime.load_bias(), bias);
  EXPECT_EQ(runtime.variables().mheap, at("runtime.mheap_"));
  EXPECT_EQ(runtime.variables().allgs, at("runtime.allgs"));
  EXPECT_EQ(runtime.variables().allm, at("runtime.allm"));
  EXPECT_EQ(runtime.variables().allfin, at("runtime.allfin"));
  EXPECT_EQ(runtime.variables().gc_cleanups, at("runtime.gcCleanups"));
  ASSERT_EQ(runtime.modules().size(), 1u);
  auto& module = runtime.modules()[0];
  EXPECT_EQ(module.address, at("runtime.firstmoduledata"));
  EXPECT_EQ(module.text, at("runtime.text"));
  EXPECT_EQ(module.etext, at("runtime.etext"));
  EXPECT_EQ(module.data, at("runtime.data"));
  EXPECT_EQ(module.edata, at("runtime.edata"));
  EXPECT_EQ(module.bss, at("runtime.bss"));
  EXPECT_EQ(module.ebss, at("runtime.ebss"));
  EXPECT_EQ(module.noptrbss, at("runtime.noptrbss"));
  EXPECT_EQ(module.types, at("runtime.types"));

  for (auto name : {"main.main", "main.somewhere", "runtime.mallocgc", "runtime.mallocinit"}) {
    auto function = runtime.find_function(at(name) + 1);
    ASSERT_TRUE(function) << name;
    EXPECT_EQ(function->name, name);
    EXPECT_EQ(function->entry, at(name));
  }
  EXPECT_FALSE(runtime.find_function(module.text - 1));
  EXPECT_FALSE(runtime.find_function(module.data));

  // mixed's words: number, pointer, text's data and length, two numbers, last.
  for (auto name : {"main.inBss", "main.inData"})
    for (int word = 0; word < 7; word++) {
      auto address = at(name) + static_cast<std::uint64_t>(word) * 8;
      ASSERT_EQ(runtime.module_of_data(address), &module) << name;
      EXPECT_EQ(runtime.is_root_word(module, address), word == 1 || word == 2 || word == 6)
          << name << " word " << word;
      EXPECT_FALSE(runtime.is_root_word(module, address + 4));
    }
  EXPECT_EQ(runtime.module_of_data(at("main.plain")), nullptr);
  EXPECT_EQ(runtime.image().word(at("main.inData")), 7u);
  EXPECT_EQ(runtime.image().word(at("main.inBss") + 48),
            runtime.image().word(at("main.inData") + 8));
}

// The segments of a core that `keep` approves, in an image of their own. `over` is laid on top.
std::unique_ptr<Image> copy_of(const Image& image, std::vector<Image::Segment> over,
                               const std::function<bool(const Image::Segment&)>& keep,
                               bool with_auxv = true) {
  auto out = std::make_unique<Image>(image.architecture(), image.identity());
  for (auto& segment : over) out->add_segment(segment);
  for (auto& segment : image.segments())
    if (keep(segment)) out->add_segment(segment);
  if (with_auxv) out->set_auxv({{AT_ENTRY, image.auxv(AT_ENTRY).value_or(0)}});
  return out;
}

bool all(const Image::Segment&) { return true; }

TEST(RuntimeOpen, FindsWhatNmFinds) {
  auto core = GoCore::of(kSource, kToolchain);
  if (!core) GTEST_SKIP() << kToolchain << " or gcore is not at hand";
  expect_opened(*core->runtime, 0);
}

TEST(RuntimeOpen, FollowsPositionIndependentExecutables) {
  auto core = GoCore::of(kSource, kToolchain, "-buildmode=pie");
  if (!core) GTEST_SKIP() << kToolchain << " or gcore is not at hand";
  ASSERT_TRUE(core->file->position_independent());
  // Where the kernel put it: the lowest mapping of the file.
  Address lowest = ~Address{0};
  for (auto& mapping : core->image->file_mappings())
    if (mapping.path.ends_with("/subject")) lowest = std::min(lowest, mapping.start);
  ASSERT_NE(lowest, ~Address{0});
  EXPECT_NE(lowest, 0u);
  expect_opened(*core->runtime, lowest - core->file->segments().at(0).address);

  // Without an auxiliary vector its header tells, if that is in the core.
  Diagnostics diagnostics;
  auto image = copy_of(*core->image, {}, all, false);
  auto opened = Runtime::open(*image, *core->file, diagnostics);
  ASSERT_TRUE(opened) << opened.error().message;
  expect_opened(**opened, core->runtime->load_bias());
  image = copy_of(
      *core->image, {}, [&](const Image::Segment& segment) { return segment.start != lowest; },
      false);
  opened = Runtime::open(*image, *core->file, diagnostics);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("AT_ENTRY"), std::string::npos) << opened.error().message;
}

// Kernel cores hold no unmodified file pages: text, types and pclntab are not there.
TEST(RuntimeOpen, LaysTheExecutableUnderAKernelCore) {
  auto core = GoCore::of(kSource, kToolchain);
  if (!core) GTEST_SKIP() << kToolchain << " or gcore is not at hand";
  Address text_end = 0, text = ~Address{0};
  for (auto& segment : core->file->segments()) {
    if (segment.writable) continue;
    text = std::min(text, segment.address);
    text_end = std::max(text_end, segment.address + segment.memory_size);
  }
  Diagnostics diagnostics;
  auto image = copy_of(*core->image, {}, [&](const Image::Segment& segment) {
    return segment.start < text || segment.start >= text_end;
  });
  EXPECT_EQ(image->at(core->runtime->modules()[0].text, 8), nullptr);
  auto opened = Runtime::open(*image, *core->file, diagnostics);
  ASSERT_TRUE(opened) << opened.error().message;
  expect_opened(**opened, 0);
}

TEST(RuntimeOpen, NamesBothBuildsWhenTheExecutableIsAnother) {
  auto core = GoCore::of(kSource, kToolchain);
  if (!core) GTEST_SKIP() << kToolchain << " or gcore is not at hand";
  auto source = std::string(kSource);
  source.replace(source.find("number: 7"), 9, "number: 8");
  auto other = GoCore::of(source, kToolchain);
  ASSERT_TRUE(other);
  ASSERT_NE(core->file->go_build_id(), other->file->go_build_id());
  Diagnostics diagnostics;
  auto opened = Runtime::open(*core->image, *other->file, diagnostics);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::BadInput);
  for (auto& part : {other->file->path(), other->file->go_build_id(), core->file->go_build_id(),
                     std::string("--exe")})
    EXPECT_NE(opened.error().message.find(part), std::string::npos) << opened.error().message;
}

TEST(RuntimeOpen, RefusesOtherPrograms) {
  Image image(Architecture::Amd64, {});
  Diagnostics diagnostics;
  auto not_go = ElfFile::open("/proc/self/exe");
  ASSERT_TRUE(not_go);
  auto opened = Runtime::open(image, **not_go, diagnostics);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::BadInput);
  EXPECT_NE(opened.error().message.find("not a Go program"), std::string::npos);
}

TEST(RuntimeOpen, SaysWhereAStrippedProgramsRuntimeIsNot) {
  auto stripped = ElfFile::open(build_go(kSource, "-ldflags=-s"));
  ASSERT_TRUE(stripped);
  Image image(Architecture::Amd64, {});
  Diagnostics diagnostics;
  auto opened = Runtime::open(image, **stripped, diagnostics);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::BadInput);
  EXPECT_NE(opened.error().message.find("firstmoduledata"), std::string::npos);
  EXPECT_NE(opened.error().message.find("--exe"), std::string::npos);
}

TEST(RuntimeOpen, RefusesAProcessThatStartsElsewhere) {
  auto file = ElfFile::open(build_go(kSource));
  ASSERT_TRUE(file);
  Image image(Architecture::Amd64, {});
  image.set_auxv({{AT_ENTRY, (*file)->entry() + 0x1000}});
  Diagnostics diagnostics;
  auto opened = Runtime::open(image, **file, diagnostics);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::BadInput);
}

TEST(RuntimeOpen, AnImageWithoutModuledataIsAnError) {
  auto file = ElfFile::open(build_go(kSource));
  ASSERT_TRUE(file);
  Image image(Architecture::Amd64, {});
  Diagnostics diagnostics;
  auto opened = Runtime::open(image, **file, diagnostics);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::BadInput);
  EXPECT_NE(opened.error().message.find("firstmoduledata"), std::string::npos);
}

// Damage to the first module's record, one word at a time.
TEST(RuntimeOpen, SurvivesADamagedModuleChain) {
  auto core = GoCore::of(kSource, kToolchain);
  if (!core) GTEST_SKIP() << kToolchain << " or gcore is not at hand";
  auto& layout = core->runtime->layout();
  auto first = core->runtime->variables().first_moduledata;
  struct {
    std::int64_t field;
    std::uint64_t value;
    bool opens;
  } const rows[] = {{layout.moduledata_next, first, true},
                    {layout.moduledata_next, 0x123456, true},
                    {layout.moduledata_pcHeader, first, false},
                    {layout.moduledata_gcdatamask, 0xFFFFFFFF, false},
                    {layout.moduledata_gcdatamask + 8, 0x10, false},
                    {layout.moduledata_ftab + 8, UINT64_MAX, false},
                    {layout.moduledata_ftab + 8, 1u << 30, false},
                    {layout.moduledata_edata, 0, false}};
  for (auto& row : rows) {
    constexpr std::uint64_t kPage = 4096;
    auto page = first / kPage * kPage;
    std::vector<std::byte> bytes(2 * kPage);
    auto* original = core->image->at(page, bytes.size());
    ASSERT_TRUE(original);
    std::copy_n(original, bytes.size(), bytes.begin());
    std::memcpy(bytes.data() + (first - page) + row.field, &row.value, 8);
    Image::Segment over;
    over.start = page;
    over.size = bytes.size();
    over.data = bytes.data();
    Diagnostics diagnostics;
    auto image = copy_of(*core->image, {over}, all);
    auto opened = Runtime::open(*image, *core->file, diagnostics);
    EXPECT_EQ(opened.has_value(), row.opens) << row.field;
    if (!opened) continue;
    EXPECT_EQ((*opened)->modules().size(), 1u);
    EXPECT_EQ(diagnostics.warnings().size(), 1u);
  }
}

TEST(ReadSlice, RefusesHeadersThatCannotBe) {
  std::vector<std::uint64_t> words{0x1000, 3, 4, 0x1000, 5, 4, 0x1000, 1, UINT64_MAX};
  Image image(Architecture::Amd64, {});
  Image::Segment segment;
  segment.start = 0x2000;
  segment.size = words.size() * 8;
  segment.data = reinterpret_cast<std::byte*>(words.data());
  image.add_segment(std::move(segment));
  auto good = read_slice(image, 0x2000);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->data, 0x1000u);
  EXPECT_EQ(good->len, 3u);
  EXPECT_EQ(good->cap, 4u);
  EXPECT_FALSE(read_slice(image, 0x2018));
  EXPECT_FALSE(read_slice(image, 0x2030));
  EXPECT_FALSE(read_slice(image, 0x2038));  // runs out of the segment
}

}  // namespace
}  // namespace overhang::test
