// The patch takes the leak away: each scenario of the oracle is imaged, patched, rebuilt and run
// again, until nothing is left to patch.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

namespace fs = std::filesystem;

// A copy of the oracle that may be edited.
class Checkout {
 public:
  // `go`: the language version in its go.mod; "": as it is.
  explicit Checkout(const std::string& go = "") {
    for (const char* name : {"oracle", "kit"})
      fs::copy(std::string(OVERHANG_SUBJECTS_DIR) + "/" + name, folder_.file(name),
               fs::copy_options::recursive);
    if (go.empty()) return;
    auto path = folder() + "/go.mod";
    std::ifstream in(path);
    std::stringstream text;
    for (std::string line; std::getline(in, line);)
      text << (line.starts_with("go 1.") ? "go " + go : line) << "\n";
    in.close();
    std::ofstream(path) << text.str();
  }
  std::string folder() const { return folder_.file("oracle"); }

  std::string build() {
    auto built = run({"go", "build", "-o", folder_.file("program"), "."}, options());
    if (built.exit_code != 0) throw std::runtime_error(built.err);
    return folder_.file("program");
  }
  Finished command(const std::vector<std::string>& words) { return run(words, options()); }
  void apply(const std::string& diff) {
    std::ofstream(folder_.file("fix.diff")) << diff;
    auto applied = command({"git", "apply", "--whitespace=nowarn", folder_.file("fix.diff")});
    if (applied.exit_code != 0) throw std::runtime_error(applied.err + diff);
  }

 private:
  ProcessOptions options() const {
    return {.directory = folder(),
            .environment = {"CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GODEBUG=goindex=0",
                            "GIT_CEILING_DIRECTORIES=/"},
            .timeout = std::chrono::seconds(300)};
  }
  TemporaryDirectory folder_;
};

Finished run_fix(Subject& subject, const std::string& folder,
                 const std::vector<std::string>& more = {}) {
  auto arguments = subject.target();
  arguments.insert(arguments.begin(), "fix");
  arguments.insert(arguments.end(), {"--source", folder});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_overhang(arguments);
}

// What still matters: kept objects, or arrays that a copy would free. A queue's consumed head keeps
// its array until the next append; clearing it frees what it held.
std::string left_over(Subject& subject) {
  auto report = leaks_json(subject.target());
  std::string out;
  for (auto& row : report.at("sites"))
    if (row.at("stale_slots") != 0 || row.at("category") == "window")
      out += row.at("site").get<std::string>() + " " + row.at("category").get<std::string>() + "\n";
  return out;
}

class Fix : public testing::TestWithParam<std::string> {};

void expect_fixed(Checkout& checkout, const std::string& scenario,
                  const std::vector<std::string>& more = {}) {
  std::string diff;
  // Slices that share an array are sites one after another.
  for (int round = 0; round < 3; round++) {
    auto subject = Subject::started(checkout.build(), {scenario});
    if (round > 0 && left_over(subject).empty()) return;
    auto fix = run_fix(subject, checkout.folder(), more);
    ASSERT_EQ(fix.exit_code, 0) << fix.err;
    ASSERT_FALSE(fix.out.empty()) << fix.err;
    diff += fix.out;
    checkout.apply(fix.out);
    EXPECT_EQ(checkout.command({"gofmt", "-l", "."}).out, "") << diff;
    auto vet = checkout.command({"go", "vet", "-unsafeptr=false", "."});
    EXPECT_EQ(vet.exit_code, 0) << vet.err << diff;
  }
  auto subject = Subject::started(checkout.build(), {scenario});
  EXPECT_EQ(left_over(subject), "") << diff;
}

