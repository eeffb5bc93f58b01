// The statements that hide part of an array, by idiom. Lines that must be found end in "// here".
#include "source/typed_holders.h"
#include "unit/source/snippet.h"

namespace overhang::source::test {
namespace {

TEST(SearchIdioms, TruncationOfAField) {
  expect_marked(R"(package main
type Conn struct{}
type Pool struct { name string; inUse []*Conn }
var pool Pool
func (p *Pool) remove(i int) {
	last := len(p.inUse) - 1
	p.inUse[i], p.inUse[last] = p.inUse[last], p.inUse[i]
	p.inUse = p.inUse[:last] // here
}
)",
                global_field("pool", "main.Pool", "inUse"));
}

TEST(SearchIdioms, DeleteByAppend) {
  expect_marked(R"(package main
type S struct{ xs []*int }
func (s *S) del(i int) {
	s.xs = append(s.xs[:i], s.xs[i+1:]...) // here
	s.xs = append(s.xs, nil)
}
)",
                field("main.S", "xs"));
}

// net.sockaddrToTCP: 4 bytes of the object that the system call made.
TEST(SearchIdioms, ArrayThatIsAField) {
  Sources sources{R"(package main
import ("sys"; "syscall")
type Addr struct{ ip []byte }
var zero = []byte{0, 0, 0, 0}
func of(s sys.Sockaddr) *Addr {
	switch s := s.(type) {
	case *sys.Inet4:
		return &Addr{ip: s.Addr[0:]} // here
	case *sys.Inet6:
		return &Addr{ip: s.Addr[:]} // here
	case *syscall.SockaddrInet4: // not read
		return &Addr{ip: s.Addr[0:]} // here
	}
	return nil
}
func parse() *Addr {
	var all [4]byte
	return &Addr{ip: all[:]}
}
func none() *Addr { return &Addr{ip: zero} }
)",
                  {{"sys", R"(package sys
type Sockaddr interface{ sockaddr() }
type Inet4 struct { Port int; Addr [4]byte; raw [16]byte }
type Inet6 struct { Port int; Addr [16]byte; raw [28]byte }
func (*Inet4) sockaddr() {}
func (*Inet6) sockaddr() {}
)"}}};
  auto holder = field("main.Addr", "ip", Category::Window);
  EXPECT_EQ(found_lines(sources, holder, {26, true}), marked_lines(sources.main));
}

TEST(SearchIdioms, PopOfAHeap) {
  auto text = R"(package main
import "container/heap"
type peerHeap []*Peer
type Peer struct{}
var peers peerHeap
func (h *peerHeap) Push(x any) { *h = append(*h, x.(*Peer)) }
func (h *peerHeap) Pop() any {
	old := *h
	n := len(old)
	x := old[n-1]
	*h = old[:n-1] // here
	return x
}
func use() { heap.Pop(&peers) }
)";
  expect_marked(text, global("peers"));
}

TEST(SearchIdioms, PopThatNils) {
  expect_marked(R"(package main
type peerHeap []*int
var peers peerHeap
func (h *peerHeap) Pop() any {
	old := *h
	n := len(old)
	x := old[n-1]
	old[n-1] = nil
	*h = old[:n-1]
	return x
}
)",
                global("peers"));
}

TEST(SearchIdioms, GrowthHidesNothing) {
  expect_marked(R"(package main
type heap []*int
var h heap
func (h *heap) push(x *int) {
	n := len(*h)
	*h = (*h)[0 : n+1]
	(*h)[n] = x
}
func (h *heap) pop() {
	n := len(*h)
	*h = (*h)[0 : n-1] // here
}
func (h *heap) all() { *h = (*h)[:cap(*h)] }
)",
                global("h"));
}

// The last element of a queue, cut off, leaves a slice without capacity.
TEST(SearchIdioms, AnEmptiedQueueIsClipped) {
  auto text = R"(package main
type Q struct{ xs []*int }
func (q *Q) pop() { q.xs = q.xs[1:] } // here
)";
  auto holder = field("main.Q", "xs", Category::Clipped);
  EXPECT_TRUE(found_lines({text}, holder).empty());
  holder.empty = true;
  expect_marked(text, holder);
}

