// What a remedy makes of a statement, by the language version of its module.
#include "source/rewrite.h"

#include "source/patch.h"
#include "unit/source/snippet.h"

namespace overhang::source::test {
namespace {

const std::vector<Remedy> kBest = RewriteOptions().remedies;

struct Rewritten {
  std::string text;  // the file
  std::vector<std::string> obstacles;
};

Rewritten rewritten(const std::string& text, const SliceHolder& holder, RewriteOptions options) {
  Program program(loader_of({text}));
  Flows flows(program);
  Rewritten out;
  std::vector<Edit> edits;
  for (const auto& candidate : find_candidates(flows, holder, {options.go_minor, true})) {
    if (candidate.cleared || candidate.of_helper) continue;
    auto one = rewrite(flows, candidate, options);
    edits.insert(edits.end(), one.edits.begin(), one.edits.end());
    if (one.edits.empty()) out.obstacles.push_back(one.obstacle);
  }
  out.text = edited(text, edits);
  return out;
}

// `body` in a function of a package with a few variables.
std::string program_of(const std::string& body) {
  return "package main\n\ntype T struct{ n int }\ntype H []*T\n\nvar xs []*T\nvar ys []*T\nvar h "
         "H\n\nfunc f(n, i int, zs []*T) *T {\n" +
         body + "\treturn nil\n}\n";
}

std::string body_of(const std::string& text) {
  auto begin = text.find("*T {\n") + 5, end = text.rfind("\treturn nil\n");
  return text.substr(begin, end - begin);
}

void expect_rewrite(const std::string& before, const std::string& after, int go_minor,
                    std::vector<Remedy> remedies = kBest, Category category = Category::Tail) {
  RewriteOptions options;
  options.remedies = std::move(remedies);
  options.go_minor = go_minor;
  auto out = rewritten(program_of(before), global("xs", category), options);
  EXPECT_EQ(body_of(out.text), after) << before;
}

void expect_refused(const std::string& before, Remedy remedy = Remedy::Clear) {
  RewriteOptions options;
  options.remedies = {remedy};
  options.go_minor = 26;
  auto out = rewritten(program_of(before), global("xs"), options);
  EXPECT_EQ(body_of(out.text), before);
  ASSERT_EQ(out.obstacles.size(), 1u) << before;
  EXPECT_FALSE(out.obstacles[0].empty());
}

TEST(Rewrite, ClearsWhatATruncationHides) {
  expect_rewrite("\txs = xs[:len(xs)-1]\n", "\tclear(xs[len(xs)-1:])\n\txs = xs[:len(xs)-1]\n", 21);
  expect_rewrite("\txs = xs[:len(xs)-1]\n", "\txs[len(xs)-1] = nil\n\txs = xs[:len(xs)-1]\n", 20);
  expect_rewrite("\tlast := len(xs) - 1\n\txs = xs[:last]\n",
                 "\tlast := len(xs) - 1\n\tclear(xs[last:])\n\txs = xs[:last]\n", 21);
  expect_rewrite("\txs = xs[:0]\n", "\tclear(xs)\n\txs = xs[:0]\n", 21);
}

TEST(Rewrite, AsksWhereTheLengthMayBeExceeded) {
  expect_rewrite("\txs = xs[:n]\n", "\tif n < len(xs) {\n\t\tclear(xs[n:])\n\t}\n\txs = xs[:n]\n",
                 21);
  expect_rewrite("\txs[n] = nil\n\txs[i], xs[n] = xs[n], xs[i]\n\txs = xs[:n]\n",
                 "\txs[n] = nil\n\txs[i], xs[n] = xs[n], xs[i]\n\txs = xs[:n]\n", 21);
}

TEST(Rewrite, LoopsBeforeGo121) {
  expect_rewrite("\txs = xs[:0]\n",
                 "\thidden := xs\n\tfor k := range hidden {\n\t\thidden[k] = nil\n\t}\n"
                 "\txs = xs[:0]\n",
                 20);
}

TEST(Rewrite, ClearsTheHead) {
  expect_rewrite("\txs = xs[1:]\n", "\txs[0] = nil\n\txs = xs[1:]\n", 21, kBest, Category::Head);
  expect_rewrite("\txs = xs[n:]\n", "\tclear(xs[:n])\n\txs = xs[n:]\n", 21, kBest, Category::Head);
  expect_rewrite("\tvar t *T\n\tt, xs = xs[0], xs[1:]\n\t_ = t\n",
                 "\tvar t *T\n\tt = xs[0]\n\txs[0] = nil\n\txs = xs[1:]\n\t_ = t\n", 21, kBest,
                 Category::Head);
}

TEST(Rewrite, Deletes) {
  expect_rewrite("\txs = append(xs[:i], xs[i+1:]...)\n", "\txs = slices.Delete(xs, i, i+1)\n", 22);
  expect_rewrite("\txs = append(xs[:i], xs[i+1:]...)\n",
                 "\txs = append(xs[:i], xs[i+1:]...)\n\tclear(xs[len(xs) : len(xs)+1])\n", 21);
  expect_rewrite("\txs = append(xs[:i], xs[i+1:]...)\n",
                 "\txs = append(xs[:i], xs[i+1:]...)\n\txs[:len(xs)+1][len(xs)] = nil\n", 20);
}

TEST(Rewrite, FiltersInPlace) {
  expect_rewrite(
      "\tkept := xs[:0]\n\tfor _, x := range xs {\n\t\tkept = append(kept, x)\n\t}\n\txs = kept\n",
      "\tkept := xs[:0]\n\tfor _, x := range xs {\n\t\tkept = append(kept, x)\n\t}\n"
      "\tclear(xs[len(kept):])\n\txs = kept\n",
      21);
}

TEST(Rewrite, CopiesWhatIsCutFromAnother) {
  expect_rewrite("\txs = zs[:n]\n", "\txs = slices.Clone(zs[:n])\n", 24);
  // Of Go 1.22 and 1.23, with which a module of Go 1.21 may be built, it keeps an empty slice's
  // array.
  for (int minor : {20, 21, 23})
    expect_rewrite("\txs = zs[:n]\n", "\txs = append([]*T(nil), zs[:n]...)\n", minor);
  expect_rewrite("\txs = zs[:n:n]\n", "\txs = slices.Clone(zs[:n:n])\n", 24, kBest,
                 Category::Clipped);
}

TEST(Rewrite, OtherRemedies) {
  expect_rewrite("\txs = xs[:n]\n", "\txs = slices.Clone(xs[:n])\n", 24, {Remedy::Copy});
  expect_rewrite("\txs = xs[:0]\n", "\txs = nil\n", 21, {Remedy::NilWhenEmpty});
  expect_rewrite("\txs = xs[:n]\n", "\txs = xs[:n]\n\tif len(xs) == 0 {\n\t\txs = nil\n\t}\n", 21,
                 {Remedy::NilWhenEmpty});
  expect_rewrite("\txs = xs[:n]\n",
                 "\txs = xs[:n]\n\tif cap(xs) > 4*len(xs) {\n\t\txs = slices.Clone(xs)\n\t}\n", 24,
                 {Remedy::CopyIfCapExceeds});
}

TEST(Rewrite, ACopyOfNothingIsNil) {
  expect_rewrite("\txs = xs[:0]\n", "\txs = nil\n", 16, {Remedy::Copy});
  expect_rewrite("\txs = ys[0:0]\n", "\txs = nil\n", 26, {Remedy::Copy});
  // But the call stays.
  expect_rewrite("\txs = append(xs[:1], f(n, i, zs))[:0]\n",
                 "\txs = append([]*T(nil), append(xs[:1], f(n, i, zs))[:0]...)\n", 16,
                 {Remedy::Copy});
}

TEST(Rewrite, TakesTheFirstRemedyThatIsSafeAndHelps) {
  const std::vector<Remedy> copy_first{Remedy::Copy, Remedy::Clear};
  expect_rewrite("\txs = xs[:n]\n", "\txs = slices.Clone(xs[:n])\n", 24, copy_first);
  // Neither is safe where there is no line for the one, and the other would copy in each round.
  expect_rewrite("\tfor ; n > 0; xs = xs[:n] {\n\t\tn--\n\t}\n",
                 "\tfor ; n > 0; xs = xs[:n] {\n\t\tn--\n\t}\n", 24, copy_first);
  // To copy all for each one that goes is no remedy where clearing is one.
  expect_rewrite("\txs = xs[:len(xs)-1]\n", "\tclear(xs[len(xs)-1:])\n\txs = xs[:len(xs)-1]\n", 24,
                 copy_first);
  const std::vector<Remedy> nil_first{Remedy::NilWhenEmpty, Remedy::Clear, Remedy::Copy};
  expect_rewrite("\txs = xs[:0]\n", "\txs = nil\n", 24, nil_first);
  // It would leave what a longer slice hides.
  expect_rewrite("\txs = xs[:len(xs)-1]\n", "\tclear(xs[len(xs)-1:])\n\txs = xs[:len(xs)-1]\n", 24,
                 nil_first);
}

TEST(Rewrite, PopThroughAnAlias) {
  std::string text =
      "package main\n\ntype H []*int\n\nvar h H\n\nfunc (h *H) Pop() any {\n\told := *h\n"
      "\tn := len(old)\n\tx := old[n-1]\n\t*h = old[0 : n-1]\n\treturn x\n}\n";
  RewriteOptions options;
  options.go_minor = 21;
  auto out = rewritten(text, global("h"), options);
  EXPECT_NE(out.text.find("\tclear(old[n-1:])\n\t*h = old[0 : n-1]\n"), std::string::npos)
      << out.text;
}

TEST(Rewrite, PopInOneAssignment) {
  expect_rewrite("\tvar t *T\n\tt, xs = xs[len(xs)-1], xs[:len(xs)-1]\n\t_ = t\n",
                 "\tvar t *T\n\tt = xs[len(xs)-1]\n\txs[len(xs)-1] = nil\n\txs = xs[:len(xs)-1]\n"
                 "\t_ = t\n",
                 16);
}

// The slice is removed from through a pointer to it, and the loop over it ends there.
TEST(Rewrite, RemovalThroughAPointer) {
  std::string text = R"(package main

type Conn struct{}
type Peer struct{ in, out []*Conn }

func (p *Peer) remove(from *[]*Conn, gone *Conn) bool {
	conns := *from
	for i, c := range conns {
		if c == gone {
			last := len(conns) - 1
			conns[i], conns[last] = conns[last], conns[i]
			*from = conns[:last] // here
			return true
		}
	}
	return false
}

func (p *Peer) closed(c *Conn) bool {
	return p.remove(&p.in, c) || p.remove(&p.out, c)
}
)";
  expect_marked(text, field("main.Peer", "in"));
  RewriteOptions options;
  options.go_minor = 16;
  auto out = rewritten(text, field("main.Peer", "out"), options);
  EXPECT_NE(out.text.find("\t\t\tconns[last] = nil\n\t\t\t*from = conns[:last]"), std::string::npos)
      << out.text;
}

// The struct that holds the slice is copied before it is cut.
TEST(Rewrite, PopThroughACopyOfTheStruct) {
  std::string text = R"(package main

type score struct{ index int }
type scores struct{ all []*score }

func (s *scores) Pop() interface{} {
	old := *s
	n := len(old.all)
	item := old.all[n-1]
	item.index = -1
	s.all = old.all[:n-1] // here
	return item
}
)";
  expect_marked(text, field("main.scores", "all"));
  RewriteOptions options;
  options.go_minor = 16;
  auto out = rewritten(text, field("main.scores", "all"), options);
  EXPECT_NE(out.text.find("\told.all[n-1] = nil\n\ts.all = old.all[:n-1]"), std::string::npos)
      << out.text;
}

