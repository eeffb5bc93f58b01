// Goroutines whose stacks Go's own tracebacks show in every special way: calls inlined into each
// other, wrappers, generics, deep recursion, panics under way, two places that start the same
// function. Commands write what the runtime itself says of them.
package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"

	"overhang.subjects/kit"
)

var (
	wait  = make(chan int)
	mutex sync.Mutex
	count int
)

// Inlined into each other, so that one pc stands for several frames.
func outer(n int) int  { return middle(n) + 1 }
func middle(n int) int { return inner(n) * 2 }
func inner(n int) int {
	return n + <-wait
}

type waiter interface{ wait(n int) int }

type base struct{ extra int }

//go:noinline
func (b *base) wait(n int) int { return b.extra + <-wait + n }

// Its wait is a wrapper that the compiler makes.
type derived struct {
	name string
	*base
}

type box[T any] struct{ value T }

//go:noinline
func (b *box[T]) receive() T {
	<-wait
	return b.value
}

//go:noinline
func generic[K comparable, V any](key K, value V) map[K]V {
	<-wait
	return map[K]V{key: value}
}

//go:noinline
func recurse(depth int) int {
	if depth == 0 {
		return <-wait
	}
	return recurse(depth-1) + depth
}

//go:noinline
func worker(n int) { count += outer(n) }

func startHere(n int) {
	for i := 0; i < n; i++ {
		go worker(i)
	}
}

func startThere(n int) {
	for i := 0; i < n; i++ {
		go worker(i)
	}
}

func start() {
	startHere(5)
	startThere(3)
	var w waiter = derived{"derived", &base{1}}
	go func() { count += w.wait(1) }()
	value := w.wait // a method value
	go func() { count += value(2) }()
	go w.wait(3) // with arguments: the compiler makes a function of it
	go (&box[string]{"value"}).receive()
	go generic("key", 1.5)
	go generic(struct{ a, b int }{1, 2}, []string{"x"})
	go recurse(20)
	go recurse(300)
	go func() {
		defer func() { count += <-wait }()
		panic("under way")
	}()
	go func() {
		defer func() { count += <-wait }()
		var none *base
		count += none.extra // a fault: sigpanic
	}()
	go func() {
		defer func() {
			recover()
			count += inner(7)
		}()
		panic(strconv.Itoa(count))
	}()
	go mutex.Lock()
	go func() { runtime.LockOSThread(); kit.Block() }()
	go func() {
		select {
		case <-wait:
		case wait2 <- count:
		}
	}()
	// Deferred calls run by Goexit.
	go func() {
		defer func() { count += <-wait }()
		runtime.Goexit()
	}()
}

var (
	wait2   chan int
	release = make(chan bool)
	sums    = make(chan int, 8)
)

type link struct {
	next *link
	text string
}

// holder alone keeps a large array and a list; it says what it read of them when it may end.
//
//go:noinline
func holder(size int) {
	data := make([]byte, size)
	var list *link
	for i := 0; i < 1000; i++ {
		list = &link{list, strconv.Itoa(1_000_000 + i)}
	}
	<-release
	sum := len(data) + int(data[size/2])
	for ; list != nil; list = list.next {
		sum += len(list.text)
	}
	sums <- sum
}

func profile() {
	var text bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&text, 1); err != nil {
		panic(err)
	}
	if err := os.WriteFile(kit.Arg(1), text.Bytes(), 0o600); err != nil {
		panic(err)
	}
}

func main() {
	mutex.Lock()
	start()
	go holder(1 << 20)
	go holder(1 << 16)
	kit.Serve(kit.Stacks(), kit.Command{Name: "profile", Do: profile},
		kit.Command{Name: "release", Do: func() { release <- true; <-sums }})
}
