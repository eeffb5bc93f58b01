// Linked structures, interfaces, embedding, errors, contexts, containers of the standard library.
package main

import (
	"container/heap"
	"container/list"
	"container/ring"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand"
	"os"
	"strconv"

	"overhang.subjects/kit"
)

type node struct {
	id          int
	left, right *node
	parent      *node
	data        []byte
}

type base struct {
	name string
	next *base
}

type middle struct {
	base
	*node
	flags [3]bool
}

type top struct {
	middle
	io.Reader
	extra map[string]*base
}

type shape interface{ area() float64 }
type square struct{ side float64 }
type circle struct {
	r    float64
	name *base
}
type unit struct{}
type count int
type label string
type pointerShaped struct{ only *base }
type funcShape func() float64

func (s square) area() float64        { return s.side * s.side }
func (c *circle) area() float64       { return c.r }
func (unit) area() float64            { return 1 }
func (c count) area() float64         { return float64(c) }
func (l label) area() float64         { return float64(len(l)) }
func (p pointerShaped) area() float64 { return float64(len(p.only.name)) }
func (f funcShape) area() float64     { return f() }

type queue []*base

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].name < q[j].name }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(*base)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1] // the popped element stays behind: a real leak, of no matter to marking
	return x
}

var (
	tree     *node
	chain    *base
	cyclic   *base
	tops     []*top
	embedded []top
	shapes   []shape
	boxes    []any
	errs     []error
	contexts []context.Context
	lists    = list.New()
	rings    = ring.New(30)
	queued   queue
	numbers  []*big.Int
	random   = rand.New(rand.NewSource(1))
	inner    *string
	readers  []io.Reader
)

func newBase(i int) *base { return &base{"base " + strconv.Itoa(i), &base{}} }

func grow(depth int, parent *node) *node {
	if depth == 0 {
		return nil
	}
	n := &node{id: depth, parent: parent, data: make([]byte, depth)}
	n.left, n.right = grow(depth-1, n), grow(depth-1, n)
	return n
}

func linked() {
	tree = grow(11, nil)
	for i := 0; i < 50_000; i++ { // far longer than any recursion could stand
		chain = &base{"", chain}
	}
	cyclic = newBase(1)
	cyclic.next = &base{"two", &base{"three", cyclic}}
	for i := 0; i < 50; i++ {
		t := &top{middle: middle{base: *newBase(i), node: tree.left}, extra: map[string]*base{"x": newBase(i)}}
		t.Reader = io.LimitReader(io.MultiReader(t.Reader, io.TeeReader(nil, nil)), 10)
		tops, embedded = append(tops, t), append(embedded, *t)
		lists.PushFront(newBase(i))
		heap.Push(&queued, newBase(i*37%50))
		numbers = append(numbers, new(big.Int).Exp(big.NewInt(3), big.NewInt(int64(i*10)), nil))
		rings.Value = newBase(i)
		rings = rings.Next()
		readers = append(readers, io.NewSectionReader(nil, 0, int64(i)))
	}
	for i := 0; i < 20; i++ {
		heap.Pop(&queued)
		lists.Remove(lists.Back())
	}
	inner = &newBase(77).next.name
}

func interfaces() {
	for i := 0; i < 40; i++ {
		f := float64(i)
		shapes = append(shapes, square{f}, &circle{f, newBase(i)}, unit{}, count(i), count(100_000+i), label("label "+strconv.Itoa(i)),
			pointerShaped{newBase(i)}, funcShape(func() float64 { return f }), nil, (*circle)(nil))
		boxes = append(boxes, i, newBase(i), *newBase(i), []*base{newBase(i)}, [1]*base{newBase(i)}, [2]*base{newBase(i)},
			struct{ p *base }{newBase(i)}, map[int]int{i: i}, make(chan *base, 1), shapes, &shapes[i], func() {}, byte(i), uint16(i), "s",
			struct{}{}, [0]*base{}, complex(f, f))
	}
}

func failures() {
	_, err := os.Open("/nonexistent/" + strconv.Itoa(1))
	ctx, cancel := cancellable(context.Background())
	for i := 0; i < 30; i++ {
		err = fmt.Errorf("step %d: %w", i, err)
		errs = append(errs, err, join(err, io.EOF, errors.New("e"+strconv.Itoa(i))))
		ctx = context.WithValue(ctx, count(i), newBase(i))
		child, stop := context.WithCancel(ctx)
		contexts = append(contexts, ctx, child)
		if i%3 == 0 {
			stop()
		}
	}
	_ = cancel
	_, numErr := strconv.Atoi("not a number " + strconv.Itoa(2))
	errs = append(errs, numErr, cause(contexts[1]))
}

func main() {
	kit.Spread(linked)
	kit.Spread(interfaces)
	kit.Spread(failures)
	kit.Serve()
}
