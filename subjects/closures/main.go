// Function values: captures by value and by reference, method values, defers, goroutine wrappers.
package main

import (
	"sort"
	"strconv"
	"sync"

	"overhang.subjects/kit"
)

type node struct {
	name string
	kids []*node
}

func newNode(i int) *node {
	return &node{"node " + strconv.Itoa(i), []*node{{name: strconv.Itoa(i)}}}
}

type server struct {
	root  *node
	hooks []func(*node) *node
	sync.Mutex
}

func (s *server) handle(n *node) *node { s.root = n; return s.root }
func (s server) byValue(n *node) *node { return s.root }

type handler interface{ handle(*node) *node }

type embedding struct {
	*server
	extra *node
}

var (
	byValue    []func() *node
	byRef      []func() *node
	methods    []func(*node) *node
	setters    = map[string]func(*node) func(){}
	expression = (*server).handle
	chained    func(int) func() *node
	ordered    sort.Interface
	once       sync.Once
	onceValue  func() *node // where there is sync.OnceValue
)

// byReference captures a variable that changes later: it moves to the heap.
func byReference(i int) (func() *node, func(*node)) {
	n := newNode(i)
	return func() *node { return n }, func(m *node) { n = m }
}

// many captures more than a size class of the inline kind holds.
func many(i int) func() *node {
	a, b, c := newNode(i), newNode(i+1), newNode(i+2)
	var array [80]*node
	array[i%80] = newNode(i + 3)
	text := "text " + strconv.Itoa(i)
	list := []*node{newNode(i + 4)}
	var face any = newNode(i + 5)
	return func() *node {
		return &node{text, append(append(list, array[:]...), a, b, c, face.(*node))}
	}
}

func curry(n *node) func(int) func() *node {
	return func(i int) func() *node {
		m := newNode(i)
		return func() *node { m.kids = append(m.kids, n); return m }
	}
}

//go:noinline
func deferred(i int) {
	n, s := newNode(i), &server{root: newNode(i)}
	defer func() { n.name = "done" }()
	defer s.handle(newNode(i + 1))
	for j := 0; j < i; j++ { // defers in a loop live on the heap
		m := newNode(j)
		defer func() { m.kids = nil }()
	}
	if i > 2 {
		defer n.walk(func(*node) {})
	}
	kit.Block()
}

func (n *node) walk(f func(*node)) {
	f(n)
	for _, k := range n.kids {
		k.walk(f)
	}
}

//go:noinline
func runs(f func() *node, g func(*node) *node) {
	n := f()
	kit.Block()
	g(n)
}

func main() {
	for i := 0; i < 50; i++ {
		n := newNode(i)
		byValue = append(byValue, func() *node { return n })
		get, set := byReference(i)
		byRef = append(byRef, get)
		setters[strconv.Itoa(i)] = func(m *node) func() { return func() { set(m) } }
		byValue = append(byValue, many(i))
		s := &server{root: newNode(i)}
		s.hooks = append(s.hooks, s.handle, (&server{root: newNode(i)}).handle)
		methods = append(methods, s.handle, (*s).byValue, embedding{s, newNode(i)}.handle)
		var h handler = s
		methods = append(methods, h.handle)
	}
	chained = curry(newNode(1000))
	byValue = append(byValue, chained(5), chained(6))
	ordered = sort.Reverse(sort.StringSlice{"b" + strconv.Itoa(1), "a" + strconv.Itoa(2)})
	once.Do(func() {
		if onceValue != nil {
			onceValue()
		}
	})
	for i := 0; i < 6; i++ {
		go deferred(i)
		n, s := newNode(i), server{root: newNode(-i)}
		go runs(func() *node { return n }, s.handle)
		go s.handle2(n, []*node{newNode(i)}, "text "+strconv.Itoa(i))
		go func(m *node, rest ...*node) {
			local := newNode(7)
			kit.Block()
			m.kids = append(rest, local, n)
		}(newNode(i), newNode(i), n)
		go bound(s.handle)
	}
	kit.Serve()
}

func (s *server) handle2(n *node, list []*node, text string) {
	kit.Block()
	s.root = &node{text, append(list, n)}
}

func bound(f func(*node) *node) {
	kit.Block()
	f(nil)
}