TEST_P(Fix, TakesTheLeakAway) {
  Checkout checkout;
  expect_fixed(checkout, GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Scenarios, Fix,
    testing::Values("head", "clipped", "gap", "head_and_tail", "window_string", "window_bytes",
                    "window_points", "window_substrings", "window_two_of_one_string",
                    "tail_global_field", "tail_behind_global_pointer", "tail_to_zero",
                    "tail_global_slice", "tail_small", "tail_mostly_nil", "tail_structs",
                    "tail_generic", "tail_behind_pointer_to_slice", "tail_atomic", "tail_interface",
                    "tail_many_fields", "tail_list_nodes", "tail_many_generics", "tail_map_values",
                    "tail_map_of_structs", "tail_elements", "tail_array_elements",
                    "tail_in_channel", "tail_local", "head_local", "tail_escaped_locals",
                    "tail_captured", "tail_captured_by_reference", "tail_of_interfaces",
                    "tail_of_strings", "tail_of_arrays", "shared_array", "two_sites_hold_the_same",
                    "hidden_but_visible_elsewhere", "hidden_cycle", "hidden_within_hidden",
                    "stack_object"),
    [](auto& instance) { return instance.param; });

// As a module of today's Go: clear() and package slices.
TEST(FixModern, UsesTheLanguageOfItsModule) {
  if (go_minor() < 22) GTEST_SKIP() << "the module asks for Go 1.22";
  for (const char* scenario : {"tail_global_field", "head", "clipped", "tail_of_strings"}) {
    Checkout checkout("1.22");
    SCOPED_TRACE(scenario);
    expect_fixed(checkout, scenario);
  }
  Checkout checkout("1.22");
  auto subject = Subject::started(checkout.build(), {"tail_global_field"});
  EXPECT_NE(run_fix(subject, checkout.folder()).out.find("+\tclear(p.inUse[last:])\n"),
            std::string::npos);
}

TEST(FixSources, AreThoseWhereItWasBuilt) {
  Checkout checkout;
  auto subject = Subject::started(checkout.build(), {"tail_global_field"});
  auto command = subject.target();
  command.insert(command.begin(), "fix");
  auto fix = run_overhang(command);
  EXPECT_EQ(fix.exit_code, 0) << fix.err;
  EXPECT_NE(fix.out, "");
  EXPECT_EQ(fix.out, run_fix(subject, checkout.folder()).out);
  fs::rename(checkout.folder(), checkout.folder() + "-moved");
  auto gone = run_overhang(command);
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_NE(gone.err.find("--source DIR"), std::string::npos) << gone.err;
  EXPECT_EQ(run_fix(subject, checkout.folder() + "-moved").out, fix.out);
}

// A module that is copied to vendor/ has no go.mod there: vendor/modules.txt tells its language. A
// program of -trimpath does not tell that it was built of that folder.
TEST(FixModern, VendoredModulesHaveTheirOwnLanguage) {
  if (go_minor() < 22) GTEST_SKIP() << "the main module asks for Go 1.22";
  TemporaryDirectory folder;
  auto write = [&](const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(folder.file(name)).parent_path());
    std::ofstream(folder.file(name)) << text;
  };
  fs::copy(std::string(OVERHANG_SUBJECTS_DIR) + "/kit", folder.file("kit"),
           fs::copy_options::recursive);
  write("old/go.mod", "module example.com/old\n\ngo 1.17\n");
  write("old/queue/queue.go",
        "package queue\n\ntype Queue struct{ Items []*[512]byte }\n\n"
        "func (q *Queue) Cut(n int) { // to n\n\tq.Items = q.Items[:n]\n}\n");
  write("main/go.mod",
        "module example.com/main\n\ngo 1.22\n\nrequire (\n\texample.com/old v0.0.0\n"
        "\toverhang.subjects/kit v0.0.0\n)\n\nreplace example.com/old => ../old\n\n"
        "replace overhang.subjects/kit => ../kit\n");
  write("main/main.go",
        "package main\n\nimport (\n\t\"example.com/old/queue\"\n\t\"overhang.subjects/kit\"\n)\n\n"
        "var q queue.Queue\n\nfunc main() {\n\tfor i := 0; i < 100; i++ {\n"
        "\t\tq.Items = append(q.Items, new([512]byte))\n\t}\n\tq.Cut(10)\n\tkit.Serve()\n}\n");
  ProcessOptions options{.directory = folder.file("main"),
                         .environment = {"CGO_ENABLED=0", "GOWORK=off", "GOFLAGS="},
                         .timeout = std::chrono::seconds(300)};
  auto go = [&](const std::vector<std::string>& words) {
    auto done = run(words, options);
    if (done.exit_code != 0) throw std::runtime_error(done.err);
  };
  go({"go", "mod", "vendor"});
  for (const char* flag : {"-trimpath=false", "-trimpath"}) {
    SCOPED_TRACE(flag);
    go({"go", "build", flag, "-o", folder.file("program"), "."});
    auto subject = Subject::started(folder.file("program"), {});
    auto fix = run_fix(subject, folder.file("main"));
    EXPECT_NE(fix.out.find("+++ b/vendor/example.com/old/queue/queue.go"), std::string::npos)
        << fix.out << fix.err;
    // Go 1.17 has no clear().
    EXPECT_NE(fix.out.find("+\tfor i := n; i < len(q.Items); i++ {\n"), std::string::npos)
        << fix.out << fix.err;
  }
}

