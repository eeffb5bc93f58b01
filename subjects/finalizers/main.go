// Finalizers: pending, run, queued behind one that blocks, on cycles, with closures of their own.
package main

import (
	"runtime"
	"strconv"

	"overhang.subjects/kit"
)

type resource struct {
	name  string
	owned *resource
	data  []byte
}

type file struct {
	*resource
	handle int
}

func newResource(i int) *resource {
	return &resource{"resource " + strconv.Itoa(i), &resource{data: make([]byte, i%30)}, make([]byte, 100)}
}

var (
	kept      []*resource
	resurrect []*resource
	mixed     []any
	block     = make(chan int)
	tinyKept  []*[12]byte
	ran       int
)

func build() {
	for i := 0; i < 200; i++ {
		r := newResource(i)
		runtime.SetFinalizer(r, func(r *resource) { ran++ })
		kept = append(kept, r)
	}
	for i := 0; i < 50; i++ { // a finalizer whose closure holds more
		r, companion := newResource(i), newResource(1000+i)
		runtime.SetFinalizer(r, func(*resource) { companion.data = nil })
		kept = append(kept, r)
	}
	for i := 0; i < 60; i++ { // dead at once; runs and is gone, or comes back
		r := newResource(i)
		if i%3 == 0 {
			runtime.SetFinalizer(r, func(r *resource) { resurrect = append(resurrect, r) })
		} else {
			runtime.SetFinalizer(r, func(r *resource) { ran++ })
		}
	}
	for i := 0; i < 40; i++ {
		f := &file{newResource(i), i}
		runtime.SetFinalizer(f, (*file).close)
		mixed = append(mixed, f)
		runtime.SetFinalizer(f.resource, func(x any) {}) // an interface argument
	}
	for i := 0; i < 30; i++ { // no pointers within; larger than 32 KiB
		b := new([40000]byte)
		runtime.SetFinalizer(b, func(*[40000]byte) {})
		mixed = append(mixed, b)
	}
	for i := 0; i < 20; i++ { // removed again
		r := newResource(i)
		runtime.SetFinalizer(r, func(*resource) { ran++ })
		runtime.SetFinalizer(r, nil)
		kept = append(kept, r)
	}
	for i := 0; i < 64; i++ {
		tinyKept = append(tinyKept, new([12]byte))
	}
	// A finalizable cycle is never collected: each end holds the other's contents.
	a, b := newResource(1), newResource(2)
	a.owned, b.owned = b, a
	runtime.SetFinalizer(a, func(*resource) {})
}

func (f *file) close() { f.handle = -1 }

// queue lets one finalizer block, and has others wait behind it in the runtime's queue.
func queue() {
	runtime.SetFinalizer(newResource(1), func(*resource) { <-block })
	runtime.GC()
	for i := 0; i < 150; i++ {
		extra := newResource(i)
		runtime.SetFinalizer(newResource(i), func(*resource) { extra.data = nil })
	}
	runtime.GC()
}

func main() {
	kit.Spread(build)
	for i := 0; i < 5; i++ {
		runtime.GC()
		runtime.Gosched()
	}
	if kit.Arg(1) == "blocked" {
		kit.Spread(queue)
	}
	kit.Serve()
}