TEST(Rewrite, RefusesWhatIsNotSafe) {
  expect_refused("\tbatch := xs\n\txs = xs[:0]\n\tuse(batch)\n");
  expect_refused("\tbatch := xs[:n]\n\txs = xs[:0]\n\tuse(batch)\n");
  expect_refused("\tlast := &xs[n]\n\txs = xs[:n]\n\tuse(last)\n");
  expect_refused("\txs = xs[:0]\n\tys = xs\n");
  expect_refused("\told := xs\n\txs = old[:n]\n\tuse(old[n])\n");
  expect_refused("\tif xs = xs[:n]; n > 3 {\n\t\tn++\n\t}\n");
  expect_refused("\txs = xs[:next()]\n");
  // In the next round of the loop, what was hidden is read.
  expect_refused("\tall := xs\n\tfor n > 0 {\n\t\tuse(all[n])\n\t\txs = xs[:n]\n\t}\n");
}

TEST(Rewrite, RefusesWhereElementsAreUsedAgain) {
  for (Remedy remedy :
       {Remedy::Clear, Remedy::Copy, Remedy::NilWhenEmpty, Remedy::CopyIfCapExceeds}) {
    RewriteOptions options;
    options.remedies = {remedy};
    options.go_minor = 26;
    auto text = program_of("\txs = xs[:0]\n\txs = xs[:len(xs)+1]\n");
    auto out = rewritten(text, global("xs"), options);
    EXPECT_EQ(out.text, text);
  }
}

