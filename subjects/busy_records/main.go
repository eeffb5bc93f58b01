// A program that makes nothing but what the runtime keeps records of: finalizers, cleanups, weak
// pointers, blocks of tiny values, channels and goroutines that live for a moment.
package main

import (
	"runtime"
	"sync/atomic"

	"overhang.subjects/kit"
)

type resource struct {
	next *resource
	data *[48]byte
	room [4]int
}

var (
	closed   atomic.Uint64
	small    [8]atomic.Pointer[uint32]
	names    [8]atomic.Pointer[string]
	received atomic.Uint64
	// What loses its record while it is in use.
	recent [64]*resource
)

// finalized drops objects with finalizers: static functions, closures, on tiny values, in chains.
func finalized() func() {
	n := 0
	return func() {
		n++
		r := &resource{data: new([48]byte)}
		switch n % 4 {
		case 0:
			runtime.SetFinalizer(r, func(r *resource) { closed.Add(uint64(len(r.data))) })
		case 1:
			count := new([16]byte)
			runtime.SetFinalizer(r, func(r *resource) { closed.Add(uint64(len(count))) })
		case 2:
			r.next = &resource{data: new([48]byte)}
			runtime.SetFinalizer(r.next, func(any) { closed.Add(1) })
			runtime.SetFinalizer(r, func(r *resource) { closed.Add(uint64(len(r.next.data))) })
		case 3:
			runtime.SetFinalizer(new(uint32), func(x *uint32) { closed.Add(uint64(*x)) })
			recent[n/4%len(recent)] = r
			runtime.SetFinalizer(r, func(*resource) { panic("collected while in use") })
			runtime.SetFinalizer(r, nil)
		}
	}
}

// tiny makes values that share a slot, each kept for a while.
func tiny(i int) func() {
	n := uint32(0)
	return func() {
		for j := 0; j < 64; j++ {
			n++
			x := new(uint32)
			*x = n
			small[(int(n)+i)%8].Store(x)
			name := string(rune('a'+n%20)) + string(rune('a'+n%19))
			names[(int(n)+i)%8].Store(&name)
		}
	}
}

// channels makes ones that are shared by two goroutines for a moment.
func channels() func() {
	dropper := kit.NewDropper()
	n := 0
	return func() {
		n++
		c := make(chan *resource)
		go func() { c <- &resource{data: new([48]byte)} }()
		d := make(chan int, n%3)
		go func() { d <- 1 }()
		received.Add(uint64(len((<-c).data) + <-d))
		dropper.Drop()
	}
}

func main() {
	held := kit.NewWitness()
	held.Child = kit.NewWitness()
	runtime.SetFinalizer(kit.Lives(held), func(*kit.Witness) { panic("collected while in use") })
	kit.Work(5, func(i int) func() {
		switch i {
		case 0:
			return finalized()
		case 1:
			return cleaned()
		case 2:
			return channels()
		}
		return tiny(i)
	})
	kit.Fact("objects_per_step", 200)
	kit.ServeBusy()
	runtime.KeepAlive(held)
}
