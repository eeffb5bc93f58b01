// What a remedy makes of a statement, by the language version of its module.
#include "source/rewrite.h"

#include "source/patch.h"
#include "source/trailing_comments.h"
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
                 "\tfor k := range xs {\n\t\txs[k] = nil\n\t}\n"
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

// What the place itself gets in the meantime is no other slice (nsq's queues, which shrink so).
// Through a pointer that is set anew it may be another's.
TEST(Rewrite, PopFromWhatWasJustShrunk) {
  auto program = [](const std::string& set, const std::string& before) {
    return "package main\n\ntype T struct{ n int }\ntype H []*T\n\nvar h, other H\n\n"
           "func use() *T { return h.Pop() }\n\n"
           "func (h *H) Pop() *T {\n\tn := len(*h)\n\tif n < cap(*h)/2 {\n" +
           set +
           "\t\tless := make(H, n, cap(*h)/2)\n\t\tcopy(less, *h)\n\t\t*h = less\n\t}\n"
           "\tt := (*h)[n-1]\n" +
           before + "\t*h = (*h)[:n-1]\n\treturn t\n}\n";
  };
  RewriteOptions options;
  options.go_minor = 20;
  options.remedies = {Remedy::Clear};
  EXPECT_EQ(rewritten(program("", ""), global("h"), options).text,
            program("", "\t(*h)[n-1] = nil\n"));
  // It is restored when the loop comes round.
  auto text =
      "package main\n\ntype T struct{ n int }\ntype H []*T\n\nvar h H\n\n"
      "func (h *H) walk(n int) {\n\tall := make(H, n)\n\tcopy(all, *h)\n"
      "\tfor n > 0 {\n\t\t*h = all\n\t\tuse(h)\n\t\t*h = (*h)[:n-1]\n\t\tn--\n\t}\n}\n";
  EXPECT_EQ(rewritten(text, global("h"), options).text, text);
  const std::string set = "\t\tkept := h\n\t\th = &other\n\t\tdefer func() { *kept = *h }()\n";
  auto out = rewritten(program(set, ""), global("h"), options);
  EXPECT_EQ(out.text, program(set, ""));
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
  expect_refused("\txs = xs[:next()]\n");
  // In the next round of the loop, what was hidden is read.
  expect_refused("\tall := xs\n\tfor n > 0 {\n\t\tuse(all[n])\n\t\txs = xs[:n]\n\t}\n");
}

