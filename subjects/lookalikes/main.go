// Memory that looks like a slice that hides something and is none, or none alone: without DWARF
// nothing in it may be accused for certain. The first argument names the scenario.
package main

import (
	"fmt"
	"os"

	"overhang.subjects/kit"
)

type conn struct {
	id   int
	next *conn
	name string
}

func newConn(i int) *conn { return &conn{i, &conn{id: -i}, "connection"} }

func fill(s []*conn) []*conn {
	for i := range s {
		s[i] = newConn(i)
	}
	return s
}

// A ring shows its whole array: the numbers behind the pointer are no len and cap.
type ring struct {
	buf        *[1024]*conn
	head, size int
}

type smallRing struct {
	buf        *[16]*conn
	head, size int
}

// The second array ends with the allocation, so that a slice of it fills the slot like makeslice's.
type halves struct {
	a [100]*conn
	b [236]*conn
}

type cursor struct {
	at    *conn
	index int
	count int
}

var (
	bigRing   ring
	tinyRing  smallRing
	heapRings []*ring
	holder    *halves
	half      []*conn
	cursors   [40]cursor
	loose     []any
	stop      = make(chan bool)
)

var scenarios = map[string]func(){
	"rings": func() {
		bigRing = ring{new([1024]*conn), 5, 1024}
		fill(bigRing.buf[:])
		tinyRing = smallRing{new([16]*conn), 3, 16}
		fill(tinyRing.buf[:])
		for i := 0; i < 20; i++ {
			r := &ring{new([1024]*conn), i, 1024}
			fill(r.buf[:])
			heapRings = append(heapRings, r)
			loose = append(loose, func() int { return r.head })
		}
	},
	"halves": func() {
		holder = new(halves)
		fill(holder.a[:])
		fill(holder.b[:])
		half = holder.b[:10]
	},
	"cursors": func() {
		for i := range cursors {
			cursors[i] = cursor{newConn(i), i % 3, i}
		}
	},
	"local_windows": func() {
		for i := 0; i < 10; i++ {
			ready := make(chan bool)
			go windows(fill(make([]*conn, 1000)), ready)
			<-ready
		}
	},
	"local_array": func() {
		for i := 0; i < 10; i++ {
			ready := make(chan bool)
			go array(new([1024]*conn), ready)
			<-ready
		}
	},
	"local_stale": func() {
		for i := 0; i < 10; i++ {
			ready := make(chan bool)
			go stale(ready)
			<-ready
		}
	},
}

// windows has two slices over one array, which share the pointer's word.
//
//go:noinline
func windows(all []*conn, ready chan bool) {
	part := all[:10]
	close(ready)
	for <-stop {
		part = append(part, newConn(len(all)))
	}
	for _, c := range all {
		println(c.id)
	}
	println(len(part))
}

// array has a pointer to the array beside a slice of it.
//
//go:noinline
func array(all *[1024]*conn, ready chan bool) {
	fill(all[:])
	part := all[:10]
	close(ready)
	for <-stop {
		part = append(part, newConn(1))
	}
	for _, c := range all {
		println(c.id)
	}
	println(len(part))
}

// stale has had a shorter slice, whose len may still stand in the frame.
//
//go:noinline
func stale(ready chan bool) {
	all := fill(make([]*conn, 1024))
	short := all[:10]
	kit.Spread(func() { loose = append(loose, len(short)) })
	close(ready)
	for <-stop {
		all = append(all, newConn(1))
	}
	println(len(all), cap(all))
}

func main() {
	scenario := scenarios[kit.Arg(1)]
	if scenario == nil {
		fmt.Fprintln(os.Stderr, "no such scenario:", kit.Arg(1))
		os.Exit(2)
	}
	kit.Spread(scenario)
	kit.Serve()
}