// What was cut off is shown once more: by the length of before, or by a bound that is compared with
// the length or the capacity. Neither clearing nor a copy would do.
TEST(Rewrite, RefusesWhereTheOldLengthIsShownAgain) {
  for (Remedy remedy :
       {Remedy::Clear, Remedy::Copy, Remedy::NilWhenEmpty, Remedy::CopyIfCapExceeds}) {
    expect_refused("\tm := len(xs)\n\txs = xs[0 : m-1]\n\tuse(xs[0:m][m-1])\n", remedy);
    expect_refused("\tm := len(xs) - 1\n\txs = xs[:m]\n\treturn xs[:m+1][m]\n", remedy);
    expect_refused(
        "\tm := len(xs)\n\txs = append(xs[:i], zs...)\n\tif len(xs) < m {\n\t\txs = xs[:m]\n\t}\n",
        remedy);
    expect_refused("\tif n <= cap(xs) {\n\t\txs = xs[:n]\n\t}\n", remedy);
  }
  // The same bound shows what the statement left.
  expect_rewrite("\tm := len(xs) - 1\n\txs = xs[:m]\n\tuse(xs[:m])\n",
                 "\tm := len(xs) - 1\n\tclear(xs[m:])\n\txs = xs[:m]\n\tuse(xs[:m])\n", 21);
}