// Cut off and overwritten at once: less likely than a removal.
TEST(SearchIdioms, AnInsertionComesAfterRemovals) {
  auto found = found_lines({R"(package main
type A struct{ xs []*int }
func (a *A) insert(i int, x *int) {
	rest := append([]*int{}, a.xs[i:]...)
	a.xs = append(a.xs[:i], x)
	a.xs = append(a.xs, rest...)
}
func (a *A) pop() { a.xs = a.xs[:len(a.xs)-1] }
)"},
                           field("main.A", "xs"));
  EXPECT_EQ(found, (std::vector<std::uint32_t>{8, 5}));
}

TEST(SearchIdioms, AdvanceThroughAPointer) {
  auto text = R"(package main
var queue []*int
func take(p *[]*int) *int {
	x := (*p)[0]
	*p = (*p)[1:] // here
	return x
}
func run() { take(&queue) }
)";
  expect_marked(text, global("queue", Category::Head));
  EXPECT_TRUE(found_lines({text}, global("queue", Category::Tail)).empty());
}

TEST(SearchIdioms, ResetToZero) {
  expect_marked(R"(package main
var buf []*int
func reset() {
	buf = buf[:0] // here
}
)",
                global("buf"));
}

TEST(SearchIdioms, ThreeIndexAndClip) {
  expect_marked(R"(package main
import "slices"
var page []*int
func cut(s []*int) {
	page = s[:100:100] // here
	page = slices.Clip(page) // here
	page = page[:10]
}
)",
                global("page", Category::Clipped));
}

TEST(SearchIdioms, FilterInPlace) {
  expect_marked(R"(package main
type S struct { xs []*int }
func (s *S) filter() {
	kept := s.xs[:0]
	for _, x := range s.xs {
		if x != nil {
			kept = append(kept, x)
		}
	}
	s.xs = kept // here
}
)",
                field("main.S", "xs"));
}

TEST(SearchIdioms, CopyAndTruncate) {
  expect_marked(R"(package main
var xs []*int
func del(i int) {
	copy(xs[i:], xs[i+1:])
	xs = xs[:len(xs)-1] // here
}
func proper(i int) {
	copy(xs[i:], xs[i+1:])
	xs[len(xs)-1] = nil
	xs = xs[:len(xs)-1]
}
func alsoProper(n int) {
	for i := n; i < len(xs); i++ {
		xs[i] = nil
	}
	xs = xs[:n]
	clear(xs[len(xs):cap(xs)])
}
)",
                global("xs"));
}

TEST(SearchIdioms, SubSliceStored) {
  expect_marked(R"(package main
var header []byte
var name string
func parse(packet []byte, text string) {
	header = packet[4:20] // here
	name = text[3:9]
}
)",
                global("header", Category::Window));
}

TEST(SearchIdioms, ThroughAHelper) {
  auto text = R"(package main
var plain, other []*int
func truncate[T any](s []T, n int) []T {
	return s[:n] // here
}
func use(xs []*int) {
	plain = truncate(xs, 3) // here
	s := truncate(xs, 4)
	other = s
}
)";
  auto found = found_lines({text}, global("plain"));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0], 7u) << "the caller's line comes first";
  EXPECT_EQ(found[1], 4u);
  EXPECT_EQ(found_lines({text}, global("other"))[0], 8u);
}

TEST(SearchIdioms, ElementsMapsAndChannels) {
  auto text = R"(package main
var index = map[string][]*int{}
var table [][]*int
var queue = make(chan []*int, 4)
func use(xs, ys, zs []*int) {
	index["a"] = xs[:3]
	table = append(table, ys[:4])
	queue <- zs[:5]
}
)";
  auto with_elements = [](const char* name) {
    auto holder = global(name);
    holder.elements = 1;
    return holder;
  };
  EXPECT_EQ(found_lines({text}, with_elements("index")), std::vector<std::uint32_t>{6});
  EXPECT_EQ(found_lines({text}, with_elements("table")), std::vector<std::uint32_t>{7});
  EXPECT_EQ(found_lines({text}, with_elements("queue")), std::vector<std::uint32_t>{8});
}

TEST(SearchIdioms, CompositeLiterals) {
  expect_marked(R"(package main
type Node struct { items []*int; next *Node }
type Other struct { items []*int }
var chain *Node
func push(xs []*int) {
	chain = &Node{xs[:2], chain} // here
	_ = Other{items: xs[:3]}
}
)",
                field("main.Node", "items"));
}

