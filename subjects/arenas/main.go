// User arenas (GOEXPERIMENT=arenas): values and slices in arenas, which hold pointers to the heap and
// to each other; one arena freed while a slice still lies in it would fault, so those that are freed
// are not referred to any more.
package main

import (
	"arena"
	"runtime"
	"strconv"

	"overhang.subjects/kit"
)

type leaf struct {
	n    int
	next *leaf
	pad  [6]int
}

type branch struct {
	left, right *branch
	leaves      []*leaf
	name        string
	any         any
}

var (
	arenas []*arena.Arena
	roots  []*branch
	lists  [][]*leaf
	bytes  [][]byte
	keys   []branch // a slice that lies in an arena, behind a global
)

func newLeaf(n int) *leaf { return &leaf{n: n} }

func tree(a *arena.Arena, depth int) *branch {
	b := arena.New[branch](a)
	b.name = strconv.Itoa(depth) + " levels below"
	b.leaves = []*leaf{newLeaf(1), newLeaf(2), newLeaf(3)}[:1]
	if depth%2 == 0 {
		b.any = newLeaf(depth)
	}
	if depth > 0 {
		b.left, b.right = tree(a, depth-1), tree(a, depth-1)
	}
	return b
}

func build(size int) {
	for i := 0; i < size; i++ {
		a := arena.NewArena()
		roots = append(roots, tree(a, 8))
		list := arena.MakeSlice[*leaf](a, 100, 100)
		for k := range list {
			list[k] = newLeaf(k)
		}
		lists = append(lists, list[:40])
		bytes = append(bytes, arena.MakeSlice[byte](a, 5000, 9000))
		keys = arena.MakeSlice[branch](a, 10, 10)
		keys[9].left = roots[i]
		arenas = append(arenas, a)

		gone := arena.NewArena()
		tree(gone, 6)
		gone.Free()
	}
}

func clearTree(b *branch) {
	clear(b.leaves[len(b.leaves):cap(b.leaves)])
	if b.left != nil {
		clearTree(b.left)
		clearTree(b.right)
	}
}

func main() {
	size := 3
	if kit.Arg(1) != "" {
		size, _ = strconv.Atoi(kit.Arg(1))
	}
	kit.Spread(func() { build(size) })
	kit.Fact("hides", 1)
	kit.Serve(kit.Command{Name: "remedy", Do: func() {
		// Not those of lists: what lies in an arena counts as visible.
		for _, b := range roots {
			clearTree(b)
		}
	}})
	runtime.KeepAlive(arenas)
}