// What a function shows again is what it has cut off itself, or one that it calls.
TEST(Rewrite, TheLengthThatAFunctionRestoresIsItsOwn) {
  auto text = [](const std::string& between) {
    return "package main\n\nvar xs []*int\n\nfunc write(i int, zs []*int) {\n\tm := len(xs)\n" +
           between + "\tif len(xs) < m {\n\t\txs = xs[:m]\n\t}\n}\n\nfunc empty() {\n" +
           "\txs = xs[:0]\n}\n";
  };
  RewriteOptions options;
  options.go_minor = 21;
  auto apart = rewritten(text("\txs = append(xs[:i], zs...)\n"), global("xs"), options);
  EXPECT_NE(apart.text.find("\tclear(xs)\n\txs = xs[:0]\n"), std::string::npos) << apart.text;
  auto called = text("\tempty()\n");
  EXPECT_EQ(rewritten(called, global("xs"), options).text, called);
}

// A push grows the slice by a slot and sets it at once: what stood there is never read.
TEST(Rewrite, ClearsWhereAPushSetsTheSlotThatShows) {
  auto push = std::string("\tm := len(xs)\n\txs = xs[:m+1]\n\txs[m] = nil\n");
  expect_rewrite(push + "\txs = xs[:0]\n", push + "\tclear(xs)\n\txs = xs[:0]\n", 21);
  RewriteOptions options;
  options.remedies = {Remedy::Clear};
  options.go_minor = 21;
  // Here it is read first.
  auto reuse = program_of(
      "\tm := len(xs)\n\txs = xs[:m+1]\n\tif xs[m] == nil {\n\t\txs[m] = new(T)\n"
      "\t}\n\txs = xs[:0]\n");
  EXPECT_EQ(rewritten(reuse, global("xs"), options).text, reuse);
}