// Go 1.27.
TEST(SearchIdioms, MethodWithTypeParameters) {
  expect_marked(R"(package main
type Conn struct{}
type Pool[T any] struct{ items []*T }
var pool Pool[Conn]
func (p *Pool[T]) Map[U any, K interface{ ~[]int | map[string]U }](f func(*T) U) []U {
	var out []U
	p.items = p.items[:len(p.items)/10] // here
	return out[:0]
}
func (p *Pool[T]) Len() int { return len(p.items) }
)",
                global_field("pool", "main.Pool[main.Conn]", "items"));
}

TEST(SearchIdioms, Generics) {
  expect_marked(R"(package main
type Stack[T any] struct { items []T }
type Queue[T any] struct { items []T }
func (s *Stack[T]) Pop() T {
	last := len(s.items) - 1
	x := s.items[last]
	s.items = s.items[:last] // here
	return x
}
func (q *Queue[T]) Pop() { q.items = q.items[:0] }
)",
                field("main.Stack[*main.Conn]", "items"));
}

TEST(SearchIdioms, EmbeddedStructs) {
  expect_marked(R"(package main
type base struct { items []*int }
type Server struct { *base; name string }
type Client struct { other; name string }
type other struct { items []*int }
func (s *Server) drop(c *Client) {
	s.items = s.items[:1] // here
	s.base.items = s.base.items[:2] // here
	c.items = c.items[:3]
}
)",
                field("main.base", "items"));
}

TEST(SearchIdioms, ConditionsAndLoops) {
  expect_marked(R"(package main
var xs []*int
func f(n int) {
	if xs = xs[:n]; n > 3 { // here
		for i := 0; i < n; xs = xs[:i] { // here
			switch {
			case n > 1:
				xs = xs[:1] // here
			}
		}
	}
	func() {
		xs = xs[:2] // here
	}()
}
)",
                global("xs"));
}

TEST(SearchIdioms, DeleteFromTheLibrary) {
  auto text = R"(package main
import "slices"
var xs []*int
func f() {
	xs = slices.Delete(xs, 1, 2) // here
}
)";
  EXPECT_EQ(found_lines({text}, global("xs"), {21}), marked_lines(text));
  EXPECT_TRUE(found_lines({text}, global("xs"), {22}).empty()) << "Go 1.22's clears";
}

// Versions of golang.org/x/exp/slices do not clear, whatever Go the program was built with.
TEST(SearchIdioms, DeleteFromTheExperimentalLibrary) {
  expect_marked(R"(package main
import "golang.org/x/exp/slices"
var topics map[string][]*int
func drop(topic string, i int) {
	topics[topic] = slices.Delete(topics[topic], i, i+1) // here
}
)",
                [] {
                  auto holder = global("topics");
                  holder.elements = 1;
                  return holder;
                }());
}

TEST(SearchIdioms, ExportedFieldsOfOtherPackages) {
  Sources sources{R"(package main
import "example.com/m/broker"
var b = broker.New()
func f() {
	b.Idle = b.Idle[:10]
}
)",
                  {{"example.com/m/broker", R"(package broker
type registry struct { Idle []*int }
type Broker struct { registry }
func New() *Broker { return &Broker{} }
)"}}};
  auto holder = global("b");
  holder.behind = true;
  holder.fields = {{"example.com/m/broker.Broker", "registry"},
                   {"example.com/m/broker.registry", "Idle"}};
  EXPECT_EQ(found_lines(sources, holder), std::vector<std::uint32_t>{5});
}

TEST(SearchIdioms, AcrossPackages) {
  Sources sources{R"(package main
import "example.com/m/util"
type S struct { xs []*int }
func (s *S) f() { util.Remove(&s.xs, 1) }
)",
                  {{"example.com/m/util", R"(package util
func Remove[T any](s *[]T, i int) {
	*s = append((*s)[:i], (*s)[i+1:]...)
}
)"}}};
  EXPECT_EQ(found_lines(sources, field("main.S", "xs")), std::vector<std::uint32_t>{3});
}

// --- never a line of another variable ---

TEST(SearchOthers, SameFieldOfAnotherType) {
  expect_marked(R"(package main
type A struct { items []*int }
type B struct { items []*int }
func (a *A) f(b *B, unknown func() any) {
	b.items = b.items[:1]
	a.items = a.items[:2] // here
	unknown().(*B).items = nil
}
func g(x interface{ get() *B }) {
	v := x.get()
	v.items = v.items[:3]
}
)",
                field("main.A", "items"));
}

TEST(SearchOthers, ShadowedVariables) {
  expect_marked(R"(package main
var xs []*int
func f(xs []*int) { xs = xs[:1] }
func g() {
	xs := []*int{}
	xs = xs[:2]
	{
		var xs []*int
		xs = xs[:3]
	}
}
func h() {
	xs = xs[:4] // here
	for _, xs := range [][]*int{} {
		xs = xs[:5]
	}
	if xs := xs[:6]; len(xs) > 0 {
		xs = xs[:7]
	}
}
)",
                global("xs"));
}

