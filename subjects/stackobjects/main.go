// Heap objects that are reached only through variables on a stack whose address was taken: the
// collector finds these by the function's stack object records, and only if something reaches them.
package main

import (
	"strconv"

	"overhang.subjects/kit"
)

type item struct {
	name string
	next *item
}

type table struct {
	count int
	items [400]*item
}

type chain struct {
	value *item
	next  *chain
}

type mixed struct {
	text string
	face any
	list []*item
	call func() int
	m    map[int]*item
	pad  [3]int
}

func newItem(i int) *item { return &item{"item " + strconv.Itoa(i), &item{}} }

//go:noinline
func fill(t *table) {
	for i := range t.items {
		t.items[i] = newItem(i)
	}
	t.count = len(t.items)
}

//go:noinline
func use(t *table) int { return t.count + len(t.items[0].name) }

// reached holds its 400 items in a variable on the stack, reached by t alone.
//
//go:noinline
func reached() int {
	var store table
	t := &store
	fill(t)
	kit.Block()
	return use(t)
}

// passed hands the address down; the callee alone still has it.
//
//go:noinline
func passed() {
	var store table
	fill(&store)
	keep(&store)
}

//go:noinline
func keep(t *table) {
	kit.Block()
	use(t)
}

// dead has a stack object that nothing reaches any more: its items are garbage.
//
//go:noinline
func dead() {
	var store table
	fill(&store)
	kit.Block()
}

// chained: a stack object reached only through another.
//
//go:noinline
func chained(depth int, next *chain) {
	link := chain{newItem(depth), next}
	if depth > 0 {
		chained(depth-1, &link)
		return
	}
	waitChain(&link)
}

//go:noinline
func waitChain(c *chain) {
	kit.Block()
	for ; c != nil; c = c.next {
		println(c.value.name)
	}
}

// cyclic: stack objects that point to one another, and to the middle of one another.
//
//go:noinline
func cyclic() {
	var a, b chain
	a = chain{newItem(1), &b}
	b = chain{newItem(2), &a}
	field := &b.next
	waitField(field)
}

//go:noinline
func waitField(p **chain) {
	kit.Block()
	println((*p).value.name)
}

// shapes: a stack object of many kinds of field.
//
//go:noinline
func shapes(i int) {
	var m mixed
	fillMixed(&m, i)
	waitMixed(&m)
}

//go:noinline
func fillMixed(m *mixed, i int) {
	x := newItem(i)
	*m = mixed{text: "text " + strconv.Itoa(i), face: newItem(i + 1), list: []*item{newItem(i + 2)},
		call: func() int { return len(x.name) }, m: map[int]*item{i: newItem(i + 3)}}
}

//go:noinline
func waitMixed(m *mixed) {
	kit.Block()
	m.call()
}

// slots: an array on the stack, reached through a slice of its middle.
//
//go:noinline
func slots() {
	var array [64]*item
	for i := range array {
		array[i] = newItem(i)
	}
	waitSlice(array[20:30])
}

//go:noinline
func waitSlice(s []*item) {
	kit.Block()
	println(s[len(s)-1].name)
}

// arguments: the address of an argument, of a result, and of a receiver copied to the stack.
//
//go:noinline
func arguments(a, b *item, t table) (out mixed) {
	fillMixed(&out, 5)
	waitArguments(&a, &t, &out)
	return out
}

//go:noinline
func waitArguments(a **item, t *table, m *mixed) {
	kit.Block()
	println((*a).name, use(t), m.text)
}

// dynamic: a closure on the stack, captured variables on the stack, and its caller's.
//
//go:noinline
func dynamic() {
	x := newItem(1)
	var box chain
	call(func() *item {
		box.value = x
		kit.Block()
		return box.value
	})
	println(box.value.name)
}

//go:noinline
func call(f func() *item) { println(f().name) }

// deferredObject: reached by an open-coded defer only.
//
//go:noinline
func deferredObject() {
	var store table
	fill(&store)
	defer use(&store)
	kit.Block()
}

func main() {
	go reached()
	go passed()
	go dead()
	go chained(30, nil)
	go cyclic()
	go shapes(1)
	go slots()
	go func() {
		var t table
		fill(&t)
		arguments(newItem(1), newItem(2), t)
	}()
	go dynamic()
	go deferredObject()
	kit.Fact("items_in_dead_object", 400)
	kit.Serve()
}