// A bound that a function gives is read twice where the function only returns what stands there.
TEST(Rewrite, BoundsByFunctionsThatOnlyReturn) {
  std::string text =
      "package main\n\ntype Q struct{ items []*int; n int }\n\nfunc (q *Q) size() int { return q.n "
      "}\n"
      "func (q *Q) next() int { q.n--; return q.n }\n\n"
      "func (q *Q) pop() {\n\tq.items = q.items[:q.size()]\n}\n"
      "func (q *Q) drop() {\n\tq.items = q.items[:q.next()]\n}\n";
  RewriteOptions options;
  options.go_minor = 21;
  auto out = rewritten(text, field("main.Q", "items"), options);
  EXPECT_NE(out.text.find("\tif q.size() < len(q.items) {\n\t\tclear(q.items[q.size():])\n\t}\n"),
            std::string::npos)
      << out.text;
  EXPECT_NE(out.text.find("\tq.items = append([]*int(nil), q.items[:q.next()]...)\n"),
            std::string::npos)
      << out.text;
}

// As ants' worker stack: what is cut by one element is cleared, not copied each time.
TEST(Rewrite, LengthsByMethods) {
  auto program = [](const std::string& method, const std::string& statements) {
    return "package main\n\ntype T struct{ n int }\ntype Stack struct{ items, other []*T }\n\n" +
           method + "\nfunc (s *Stack) pop() *T {\n\tn := s.size()\n\tt := s.items[n-1]\n" +
           statements + "\treturn t\n}\n";
  };
  RewriteOptions options;
  options.go_minor = 20;
  options.remedies = {Remedy::Copy, Remedy::Clear};
  const std::string own = "func (q *Stack) size() int { return len(q.items) }\n",
                    others = "func (q *Stack) size() int { return len(q.other) }\n",
                    cut = "\ts.items = s.items[:n-1]\n";
  EXPECT_EQ(rewritten(program(own, cut), field("main.Stack", "items"), options).text,
            program(own, "\ts.items[n-1] = nil\n" + cut));
  EXPECT_EQ(rewritten(program(others, cut), field("main.Stack", "items"), options).text,
            program(others, "\ts.items = append([]*T(nil), s.items[:n-1]...)\n"));
}

// As gomemcache's free list.
TEST(Rewrite, CallsOnTheLeftThatHaveNothingToDoWithTheSlice) {
  auto program = [](const std::string& key, const std::string& before) {
    return "package main\n\ntype T struct{ n int }\n\nvar m map[string][]*T\n\nfunc name(any) "
           "string\n\n"
           "func pop(a any) *T {\n\tlist := m[name(a)]\n\tt := list[len(list)-1]\n" +
           before + "\tm[" + key + "] = list[:len(list)-1]\n\treturn t\n}\n";
  };
  RewriteOptions options;
  options.go_minor = 20;
  options.remedies = {Remedy::Clear};
  auto holder = global("m");
  holder.elements = 1;
  EXPECT_EQ(rewritten(program("name(a)", ""), holder, options).text,
            program("name(a)", "\tlist[len(list)-1] = nil\n"));
  auto asked = program("name(a)", "");
  asked.replace(asked.find("list :="), 7, "list, ok :=");
  EXPECT_NE(rewritten(asked, holder, options).text.find("\tlist[len(list)-1] = nil\n"),
            std::string::npos);
  auto reads = program("name(list)", "");
  EXPECT_EQ(rewritten(reads, holder, options).text, reads);
}