TEST(SearchOthers, LocalsOfOtherFunctions) {
  auto text = R"(package main
func f() { // func
	var conns []*int
	conns = conns[:1] // here
	g := func() {
		conns := conns[1:2]
		conns = conns[:2]
		_ = conns
	}
	g()
}
func other() {
	var conns []*int
	conns = conns[:3]
}
)";
  expect_marked(text, local(text, "conns"));
}

// Where no name is known: of the function's slices of that type, the one that is cut so.
TEST(SearchOthers, LocalsWithoutAName) {
  const std::string text = R"(package main
func f(conns []*int) { // func
	last := conns[3:]
	use(last)
	conns = conns[:3] // here
}
var other []*int
func g() { other = other[:1] }
)";
  auto holder = local(text, "");
  holder.element_type = "*int";
  expect_marked(text, holder);
  auto both = text;
  both.insert(both.find("\tuse"), "\tlast = last[:1]\n");
  EXPECT_TRUE(found_lines({both}, holder).empty());
}

// A function that was inlined wherever it is called has no line in the executable.
TEST(SearchOthers, LocalsOfAnInlinedFunction) {
  std::string text = R"(package main
type channel struct{ in, out chan *int }
func (c *channel) buffer() {
	var queue []*int
	for {
		queue = append(queue, <-c.in)
		queue = queue[1:] // here
	}
}
func other() {
	var queue []*int
	queue = queue[1:]
}
)";
  auto holder = local(text, "queue", Category::Head);
  holder.function_file.clear();
  holder.function = "main.(*channel).buffer";
  expect_marked(text, holder);
}