// Programs that tell what they see, before and after: a patch must not change it.
struct Behaviour {
  const char* name;
  const char* code;     // of package main: declares type T, func build() string
  const char* patched;  // a line that the patch adds; "": there is none
  bool goes_away;       // all that was hidden
};

const Behaviour kBehaviours[] = {
    {"callback_keeps",
     "type B struct {\n\titems []*T\n\tout   func([]*T)\n}\n\n"
     "var kept []*T\n\nvar b = &B{out: func(ts []*T) { kept = ts }}\n\n"
     "func (b *B) flush() {\n\tb.out(b.items)\n\tb.items = b.items[:0]\n}\n\n"
     "func build() (seen string) {\n\tfor i := 0; i < 100; i++ {\n\t\tb.items = append(b.items, "
     "&T{n: i})\n\t}\n"
     "\tb.flush()\n\tfor _, t := range kept {\n\t\tseen += fmt.Sprint(t != nil && t.n >= 0)\n\t}\n"
     "\tkept = nil\n\treturn seen\n}\n",
     "+\tb.items = nil\n", true},
    {"deferred_restores",
     "type P struct{ toks []*T }\n\nvar p P\n\nfunc (p *P) next() *T {\n\tt := p.toks[0]\n"
     "\tp.toks = p.toks[1:]\n\treturn t\n}\n\n"
     "func (p *P) try() {\n\tsaved := p.toks\n\tdefer func() { p.toks = saved "
     "}()\n\tp.next()\n\tp.next()\n}\n\n"
     "func build() (seen string) {\n\tfor i := 0; i < 100; i++ {\n\t\tp.toks = append(p.toks, "
     "&T{n: i})\n\t}\n"
     "\tp.try()\n\tfor len(p.toks) > 10 {\n\t\tt := p.next()\n\t\tseen += fmt.Sprint(t != nil && "
     "t.n >= 0)\n\t}\n"
     "\treturn seen\n}\n",
     "", false},
    {"buffers_exchanged",
     "type D struct{ in, out []*T }\n\nvar d D\n\nfunc (d *D) turn() int {\n\td.in, d.out = "
     "d.out[:0], d.in\n"
     "\treturn len(d.out)\n}\n\n"
     "func build() (seen string) {\n\tfor r := 4; r > 0; r-- {\n\t\tfor i := 0; i < 50*r; i++ {\n"
     "\t\t\td.in = append(d.in, &T{n: i})\n\t\t}\n\t\tseen += fmt.Sprint(d.turn(), cap(d.in), \" "
     "\")\n\t}\n"
     "\treturn seen\n}\n",
     "+\tfor i := range d.out {\n+\t\td.out[i] = nil\n+\t}\n", true},
    {"functions_of_one_line",
     "type Q struct{ items []*T }\n\nvar q, r Q\n\n"
     "func (q *Q) add(t *T)   { q.items = append(q.items, t) }\n"
     "func (q *Q) reset()     { q.items = q.items[:0] }\n"
     "func (q *Q) size() int  { return len(q.items) }\n"
     "func (q *Q) drop(n int) { q.items = q.items[:len(q.items)-n] }\n\n"
     "func build() (seen string) {\n\tfor i := 0; i < 100; i++ {\n\t\tq.add(&T{n: "
     "i})\n\t\tr.add(&T{n: i})\n\t}\n"
     "\tq.drop(90)\n\tr.reset()\n\tr.add(&T{})\n\treturn fmt.Sprint(q.size(), r.size(), "
     "cap(r.items))\n}\n",
     "+func (q *Q) reset() {\n", true},
    {"helper_in_constant_time",
     "type H struct{ all []*T }\n\nvar h H\n\nfunc del(ts []*T, i int) []*T {\n\tts[i] = "
     "ts[len(ts)-1]\n"
     "\treturn ts[:len(ts)-1]\n}\n\nfunc (h *H) leave(i int) {\n\th.all = del(h.all, i)\n}\n\n"
     "func build() (seen string) {\n\tfor i := 0; i < 100; i++ {\n\t\th.all = append(h.all, &T{n: "
     "i})\n\t}\n"
     "\tfor len(h.all) > 10 {\n\t\th.leave(3)\n\t}\n\tfor _, t := range h.all {\n\t\tseen += "
     "fmt.Sprint(t.n, \" \")\n\t}\n"
     "\treturn seen\n}\n",
     "+\told := h.all\n", true},
    {"read_outside_of_the_lock",
     "type S struct {\n\tmu    sync.Mutex\n\titems []*T\n}\n\nvar s S\nvar step = make(chan "
     "int)\n\n"
     "func (s *S) show() {\n\ts.mu.Lock()\n\titems := s.items\n\ts.mu.Unlock()\n\tstep <- "
     "0\n\t<-step\n\tn := 0\n"
     "\tfor _, t := range items {\n\t\tif t != nil {\n\t\t\tn++\n\t\t}\n\t}\n\tstep <- n\n}\n\n"
     "func (s *S) trim(n int) {\n\ts.mu.Lock()\n\ts.items = s.items[:n]\n\ts.mu.Unlock()\n}\n\n"
     "func build() (seen string) {\n\tfor i := 0; i < 100; i++ {\n\t\ts.items = append(s.items, "
     "&T{n: i})\n\t}\n"
     "\tgo s.show()\n\t<-step\n\ts.trim(10)\n\tstep <- 0\n\treturn fmt.Sprint(<-step)\n}\n",
     "+\tif cap(s.items) > 4*len(s.items) {\n", true},
};

