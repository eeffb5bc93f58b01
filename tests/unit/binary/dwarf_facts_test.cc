// DWARF against what running programs say of themselves: addresses, reflect, closure objects.
#include <gtest/gtest.h>

#include <map>

#include "binary/dwarf.h"
#include "unit/binary/go_build.h"

namespace overhang {
namespace {

using namespace test;

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> out(1);
  for (char c : line) {
    if (c == '|')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

std::uint64_t hex(const std::string& text) { return std::stoull(text, nullptr, 16); }

struct Program {
  explicit Program(const std::string& source, const std::string& flags = "")
      : path(build_go(source, flags)),
        file(std::move(*ElfFile::open(path))),
        dwarf(std::move(*Dwarf::open(*file))) {}
  std::string path;
  std::unique_ptr<ElfFile> file;
  std::unique_ptr<Dwarf> dwarf;

  // Lines "topic|…" that the program prints.
  std::vector<std::vector<std::string>> facts() const {
    std::vector<std::vector<std::string>> out;
    for (auto& line : lines_of(output_of(path + " 2>&1"))) out.push_back(fields_of(line));
    return out;
  }
  DwarfGlobal global(const std::string& name) const {
    for (auto& global : dwarf->globals())
      if (global.name == name) return global;
    return {};
  }
};

constexpr const char* kTypes = R"(package main

import (
	"fmt"
	"reflect"
	"unsafe"
)

type Inner struct {
	A int16
	B float64
}
type Other struct{ V uint8 }
type Kind uint32
type Pair[K comparable, V any] struct {
	Key   K
	Value V
}
type Speaker interface{ Speak() string }
type Node struct {
	Inner
	*Other
	Next    *Node
	Flag    bool
	Kind    Kind
	Name    string
	Tags    []string
	Array   [3]Inner
	Any     any
	Speaker Speaker
	Err     error
	Map     map[string]*Node
	Chan    chan<- Inner
	Func    func(int, ...string) (bool, error)
	Pair    Pair[string, int]
	Raw     unsafe.Pointer
	Complex complex64
	Anon    struct{ X, Y int8 }
	Empty   struct{}
	Last    uintptr
}

const (
	Answer   = 42
	Negative = -7
	Large    = 1 << 62
)

var node Node
var pointers []*Node
var noPointers [4]int64
var initialised = map[string]int{"a": 1}
var generic Pair[int, *Node]

func describe(t reflect.Type) {
	name := t.String()
	fmt.Printf("type|%s|%d|%d|%x\n", name, t.Kind(), t.Size(), (*[2]uintptr)(unsafe.Pointer(&t))[1])
	switch t.Kind() {
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			f := t.Field(i)
			fmt.Printf("field|%s|%s|%d|%s|%t\n", name, f.Name, f.Offset, f.Type, f.Anonymous)
		}
	case reflect.Array:
		fmt.Printf("count|%s|%d\n", name, t.Len())
	case reflect.Map:
		fmt.Printf("key|%s|%s\n", name, t.Key())
	}
	switch t.Kind() {
	case reflect.Array, reflect.Map, reflect.Chan, reflect.Slice, reflect.Pointer:
		fmt.Printf("elem|%s|%s\n", name, t.Elem())
	}
}

func main() {
	fmt.Printf("global|main.node|%p|main.Node\n", &node)
	fmt.Printf("global|main.pointers|%p|[]*main.Node\n", &pointers)
	fmt.Printf("global|main.noPointers|%p|[4]int64\n", &noPointers)
	fmt.Printf("global|main.initialised|%p|map[string]int\n", &initialised)
	fmt.Printf("global|main.generic|%p|main.Pair[int,*main.Node]\n", &generic)
	fmt.Printf("constant|main.Answer|%d\n", Answer)
	fmt.Printf("constant|main.Negative|%d\n", Negative)
	fmt.Printf("constant|main.Large|%d\n", Large)
	seen := map[reflect.Type]bool{}
	work := []reflect.Type{reflect.TypeOf(node), reflect.TypeOf(pointers), reflect.TypeOf(noPointers)}
	for len(work) > 0 {
		t := work[0]
		work = work[1:]
		if seen[t] {
			continue
		}
		seen[t] = true
		describe(t)
		switch t.Kind() {
		case reflect.Struct:
			for i := 0; i < t.NumField(); i++ {
				work = append(work, t.Field(i).Type)
			}
		case reflect.Map:
			work = append(work, t.Key(), t.Elem())
		case reflect.Array, reflect.Chan, reflect.Slice, reflect.Pointer:
			work = append(work, t.Elem())
		}
	}
}
)";

class DwarfFacts : public testing::TestWithParam<const char*> {};

TEST_P(DwarfFacts, GlobalsTypesAndConstantsAreTheProgramsOwn) {
  Program program(kTypes, GetParam());
  auto& dwarf = *program.dwarf;
  auto facts = program.facts();
  std::uint64_t bias = hex(facts.at(0).at(2)) - program.global("main.node").address;
  EXPECT_EQ(bias == 0, !program.file->position_independent());
  auto name_of = [&dwarf](DieOffset offset) {
    auto type = dwarf.type(offset);
    return type ? type->name : "";
  };
  std::map<std::string, int> topics;
  std::map<std::string, std::size_t> fields;
  for (auto& fact : facts) {
    topics[fact[0]]++;
    SCOPED_TRACE(fact[0] + " " + fact.at(1));
    if (fact[0] == "global") {
      EXPECT_EQ(program.global(fact[1]).address, hex(fact[2]) - bias);
      EXPECT_EQ(name_of(program.global(fact[1]).type), fact[3]);
      continue;
    }
    if (fact[0] == "constant") {
      EXPECT_EQ(dwarf.constant(fact[1]), std::stoll(fact[2]));
      continue;
    }
    auto type = dwarf.type(dwarf.type_named(fact[1]));
    ASSERT_TRUE(type);
    EXPECT_EQ(type->name, fact[1]);
    if (fact[0] == "type") {
      EXPECT_EQ(type->go_kind, std::stoi(fact[2]));
      EXPECT_EQ(type->size, std::stoull(fact[3]));
      // cmd/link leaves this one out before 1.23.
      bool left_out = fact[1] == "unsafe.Pointer" && go_toolchain_minor() < 23;
      EXPECT_EQ(type->runtime_type, left_out ? 0 : hex(fact[4]) - bias);
    } else if (fact[0] == "field") {
      auto index = fields[fact[1]]++;
      ASSERT_LT(index, type->fields.size());
      auto& field = type->fields[index];
      EXPECT_EQ(field.name, fact[2]);
      EXPECT_EQ(field.offset, std::stoull(fact[3]));
      EXPECT_EQ(name_of(field.type), fact[4]);
      EXPECT_EQ(field.embedded, fact[5] == "true");
    } else if (fact[0] == "count") {
      EXPECT_EQ(type->count, std::stoull(fact[2]));
    } else if (fact[0] == "key") {
      EXPECT_EQ(name_of(type->key), fact[2]);
    } else if (fact[0] == "elem") {
      EXPECT_EQ(name_of(type->elem), fact[2]);
    }
  }
  EXPECT_EQ(topics["global"], 5);
  EXPECT_EQ(topics["constant"], 3);
  EXPECT_EQ(topics["field"], 20 + 2 + 1 + 2 + 2);
  EXPECT_GT(topics["type"], 25);
  EXPECT_GT(topics["elem"], 7);
  EXPECT_EQ(topics["key"], 1);
  EXPECT_EQ(topics["count"], 2);
}

INSTANTIATE_TEST_SUITE_P(Builds, DwarfFacts,
                         testing::Values("", "-buildmode=pie", "-ldflags=-compressdwarf=false",
                                         "-gcflags='-N -l'", "-ldflags=-linkmode=external"));

TEST(Dwarf, HeadersOfStringsSlicesAndInterfaces) {
  Program program(kTypes);
  auto& dwarf = *program.dwarf;
  auto fields_of_type = [&dwarf](const char* name) {
    std::string out;
    auto type = dwarf.type(dwarf.type_named(name)).value_or(DwarfType{});
    for (auto& field : type.fields) out += fmt::format("{}@{} ", field.name, field.offset);
    return out;
  };
  // runtime.stringStructDWARF, runtime.slice, runtime.eface, runtime.iface.
  EXPECT_EQ(fields_of_type("string"), "str@0 len@8 ");
  EXPECT_EQ(fields_of_type("[]string"), "array@0 len@8 cap@16 ");
  EXPECT_EQ(fields_of_type("interface {}"), "_type@0 data@8 ");
  EXPECT_EQ(fields_of_type("error"), "tab@0 data@8 ");
}

TEST(Dwarf, NamedTypesHaveOneDefinition) {
  Program program(kTypes);
  auto& dwarf = *program.dwarf;
  auto by_name = dwarf.type_named("main.Node");
  auto through_global = program.global("main.node").type;  // leads through a typedef
  EXPECT_NE(by_name, through_global);
  EXPECT_EQ(dwarf.type(by_name)->definition, by_name);
  EXPECT_EQ(dwarf.type(through_global)->definition, by_name);
}

TEST(Dwarf, AnswersNothingToWhatIsNotThere) {
  Program program(kTypes);
  auto& dwarf = *program.dwarf;
  EXPECT_EQ(dwarf.type_named("main.Absent"), 0u);
  EXPECT_EQ(dwarf.type_named(""), 0u);
  EXPECT_FALSE(dwarf.type(0));
  EXPECT_FALSE(dwarf.type(UINT64_MAX));
  EXPECT_FALSE(dwarf.constant("main.Absent"));
  EXPECT_TRUE(dwarf.variables(0).empty());
  EXPECT_TRUE(dwarf.variables(UINT64_MAX).empty());
  EXPECT_TRUE(dwarf.captured(program.file->symbol("main.main")->address + 1).empty());
  auto stripped = ElfFile::open(build_go(kTypes, "-ldflags='-s -w'"));
  ASSERT_TRUE(stripped);
  EXPECT_EQ(Dwarf::open(**stripped).error().kind, ErrorKind::NotFound);
}

constexpr const char* kFrames = R"(package main

import (
	"fmt"
	"runtime"
	"unsafe"
)

type pair struct{ a, b []*int }

//go:noinline
func fill(p *pair) { p.a = make([]*int, 3) }

// Arrays of more than one element are passed on the stack: args stands at the CFA.
//go:noinline
func frame(args [4]*int, n int) *int {
	var local [3]*int
	var other pair
	local[n&1] = args[n&1]
	fill(&other)
	pc, _, _, _ := runtime.Caller(0)
	println("frame|", &args, "|", &local, "|", &other, "|", pc)
	if n > 0 {
		var inner [5]*int
		inner[n&3] = local[n&1]
		pc, _, _, _ := runtime.Caller(0)
		println("inner|", &args, "|", &inner, "|", pc)
		local[0] = inner[n&1]
	}
	return local[0]
}

//go:noinline
func adder(n int, names []string, big [40]int) func() int {
	total := 100
	f := func() int {
		defer func() { recover() }()
		total += n
		fmt.Println(names, big[n&7], total)
		return total
	}
	words := *(**[8]uintptr)(unsafe.Pointer(&f))
	code := words[0]
	fmt.Printf("closure|%x|%x|%p|%x|%p\n", code, words[1:6], &total, n, unsafe.SliceData(names))
	return f
}

func main() {
	frame([4]*int{}, 1)
	adder(0x1234, make([]string, 2, 5), [40]int{})
}
)";

