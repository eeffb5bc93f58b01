// A program that is hardly ever in Go code: system calls that block and that do not, signals, the
// clock, locked threads, C and calls back from C (where there is cgo).
package main

import (
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"overhang.subjects/kit"
)

// pipes passes bytes to itself by raw system calls, with a witness on the stack meanwhile.
func pipes() func() {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		panic(err)
	}
	return func() {
		w := kit.NewWitness()
		buffer := make([]byte, 256)
		syscall.Write(ends[1], buffer[:100])
		syscall.Read(ends[0], buffer)
		if w.Child != nil {
			panic("a child?")
		}
	}
}

func files() func() {
	held := kit.Lives(kit.NewWitness())
	return func() {
		data, err := os.ReadFile("/proc/self/stat")
		if err != nil || held.Child != nil || len(strings.Fields(string(data))) < 10 {
			panic("no statistics")
		}
	}
}

func signals() func() {
	incoming := make(chan os.Signal, 4)
	signal.Notify(incoming, syscall.SIGUSR2)
	pid := os.Getpid()
	return func() {
		syscall.Kill(pid, syscall.SIGUSR2)
		select {
		case <-incoming:
		case <-time.After(time.Millisecond):
		}
	}
}

func locked() func() {
	held := kit.Lives(kit.NewWitness())
	dropper := kit.NewDropper()
	is := false
	return func() {
		if !is {
			runtime.LockOSThread()
			is = true
		}
		start := time.Now()
		for time.Since(start) < 20*time.Microsecond { // in the vDSO, mostly
		}
		syscall.Getpid()
		if held.Child == nil {
			dropper.Drop()
		}
	}
}

func blocked() {
	w := kit.Lives(kit.NewWitness())
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		panic(err)
	}
	var buffer [1]byte
	syscall.Read(ends[0], buffer[:])
	runtime.KeepAlive(w)
}

func main() {
	go blocked()
	kinds := []func() func(){pipes, files, signals, locked, foreign, foreign}
	kit.Work(len(kinds), func(i int) func() { return kinds[i]() })
	kit.Fact("objects_per_step", 200)
	kit.ServeBusy()
}