class FixBehaviour : public testing::TestWithParam<Behaviour> {};

TEST_P(FixBehaviour, StaysAsItWas) {
  const Behaviour& one = GetParam();
  TemporaryDirectory folder;
  fs::copy(std::string(OVERHANG_SUBJECTS_DIR) + "/kit", folder.file("kit"),
           fs::copy_options::recursive);
  fs::create_directory(folder.file("main"));
  std::ofstream(folder.file("main") + "/go.mod")
      << "module example.com/main\n\ngo 1.19\n\nrequire overhang.subjects/kit v0.0.0\n\n"
         "replace overhang.subjects/kit => ../kit\n";
  auto code = std::string(one.code);
  bool locks = code.find("sync.") != std::string::npos;
  std::ofstream(folder.file("main") + "/main.go")
      << "package main\n\nimport (\n\t\"fmt\"\n"
      << (locks ? "\t\"sync\"\n" : "")
      << "\n\t\"overhang.subjects/kit\"\n)\n\ntype T struct {\n\tn   int\n\tpad [500]byte\n}\n\n"
      << code << "\nfunc main() {\n\tkit.FactText(\"seen\", build())\n\tkit.Serve()\n}\n";
  ProcessOptions options{
      .directory = folder.file("main"),
      .environment = {"CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GIT_CEILING_DIRECTORIES=/"},
      .timeout = std::chrono::seconds(300)};
  auto build = [&] {
    auto built = run({"go", "build", "-o", folder.file("program"), "."}, options);
    if (built.exit_code != 0) throw std::runtime_error(built.err);
    return Subject::started(folder.file("program"), {});
  };
  auto before = build();
  EXPECT_NE(left_over(before), "");
  auto fix = run_fix(before, folder.file("main"));
  EXPECT_EQ(fix.out.empty(), *one.patched == 0) << fix.out << fix.err;
  EXPECT_NE(fix.out.find(one.patched), std::string::npos) << fix.out << fix.err;
  if (fix.out.empty()) return;
  std::ofstream(folder.file("fix.diff")) << fix.out;
  ASSERT_EQ(run({"git", "apply", folder.file("fix.diff")}, options).exit_code, 0) << fix.out;
  EXPECT_EQ(run({"gofmt", "-l", "."}, options).out, "") << fix.out;
  auto after = build();
  EXPECT_EQ(after.facts().at("seen"), before.facts().at("seen")) << fix.out;
  EXPECT_EQ(left_over(after).empty(), one.goes_away) << left_over(after) << fix.out;
}

