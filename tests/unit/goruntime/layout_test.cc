// The generated layouts, held against what each release's compiler and linker say of a program of
// their own: DWARF (through our reader, not the generator's) and pclntab.
#include "goruntime/layout.h"

#include <gtest/gtest.h>

#include <cstring>

#include "binary/dwarf.h"
#include "goruntime/runtime.h"
#include "unit/goruntime/go_core.h"

namespace overhang::test {
namespace {

constexpr const char* kSource = R"go(
package main

import (
	"fmt"
	"runtime"
	"time"
)

type node struct{ next *node }

func main() {
	n := &node{}
	runtime.SetFinalizer(n, func(*node) {})
	m := map[[20]int]*node{{1}: n}
	c := make(chan *node, 3)
	c <- n
	fmt.Println(m, <-c)
	fmt.Println("ready")
	time.Sleep(time.Hour)
}
)go";

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, at);) out.push_back(part);
  return out;
}

// What the compiler says of one line of layout_fields.def.
class Compiler {
 public:
  explicit Compiler(Dwarf& dwarf) : dwarf_(dwarf) {}

  std::optional<std::int64_t> size(const std::string& types) {
    auto type = find(types);
    return type ? std::optional(static_cast<std::int64_t>(type->size)) : std::nullopt;
  }
  // Nothing where the type is not there; -1 where the type has no such field.
  std::optional<std::int64_t> field(const std::string& types, const std::string& paths) {
    auto type = find(types);
    if (!type) return std::nullopt;
    for (auto& path : split(paths, '|'))
      if (auto offset = follow(*type, split(path, '.')); offset >= 0) return offset;
    return -1;
  }
  std::optional<std::int64_t> constant(const std::string& names) {
    for (auto& name : split(names, '|'))
      if (auto value = dwarf_.constant(name)) return value;
    return std::nullopt;
  }

 private:
  std::optional<DwarfType> find(const std::string& names) {
    for (auto& name : split(names, '|'))
      if (auto die = dwarf_.type_named(name)) return dwarf_.type(die);
    return std::nullopt;
  }
  std::int64_t follow(DwarfType type, const std::vector<std::string>& path) {
    std::int64_t offset = 0;
    for (auto& name : path) {
      auto field = std::find_if(type.fields.begin(), type.fields.end(),
                                [&](auto& f) { return f.name == name; });
      if (field == type.fields.end()) return -1;
      offset += static_cast<std::int64_t>(field->offset);
      if (auto next = dwarf_.type(field->type)) type = *next;
    }
    return offset;
  }
  Dwarf& dwarf_;
};

class LayoutOf : public testing::TestWithParam<std::string> {};

TEST_P(LayoutOf, AgreesWithDwarfAndPclntab) {
  auto core = GoCore::of(kSource, GetParam());
  if (!core) GTEST_SKIP() << GetParam() << " or gcore is not at hand";
  auto dwarf = Dwarf::open(*core->file);
  ASSERT_TRUE(dwarf) << dwarf.error().message;
  Compiler compiler(**dwarf);
  auto& layout = core->runtime->layout();
  int checked = 0;
  auto check = [&](const char* name, std::int64_t ours, std::optional<std::int64_t> theirs) {
    if (!theirs) return;  // the linker left it out of this program
    EXPECT_EQ(ours, *theirs) << name;
    checked++;
  };
#define OVERHANG_FIELD(name, type, path) check(#name, layout.name, compiler.field(type, path));
#define OVERHANG_SIZE(name, type) check(#name, layout.name, compiler.size(type));
#define OVERHANG_CONSTANT(name, names) check(#name, layout.name, compiler.constant(names));
#include "goruntime/layout_fields.def"
#undef OVERHANG_FIELD
#undef OVERHANG_SIZE
#undef OVERHANG_CONSTANT
  EXPECT_GT(checked, 130);

  // The linker writes each function's FuncID into pclntab.
  std::map<std::string, std::int64_t> const ids{
      {"runtime.asyncPreempt", layout.funcIdAsyncPreempt},
      {"runtime.debugCallV2", layout.funcIdDebugCallV2},
      {"runtime.goexit", layout.funcIdGoexit},
      {"runtime.mcall", layout.funcIdMcall},
      {"runtime.morestack", layout.funcIdMorestack},
      {"runtime.mstart", layout.funcIdMstart},
      {"runtime.sigpanic", layout.funcIdSigpanic},
      {"runtime.systemstack", layout.funcIdSystemstack},
      {"runtime.systemstack_switch", layout.funcIdSystemstackSwitch}};
  auto& functions = core->runtime->modules().at(0).functions;
  std::size_t found = 0;
  for (std::size_t i = 0; i < functions.size(); i++) {
    auto f = functions.function(i);
    auto id = f ? ids.find(std::string(f->name)) : ids.end();
    if (id == ids.end()) continue;
    EXPECT_EQ(id->second, f->func_id) << f->name;
    found++;
  }
  EXPECT_EQ(found, ids.size());
}

