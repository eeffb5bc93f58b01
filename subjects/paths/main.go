// Memory whose reference paths are known: how many objects hang where.
package main

import (
	"runtime"

	"overhang.subjects/kit"
)

type Link struct {
	next    *Link
	payload *[3]uint64
}

type Branch struct {
	left, right *Branch
	leaf        *[5]uint64
}

type Item struct {
	name  *[7]uint64
	peers []*Item
}

type Table struct {
	byKey map[int]*Item
	shown []*Item
}

type Mine struct{ values []*[13]uint64 }

// Mutually recursive types: a frame for each order in which they can be passed would be millions.
type Knot struct {
	a *KnotA
	b *KnotB
	c *KnotC
}
type KnotA struct{ Knot }
type KnotB struct{ Knot }
type KnotC struct{ Knot }

var (
	chain *Link
	tree  *Branch
	table Table
	queue = make(chan *[9]uint64, 1000)
	knot  *Knot
	call  func() *[11]uint64
)

const links = 100_000

var (
	knots  int // objects
	locals = 50
)

func newTree(depth int) *Branch {
	b := &Branch{leaf: new([5]uint64)}
	if depth > 1 {
		b.left, b.right = newTree(depth-1), newTree(depth-1)
	}
	return b
}

func newKnot(depth int) *Knot {
	if depth == 0 {
		return nil
	}
	k := &Knot{a: new(KnotA), b: new(KnotB), c: new(KnotC)}
	knots += 3
	for _, inner := range []*Knot{&k.a.Knot, &k.b.Knot, &k.c.Knot} {
		if next := newKnot(depth - 1); next != nil {
			*inner = *next
		}
	}
	return k
}

//go:noinline
func closure() func() *[11]uint64 {
	held := new([11]uint64)
	return func() *[11]uint64 { return held }
}

//go:noinline
func wait(mine *Mine) {
	kit.Serve()
	runtime.KeepAlive(mine)
}

func main() {
	for i := 0; i < links; i++ {
		chain = &Link{chain, new([3]uint64)}
	}
	tree = newTree(12)
	table.byKey = make(map[int]*Item)
	for i := 0; i < 500; i++ {
		table.byKey[i] = &Item{name: new([7]uint64)}
	}
	for i := 0; i < 1000; i++ {
		table.shown = append(table.shown, &Item{name: new([7]uint64)})
	}
	table.shown = table.shown[:400] // 600 items stay behind the tail
	for i := 0; i < 100; i++ {
		queue <- new([9]uint64)
	}
	knot = newKnot(7)
	knots++
	call = closure()
	mine := &Mine{values: make([]*[13]uint64, locals)}
	for i := range mine.values {
		mine.values[i] = new([13]uint64)
	}
	kit.Fact("shown_cap", cap(table.shown))
	kit.Fact("knots", knots)
	wait(mine)
}