// The obstacle names what stands in the way.
TEST(Rewrite, SaysWhereTheObstacleStands) {
  RewriteOptions options;
  options.go_minor = 26;
  options.remedies = {Remedy::Clear};
  auto obstacle = [&](const std::string& body) {
    auto out = rewritten(program_of(body), global("xs"), options);
    return out.obstacles.empty() ? "" : out.obstacles[0];
  };
  EXPECT_TRUE(obstacle("\tall := xs\n\txs = xs[:n]\n\tuse(all)\n").ends_with(" all (main.go:11)"))
      << obstacle("\tall := xs\n\txs = xs[:n]\n\tuse(all)\n");
  EXPECT_TRUE(obstacle("\txs = xs[:n]\n\tys = xs\n").ends_with(" (main.go:12)"));
  EXPECT_TRUE(obstacle("\tfor _, x := range xs {\n\t\tuse(x)\n\t\txs = xs[:n]\n\t}\n")
                  .ends_with(" (main.go:11)"));
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
  EXPECT_NE(out.text.find("\tq.items = q.items[:q.next()]\n\tif cap(q.items) > 4*len(q.items) {\n"),
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
  auto after = before + "\tclear(old[len(xs):])\n}\n";
  after.insert(after.find("\txs = slices"), "\told := xs\n");
  EXPECT_EQ(rewritten(before + "}\n", global("xs"), options).text, after);
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

// --- statements whose patch would change what the program does ---

// `functions` after a type Q with fields `items` and `spare`; the statements of Q.items rewritten.
std::string queue_of(const std::string& functions) {
  return "package main\n\ntype T struct{ n int }\ntype Q struct{ items, spare []*T }\n\n"
         "var kept []*T\n\n" +
         functions;
}

// What becomes of them, of Go 1.26 unless said, by clearing alone unless said.
std::string queue_rewritten(const std::string& functions, int go_minor = 26,
                            std::vector<Remedy> remedies = {Remedy::Clear},
                            Category category = Category::Tail) {
  RewriteOptions options;
  options.go_minor = go_minor;
  options.remedies = std::move(remedies);
  return rewritten(queue_of(functions), field("main.Q", "items", category), options).text;
}

void expect_queue_stays(const std::string& functions) {
  EXPECT_EQ(queue_rewritten(functions), queue_of(functions));
}

const std::string kRest = "\tif len(q.items) < len(old) {\n\t\tclear(old[len(q.items):])\n\t}\n";
const std::string kReset = "func (q *Q) reset() {\n\tq.items = q.items[:0]\n}\n";

TEST(Rewrite, WhatIsAppendedToTheCutSliceIsReadBeforeItIsCleared) {
  for (const char* statement :
       {"q.items = append(q.items[:0], q.items[i:n]...)",
        "q.items = append(q.items[:n], q.rest()...)", "q.items = append(q.items[:0], rest...)"}) {
    auto before =
        "func (q *Q) keep(i, n int) {\n\trest := q.items[n:]\n\t" + std::string(statement) + "\n";
    auto after = before + kRest + "}\n";
    after.insert(after.find("\tq.items = append"), "\told := q.items\n");
    EXPECT_EQ(queue_rewritten(before + "}\n"), queue_of(after));
  }
}

// func (q *Q) reset() { … } becomes one of several lines, and those beside it are aligned anew.
TEST(Rewrite, FunctionsOfOneLine) {
  auto cut = [](const std::string& body) { return "func (q *Q) cut(n int) {" + body + "}\n"; };
  EXPECT_EQ(queue_rewritten(cut(" q.items = q.items[:0] ")),
            queue_of(cut("\n\tclear(q.items)\n\tq.items = q.items[:0]\n")));
  EXPECT_EQ(
      queue_rewritten(cut(" q.n++; q.items = q.items[1:] "), 26, {Remedy::Clear}, Category::Head),
      queue_of(cut("\n\tq.n++\n\tq.items[0] = nil\n\tq.items = q.items[1:]\n")));
  EXPECT_EQ(queue_rewritten(cut("\n\tdefer func() { q.items = q.items[:0] }()\n")),
            queue_of(cut("\n\tdefer func() {\n\t\tclear(q.items)\n\t\tq.items = "
                         "q.items[:0]\n\t}()\n")));
  for (const char* body : {" q.items = q.items[:0] /* all */ ",
                           "\n\tuse(struct{ f func() }{f: func() { q.items = q.items[:0] }})\n"})
    expect_queue_stays(cut(body));
}

TEST(Patch, AlignsTheBodiesOfFunctionsInConsecutiveLines) {
  std::string text =
      "package main\n\nfunc f() { a() }\n\nfunc x()     { a() }\nfunc xxxx()  { b() }\n"
      "func xxxxx() { c() }\nfunc y()     { d() }\n";
  auto tree = SyntaxTree::parse(text);
  auto at = [&](const char* body) { return static_cast<std::uint32_t>(text.find(body)); };
  std::vector<Edit> edits{{at(" c() "), at(" c() ") + 5, "\n\tc()\n"}};
  EXPECT_EQ(edited(text, with_aligned_bodies(*tree, edits)),
            "package main\n\nfunc f() { a() }\n\nfunc x()    { a() }\nfunc xxxx() { b() }\n"
            "func xxxxx() {\n\tc()\n}\nfunc y() { d() }\n");
  EXPECT_EQ(edited(text, with_aligned_bodies(*tree, {})), text);
  // Not aligned so before.
  auto other = text;
  other.replace(other.find("x()     {"), 9, "x() {");
  auto begin = static_cast<std::uint32_t>(other.find(" c() "));
  EXPECT_EQ(
      with_aligned_bodies(*SyntaxTree::parse(other), {{begin, begin + 5, "\n\tc()\n"}}).size(), 1u);
}

// What stands before an if or a switch runs before it, and an assignment reads before it sets.
TEST(Rewrite, StatementsWithinOthers) {
  expect_rewrite("\tif xs = xs[:0]; n > 3 {\n\t\tn++\n\t}\n",
                 "\tclear(xs)\n\tif xs = xs[:0]; n > 3 {\n\t\tn++\n\t}\n", 26);
  expect_rewrite("\tswitch xs = xs[1:]; n {\n\t}\n",
                 "\txs[0] = nil\n\tswitch xs = xs[1:]; n {\n\t}\n", 26, kBest, Category::Head);
  expect_rewrite("\tfor ; n > 0; xs = xs[1:] {\n\t\tn--\n\t}\n",
                 "\tfor ; n > 0; xs[0], xs = nil, xs[1:] {\n\t\tn--\n\t}\n", 26, kBest,
                 Category::Head);
  expect_refused("\tif n > 3 {\n\t\tn++\n\t} else if xs = xs[:n]; n > 2 {\n\t\tn++\n\t}\n");
}

// What a function of the program or package slices cut off lies between the new length and the old
// one: the capacity may be far larger.
TEST(Rewrite, NoMoreIsClearedThanTheSliceShowed) {
  const std::string del =
      "func del(s []*T, i int) []*T {\n\ts[i] = s[len(s)-1]\n\treturn s[:len(s)-1]\n}\n\n";
  const std::string call = "\tq.items = del(q.items, i)\n";
  const std::string old = "\told := q.items\n";
  const std::string leave = "func (q *Q) leave(i int) {\n";
  EXPECT_EQ(queue_rewritten(del + leave + call + "}\n"),
            queue_of(del + leave + old + call + kRest + "}\n"));
  EXPECT_EQ(queue_rewritten(del + leave + call + "}\n", 20),
            queue_of(del + leave + old + call +
                     "\tfor k := len(q.items); k < len(old); k++ {\n\t\told[k] = nil\n\t}\n}\n"));
  // The name is taken.
  auto taken = queue_rewritten(del + leave + "\tuse(old)\n" + call + "}\n");
  EXPECT_NE(taken.find("\tbefore := q.items\n"), std::string::npos) << taken;
  // What it returns may begin elsewhere.
  expect_queue_stays(
      "func skip(s []*T, n int) []*T {\n\tif n > 3 {\n\t\treturn s[n:]\n\t}\n\treturn "
      "s[:n]\n}\n\n" +
      leave + "\tq.items = skip(q.items, i)\n}\n");
}

// Where the slice may not be cleared, to copy what stays each time takes as long as that is.
TEST(Rewrite, NoCopyEachTime) {
  auto cut = [](const std::string& lines, const std::string& statement) {
    return "func (q *Q) pop(n int, ts []*T) {\n" + lines + "\tout := q.items[n:]\n\t" + statement +
           "\n\tuse(out)\n}\n";
  };
  auto one = [&](const std::string& lines, const std::string& statement) {
    return queue_rewritten(cut(lines, statement), 26, kBest);
  };
  EXPECT_EQ(one("", "q.items = q.items[:n]"),
            queue_of(cut("",
                         "q.items = q.items[:n]\n\tif cap(q.items) > 4*len(q.items) {\n"
                         "\t\tq.items = slices.Clone(q.items)\n\t}")));
  // Few stay; it takes as long anyway.
  EXPECT_EQ(one("", "q.items = q.items[:3]"),
            queue_of(cut("", "q.items = slices.Clone(q.items[:3])")));
  for (std::string all : {"\tfor _, t := range q.items {\n\t\tuse(t)\n\t}\n",
                          "\tcopy(q.items, ts)\n", "\tsort.Slice(q.items, f)\n"})
    EXPECT_EQ(one(all, "q.items = q.items[:n]"),
              queue_of(cut(all, "q.items = slices.Clone(q.items[:n])")));
  // It may end at the first.
  auto search =
      std::string("\tfor _, t := range q.items {\n\t\tif t.n > n {\n\t\t\tbreak\n\t\t}\n\t}\n");
  EXPECT_NE(one(search, "q.items = q.items[:n]").find("\tif cap(q.items)"), std::string::npos);
  // By a function, in constant time.
  auto first = std::string("func first(s []*T, n int) []*T {\n\treturn s[:n]\n}\n\n") +
               "func (q *Q) leave(n int) {\n\tout := q.items\n\tq.items = first(q.items, n)\n";
  EXPECT_EQ(
      queue_rewritten(first + "\tuse(out)\n}\n", 26, kBest),
      queue_of(first +
               "\tif cap(q.items) > 4*len(q.items) {\n\t\tq.items = slices.Clone(q.items)\n\t}\n"
               "\tuse(out)\n}\n"));
  // The capacity does not tell.
  auto head = std::string(
      "func (q *Q) skip(n int) {\n\tout := q.items[:n]\n\tq.items = q.items[n:]\n\tuse(out)\n}\n");
  EXPECT_EQ(queue_rewritten(head, 26, kBest, Category::Head), queue_of(head));
}

// Nothing stays, or what a later append copies anyway.
TEST(Rewrite, CopiesOfLittle) {
  const std::string types = "func (q *Q) take() []*T {\n\tout := q.items\n\tq.items = ";
  auto one = [&](const std::string& cut, Category category) {
    return queue_rewritten(types + cut + "\n\treturn out\n}\n", 26, kBest, category);
  };
  EXPECT_NE(
      one("q.items[len(q.items):]", Category::Head).find("slices.Clone(q.items[len(q.items):])"),
      std::string::npos);
  EXPECT_NE(one("q.items[:0:0]", Category::Clipped).find("slices.Clone(q.items[:0:0])"),
            std::string::npos);
  // append([]*T(nil), …) of nothing is nil.
  auto told = std::string("func (q *Q) add() {\n\tif q.items == nil {\n\t\tstart()\n\t}\n}\n\n") +
              "func (q *Q) cut(n int) {\n\tq.items = q.items[:n]\n}\n";
  EXPECT_EQ(queue_rewritten(told, 20, {Remedy::CopyIfCapExceeds}), queue_of(told));
}

TEST(Rewrite, AQueueOfAShortDeclaration) {
  const std::string before = "\ts := []*T{{1}, {2}}\n", after = "\tuse(x)\n\tshow(s)\n}\n";
  auto all = [](const std::string& body) {
    return "package main\n\ntype T struct{ n int }\n\nfunc walk() { // func\n" + body;
  };
  RewriteOptions options;
  options.go_minor = 26;
  auto text = all(before + "\tx, s := s[0], s[1:]\n" + after);
  EXPECT_EQ(rewritten(text, local(text, "s", Category::Head), options).text,
            all(before + "\tx := s[0]\n\ts[0] = nil\n\ts = s[1:]\n" + after));
  // Another s.
  auto inner =
      all(before + "\tif s != nil {\n\t\tx, s := s[0], s[1:]\n\t" + after + "\tshow(s)\n}\n");
  EXPECT_EQ(rewritten(inner, local(inner, "s", Category::Head), options).text, inner);
}

TEST(Rewrite, ElementsOfALoopByTheirIndex) {
  RewriteOptions options;
  options.go_minor = 26;
  options.remedies = {Remedy::Clear};
  auto text = [](const std::string& key, const std::string& clear, const std::string& bounds) {
    return "package main\n\ntype M struct{ rows [][]*int }\n\nfunc (m *M) cut(n, j int) {\n\tfor " +
           key + ", r := range m.rows {\n" + clear + "\t\tm.rows[" + (key == "_" ? "j" : key) +
           "] = r" + bounds + "\n\t}\n}\n";
  };
  auto holder = field("main.M", "rows");
  holder.elements = 1;
  EXPECT_EQ(rewritten(text("i", "", "[:len(r)-n]"), holder, options).text,
            text("i", "\t\tclear(r[len(r)-n:])\n", "[:len(r)-n]"));
  EXPECT_EQ(rewritten(text("_", "", "[:len(r)-n]"), holder, options).text,
            text("_", "", "[:len(r)-n]"));
}

// The keys of a struct's literal are no variables.
TEST(Rewrite, LiteralsOfPackageLevelVariables) {
  auto out = queue_rewritten(
      "type W struct{ Q; q int }\n\nvar q = Q{items: nil}\n\nvar items = Q{items: nil}\n\n" +
      kReset);
  EXPECT_NE(out.find("\tclear(q.items)\n"), std::string::npos) << out;
}

// A pool of empty slices is none.
TEST(Rewrite, NoCopyOfNothingIsSent) {
  auto text = std::string(
      "package main\n\nvar free chan []*int\n\nfunc put(s []*int) {\n\tfree <- s[:0]\n}\n");
  auto holder = global("free");
  holder.elements = 1;
  RewriteOptions options;
  options.go_minor = 26;
  EXPECT_EQ(rewritten(text, holder, options).text, text);
}

// A struct's copy that goes on is cut, or one that nobody sees again.
TEST(Rewrite, StructsInLocalVariables) {
  const std::string types = "package main\n\ntype B struct{ items []*int }\n\nvar kept B\n\n";
  auto all = [&](const std::string& name, const std::string& rest) {
    RewriteOptions options;
    options.go_minor = 26;
    auto text = types + rest;
    return rewritten(
               text,
               name.empty() ? field("main.B", "items") : global_field(name, "main.B", "items"),
               options)
        .text;
  };
  const std::string first = "func (b B) first(n int) B {\n\tb.items = b.items[:n]\n\treturn b\n}\n";
  for (const char* name : {"", "kept"})
    EXPECT_NE(all(name, first).find("\tb.items = slices.Clone(b.items[:n])\n"), std::string::npos)
        << all(name, first);
  auto lost = std::string(
      "func show(bs []B) {\n\tfor _, b := range bs {\n\t\tb.items = b.items[:1]\n"
      "\t\tuse(len(b.items))\n\t}\n}\n");
  EXPECT_EQ(all("", lost), types + lost);
}

// Two buffers that change places stay two.
TEST(Rewrite, BuffersThatAreExchanged) {
  auto turn = [](const std::string& lines) { return "func (q *Q) turn() {\n" + lines + "}\n\n"; };
  for (std::string cut : {"\tq.items, q.spare = q.spare[:0], q.items\n",
                          "\tq.spare, q.items = q.items, q.spare[:0]\n"})
    EXPECT_EQ(queue_rewritten(turn(cut)), queue_of(turn("\tclear(q.spare)\n" + cut)));
  std::string out = "\tq.items, q.spare = q.spare, q.items[:0]\n";
  EXPECT_EQ(queue_rewritten(turn(out)), queue_of(turn("\tclear(q.items)\n" + out)));
  expect_rewrite("\tys := []*T{}\n\txs, ys = ys, xs[:0]\n\txs, ys = ys, xs\n",
                 "\tys := []*T{}\n\tclear(xs)\n\txs, ys = ys, xs[:0]\n\txs, ys = ys, xs\n", 26);
  // Once they are one.
  for (const char* line :
       {"q.spare = q.items", "q.spare = q.items[:n]", "q.spare = append(q.items, t)",
        "q.items, q.spare = ts, ts[n:]", "kept = q.spare"})
    expect_queue_stays(turn(out) + "func (q *Q) also(ts []*T, t *T, n int) {\n\t" + line + "\n}\n");
  expect_queue_stays(turn("\ttaken := q.spare\n" + out + "\tuse(q.spare[:cap(q.spare)])\n"));
  // Not all of what stands at the left is given away.
  expect_queue_stays(turn("\tq.items, q.spare = q.spare[:0], kept\n"));
}

// No more than the length: nothing need ask.
TEST(Rewrite, BoundsThatAreWithinTheLength) {
  auto expect = [](const std::string& before, const std::string& bound, bool within) {
    auto cut = "\txs = xs[:" + bound + "]\n", clear = "\tclear(xs[" + bound + ":])\n";
    if (!within) clear = "\tif " + bound + " < len(xs) {\n\t" + clear + "\t}\n";
    expect_rewrite(before + cut, before + clear + cut, 26);
  };
  const std::string cut = "\txs = xs[:n]\n";
  auto inner = [](const std::string& condition) { return "\tif " + condition + " {\n"; };
  for (const char* condition : {"len(xs) > n", "n < len(xs)", "i > 3 && n <= len(xs)"})
    expect_rewrite(inner(condition) + "\t" + cut + "\t}\n",
                   inner(condition) + "\t\tclear(xs[n:])\n\t" + cut + "\t}\n", 26);
  for (const char* condition :
       {"len(xs) > i", "len(xs) > n || i > 3", "len(ys) > n", "n > len(ys)"})
    expect_rewrite(
        inner(condition) + "\t" + cut + "\t}\n",
        inner(condition) + "\t\tif n < len(xs) {\n\t\t\tclear(xs[n:])\n\t\t}\n\t" + cut + "\t}\n",
        26);
  auto early = [](const std::string& condition) {
    return "\tif " + condition + " {\n\t\treturn nil\n\t}\n";
  };
  expect(early("len(xs) <= n"), "n", true);
  expect(early("i > 3 || n > len(xs)"), "n", true);
  expect(early("i > 3 && n > len(xs)"), "n", false);
  expect(early("len(xs) <= n") + "\tn++\n", "n", false);
  const std::string count = "\tm := 0\n\tfor _, x := range xs {\n";
  expect(count + "\t\tif x != nil {\n\t\t\txs[m] = x\n\t\t\tm++\n\t\t}\n\t}\n", "m", true);
  expect(count + "\t\tm++\n\t\tm++\n\t}\n", "m", false);
  expect(count + "\t\tm += x.n\n\t}\n", "m", false);
  expect("\tm := 0\n\tfor range ys {\n\t\tm++\n\t}\n", "m", false);
  expect("\tm := copy(xs, ys)\n", "m", true);
  expect("\tm := min(i, len(xs))\n", "m", true);
  expect("\tm := len(xs) - 1\n\tm--\n", "m", true);
  expect("\tm := len(xs) - 1\n\tm += i\n", "m", false);
}

TEST(Rewrite, AnInsertionCutsNothing) {
  for (const char* statement :
       {"q.items = append(q.items[:i+1], q.items[i:]...)",
        "q.items = append(q.items[:i], append([]*T{t}, q.items[i:]...)...)"}) {
    auto insert = "func (q *Q) insert(i int, t *T) {\n\t" + std::string(statement) +
                  "\n\tq.items[i] = t\n}\n\n";
    EXPECT_EQ(
        queue_rewritten(insert + kReset),
        queue_of(insert + "func (q *Q) reset() {\n\tclear(q.items)\n\tq.items = q.items[:0]\n}\n"));
  }
}

TEST(Rewrite, DeletesWhatIsInOrderAndOfIntAlone) {
  const std::string move = "func (q *Q) move(i, j int) {\n",
                    cut = "\tq.items = append(q.items[:i], q.items[j:]...)\n";
  EXPECT_EQ(queue_rewritten(move + cut + "}\n"),
            queue_of(move + "\told := q.items\n" + cut + kRest + "}\n"));
  auto one = "func (q *Q) del(i uint32) {\n\tq.items = append(q.items[:i], q.items[i+1:]...)\n";
  EXPECT_EQ(queue_rewritten(one + std::string("}\n")),
            queue_of(one + std::string("\tclear(q.items[len(q.items) : len(q.items)+1])\n}\n")));
}

TEST(Rewrite, AFilterThatMayGrow) {
  auto filter = [](const std::string& appended, const std::string& cleared) {
    return "func (q *Q) expand() {\n\tout := q.items[:0]\n\tfor _, t := range q.items {\n\t\tout = "
           "append(out, " +
           appended + ")\n\t}\n" + cleared + "\tq.items = out\n}\n";
  };
  EXPECT_EQ(
      queue_rewritten(filter("t, new(T)", "")),
      queue_of(filter("t, new(T)",
                      "\tif len(out) < len(q.items) {\n\t\tclear(q.items[len(out):])\n\t}\n")));
  EXPECT_EQ(queue_rewritten(filter("t", "")),
            queue_of(filter("t", "\tclear(q.items[len(out):])\n")));
}

TEST(Rewrite, OtherObjectsOfTheType) {
  expect_queue_stays("func (q *Q) first(o *Q, n int) {\n\tq.items = o.items[:n]\n}\n");
  expect_queue_stays("func (q *Q) fork() *Q { return &Q{items: q.items} }\n\n" + kReset);
  expect_queue_stays(
      "func (q *Q) split(i int) *Q {\n\tright := &Q{items: q.items[i:]}\n\tq.items = q.items[:i]\n"
      "\treturn right\n}\n");
  expect_queue_stays(
      "func (q *Q) cut(n int, o *Q) {\n\ts := q.items\n\tif n > 3 {\n\t\ts = o.items\n\t}\n"
      "\tq.items = s[:n]\n}\n");
  // A literal that takes the place of the same object shares nothing.
  auto again = "func (q *Q) restart() {\n\t*q = Q{items: q.items}\n}\n\n";
  EXPECT_NE(queue_rewritten(again + kReset).find("\tclear(q.items)\n"), std::string::npos);
}

TEST(Rewrite, PartsStoredElsewhere) {
  expect_queue_stays(
      "func (q *Q) take(n int) {\n\tkept = q.items[n:]\n\tq.items = q.items[:n]\n}\n");
  expect_queue_stays(
      "func (q *Q) take(n int) (out []*T) {\n\tout = q.items[n:]\n\tq.items = "
      "q.items[:n]\n\treturn\n}\n");
  expect_queue_stays("func (q *Q) take(n int) {\n\tq.items, kept = q.items[:n], q.items[n:]\n}\n");
  expect_queue_stays(
      "func (q *Q) take(c chan []*T) {\n\tc <- q.items\n\tq.items = q.items[:0]\n}\n");
  expect_queue_stays(
      "func send(s []*T) {}\n\nfunc (q *Q) take() {\n\tgo send(q.items)\n\tq.items = "
      "q.items[:0]\n}\n");
  expect_queue_stays("func (q *Q) publish() {\n\tsnapshot.Store(q.items)\n}\n\n" + kReset);
}

TEST(Rewrite, CopiesOfTheStruct) {
  expect_queue_stays(
      "func (q *Q) flush() Q {\n\told := *q\n\tq.items = q.items[:0]\n\treturn old\n}\n");
  expect_queue_stays(
      "var history []Q\n\nfunc (q *Q) save() {\n\thistory = append(history, *q)\n}\n\n" + kReset);
  expect_queue_stays("func (q Q) first(n int) Q {\n\tq.items = q.items[:n]\n\treturn q\n}\n");
  // One that is written back is the same.
  auto pop = [](const std::string& cleared) {
    return "var m map[string]Q\n\nfunc pop(k string) {\n\tv := m[k]\n" + cleared +
           "\tv.items = v.items[:len(v.items)-1]\n\tm[k] = v\n}\n";
  };
  EXPECT_EQ(queue_rewritten(pop("")), queue_of(pop("\tclear(v.items[len(v.items)-1:])\n")));
}

TEST(Rewrite, WhatOthersGotBefore) {
  const std::string all = "func (q *Q) all() []*T { return q.items }\n\n";
  expect_queue_stays(
      all + "func flush(q *Q) {\n\tbatch := q.all()\n\tq.reset()\n\tuse(batch)\n}\n\n" + kReset);
  expect_queue_stays(
      "func make(s []*T) *Q { return &Q{items: s} }\n\nfunc run(s []*T) {\n\tmine := list()\n"
      "\tq := make(mine)\n\tq.reset()\n\tuse(mine)\n}\n\n" +
      kReset);
  expect_queue_stays(
      "type resetter interface{ reset() }\n\n" + all +
      "func flush(q *Q, r resetter) {\n\tbatch := q.all()\n\tr.reset()\n\tuse(batch)\n}\n\n" +
      kReset);
  // Read before, or got after: that is no other reader.
  auto fine =
      all +
      "func flush(q *Q) {\n\tuse(q.all())\n\tq.reset()\n\tbatch := q.all()\n\tuse(batch)\n}\n\n";
  EXPECT_NE(queue_rewritten(fine + kReset).find("\tclear(q.items)\n"), std::string::npos);
}

TEST(Rewrite, LoopsOverTheElementsGoOn) {
  expect_queue_stays(
      "func (q *Q) run() {\n\tfor _, t := range q.items {\n\t\tif t.n == 3 {\n"
      "\t\t\tq.items = q.items[:0]\n\t\t}\n\t\tuse(t)\n\t}\n}\n");
  expect_queue_stays(
      "func (q *Q) run() {\n\tfor _, t := range q.items {\n\t\tq.reset()\n\t\tuse(t)\n\t}\n}\n\n" +
      kReset);
  expect_queue_stays(
      "func (q *Q) run(f func(*T)) {\n\tfor _, t := range q.items {\n\t\tf(t)\n\t}\n}\n\n"
      "func start(q *Q) {\n\tq.run(func(*T) { q.reset() })\n}\n\n" +
      kReset);
  // But not where the loop ends there.
  for (const char* way : {"break", "return"}) {
    auto run = [&](const std::string& cleared) {
      return "func (q *Q) run() {\n\tfor _, t := range q.items {\n\t\tif t.n == 3 {\n" + cleared +
             "\t\t\tq.items = q.items[:0]\n\t\t\t" + way + "\n\t\t}\n\t}\n}\n";
    };
    EXPECT_EQ(queue_rewritten(run("")), queue_of(run("\t\t\tclear(q.items)\n")));
  }
}

TEST(Rewrite, WhatIsRestored) {
  expect_queue_stays(
      "func (q *Q) with(n int) {\n\tdefer func(old []*T) { q.items = old }(q.items)\n"
      "\tq.items = q.items[:n]\n}\n");
  expect_queue_stays(
      "func (q *Q) with(n int) {\n\told := q.items\n\tdefer func() { q.items = old }()\n"
      "\tq.items = q.items[:n]\n}\n");
  expect_queue_stays(
      "func (q *Q) with() {\n\tn := len(q.items)\n\tq.items = q.items[:0]\n\tuse(q)\n"
      "\tq.items = q.items[:n]\n}\n");
}

TEST(Rewrite, WhatTheSpareRoomIsReadFor) {
  expect_queue_stays(
      "func (q *Q) next() *T {\n\treturn q.items[:len(q.items)+1][len(q.items)]\n}\n\n" + kReset);
  expect_queue_stays(
      "func (q *Q) size(n int) {\n\tif cap(q.items) >= n {\n\t\tq.items = q.items[:n]\n\t} else {\n"
      "\t\tq.items = make([]*T, n)\n\t}\n}\n\n" +
      kReset);
  // Not to clear it.
  auto wipe = "func (q *Q) wipe() {\n\tclear(q.items[len(q.items):cap(q.items)])\n}\n\n";
  EXPECT_NE(queue_rewritten(wipe + kReset).find("\tclear(q.items)\n"), std::string::npos);
}

// What is given to a function value or by an interface goes to all that it may be.
TEST(Rewrite, WhatCallbacksKeep) {
  const std::string flush = "func (q *Q) flush(out func([]*T)) {\n\tout(q.items)\n" +
                            std::string("\tq.items = q.items[:0]\n}\n\n");
  expect_queue_stays(flush + "func run(q *Q) {\n\tq.flush(func(ts []*T) { kept = ts })\n}\n");
  expect_queue_stays(flush + "func keep(ts []*T) { kept = ts }\n\nfunc run(q *Q) {\n" +
                     "\tq.flush(keep)\n}\n");
  expect_queue_stays(flush + "type K struct{ last []*T }\n\n" +
                     "func (k *K) keep(ts []*T) { k.last = ts }\n\n" +
                     "func run(q *Q, k *K) {\n\tq.flush(k.keep)\n}\n");
  // None is known.
  expect_queue_stays(flush);
  // These read it alone, or are given something else.
  auto reads = flush + "func run(q *Q) {\n\tq.flush(func(ts []*T) { show(len(ts)) })\n" +
               "\teach(func(n []int) { ns = n })\n}\n\nfunc never(ts []*T) { kept = ts }\n";
  EXPECT_NE(queue_rewritten(reads).find("\tclear(q.items)\n"), std::string::npos);
  expect_queue_stays(
      "type sink interface{ write(ts []*T) }\n\nfunc (q *Q) flush(out sink) {\n"
      "\tout.write(q.items)\n\tq.items = q.items[:0]\n}\n\ntype K struct{ last []*T }\n\n"
      "func (k *K) write(ts []*T) { k.last = ts }\n");
}

// What another goroutine may read at any time.
TEST(Rewrite, WhatIsReadOutsideOfItsLock) {
  auto publish = [](const std::string& body) {
    return "func (q *Q) publish() {\n\tq.mu.Lock()\n\titems := q.items\n" + body + "}\n\n" + kReset;
  };
  const std::string loop = "\tfor _, t := range items {\n\t\tuse(t)\n\t}\n";
  expect_queue_stays(publish("\tq.mu.Unlock()\n" + loop));
  auto within = publish(loop + "\tq.mu.Unlock()\n");
  EXPECT_NE(queue_rewritten(within).find("\tclear(q.items)\n"), std::string::npos);
  expect_queue_stays(
      "func (q *Q) all() []*T {\n\tq.mu.Lock()\n\tdefer q.mu.Unlock()\n\treturn q.items\n}\n\n"
      "func show(q *Q) {\n\tuse(q.all())\n}\n\n" +
      kReset);
  expect_queue_stays("func send(ts []*T) {\n\tgo func() {\n\t\tuse(ts)\n\t}()\n}\n\n" +
                     std::string("func (q *Q) flush() {\n\tsend(q.items)\n\tq.items = "
                                 "q.items[:0]\n}\n"));
}

// What a function has deferred runs behind all that it calls.
TEST(Rewrite, WhatIsReadAsAFunctionEnds) {
  auto cut = std::string("func (q *Q) next() {\n\tq.items = q.items[:2]\n}\n\n");
  for (const char* deferred :
       {"\tdefer func() {\n\t\tq.items = saved\n\t}()\n", "\tdefer show(saved)\n"}) {
    expect_queue_stays(cut + "func (q *Q) try() {\n\tsaved := q.items\n" + deferred +
                       "\tq.next()\n}\n");
    expect_queue_stays("func (q *Q) next() {\n\tsaved := q.items\n" + std::string(deferred) +
                       "\tq.items = q.items[:2]\n}\n");
  }
}

TEST(Rewrite, StatementsWithALabel) {
  auto text = std::string(
      "func (q *Q) run() {\nagain:\n\tq.items = q.items[:0]\n\tif len(q.items) > 0 {\n"
      "\t\tgoto again\n\t}\n}\n");
  auto out = text;
  out.insert(out.find("\tq.items"), "\tclear(q.items)\n");
  EXPECT_EQ(queue_rewritten(text), queue_of(out));
}

TEST(Rewrite, CutByAFunctionThatCCalls) {
  auto text = [](const std::string& called) {
    return "package main\n\nimport \"C\"\n\nvar xs []*int\n\n//export cut\nfunc cut(n C.int) {\n"
           "\txs = xs[:5]\n}\n\nfunc each() {\n\tfor _, x := range xs {\n\t\t" +
           called + "\n\t\tuse(x)\n\t}\n}\n";
  };
  RewriteOptions options;
  options.go_minor = 26;
  options.remedies = {Remedy::Clear};
  EXPECT_EQ(rewritten(text("C.run(1)"), global("xs"), options).text, text("C.run(1)"));
  EXPECT_NE(rewritten(text("run(1)"), global("xs"), options).text.find("\t\tclear(xs[5:])\n"),
            std::string::npos);
}

// What is not known to be a slice may be a string.
TEST(Rewrite, CopiesOfStrings) {
  auto one = [](const std::string& value) {
    auto text =
        "package main\n\nimport \"strings\"\n\ntype R struct{ host, path string }\n\n"
        "func parse(f T) *R { // func\n\thost, path, _ := " +
        value + "\n\treturn &R{host, path}\n}\n";
    RewriteOptions options;
    options.go_minor = 26;
    return rewritten(text, local(text, "path", Category::Window), options).text;
  };
  EXPECT_NE(one("strings.Cut(f[1], \"/\")").find("\tpath = strings.Clone(path)\n"),
            std::string::npos);
  EXPECT_EQ(one("split(f[1], \"/\")").find("Clone"), std::string::npos);
}

TEST(Rewrite, WhatTheLibraryKeeps) {
  for (const char* statement :
       {"ctx = context.WithValue(ctx, key, q.items)", "q.it = slices.Values(q.items)",
        "for c := range slices.Chunk(q.items, n) {\n\t\tall = append(all, c)\n\t}",
        "hold(reflect.ValueOf(q.items))"}) {
    auto text =
        queue_of("func (q *Q) keep(n int) {\n\t" + std::string(statement) + "\n}\n\n" + kReset);
    text.insert(text.find("\n\n") + 2,
                "import (\n\t\"context\"\n\t\"reflect\"\n\t\"slices\"\n)\n\n");
    RewriteOptions options;
    options.go_minor = 26;
    options.remedies = {Remedy::Clear};
    EXPECT_EQ(rewritten(text, field("main.Q", "items"), options).text, text);
  }
}

// A copy of what holds the slice holds another that shows the same.
TEST(Rewrite, CopiesOfTheHolder) {
  auto cut = [](const std::string& type, const std::string& function) {
    return "package main\n\nimport (\n\t\"maps\"\n\t\"slices\"\n)\n\ntype M struct{ rows " + type +
           " }\n\nfunc (m *M) cut(i, n int) {\n\tm.rows[i] = m.rows[i][:n]\n}\n\nfunc (m *M) "
           "other() " +
           function + "\n";
  };
  auto stays = [](const std::string& text) {
    auto holder = field("main.M", "rows");
    holder.elements = 1;
    RewriteOptions options;
    options.go_minor = 26;
    options.remedies = {Remedy::Clear};
    return rewritten(text, holder, options).text == text;
  };
  const std::string of_slices = "[][]*int";
  EXPECT_TRUE(stays(cut("[4][]*int", "[4][]*int {\n\treturn m.rows\n}")));
  EXPECT_TRUE(stays(cut(of_slices,
                        "[][]*int {\n\treturn append([][]*int(nil), m.rows...)\n}\n\n"
                        "func f(m *M) {\n\told := m.other()\n\tm.cut(1, 2)\n\tuse(old)\n}")));
  EXPECT_TRUE(
      stays(cut(of_slices, "{\n\told := slices.Clone(m.rows)\n\tm.cut(1, 2)\n\tuse(old)\n}")));
  EXPECT_TRUE(
      stays(cut("map[int][]*int", "{\n\told := maps.Clone(m.rows)\n\tm.cut(1, 2)\n\tuse(old)\n}")));
  EXPECT_TRUE(stays(
      cut(of_slices,
          "{\n\told := make([][]*int, 9)\n\tcopy(old, m.rows)\n\tm.cut(1, 2)\n\tuse(old)\n}")));
  // Moved; the very same.
  EXPECT_FALSE(stays(cut(
      of_slices,
      "{\n\tnext := make([][]*int, 9)\n\tcopy(next, m.rows)\n\tm.rows = next\n\tm.cut(1, 2)\n}")));
  EXPECT_FALSE(stays(
      cut(of_slices, "{\n\tcopy(m.rows[1:], m.rows)\n\tm.rows = append(m.rows, m.rows...)\n}")));
  // Each in an element of its own; or one in two.
  auto add = [&](const std::string& lines) {
    return stays(cut(of_slices, "{\n\tfor i := 0; i < 9; i++ {\n" + lines + "\t}\n}"));
  };
  EXPECT_FALSE(add("\t\tr := make([]*int, 9)\n\t\tm.rows = append(m.rows, r)\n"));
  EXPECT_TRUE(add("\t\tr := make([]*int, 9)\n\t\tm.rows = append(m.rows, r)\n\t\tm.rows[i] = r\n"));
  EXPECT_TRUE(stays(cut(of_slices,
                        "{\n\tr := make([]*int, 9)\n\tfor i := 0; i < 9; i++ {\n"
                        "\t\tm.rows = append(m.rows, r)\n\t}\n}")));
  EXPECT_TRUE(stays(cut(of_slices,
                        "{\n\tr := make([]*int, 9)\n\tadd := func() {\n"
                        "\t\tm.rows = append(m.rows, r)\n\t}\n\tadd()\n\tadd()\n}")));
  EXPECT_FALSE(stays(cut(of_slices, "{\n\trows := m.rows\n\tm.cut(1, 2)\n\tuse(rows)\n}")));
}

// The loop's body is a function that the iterator calls within a loop of its own.
TEST(Rewrite, CutInTheBodyOfALoopOverAFunction) {
  for (const char* type : {"iter.Seq2[int, *T]", "func(func(int, *T) bool)"})
    expect_queue_stays("func (q *Q) All() " + std::string(type) +
                       " {\n\treturn func(yield func(int, *T) bool) {\n"
                       "\t\tfor i, t := range q.items {\n\t\t\tif !yield(i, t) {\n"
                       "\t\t\t\treturn\n\t\t\t}\n\t\t}\n\t}\n}\n\n"
                       "func (q *Q) cut() {\n\tfor i, t := range q.All() {\n\t\tuse(i, t)\n"
                       "\t\tq.items = q.items[:4]\n\t}\n}\n");
}

// A callback comes to what a function of its parameters does, not to what others do.
TEST(Rewrite, CutInAFunctionThatIsGivenAway) {
  auto text = [](const std::string& call, const std::string& parameters) {
    return "type Alias = T\ntype Weight float64\n\n"
           "func (q *Q) each(f func(int, *T)) {\n\tfor i, t := range q.items {\n\t\t" +
           call +
           "\n\t}\n}\n\n"
           "func cut" +
           parameters +
           " {\n\tbusy.items = busy.items[:4]\n}\n\n"
           "var busy *Q\nvar run = cut\n";
  };
  expect_queue_stays(text("f(i, t)", "(i int, t *T)"));
  expect_queue_stays(text("f(i, t)", "(i int, t *Alias)"));
  expect_queue_stays(text("f(i, t)", "(i int, all ...*T)"));
  expect_queue_stays(text("f(1, t)", "(w Weight, t *T)"));
  auto other = text("f(i, t)", "(i int, other *Q)");
  EXPECT_NE(queue_rewritten(other), queue_of(other));
}

TEST(Rewrite, WhatPackageUnsafeReads) {
  for (const char* expression :
       {"unsafe.Slice(&q.items[0], cap(q.items))", "unsafe.SliceData(q.items)",
        "(*header)(unsafe.Pointer(&q.items))"})
    for (Remedy remedy : {Remedy::Clear, Remedy::Copy, Remedy::NilWhenEmpty}) {
      auto text = "func (q *Q) all() {\n\tuse(" + std::string(expression) + ")\n}\n\n" + kReset;
      auto with_import = [](std::string one) {
        return one.insert(one.find("\n\n") + 2, "import \"unsafe\"\n\n");
      };
      RewriteOptions options;
      options.go_minor = 26;
      options.remedies = {remedy};
      auto all = with_import(queue_of(text));
      EXPECT_EQ(rewritten(all, field("main.Q", "items"), options).text, all) << expression;
    }
}

TEST(Rewrite, PointersToElementsStoredElsewhere) {
  const std::string types =
      "package main\n\ntype T struct{ p *int }\ntype Q struct {\n\titems []T\n\tcur *T\n}\n\n"
      "var byName map[string]*T\n\n";
  for (const char* function : {"func (q *Q) next() {\n\tq.cur = &q.items[0]\n}\n\n",
                               "func (q *Q) index() {\n\tfor i := range q.items {\n\t\tt := "
                               "&q.items[i]\n\t\tbyName[\"x\"] = t\n\t}\n}\n\n"}) {
    RewriteOptions options;
    options.go_minor = 26;
    options.remedies = {Remedy::Clear};
    auto text = types + function + kReset;
    EXPECT_EQ(rewritten(text, field("main.Q", "items"), options).text, text);
  }
}

TEST(Rewrite, ASlicesOwnerIsItsCaller) {
  auto text = std::string(
      "package main\n\ntype T struct{ n int }\n\nfunc walk(s []*T) { // func\n"
      "\tfor len(s) > 0 {\n\t\tuse(s[0])\n\t\ts = s[1:]\n\t}\n}\n");
  RewriteOptions options;
  options.go_minor = 26;
  options.remedies = {Remedy::Clear};
  EXPECT_EQ(rewritten(text, local(text, "s", Category::Head), options).text, text);
  auto own = std::string(
      "package main\n\ntype T struct{ n int }\n\nfunc walk() { // func\n\ts := []*T{{1}, {2}}\n"
      "\tfor len(s) > 0 {\n\t\tuse(s[0])\n\t\ts = s[1:]\n\t}\n}\n");
  EXPECT_NE(rewritten(own, local(own, "s", Category::Head), options).text.find("\ts[0] = nil\n"),
            std::string::npos);
}

TEST(Rewrite, NoCopyOfWhatIsWrittenThrough) {
  auto fill = "func (q *Q) fill(dst []*T) {\n\tq.items = dst[:4]\n\tq.items[0] = new(T)\n}\n";
  EXPECT_EQ(queue_rewritten(fill, 26, {Remedy::Copy}), queue_of(fill));
  auto own =
      "func (q *Q) fill() {\n\tdst := make([]*T, 100)\n\tq.items = dst[:4]\n\tq.items[0] = "
      "new(T)\n}\n";
  EXPECT_NE(queue_rewritten(own, 26, {Remedy::Copy}).find("slices.Clone(dst[:4])"),
            std::string::npos);
}

TEST(Rewrite, NilIsToldFromEmpty) {
  auto add = "func (q *Q) add(t *T) {\n\tif q.items == nil {\n\t\tstart()\n\t}\n}\n\n";
  for (Remedy remedy : {Remedy::NilWhenEmpty, Remedy::Copy})
    EXPECT_EQ(queue_rewritten(add + kReset, 20, {remedy}), queue_of(add + kReset));
}

// By reflection, in another package, by what it was copied to.
TEST(Rewrite, NilIsToldFromEmptyElsewhere) {
  auto one = [](const std::string& text, const std::string& owner, const std::string& name) {
    RewriteOptions options;
    options.go_minor = 26;
    options.remedies = {Remedy::NilWhenEmpty, Remedy::Copy};
    return rewritten(text, field(owner, name), options).text;
  };
  const std::string exported =
      "package main\n\ntype R struct {\n\tItems []*int `json:\"items\"`\n}\n\nfunc (r *R) reset() "
      "{\n\tr.Items = ";
  EXPECT_EQ(one(exported + "r.Items[:0]\n}\n", "main.R", "Items"),
            exported + "slices.Clone(r.Items[:0])\n}\n");
  auto stays = [&](const std::string& functions, bool told) {
    auto text = queue_of(functions + kReset);
    auto out = one(text, "main.Q", "items");
    EXPECT_EQ(out.find("\tq.items = nil\n") == std::string::npos, told) << out;
  };
  stays("func (q *Q) show() {\n\tuse(len(q.items))\n}\n\n", false);
  stays("func (q *Q) show() {\n\tjson.Marshal(q.items)\n}\n\n", true);
  stays(
      "func (q *Q) show() {\n\twrite(q.items)\n}\n\nfunc write(v any) "
      "{\n\tjson.NewEncoder(w).Encode(v)\n}\n\n",
      true);
  stays("type R struct{ Items []*T }\n\nfunc (q *Q) show() R {\n\treturn R{Items: q.items}\n}\n\n",
        true);
  stays(
      "func (q *Q) all() []*T {\n\treturn q.items\n}\n\nfunc f(q *Q) bool {\n\tts := "
      "q.all()\n\treturn ts == nil\n}\n\n",
      true);
}

TEST(Rewrite, AnArrayThatIsFilledAgainIsKept) {
  const std::string add = "func (q *Q) add(t *T) {\n\tq.items = append(q.items, t)\n}\n\n";
  RewriteOptions options;
  options.go_minor = 26;
  options.remedies = {Remedy::NilWhenEmpty, Remedy::Clear, Remedy::Copy};
  auto one = [&](const std::string& functions) {
    return rewritten(queue_of(functions), field("main.Q", "items"), options).text;
  };
  EXPECT_NE(one(add + kReset).find("\tq.items = nil\n"), std::string::npos);
  options.clearing_frees_much = true;
  EXPECT_NE(one(add + kReset).find("\tclear(q.items)\n"), std::string::npos);
  EXPECT_NE(one(kReset).find("\tq.items = nil\n"), std::string::npos);
}

TEST(Rewrite, AssignmentsThatReadEachOther) {
  auto walk = std::string(
      "func (q *Q) walk() {\n\tvar cur, prev *T\n"
      "\tcur, prev, q.items = q.items[0], cur, q.items[1:]\n\tuse(cur, prev)\n}\n");
  RewriteOptions options;
  options.remedies = {Remedy::Clear};
  auto holder = field("main.Q", "items", Category::Head);
  EXPECT_EQ(rewritten(queue_of(walk), holder, options).text, queue_of(walk));
}

TEST(Rewrite, BoundsReadFromElements) {
  expect_queue_stays("func (q *Q) skip() {\n\tq.items = q.items[:q.items[0].n]\n}\n");
}

TEST(Rewrite, ALengthThatSomethingDependsOn) {
  auto trim = "func (q *Q) trim(n int) {\n\tif n < len(q.items) {\n\t\tuse(q.items[n])\n\t}\n";
  auto cut = "\tq.items = q.items[:n]\n}\n";
  EXPECT_EQ(
      queue_rewritten(std::string(trim) + cut),
      queue_of(std::string(trim) + "\tif n < len(q.items) {\n\t\tclear(q.items[n:])\n\t}\n" + cut));
}

TEST(Rewrite, LinesThatStandTogetherBeforeGo121) {
  auto text =
      queue_of("func (q *Q) reset(n int) {\n\tq.items = q.items[:n]\n\tq.items = q.items[:0]\n}\n");
  auto out = queue_rewritten(
      "func (q *Q) reset(n int) {\n\tq.items = q.items[:n]\n\tq.items = q.items[:0]\n}\n", 20);
  EXPECT_NE(
      out.find("\tfor i := n; i < len(q.items); i++ {\n\t\tq.items[i] = nil\n\t}\n\tq.items = "
               "q.items[:n]\n"
               "\tfor i := range q.items {\n\t\tq.items[i] = nil\n\t}\n\tq.items = q.items[:0]\n"),
      std::string::npos)
      << out;
}

// As gofmt writes it.
TEST(Rewrite, BoundsOfLoopsBeforeGo121) {
  auto out = [](const std::string& bound) {
    return queue_rewritten("func (q *Q) cut(n int) {\n\tq.items = q.items[:" + bound + "]\n}\n",
                           20);
  };
  EXPECT_NE(
      out("n+1").find("\tfor i := n + 1; i < len(q.items); i++ {\n\t\tq.items[i] = nil\n\t}\n"),
      std::string::npos)
      << out("n+1");
  EXPECT_NE(out("2*n+1").find("\tif 2*n+1 < len(q.items) {\n"
                              "\t\tfor i, hidden := 0, q.items[2*n+1:]; i < len(hidden); i++ {\n"
                              "\t\t\thidden[i] = nil\n\t\t}\n\t}\n"),
            std::string::npos)
      << out("2*n+1");
}

// What a function's own names hide cannot be written there.
TEST(Rewrite, NamesThatMeanSomethingElse) {
  auto shrink = "func (q *Q) shrink(n int) {\n\tlen := n\n\tq.items = q.items[:len]\n}\n";
  expect_queue_stays(shrink);
  const std::string types =
      "package main\n\ntype item struct{ p *int }\ntype Q struct{ items []item }\n\n"
      "func (q *Q) pop() *int {\n\titem := q.items[0]\n";
  const std::string cut = "\tq.items = q.items[1:]\n\treturn item.p\n}\n";
  RewriteOptions options;
  options.remedies = {Remedy::Clear};
  options.go_minor = 26;
  auto holder = field("main.Q", "items", Category::Head);
  EXPECT_EQ(rewritten(types + cut, holder, options).text, types + "\tclear(q.items[:1])\n" + cut);
  options.go_minor = 20;
  EXPECT_EQ(rewritten(types + cut, holder, options).text, types + cut);
}

TEST(Rewrite, OtherPackagesOfTheName) {
  const std::string cleared = "\tclear(xs[len(xs) : len(xs)+1])\n";
  for (const char* import :
       {"import slices \"sort\"\n", "import \"m/slices\"\n", "import \"m/sl\"\n"}) {
    auto text = "package main\n\n" + std::string(import) +
                "\nvar xs []*int\n\nvar n = slices.N()\n\nfunc f(i int) {\n"
                "\txs = append(xs[:i], xs[i+1:]...)\n";
    RewriteOptions options;
    options.go_minor = 26;
    EXPECT_EQ(rewritten(text + "}\n", global("xs"), options).text, text + cleared + "}\n");
  }
  for (const char* import :
       {"import . \"slices\"\n", "import _ \"slices\"\n", "import slices \"slices\"\n"}) {
    auto text = "package main\n\n" + std::string(import) +
                "\nvar xs []*int\n\nfunc f(i int) {\n"
                "\txs = append(xs[:i], xs[i+1:]...)\n}\n";
    RewriteOptions options;
    options.go_minor = 26;
    EXPECT_NE(
        rewritten(text, global("xs"), options).text.find("\txs = slices.Delete(xs, i, i+1)\n"),
        std::string::npos);
  }
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
  EXPECT_NE(patched("\nimport \"fmt\"\n")
                .find("-import \"fmt\"\n+import (\n+\t\"fmt\"\n+\t\"slices\"\n+)\n"),
            std::string::npos);
  EXPECT_NE(
      patched("\nimport \"sort\" // sorted\n")
          .find(
              "-import \"sort\" // sorted\n+import (\n+\t\"slices\"\n+\t\"sort\"\n+) // sorted\n"),
      std::string::npos);
  EXPECT_NE(patched("\nimport f \"fmt\"\n").find(" import f \"fmt\"\n+import \"slices\"\n"),
            std::string::npos);
  EXPECT_NE(patched("").find("+import \"slices\"\n"), std::string::npos);
}

}  // namespace
}  // namespace overhang::source::test
