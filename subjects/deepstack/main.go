// A recursion of a hundred thousand frames, each with pointers of its own, in three shapes: by
// calls, through closures and through an interface's methods. And stacks that grew and were copied.
package main

import (
	"strconv"

	"overhang.subjects/kit"
)

type leaf struct {
	name string
	up   *leaf
}

type visitor interface {
	visit(depth int, above *leaf) int
}

type left struct{ next visitor }
type right struct {
	pad  [2]int
	next visitor
	own  *leaf
}

//go:noinline
func newLeaf(name string, up *leaf) *leaf { return &leaf{name, up} }

//go:noinline
func descend(depth int, above *leaf) int {
	own := newLeaf("", nil)
	if depth%1000 == 0 {
		own.name = "frame " + strconv.Itoa(depth)
	}
	if depth == 0 {
		kit.Block()
		return len(own.name)
	}
	n := descend(depth-1, own)
	return n + len(own.name)
}

// objects has each frame point into its caller's frame.
//
//go:noinline
func objects(depth int, above *leaf) int {
	own := leaf{"frame", above}
	if depth%10 == 0 {
		own.name = strconv.Itoa(depth) + " on a stack object"
	}
	if depth == 0 {
		kit.Block()
		for l := &own; l != nil; l = l.up {
			depth += len(l.name)
		}
		return depth
	}
	return objects(depth-1, &own) + 1
}

func (l *left) visit(depth int, above *leaf) int {
	own := newLeaf(strconv.Itoa(depth), above)
	n := l.next.visit(depth-1, own)
	return n + len(own.name)
}

func (r right) visit(depth int, above *leaf) int {
	if depth <= 0 {
		kit.Block()
		return len(above.name)
	}
	extra := newLeaf(strconv.Itoa(-depth), nil)
	n := r.next.visit(depth-1, above)
	return n + len(extra.name) + len(r.own.name)
}

func closures(depth int) int {
	var f func(int, *leaf) int
	f = func(d int, l *leaf) int {
		if d == 0 {
			kit.Block()
			return 0
		}
		m := newLeaf("", l)
		return f(d-1, m) + len(m.name)
	}
	return f(depth, nil)
}

// shrunk grows its stack, comes back, and waits near the top of it.
func shrunk() {
	own := newLeaf("shrunk "+strconv.Itoa(1), nil)
	if wide(5000, own) > 0 {
		kit.Block()
	}
	println(own.name)
}

//go:noinline
func wide(depth int, l *leaf) int {
	var room [20]*leaf
	room[depth%20] = newLeaf("", l)
	if depth == 0 {
		return 1
	}
	return wide(depth-1, room[depth%20])
}

func main() {
	go descend(100_000, nil)
	go objects(3000, nil)
	go closures(2000)
	l := &left{}
	r := &right{own: &leaf{name: "own " + strconv.Itoa(3)}}
	l.next, r.next = r, l
	go l.visit(2000, nil)
	go shrunk()
	kit.Serve()
}
