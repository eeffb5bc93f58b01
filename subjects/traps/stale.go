package main

import (
	"runtime"
	"unsafe"

	"overhang.subjects/kit"
)

var (
	mates [1000]*marker
	stop  bool
	ended bool
)

// stale leaves the addresses of freed markers on a stack that is scanned conservatively: a goroutine
// that was preempted within a loop without calls. Every other marker lives, so that the freed ones'
// spans stay in use. To be run with GOMAXPROCS=1.
func stale() {
	runtime.GOMAXPROCS(1)
	kit.KeepProcessor = true
	markers(mates[:])
	go spin()
	for !ended {
		runtime.Gosched()
	}
	kit.Fact("markers", 500)
	kit.Fact("freed", int(freed))
}

var freed uintptr

//go:noinline
func spin() {
	var words [500]uintptr // numbers, as far as the collector's maps go
	for i := range words {
		words[i] = uintptr(unsafe.Pointer(mates[2*i]))
		mates[2*i] = nil
	}
	freed = words[7]
	runtime.GC() // while this stack can be scanned precisely
	ended = true
	loop(&words)
}

// loop never ends and calls nothing; its frame and its caller's are scanned conservatively.
//
//go:noinline
func loop(words *[500]uintptr) {
	for i := 0; !stop; i++ {
		if words[i%500] == 1 {
			stop = true
		}
	}
}