// Where nothing but the type of a slice's elements is known.
TEST(SearchNames, PlacesByType) {
  Program program(loader_of({R"(package main
type Item struct{}
type queue struct{ items []*Item; names []string }
type heap []*Item
type cache struct{ order heap }
type other []Item
type lone []*queue
)"}));
  auto items = holders_of_type(program, "main", "*main.Item");
  ASSERT_EQ(items.size(), 2u);  // heap is cache.order's
  EXPECT_EQ(items[0].fields[0].owner, "main.cache");
  EXPECT_EQ(items[1].fields[0].name, "items");
  auto queues = holders_of_type(program, "main", "*main.queue");
  ASSERT_EQ(queues.size(), 1u);
  EXPECT_EQ(queues[0].kind, SliceHolder::Kind::Type);
  EXPECT_EQ(queues[0].variable, "lone");
  EXPECT_TRUE(holders_of_type(program, "main", "*main.heap").empty());
}

// Where nothing but the lines is known whose code reads and sets a variable.
TEST(SearchNames, VariablesByTheirLines) {
  std::string text = R"(package main
import "example.com/m/pool"
type Conn struct{}
type table struct{ conns []*Conn }
var one, two []*Conn
var names []string
var count int
var all table
var last string
func add(c *Conn) {
	one, count = append(one, c), 1
	two = append(two, c); names = append(names, "")
	use(
		one,
		all)
	if len(two) > 0 { count++
		all.conns = two
	}
	{ two := one; two = two[1:]
		_ = two
	}
	last = names[0]; pool.Idle = nil
	all.conns = nil
}
)";
  Program program(loader_of({text, {{"example.com/m/pool", R"(package pool
var Idle []*Conn
type Conn struct{}
func init() { Idle = nil }
)"}}}));
  Flows flows(program);
  auto named = [&](const std::string& element, const std::set<std::uint32_t>& lines,
                   const std::string& package = {}) {
    std::set<CodeLine> code;
    for (auto line : lines) code.insert({"main", "main.go", line});
    if (!package.empty()) code.insert({package, "file.go", 4});
    auto found = variable_on_lines(flows, element, code);
    if (!found) return std::string();
    auto variable = found->package + "." + found->variable;
    return found->fields.empty() ? variable : variable + "." + found->fields[0].name;
  };
  EXPECT_EQ(named("*main.Conn", {11}), "main.one");
  EXPECT_EQ(named("*main.Conn", {12}), "main.two");
  EXPECT_EQ(named("*main.Conn", {12, 16}), "main.two");
  EXPECT_EQ(named("*main.Conn", {11, 12}), "");  // no variable is in both
  EXPECT_EQ(named("*main.Conn", {13}), "");      // the call of many lines: one, or all's
  EXPECT_EQ(named("*main.Conn", {11, 14}), "main.one");
  EXPECT_EQ(named("*main.Conn", {17}), "");  // all or two
  EXPECT_EQ(named("*main.Conn", {12, 17}), "main.two");
  EXPECT_EQ(named("*main.Conn", {19}), "main.one");  // another `two`
  EXPECT_EQ(named("*main.Conn", {20}), "");
  EXPECT_EQ(named("*main.Conn", {23}), "main.all.conns");
  EXPECT_EQ(named("*main.Other", {12}), "");
  EXPECT_EQ(named("", {22}), "");  // last, names
  EXPECT_EQ(named("*example.com/m/pool.Conn", {22}, "example.com/m/pool"),
            "example.com/m/pool.Idle");
  EXPECT_EQ(named("*main.Conn", {}), "");
}

TEST(SearchIdioms, MethodsOfASliceType) {
  SliceHolder holder;
  holder.kind = SliceHolder::Kind::Type;
  holder.package = "main";
  holder.variable = "heap";
  expect_marked(R"(package main
type heap []*int
func (h *heap) Pop() any {
	n := len(*h)
	x := (*h)[n-1]
	*h = (*h)[:n-1] // here
	return x
}
)",
                holder);
}

TEST(SearchOthers, TwoLocalsOfOneNameAreNotToldApart) {
  auto text = R"(package main
func f(n int) { // func
	if n > 0 {
		var conns []*int
		conns = conns[:1]
	} else {
		var conns []*int
		conns = conns[:2]
	}
}
)";
  EXPECT_TRUE(found_lines({text}, local(text, "conns")).empty());
}

TEST(SearchOthers, TwoGlobalsOfOneType) {
  expect_marked(R"(package main
type Pool struct { inUse []*int }
var a, b Pool
var c = &Pool{}
func f() {
	a.inUse = a.inUse[:1] // here
	b.inUse = b.inUse[:2]
	c.inUse = c.inUse[:3]
	var own Pool
	own.inUse = own.inUse[:4]
	p := &Pool{}
	p.inUse = p.inUse[:5]
	q := &b
	q.inUse = q.inUse[:6]
	r := &a
	r.inUse = r.inUse[:7] // here
}
)",
                global_field("a", "main.Pool", "inUse"));
}

TEST(SearchOthers, CommentsAndStrings) {
  expect_marked(R"(package main
var xs []*int
// xs = xs[:1]
/* xs = xs[:2] */
const code = "xs = xs[:3]"
var more = `
xs = xs[:4]
`
func f() {
	println("xs = xs[:5]") // xs = xs[:6]
	xs /* = nil */ = /* here */ xs[:7] // here
}
)",
                global("xs"));
}

TEST(SearchOthers, UnknownBases) {
  expect_marked(R"(package main
import "example.com/elsewhere"
type A struct { items []*int }
type B struct { items []*int }
func f() {
	x := elsewhere.Get()
	x.items = x.items[:1]
}
)",
                field("main.A", "items"));
}

TEST(SearchOthers, ElementTypesMustAgree) {
  auto holder = global("xs");
  holder.element_type = "*main.Conn";
  auto text = R"(package main
type Conn struct{}
var xs []string
func f() { xs = xs[:1] }
)";
  EXPECT_TRUE(found_lines({text}, holder).empty());
}