TEST(Rewrite, WhatAFunctionDeletesIsClearedAfterwards) {
  const std::string before =
      "package main\n\nimport \"slices\"\n\ntype T struct{ n int }\n\nvar xs []*T\n\n"
      "func prune(n int) {\n"
      "\txs = slices.DeleteFunc(xs, func(t *T) bool { return t.n > n })\n";
  RewriteOptions options;
  options.go_minor = 21;
  EXPECT_EQ(rewritten(before + "}\n", global("xs"), options).text,
            before + "\tclear(xs[len(xs):cap(xs)])\n}\n");
}

// As lane's PriorityQueue, which counts in uint.
TEST(Rewrite, BoundsOfAnyIntegerType) {
  auto program = [](const std::string& type, const std::string& before) {
    return "package main\n\ntype T struct{ n int }\n\ntype Q struct {\n\titems []*T\n\tcount " +
           type + "\n}\n\nfunc (q *Q) size() " + type +
           " { return q.count - 1 }\n\nfunc (q *Q) pop() {\n" + before +
           "\tq.items = q.items[:2*q.size()]\n}\n";
  };
  RewriteOptions options;
  options.go_minor = 21;
  options.remedies = {Remedy::Clear};
  auto cleared = [](const std::string& bound) {
    return "\tif " + bound + " < len(q.items) {\n\t\tclear(q.items[2*q.size():])\n\t}\n";
  };
  auto holder = field("main.Q", "items");
  EXPECT_EQ(rewritten(program("int", ""), holder, options).text,
            program("int", cleared("2*q.size()")));
  for (const char* type : {"uint", "int32", "uintptr"})
    EXPECT_EQ(rewritten(program(type, ""), holder, options).text,
              program(type, cleared("int(2*q.size())")));
}

// As gonum's NodeStack: to clear all of the capacity for each element would cost the square of it.
TEST(Rewrite, OneElementOfSeveralAssignmentsIsClearedAlone) {
  const std::string before =
      "package main\n\ntype T struct{ n int }\n\ntype stack []*T\n\nvar xs stack\n\n"
      "func (s *stack) pop() *T {\n\tv := *s\n\tv, n := v[:len(v)-1], v[len(v)-1]\n";
  const std::string after = "\t*s = v\n\treturn n\n}\n";
  RewriteOptions options;
  options.go_minor = 21;
  options.remedies = {Remedy::Clear};
  EXPECT_EQ(rewritten(before + after, global("xs"), options).text,
            before + "\tclear(v[len(v) : len(v)+1])\n" + after);
  options.go_minor = 20;
  EXPECT_EQ(rewritten(before + after, global("xs"), options).text,
            before + "\tv[:len(v)+1][len(v)] = nil\n" + after);
}

TEST(Rewrite, ParenthesesGo) {
  expect_rewrite("\txs = (xs)[0:(len(xs) - 1)]\n",
                 "\txs[len(xs)-1] = nil\n\txs = (xs)[0:(len(xs) - 1)]\n", 20);
}

// A sorter that has the slice for the length of a call is no second reader.
TEST(Rewrite, ALocalStructOfTheSliceIsNoOtherPlace) {
  auto text = std::string(
      "package main\n\nimport \"sort\"\n\ntype T struct{ xs []interface{} }\ntype by struct{ xs "
      "[]interface{} }\n"
      "\nfunc (t *T) sort() {\n\tb := by{t.xs}\n\tsort.Sort(b)\n}\n\n"
      "func (t *T) reset() {\n\tt.xs = t.xs[:0]\n}\n");
  RewriteOptions options;
  options.go_minor = 21;
  auto out = rewritten(text, field("main.T", "xs"), options);
  EXPECT_NE(out.text.find("\tclear(t.xs)\n\tt.xs = t.xs[:0]\n"), std::string::npos) << out.text;
  // Behind a pointer it may live on.
  text.replace(text.find("by{t.xs}"), 8, "&by{t.xs}");
  out = rewritten(text, field("main.T", "xs"), options);
  EXPECT_EQ(out.text.find("clear("), std::string::npos) << out.text;
  // Before Go 1.21 a copy needs the slice's type.
  options.go_minor = 16;
  text.replace(text.find("t.xs[:0]"), 8, "t.xs[:1]");
  out = rewritten(text, field("main.T", "xs"), options);
  EXPECT_NE(out.text.find("t.xs = append([]interface{}(nil), t.xs[:1]...)"), std::string::npos)
      << out.text;
}

