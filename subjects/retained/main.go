// What variables, goroutines and types retain: each command lets one of them go.
package main

import (
	"strconv"

	"overhang.subjects/kit"
)

type node struct {
	left, right *node
	data        []byte
}

type link struct {
	next, previous *link
	value          [5]int
}

type record struct {
	name string
	tags []string
	peer *record
}

type part struct {
	inner *part // of the same type: counts once
	data  []byte
}

// Pointer-free: a type whose objects retain themselves.
type sample struct{ x, y, z float64 }

var (
	tree    *node
	ring    *link
	index   map[string]*record
	parts   []*part
	samples []*sample
	// Both refer to `common`'s array: neither keeps it alone.
	first, second struct {
		own    [][]byte
		common []*record
	}
	anything any
	stop     = make(chan int)
	stopped  = make(chan int)
)

func newTree(depth, size int) *node {
	if depth == 0 {
		return nil
	}
	return &node{newTree(depth-1, size), newTree(depth-1, size), make([]byte, size)}
}

func newRing(n int) *link {
	start := &link{}
	start.next, start.previous = start, start
	for i := 1; i < n; i++ {
		l := &link{next: start.next, previous: start}
		start.next.previous = l
		start.next = l
	}
	return start
}

func newRecord(i int) *record {
	return &record{"record number " + strconv.Itoa(i), []string{strconv.Itoa(i * 1000003)}, nil}
}

func build() {
	tree = newTree(11, 200)
	ring = newRing(3000)
	index = map[string]*record{}
	var last *record
	for i := 0; i < 4000; i++ {
		r := newRecord(i)
		r.peer = last // each also hangs on the next
		last = r
		index["key "+strconv.Itoa(i)] = r
	}
	for i := 0; i < 2000; i++ {
		p := &part{&part{nil, make([]byte, 100)}, make([]byte, 50)}
		parts = append(parts, p)
		if i%2 == 0 {
			parts = append(parts, p.inner) // on the list itself too
		}
		samples = append(samples, &sample{1, 2, 3})
	}
	for i := 0; i < 300; i++ {
		r := newRecord(i)
		first.common = append(first.common, r)
		first.own = append(first.own, make([]byte, 1000))
		second.own = append(second.own, make([]byte, 500))
	}
	second.common = first.common
	anything = map[int][]node{1: make([]node, 100), 2: {*newTree(9, 64)}}
}

// A goroutine that keeps a tree and part of what `first` has.
//
//go:noinline
func worker(ready chan int) {
	own := newTree(9, 300)
	shared := first.common[10]
	ready <- 1
	<-stop
	kit.Fact("unused", len(own.data)+len(shared.name))
	stopped <- 1
}

func main() {
	kit.Spread(build)
	ready := make(chan int)
	go worker(ready)
	<-ready
	kit.Serve(
		kit.Command{Name: "tree", Do: func() { tree = nil }},
		kit.Command{Name: "ring", Do: func() { ring = nil }},
		kit.Command{Name: "index", Do: func() { index = nil }},
		kit.Command{Name: "first", Do: func() { first.own, first.common = nil, nil }},
		kit.Command{Name: "second", Do: func() { second.own, second.common = nil, nil }},
		kit.Command{Name: "anything", Do: func() { anything = nil }},
		kit.Command{Name: "samples", Do: func() { samples = nil }},
		kit.Command{Name: "worker", Do: func() { close(stop); <-stopped }},
		kit.Command{Name: "parts' type", Do: func() { kit.Clear(parts) }},
		kit.Command{Name: "samples' type", Do: func() { kit.Clear(samples) }},
		// Of those but one, which the worker has as well.
		kit.Command{Name: "records' type", Do: func() {
			for key := range index {
				index[key] = nil
			}
			kit.Clear(first.common)
		}},
	)
}
