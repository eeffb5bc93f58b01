package main

import (
	"runtime"

	"overhang.subjects/kit"
)

// An owner takes a slot of 704 bytes, with pointers.
type owner struct {
	held *mark
	self *owner
	pad  [632]byte
}

var owners [100]*owner

// finalizable lets go of objects with finalizers when the collector has finished: they are dead,
// what they refer to must live on until the finalizer has run. A pointer to itself keeps none.
func finalizable() {
	for i := range owners {
		owners[i] = &owner{held: newMark()}
		owners[i].self = owners[i]
		runtime.SetFinalizer(owners[i], func(*owner) {})
	}
	kit.After = func() { owners = [100]*owner{} }
	kit.Fact("marks", 100)
}

var (
	never    = make(chan bool)
	features []func() int // each adds to what is queued, and returns how many markers it keeps
)

// queued fills the runtime's queues behind a finalizer that never ends.
func queued() {
	count := 0
	for _, f := range features {
		count += f()
	}
	go deferring()
	count += 50
	runtime.SetFinalizer(&owner{}, func(*owner) { <-never })
	runtime.GC()
	for i := 0; i < 200; i++ {
		m := newMarker()
		runtime.SetFinalizer(&owner{held: newMark()}, func(*owner) { println(m) })
	}
	kit.Fact("markers", count+200)
	kit.Fact("marks", 200)
}

//go:noinline
func deferring() {
	for i := 0; i < 50; i++ { // records on the heap
		m := newMarker()
		defer func() { println(m) }()
	}
	kit.Block()
}
