// Scripts do what Go does: growth, bounds, shared arrays; and they say what is wrong.
#include "unit/model/run_script.h"

namespace overhang::model {
namespace {

// The capacities that a loop of appends goes through.
std::string capacities(const std::string& type, int appends, unsigned minor) {
  auto source = kTypes + "var s []" + type + "\nfor range " + std::to_string(appends) +
                " {\n s = append(s, make([]" + type + ", 1)...)\n}";
  auto script = parse(source);
  Machine machine(Allocator(minor), script->types);
  std::string out;
  std::uint64_t last = 0;
  machine.on_slice = [&](const Ref& slice) {
    if (slice.cap != last) out += std::to_string(slice.cap) + " ";
    last = slice.cap;
  };
  EXPECT_TRUE(machine.run(script->statements));
  return out;
}

TEST(Growth, IsGos) {
  // As go1.26.8 prints them; tests/e2e/machine_test.cc holds it against each release.
  EXPECT_EQ(capacities("*Conn", 1000, 26), "1 2 4 8 16 32 64 143 287 607 1023 ");
  EXPECT_EQ(capacities("*Conn", 1000, 21), "1 2 4 8 16 32 64 128 256 512 848 1280 ");
  EXPECT_EQ(capacities("int", 1000, 26), "1 2 4 8 16 32 64 128 256 512 848 1280 ");
  EXPECT_EQ(capacities("byte", 40, 26), "8 16 32 64 ");
  EXPECT_EQ(capacities("Point", 30, 26), "1 2 4 8 16 32 ");
  EXPECT_EQ(capacities("[]*Conn", 60, 26), "1 2 4 8 16 37 74 ");
}

TEST(Growth, DependsOnTheHeaderSinceGo122) {
  Allocator before(21), since(22);
  // 65 pointers: 520 bytes; with a header 528, both in the class of 576.
  EXPECT_EQ(before.grown_capacity(0, 65, 8, true), 72u);
  EXPECT_EQ(since.grown_capacity(0, 65, 8, true), 71u);
  EXPECT_EQ(since.grown_capacity(0, 65, 8, false), 72u);
  // 72 pointers fill 576 bytes, and no longer do with a header.
  EXPECT_EQ(before.slot_size(72 * 8, true), 576u);
  EXPECT_EQ(since.slot_size(72 * 8, true), 640u);
  EXPECT_EQ(since.slot_size(512, true), 512u);
  EXPECT_EQ(since.slot_size(32760, true), 32768u);
  EXPECT_EQ(since.slot_size(32768, true), 32768u);  // large: pages, no header
  EXPECT_EQ(since.slot_size(32769, true), 40960u);
  EXPECT_EQ(since.slot_size(0, true), 0u);
}

TEST(Slices, Reslice) {
  EXPECT_EQ(shape_of("s := make([]int, 3, 10)\nt := s[1:2]", "t"), "1 9");
  EXPECT_EQ(shape_of("s := make([]int, 3, 10)\nt := s[:8]", "t"), "8 10");
  EXPECT_EQ(shape_of("s := make([]int, 3, 10)\nt := s[2:4:5]", "t"), "2 3");
  EXPECT_EQ(shape_of("s := make([]int, 3, 10)\nt := s[10:10]", "t"), "0 0");
  EXPECT_EQ(shape_of("s := make([]int, 3)\ns = append(s[:1], s[2:]...)", "s"), "2 3");
}

TEST(Slices, AnEmptyRestStillPointsIntoTheArray) {
  auto machine = run_script("s := make([]int, 3)\nt := s[3:]\ns = nil");
  auto slice = machine.memory().at({*machine.variable("t"), 0});
  EXPECT_FALSE(slice.nil());
  EXPECT_EQ(find_leaks(machine.memory(), Knowledge::Exact).live, (Count{1, 24}));
}

TEST(Slices, AppendWritesIntoSharedArrays) {
  auto machine = run_script(kTypes +
                            "s := make([]*Conn, 2)\nt := append(s[:1], new(Conn))\n"
                            "one := s[1]\nother := t[1]");
  auto held = [&](const char* name) { return machine.memory().at({*machine.variable(name), 0}); };
  EXPECT_FALSE(held("one").nil());
  EXPECT_EQ(held("one"), held("other"));
}

TEST(Slices, DeletingKeepsTheLastElementTwice) {
  auto machine = run_script(kTypes + R"(
var s []*Conn
for range 3 {
	s = append(s, new(Conn))
}
last := s[2]
s = append(s[:0], s[1:]...)
moved := s[1]
stale := s[:3][2])");
  auto held = [&](const char* name) { return machine.memory().at({*machine.variable(name), 0}); };
  EXPECT_EQ(held("moved"), held("last"));
  EXPECT_EQ(held("stale"), held("last"));
}

TEST(Slices, CopyMovesOverlappingElements) {
  auto machine = run_script(kTypes +
                            "a := new(Conn)\ns := []*Conn{a, nil, nil}\ncopy(s[1:], s)\n"
                            "x := s[1]\ny := s[2]");
  auto held = [&](const char* name) { return machine.memory().at({*machine.variable(name), 0}); };
  EXPECT_EQ(held("x"), held("a"));
  EXPECT_TRUE(held("y").nil());
}

TEST(Errors, SayWhereAndWhat) {
  EXPECT_EQ(error_of("s := make([]int, 3)\nt := s[:4]"),
            "2:7: slice bounds out of range [:4] with capacity 3");
  EXPECT_EQ(error_of("s := make([]int, 3)\nt := s[2:1]"), "2:7: slice bounds out of range [2:1]");
  EXPECT_EQ(error_of("s := make([]int, 3)\ns = t"),
            "2:5: there is no variable t: var t T, or t := …");
  EXPECT_EQ(error_of("var s []Conn"), "1:9: there is no type Conn yet: declare it above");
  EXPECT_EQ(error_of("var s []*int\ns[0] = nil"), "2:2: index out of range [0] with length 0");
  EXPECT_EQ(error_of("var s []*int\ns = make([]int, 2)"), "2:5: this is a []int, not a []*int");
  EXPECT_EQ(error_of("var s []int\ns = append(s, 1"),
            "2:16: ',' is missing before the end of the script");
  EXPECT_EQ(error_of("if x {"), "1:4: '=' or ':=' is missing before 'x'");
  EXPECT_EQ(error_of("s := nil"), "1:6: nil has no type of its own: var s []T");
  EXPECT_EQ(error_of("s := make([]int, 2)\ns = s[1:]]"), "2:10: ']' is not expected here");
  EXPECT_EQ(error_of("s := make([]int, 100000000000)"),
            "1:6: the script takes more memory than a model should");
  EXPECT_EQ(error_of("for range 100000000 {\n}"),
            "1:1: the script takes too many steps for a model");
  EXPECT_EQ(error_of("type T struct { t T }"), "1:17: T cannot hold itself");
  EXPECT_EQ(error_of("type T struct { t [2]T }"), "1:19: T cannot hold itself");
  EXPECT_EQ(error_of("}"), "1:1: '}' closes nothing");
  EXPECT_EQ(error_of("x := \"abc"), "1:6: this string has no end");
  EXPECT_EQ(error_of("x := 1 @ 2"), "1:8: '@' has no meaning here");
  EXPECT_EQ(error_of("x := 5 / 0"), "1:8: division by zero");
  EXPECT_EQ(error_of("x := f(1)"), "1:6: there is no function f here");
  EXPECT_EQ(error_of("var m map[int][]int\nm[1] = nil"), "2:8: assignment to entry in nil map");
  EXPECT_EQ(error_of("var m map[int][]int\nm = map[int][]int{}\nm[1] = nil\ndelete(m, 1)"), "");
  EXPECT_EQ(error_of("var m map[int][]int\nx := m[:]"), "2:6: a slice is expected");
  EXPECT_EQ(error_of("var p *int\np.x = nil"), "2:2: nil pointer: it has no field x");
}

TEST(Errors, DeepNestingIsRefused) {
  std::string deep = "x := ";
  for (int i = 0; i < 100000; i++) deep += "(";
  EXPECT_NE(error_of(deep).find("nested too deeply"), std::string::npos);
  for (auto* more : {".f", "[0]", "+1", "*1", "[:]"}) {
    std::string chain = "x := y";
    for (int i = 0; i < 100000; i++) chain += more;
    EXPECT_NE(error_of(chain).find("too long"), std::string::npos) << more;
  }
  std::string type = "var x ";
  for (int i = 0; i < 100000; i++) type += "*";
  EXPECT_NE(error_of(type + "int").find("nested too deeply"), std::string::npos);
}

TEST(Text, IsWhatWasWritten) {
  auto script =
      parse("for  range 3 { show }  // three times\n\ntype T struct {\n  a int\n}\nx := 1");
  ASSERT_TRUE(script);
  EXPECT_EQ(text_of(script->statements),
            "for  range 3 {\n\tshow\n}\ntype T struct {\n  a int\n}\nx := 1\n");
}

}  // namespace
}  // namespace overhang::model
