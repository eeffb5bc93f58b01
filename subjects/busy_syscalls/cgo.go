//go:build cgo

package main

/*
#include <time.h>
extern int back(int depth);
static int there(int depth) {
	volatile unsigned long sum = 0;
	for (int i = 0; i < 2000; i++) sum += (unsigned long)i;
	if (depth % 7 == 3) {
		struct timespec nap = {0, 20000};
		nanosleep(&nap, 0);
	}
	return back(depth) + (int)(sum & 1);
}
static int call(int depth) { return there(depth); }
*/
import "C"

import "overhang.subjects/kit"

// Each call back has a witness of its own on the stack of Go, with C's frames in between.
//
//export back
func back(depth C.int) C.int {
	w := kit.NewWitness()
	n := C.int(0)
	if depth > 0 {
		n = C.call(depth - 1)
	}
	grown := grow(int(depth) * 5)
	if w.Child == nil {
		n++
	}
	return n + C.int(grown)
}

//go:noinline
func grow(n int) int {
	var room [30]int
	if n > 0 {
		return grow(n-1) + room[n%30]
	}
	return 0
}

func foreign() func() {
	held := kit.Lives(kit.NewWitness())
	n := 0
	return func() {
		n++
		if C.call(C.int(n%6)) == 0 || held.Child != nil {
			panic("nobody called back")
		}
	}
}