INSTANTIATE_TEST_SUITE_P(Releases, LayoutOf,
                         testing::ValuesIn(with_arm64(kToolchains, kToolchains)), toolchain_name);
INSTANTIATE_TEST_SUITE_P(Experiments, LayoutOf, testing::ValuesIn(kClassicMaps), toolchain_name);

TEST(LayoutFor, RefusesReleasesAndMachinesThatItDoesNotKnow) {
  for (int minor : {1, 18}) {
    GoVersion version{.minor = minor, .patch = 0, .text = "go1." + std::to_string(minor)};
    auto layout = layout_for(version, Architecture::Amd64);
    ASSERT_FALSE(layout);
    EXPECT_EQ(layout.error().kind, ErrorKind::Unsupported);
    EXPECT_NE(layout.error().message.find(version.text), std::string::npos);
  }
  EXPECT_FALSE(
      layout_for(GoVersion{.minor = 26, .patch = 0, .text = "go1.26"}, Architecture::Other));
}

TEST(LayoutFor, TriesReleasesThatAreNewerThanAll) {
  GoVersion version{.minor = 27, .patch = 99, .text = "go1.27.99"};
  auto newest = layout_for(version, Architecture::Amd64);
  ASSERT_TRUE(newest);
  EXPECT_EQ((*newest)->minor, 27);
  for (int minor : {28, 99}) {
    GoVersion unknown{.minor = minor, .patch = 0, .text = "go1." + std::to_string(minor)};
    auto tried = layout_for(unknown, Architecture::Amd64);
    ASSERT_TRUE(tried);
    EXPECT_EQ(*tried, *newest);
  }
}

// Go 1.24.6 put allpSnapshot, a slice, into runtime.m before alllink; Go 1.19.4 put
// freeIndexForScan at mspan's end.
TEST(LayoutFor, PatchReleasesCountWhereAStructureChanged) {
  auto of = [](int patch, int minor = 24) {
    GoVersion version{.minor = minor, .patch = patch, .text = "go1." + std::to_string(minor)};
    auto layout = layout_for(version, Architecture::Amd64);
    EXPECT_TRUE(layout);
    return layout ? *layout : nullptr;
  };
  EXPECT_EQ(of(0), of(5));
  EXPECT_EQ(of(6), of(13));
  EXPECT_EQ(of(6), of(99));
  EXPECT_EQ(of(0)->m_alllink + 24, of(6)->m_alllink);
  EXPECT_EQ(of(0)->minor, 24);
  EXPECT_FALSE(of(3, 19)->has(of(3, 19)->mspan_freeIndexForScan));
  EXPECT_EQ(of(13, 19)->mspan_freeIndexForScan, of(3, 19)->mspan_size);
}

}  // namespace
}  // namespace overhang::test
