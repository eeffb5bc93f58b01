// What only the runtime's system stack holds for a moment: a goroutine that is being made, a timer
// that has left its heap. Tests stop it amidst that.
package main

import (
	"os"
	"runtime"
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

// overwrite leaves nothing of arm on the stack.
//
//go:noinline
func overwrite() int {
	var room [1000]int
	for i := range room {
		room[i] = i + sum
	}
	return room[sum]
}

// started is where the test goes to work.
//
//go:noinline
func started() {}

func main() {
	runtime.LockOSThread() // the first thread, whose stack the kernel made, is this goroutine's
	switch os.Args[1] {
	case "goroutines":
		started()
		for i := 0; i < 100; i++ {
			go func() { <-never }()
		}
	case "goroutines elsewhere":
		go func() {
			started()
			for i := 0; i < 100; i++ {
				go func() { <-never }()
			}
		}()
	case "timer":
		arm()
		overwrite()
		started()
	case "threads":
		started()
		for i := 0; i < 5; i++ {
			go func() {
				runtime.LockOSThread()
				time.Sleep(time.Hour)
			}()
		}
	case "collect":
		started()
		runtime.GC()
	}
	time.Sleep(time.Hour)
}