// Of a text that some function returns, the copy is made where the text is kept.
TEST(Rewrite, TextsOfAFunctionAreCopiedWhereTheyAreKept) {
  std::string text =
      "package main\n\nimport (\n\t\"json\"\n\t\"strings\"\n)\n\ntype User struct{ name, id string "
      "}\n\nvar users []User\n\n"
      "func add(body string) {\n\tusers = append(users, User{name: json.Get(body), id: "
      "\"fixed\"})\n"
      "\tusers[0].id = strings.Repeat(\"x\", 3)\n}\n";
  RewriteOptions options;
  options.go_minor = 21;
  options.plain_data = true;
  auto out = rewritten(text, field("main.User", "name", Category::Window), options);
  EXPECT_NE(out.text.find("User{name: strings.Clone(json.Get(body)), id:"), std::string::npos)
      << out.text;
  out = rewritten(text, field("main.User", "id", Category::Window), options);
  EXPECT_EQ(out.text, text);
}

// A function that makes a text of its own is not where a large one comes from.
TEST(Rewrite, TextsThatAFunctionMakesAreNoPartsOfOthers) {
  std::string text =
      "package main\n\nimport \"json\"\n\ntype User struct{ name string }\n\nvar users []User\n\n"
      "type printer struct{ buf []byte }\n\nfunc label(n int) string {\n\tp := &printer{}\n"
      "\ts := string(p.buf)\n\treturn s\n}\n\nfunc first(s string) string { return s }\n\n"
      "func add(n int, body string) {\n\tusers = append(users, User{name: label(n)})\n"
      "\tusers = append(users, User{name: json.Get(body)})\n"
      "\tusers = append(users, User{name: first(body)})\n}\n";
  RewriteOptions options;
  options.go_minor = 21;
  options.plain_data = true;
  auto out = rewritten(text, field("main.User", "name", Category::Window), options);
  EXPECT_NE(out.text.find("User{name: label(n)}"), std::string::npos) << out.text;
  EXPECT_NE(out.text.find("strings.Clone(json.Get(body))"), std::string::npos) << out.text;
  EXPECT_NE(out.text.find("strings.Clone(first(body))"), std::string::npos) << out.text;
}

TEST(Rewrite, WhatIsAppendedToAConvertedNilIsACopy) {
  const std::string before =
      "package main\n\nimport \"net\"\n\ntype Flow struct{ from net.IP }\n\nvar flows []*Flow\n\n"
      "func see(body []byte) {\n\tflows = append(flows, &Flow{from: ";
  const std::string after =
      "})\n}\n\nfunc settle(f *Flow) {\n\tf.from = append(net.IP(nil), f.from...)\n}\n";
  RewriteOptions options;
  options.go_minor = 20;
  options.plain_data = true;
  auto holder = field("main.Flow", "from", Category::Window);
  EXPECT_EQ(rewritten(before + "net.ParseIP(body)" + after, holder, options).text,
            before + "append(net.IP(nil), net.ParseIP(body)...)" + after);
}

