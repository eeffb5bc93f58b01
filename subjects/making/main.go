// What only the runtime's system stack holds for a moment: a goroutine that is being made, a timer
// that has left its heap. Tests stop it amidst that.
package main

import (
	"time"
	"unsafe"
)

type load struct{ data [20]int }

var (
	loadAt uintptr // where the timer's load is
	sum    int
	never  = make(chan int)
)

// arm sets a timer that nothing but the runtime knows, with a func that alone holds the load.
//
//go:noinline
func arm() {
	l := &load{}
	loadAt = uintptr(unsafe.Pointer(l))
	time.AfterFunc(50*time.Millisecond, func() { sum += l.data[7] })
}

// started is where the test goes to work.
//
//go:noinline
func started() {}

func main() {
	arm()
	started()
	for i := 0; i < 100; i++ {
		go func() { <-never }()
	}
	time.Sleep(time.Hour)
}
