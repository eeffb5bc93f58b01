// Generic containers over element types of different shapes, and closures and methods of theirs.
package main

import (
	"sort"
	"strconv"

	"overhang.subjects/kit"
)

type item struct {
	name string
	next *item
}

type triple struct {
	a int
	b *item
	c string
}

func newItem(i int) *item { return &item{"item " + strconv.Itoa(i), &item{}} }

type list[T any] struct {
	head, tail *element[T]
	len        int
}

type element[T any] struct {
	value T
	next  *element[T]
	prev  *element[T]
}

func (l *list[T]) push(v T) {
	e := &element[T]{value: v, prev: l.tail}
	if l.tail != nil {
		l.tail.next = e
	} else {
		l.head = e
	}
	l.tail = e
	l.len++
}

type ring[T any] struct {
	items []T
	first int
}

func (r *ring[T]) add(v T) { r.items = append(r.items, v) }

// ordered is what the subject needs of cmp.Ordered (Go 1.21).
type ordered interface {
	~int | ~float64 | ~string
}

func compare[K ordered](a, b K) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

type tree[K ordered, V any] struct {
	root *branch[K, V]
}

type branch[K ordered, V any] struct {
	key         K
	value       V
	left, right *branch[K, V]
}

func (t *tree[K, V]) set(k K, v V) {
	at := &t.root
	for *at != nil {
		switch c := compare(k, (*at).key); {
		case c < 0:
			at = &(*at).left
		case c > 0:
			at = &(*at).right
		default:
			(*at).value = v
			return
		}
	}
	*at = &branch[K, V]{key: k, value: v}
}

type cache[K comparable, V any] struct {
	entries map[K]V
	load    func(K) V
}

func (c *cache[K, V]) get(k K) V {
	v, ok := c.entries[k]
	if !ok {
		v = c.load(k)
		c.entries[k] = v
	}
	return v
}

type option[T any] struct {
	value *T
	set   bool
}

func some[T any](v T) option[T] { return option[T]{&v, true} }

func mapped[T, U any](in []T, f func(T) U) []U {
	out := make([]U, 0, len(in))
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}

func curry[A, B, C any](f func(A, B) C) func(A) func(B) C {
	return func(a A) func(B) C { return func(b B) C { return f(a, b) } }
}

type named interface{ label() string }

func (i *item) label() string  { return i.name }
func (t triple) label() string { return t.c }

type registry[T named] struct {
	all   []T
	first *T
}

var (
	ints     list[int]
	items    list[*item]
	triples  list[triple]
	arrays   list[[70]*item]
	strings  list[string]
	rings    []*ring[*item]
	wides    ring[[3]triple]
	byName   tree[string, *item]
	byNumber tree[float64, triple]
	itemsBy  = cache[string, *item]{map[string]*item{}, func(s string) *item { return &item{name: s} }}
	pairsBy  = cache[triple, []triple]{map[triple][]triple{}, func(t triple) []triple { return []triple{t, t} }}
	options  []option[triple]
	nested   list[*list[option[*item]]]
	curried  []func(int) *item
	pointers registry[*item]
	values   registry[triple]
)

func build() {
	for i := 0; i < 300; i++ {
		ints.push(i)
		items.push(newItem(i))
		triples.push(triple{i, newItem(i), strconv.Itoa(i)})
		strings.push("string " + strconv.Itoa(i))
		byName.set(strconv.Itoa(i*7919%300), newItem(i))
		byNumber.set(float64(i*31%300), triple{i, newItem(i), "x"})
		itemsBy.get(strconv.Itoa(i % 90))
		pairsBy.get(triple{a: i % 50, c: strconv.Itoa(i % 50)})
		options = append(options, some(triple{b: newItem(i)}))
		if i%10 == 0 {
			arrays.push([70]*item{3: newItem(i), 69: newItem(i)})
			r := &ring[*item]{}
			r.add(newItem(i))
			r.add(nil)
			rings = append(rings, r)
			wides.add([3]triple{{b: newItem(i)}, {}, {c: strconv.Itoa(i)}})
			inner := &list[option[*item]]{}
			inner.push(some(newItem(i)))
			nested.push(inner)
			add := curry(func(p *item, n int) *item { return &item{p.name + strconv.Itoa(n), p} })
			curried = append(curried, add(newItem(i)))
		}
	}
	pointers.all = mapped(options, func(o option[triple]) *item { return o.value.b })
	pointers.first = &pointers.all[7]
	values.all = mapped(pointers.all, func(p *item) triple { return triple{b: p} })
	values.first = &values.all[len(values.all)-1]
	sorted(values.all, func(a, b triple) int { return compare(a.b.name, b.b.name) })
}

// sorted is slices.SortFunc (Go 1.21).
func sorted[T any](s []T, compare func(a, b T) int) {
	sort.Slice(s, func(i, j int) bool { return compare(s[i], s[j]) < 0 })
}

// wait blocks within a generic function; its dictionary is an argument.
//
//go:noinline
func wait[T any](v T, all ...T) T {
	held := append(all, v)
	kit.Block()
	return held[0]
}

//go:noinline
func (l *list[T]) each(f func(T)) {
	for e := l.head; e != nil; e = e.next {
		f(e.value)
	}
}

func main() {
	kit.Spread(build)
	go wait(newItem(1), newItem(2))
	go wait(triple{b: newItem(3)}, triple{b: newItem(4)})
	go wait("text "+strconv.Itoa(1), "x")
	go wait[any](newItem(5), newItem(6))
	go wait([9]*item{newItem(7)})
	go func() {
		var own list[triple]
		own.push(triple{b: newItem(8)})
		own.each(func(t triple) { kit.Block(); println(t.b.name) })
	}()
	kit.Serve()
}