TEST(Dwarf, StackVariablesStandWhereTheProgramHasThem) {
  Program program(kFrames);
  auto hex_field = [](const std::string& text) { return hex(text.substr(text.find("0x"))); };
  int checked = 0;
  for (auto& fact : program.facts()) {
    if (fact[0] != "frame" && fact[0] != "inner") continue;
    auto pc = fact[0] == "frame" ? std::stoull(fact[4]) : std::stoull(fact[3]);
    std::map<std::string, DwarfVariable> by_name;
    for (auto& variable : program.dwarf->variables(pc)) by_name[variable.name] = variable;
    auto cfa_offset = [&by_name](const char* name) {
      auto& pieces = by_name[name].pieces;
      EXPECT_EQ(pieces.size(), 1u) << name;
      if (pieces.empty()) return std::int64_t{0};
      EXPECT_EQ(pieces[0].where, LocationPiece::Where::CfaOffset) << name;
      EXPECT_EQ(pieces[0].size, 0u) << name;
      return pieces[0].value;
    };
    EXPECT_EQ(cfa_offset("args"), 0);
    EXPECT_TRUE(by_name["args"].parameter);
    EXPECT_TRUE(by_name["n"].parameter);
    EXPECT_FALSE(by_name["local"].parameter);
    auto args = hex_field(fact[1]);
    if (fact[0] == "frame") {
      EXPECT_EQ(args + static_cast<std::uint64_t>(cfa_offset("local")), hex_field(fact[2]));
      EXPECT_EQ(args + static_cast<std::uint64_t>(cfa_offset("other")), hex_field(fact[3]));
      EXPECT_EQ(program.dwarf->type(by_name["other"].type)->name, "main.pair");
      EXPECT_FALSE(by_name.count("inner")) << "out of scope";
    } else {
      EXPECT_EQ(args + static_cast<std::uint64_t>(cfa_offset("inner")), hex_field(fact[2]));
    }
    checked++;
  }
  EXPECT_EQ(checked, 2);
}