void PrintTo(const Behaviour& one, std::ostream* out) { *out << one.name; }

INSTANTIATE_TEST_SUITE_P(Programs, FixBehaviour, testing::ValuesIn(kBehaviours),
                         [](auto& instance) { return std::string(instance.param.name); });

// Ten conns of a few hundred bytes are stale, in an array of half a megabyte.
TEST(FixRemedies, TheBestIsWhatFreesMost) {
  Checkout checkout;
  auto subject = Subject::started(checkout.build(), {"tail_mostly_nil"});
  auto fix = run_fix(subject, checkout.folder());
  EXPECT_NE(fix.out.find("+\t\tplain = append([]*Conn(nil), plain[:n]...)"), std::string::npos)
      << fix.out;
  auto before = subject.heap_alloc();
  checkout.apply(fix.out);
  auto fixed = Subject::started(checkout.build(), {"tail_mostly_nil"});
  EXPECT_NEAR(static_cast<double>(before - fixed.heap_alloc()), 524288, 8192);
}

TEST(FixRemedies, EachTakesTheLeakAway) {
  for (const char* remedy : {"clear", "copy"}) {
    SCOPED_TRACE(remedy);
    Checkout checkout;
    expect_fixed(checkout, "tail_global_field", {"--remedy", remedy});
  }
  Checkout checkout;
  expect_fixed(checkout, "tail_to_zero", {"--remedy", "nil_when_empty"});
}

// A copy where cap exceeds four times len leaves a tail of less than that.
TEST(FixRemedies, CopyIfCapExceedsBoundsTheTail) {
  Checkout checkout;
  auto subject = Subject::started(checkout.build(), {"tail_global_field"});
  auto before = leaks_json(subject.target()).at("sites").at(0);
  EXPECT_GT(before.at("cap"), before.at("len").get<int>() * 4);
  checkout.apply(run_fix(subject, checkout.folder(), {"--remedy", "copy_if_cap_exceeds"}).out);
  EXPECT_EQ(checkout.command({"gofmt", "-l", "."}).out, "");
  auto fixed = Subject::started(checkout.build(), {"tail_global_field"});
  auto after = leaks_json(fixed.target()).at("sites").at(0);
  EXPECT_LE(after.at("cap"), after.at("len").get<int>() * 4);
}

TEST(FixRemedies, AdviseWhereNoneIsKnown) {
  Checkout checkout;
  auto subject = Subject::started(checkout.build(), {"clipped"});
  auto fix = run_fix(subject, checkout.folder(), {"--remedy", "clear"});
  EXPECT_EQ(fix.exit_code, 0);
  EXPECT_EQ(fix.out, "");
  EXPECT_NE(fix.err.find("main.page (clipped): no safe rewrite is known"), std::string::npos)
      << fix.err;
}

TEST(FixUsage, NeedsTheSources) {
  EXPECT_EQ(run_overhang({"fix", "1", "--source", "/nowhere"}).exit_code, 2);
  EXPECT_EQ(run_overhang({"fix", "1", "--source", "/", "--remedy", "pray"}).exit_code, 2);
  EXPECT_EQ(run_overhang({"1", "--remedy", "clear"}).exit_code, 2);
}

}  // namespace
}  // namespace overhang::test