TEST(SearchOthers, HeaderCopiesAreTheirOwn) {
  expect_marked(R"(package main
type S struct { xs []*int }
func (s *S) f() {
	xs := s.xs
	xs = xs[:1]
	use(xs[:2])
	ys := s.xs[:3]
	_ = ys
}
func use(xs []*int) { xs = xs[:4] }
)",
                field("main.S", "xs"));
}

// A function that several variables are given to says nothing of the others.
TEST(SearchOthers, OtherCallersOfAFunction) {
  auto text = R"(package main
var a, b []*int
var as, bs [][]*int
func cut(p *[]*int) {
	*p = (*p)[:1] // here
}
func f(xs, ys []*int) {
	cut(&a)
	cut(&b)
	b = b[:2]
	same(xs)
	show(as)
	show(bs)
	bs = append(bs, xs[:3])
	as = append(as, xs[:4])
	a = same(xs) // no cut
	b = same(ys[:5])
}
func show(all [][]*int) {}
func same(s []*int) []*int { return s }
)";
  expect_marked(text, global("a"));
  auto elements = global("as");
  elements.elements = 1;
  EXPECT_EQ(found_lines({text}, elements), std::vector<std::uint32_t>{15});
}

// --- sources that are not as they should be ---

TEST(SearchInput, SyntaxErrors) {
  expect_marked(R"(package main
var xs []*int
func broken( {
	xs = = xs[
}
func f() {
	xs = xs[:1] // here
}
)",
                global("xs"));
}

TEST(SearchInput, CarriageReturns) {
  std::string text =
      "package main\r\nvar xs []*int\r\nfunc f() {\r\n\txs = xs[:1] // here\r\n}\r\n";
  expect_marked(text, global("xs"));
}

TEST(SearchInput, DeepNesting) {
  std::string text = "package main\nvar xs []*int\nfunc f() {\n";
  for (int i = 0; i < 20000; i++) text += "{";
  text += "xs = xs[:1]";
  for (int i = 0; i < 20000; i++) text += "}";
  text += "\n\txs = " + std::string(20000, '(') + "xs" + std::string(20000, ')') + "[:2]\n";
  text += "\ty := a";
  for (int i = 0; i < 20000; i++) text += ".b()";
  text += "\n\txs = xs[:3] // here\n}\n";
  auto found = found_lines({text}, global("xs"));
  auto marked = marked_lines(text);
  EXPECT_LE(found.size(), 2u);
  EXPECT_NE(std::find(found.begin(), found.end(), marked.at(0)), found.end());
}

TEST(SearchInput, HugeFilesAreNotRead) {
  std::string text = "package main\nvar xs []*int\nfunc f() { xs = xs[:1] }\n";
  text += "//" + std::string(kMaxFileBytes, 'x') + "\n";
  EXPECT_TRUE(found_lines({text}, global("xs")).empty());
}

TEST(SearchInput, CyclicTypes) {
  auto text = R"(package main
type A B
type B A
type L = []L
type S struct { S; xs []*int }
type T struct { *T; *U }
type U struct { *T; xs []*int }
var a A
var b = c
var c = b
func f(t *T, s *S) {
	a.x = a.x[:1]
	t.xs = t.xs[:2]
	s.S.S.xs = s.xs[:3] // here
	b = b[:1]
}
)";
  expect_marked(text, field("main.S", "xs"));
  EXPECT_EQ(found_lines({text}, global("b")).size(), 1u);
}

TEST(SearchNames, TypesAreSplitFromTheirPackages) {
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(split_type_name("main.Pool"), Pair("main", "Pool"));
  EXPECT_EQ(split_type_name("github.com/a/b-go.T"), Pair("github.com/a/b-go", "T"));
  EXPECT_EQ(split_type_name("example.com/m.Ring[net/url.URL]"), Pair("example.com/m", "Ring"));
  EXPECT_EQ(split_type_name("gopkg.in/yaml.v3.parser"), Pair("gopkg.in/yaml.v3", "parser"));
  EXPECT_EQ(split_type_name("struct { x int }"), Pair("", ""));
}

}  // namespace
}  // namespace overhang::source::test