TEST(Dwarf, CapturedVariablesStandInTheClosureObject) {
  Program program(kFrames);
  auto closure = program.file->symbol("main.adder.func1");
  ASSERT_TRUE(closure);
  auto captured = program.dwarf->captured(closure->address);
  if (go_toolchain_minor() < 23) {  // cmd/internal/dwarf has DW_AT_go_closure_offset since
    EXPECT_TRUE(captured.empty());
    return;
  }
  std::map<std::string, DwarfVariable> by_name;
  for (auto& variable : captured) by_name[variable.name] = variable;
  // Before 1.26 nothing is said of a variable that the closure reaches only through its address.
  bool has_big = go_toolchain_minor() >= 26;
  ASSERT_EQ(by_name.size(), has_big ? 4u : 3u);
  int checked = 0;
  for (auto& fact : program.facts()) {
    if (fact[0] != "closure") continue;
    checked++;
    EXPECT_EQ(hex(fact[1]), closure->address);
    auto words = words_of(fact[2].substr(1, fact[2].size() - 2));
    auto word_at = [&words](std::uint64_t offset) { return hex(words.at(offset / 8 - 1)); };
    EXPECT_EQ(word_at(*by_name["total"].closure_offset), hex(fact[3]));
    EXPECT_EQ(by_name["total"].captured_by_reference, true);
    EXPECT_EQ(program.dwarf->type(by_name["total"].type)->name, "int");
    EXPECT_EQ(word_at(*by_name["n"].closure_offset), hex(fact[4]));
    EXPECT_EQ(by_name["n"].captured_by_reference, false);
    EXPECT_EQ(word_at(*by_name["names"].closure_offset), hex(fact[5]));
    EXPECT_EQ(word_at(*by_name["names"].closure_offset + 16), 5u);  // cap
    EXPECT_EQ(by_name["names"].captured_by_reference, false);
    if (!has_big) continue;
    // 320 bytes are more than the compiler copies into a closure object.
    EXPECT_EQ(by_name["big"].captured_by_reference, true);
    EXPECT_EQ(program.dwarf->type(by_name["big"].type)->size, 320u);
  }
  EXPECT_EQ(checked, 1);
}