// One of several results is copied where it has its name.
TEST(Rewrite, OneOfSeveralResults) {
  std::string text =
      "package main\n\nimport \"json\"\n\nvar key []byte\n\nfunc read(body []byte) {\n"
      "\tkey, ok = json.Get(body)\n}\n";
  RewriteOptions options;
  options.go_minor = 16;
  options.plain_data = true;
  auto out = rewritten(text, global("key", Category::Window), options);
  EXPECT_NE(out.text.find("\tkey, ok = json.Get(body)\n\tkey = append([]uint8(nil), key...)\n"),
            std::string::npos)
      << out.text;
}

// A map's key that is a part of a line.
TEST(Rewrite, KeysOfMaps) {
  std::string text =
      "package main\n\nimport \"strings\"\n\ntype Log struct{ seen map[string]int }\n\n"
      "func (l *Log) add(line string) {\n\tl.seen[strings.Fields(line)[0]]++\n"
      "\tl.seen[line[:8]] = 1\n}\n";
  RewriteOptions options;
  options.go_minor = 21;
  options.plain_data = true;
  auto holder = field("main.Log", "seen", Category::Window);
  holder.elements = 1;
  holder.key = true;
  auto out = rewritten(text, holder, options);
  EXPECT_NE(out.text.find("\tl.seen[strings.Clone(line[:8])] = 1\n"), std::string::npos)
      << out.text;
  // Of the map's values none is.
  holder.key = false;
  EXPECT_EQ(rewritten(text, holder, options).text, text);
}

TEST(Rewrite, KeepsCarriageReturns) {
  RewriteOptions options;
  options.go_minor = 21;
  auto out = rewritten("package main\r\nvar xs []*int\r\nfunc f() {\r\n\txs = xs[:0]\r\n}\r\n",
                       global("xs"), options);
  EXPECT_NE(out.text.find("\tclear(xs)\r\n\txs = xs[:0]\r\n"), std::string::npos);
}

TEST(Patch, IsAUnifiedDiff) {
  std::string text;
  for (int i = 1; i <= 20; i++) text += std::to_string(i) + "\n";
  auto at = [&](const char* line) {
    return static_cast<std::uint32_t>(text.find(std::string("\n") + line + "\n") + 1);
  };
  std::vector<Edit> edits{{at("5"), at("5"), "new\n"}, {at("18"), at("18") + 2, "eighteen"}};
  EXPECT_EQ(unified_diff("a.go", text, edits),
            "--- a/a.go\n+++ b/a.go\n"
            "@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+new\n 5\n 6\n 7\n"
            "@@ -15,6 +16,6 @@\n 15\n 16\n 17\n-18\n+eighteen\n 19\n 20\n");
  EXPECT_EQ(unified_diff("a.go", "x", {{0, 1, "y"}}),
            "--- a/a.go\n+++ b/a.go\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+y\n"
            "\\ No newline at end of file\n");
  EXPECT_EQ(unified_diff("a.go", text, {}), "");
}

TEST(Patch, ImportsWhereGofmtWould) {
  auto patched = [](const std::string& imports) {
    auto text = "package main\n" + imports + "\nvar xs []*int\n";
    Program program(loader_of({text}));
    Package* package = program.package("main");
    Patch patch;
    Rewrite rewrite;
    rewrite.edits.push_back({0, 0, ""});
    rewrite.imports.push_back("slices");
    patch.add(*package->files[0], rewrite);
    return patch.diff("");
  };
  EXPECT_NE(patched("\nimport (\n\t\"fmt\"\n\t\"sort\"\n)\n")
                .find(" \t\"fmt\"\n+\t\"slices\"\n \t\"sort\""),
            std::string::npos);
  EXPECT_NE(
      patched("\nimport (\n\t\"fmt\"\n\n\t\"x.org/z\"\n)\n").find(" \t\"fmt\"\n+\t\"slices\"\n \n"),
      std::string::npos);
  EXPECT_NE(patched("\nimport \"fmt\"\n").find(" import \"fmt\"\n+import \"slices\"\n"),
            std::string::npos);
  EXPECT_NE(patched("").find("+import \"slices\"\n"), std::string::npos);
}

}  // namespace
}  // namespace overhang::source::test