constexpr const char* kModule = R"(package main

type Conn struct {
	id   int
	peer *Conn
}

var Pool []*Conn

//go:noinline
func find(name string, conns []*Conn) func() *Conn {
	for _, c := range conns {
		if c.id == len(name) {
			return func() *Conn { return c.peer }
		}
	}
	return nil
}

func main() {
	if f := find("x", Pool); f != nil {
		println(f())
	}
}
)";

// A module's DWARF answers as its file's own does, for addresses that are moved.
TEST(DwarfModules, AnswerForTheirCodeAndTypes) {
  constexpr Address kShift = 0x7f00'0000'0000;
  Program alone(kModule), whole(kModule), module(kModule);
  auto at = module.file->symbol("main.find");
  auto inner = module.file->symbol("main.find.func1");
  ASSERT_TRUE(at && inner);
  auto own = alone.dwarf->globals().size();
  auto begin = at->address + kShift;
  whole.dwarf->add_module(std::move(module.dwarf), begin, begin + at->size, kShift);

  // The file's own code and names are asked first.
  auto expected = alone.dwarf->variables(at->address + 1);
  ASSERT_FALSE(expected.empty());
  auto pool = alone.global("main.Pool");
  EXPECT_EQ(whole.global("main.Pool").address, pool.address);
  EXPECT_EQ(whole.dwarf->type_named("main.Conn"), alone.dwarf->type_named("main.Conn"));
  ASSERT_EQ(whole.dwarf->globals().size(), 2 * own);
  std::uint64_t moved = 0;
  for (auto& global : whole.dwarf->globals()) {
    if (global.name != "main.Pool" || global.address == pool.address) continue;
    moved++;
    EXPECT_EQ(global.address, pool.address + kShift);
    EXPECT_NE(global.type, pool.type);
    auto slice = whole.dwarf->type(global.type);
    ASSERT_TRUE(slice);
    auto pointer = whole.dwarf->type(slice->elem);
    ASSERT_TRUE(pointer);
    EXPECT_EQ(pointer->name, "*main.Conn");
    auto conn = whole.dwarf->type(pointer->elem);
    ASSERT_TRUE(conn);
    ASSERT_EQ(conn->fields.size(), 2u);
    auto peer = whole.dwarf->type(conn->fields[1].type);
    ASSERT_TRUE(peer);
    EXPECT_EQ(peer->definition, pointer->definition);
    auto rtype = alone.dwarf->type(alone.dwarf->type_named("main.Conn"))->runtime_type;
    if (rtype) {
      EXPECT_EQ(conn->runtime_type, rtype + kShift);
    }
  }
  EXPECT_EQ(moved, 1u);
  auto found = whole.dwarf->variables(begin + 1);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); i++) {
    EXPECT_EQ(found[i].name, expected[i].name);
    EXPECT_EQ(found[i].pieces.size(), expected[i].pieces.size());
    ASSERT_TRUE(whole.dwarf->type(found[i].type));
    EXPECT_EQ(whole.dwarf->type(found[i].type)->name, alone.dwarf->type(expected[i].type)->name);
  }
  // Past the module's code nothing is known, though its file has more.
  EXPECT_TRUE(whole.dwarf->variables(inner->address + kShift + 1).empty());
}

}  // namespace
}  // namespace overhang
