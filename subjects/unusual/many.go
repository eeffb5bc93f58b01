package main

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"

	"overhang.subjects/kit"
)

var (
	byNumber  map[int][]*leaf
	byName    map[string][]byte
	byNaN     map[float64][]*leaf
	queue     chan []*leaf
	pointless chan struct{}
	headOf    *leaf
	words     []string
	guarded   []*leaf
	never     = make(chan struct{})
)

// goroutines wait, each with a truncated slice and some more in its frame.
func goroutines(size int) func() {
	var started, cleared sync.WaitGroup
	wake := make(chan struct{})
	started.Add(size)
	for i := 0; i < size; i++ {
		go waitWith(i, wake, &started, &cleared)
	}
	started.Wait()
	return func() {
		cleared.Add(size)
		close(wake)
		cleared.Wait()
	}
}

//go:noinline
func waitWith(n int, wake chan struct{}, started, cleared *sync.WaitGroup) {
	conns := truncated(2, 2)
	own := newLeaf(n)
	started.Done()
	<-wake
	clearTail(conns)
	cleared.Done()
	<-never // not select{}: that would free what waiting on a channel takes
	runtime.KeepAlive(own)
	runtime.KeepAlive(conns)
}

// mapOfSlices holds slices in maps, a third of them truncated.
func mapOfSlices(size int) func() {
	byNumber, byName = map[int][]*leaf{}, map[string][]byte{}
	for i := 0; i < size; i++ {
		byNumber[i] = truncated(1, 0)
		if i%3 == 0 {
			byNumber[i] = truncated(1, 2)
		}
		byName[fmt.Sprint("name ", i)] = make([]byte, i%50)
	}
	return func() {
		for _, s := range byNumber {
			clearTail(s)
		}
	}
}

// nanKeys fills a map whose entries nothing but iteration finds.
func nanKeys(size int) func() {
	byNaN = map[float64][]*leaf{}
	for i := 0; i < size; i++ {
		byNaN[math.NaN()] = truncated(1, 1)
	}
	return func() {
		for _, s := range byNaN {
			clearTail(s)
		}
	}
}

// channels have buffers full of slices; one has room for 10^9 elements of no size.
func channels(size int) func() {
	queue = make(chan []*leaf, size+size/2)
	for i := 0; i < size+size/3; i++ {
		if i >= size/3 {
			queue <- truncated(1, 1)
			continue
		}
		queue <- nil // so that the buffer's used part does not begin at its start
	}
	for i := 0; i < size/3; i++ {
		<-queue
	}
	pointless = make(chan struct{}, 1000000000)
	for i := 0; i < 1000; i++ {
		pointless <- struct{}{}
	}
	return func() {
		for i := 0; i < size; i++ {
			s := <-queue
			clearTail(s)
			queue <- s
		}
	}
}

// finalizers stand on many objects, some of which hang on hidden slots.
func finalizers(size int) func() {
	guarded = make([]*leaf, size)
	for i := range guarded {
		guarded[i] = newLeaf(i)
		guarded[i].next = newLeaf(-i)
		runtime.SetFinalizer(guarded[i], finalize)
	}
	table = truncated(10, 100)
	return func() { clearTail(table) }
}

func finalize(*leaf) {}

func longList(size int) func() {
	for i := 0; i < size; i++ {
		headOf = &leaf{n: i, next: headOf}
	}
	// The list's second half hangs on a hidden slot.
	middle := headOf
	for i := 0; i < size/2; i++ {
		middle = middle.next
	}
	table = []*leaf{headOf, middle.next}[:1]
	middle.next = nil
	return func() { clearTail(table) }
}

// deepRecursion has a stack of `size` MiB, the deepest frame of which holds a truncated slice.
func deepRecursion(size int) func() {
	var ready sync.WaitGroup
	wake, done := make(chan struct{}), make(chan struct{})
	ready.Add(1)
	go recurse(size<<20/200, newLeaf(0), func() {
		ready.Done()
		conns := truncated(2, 20000)
		<-wake
		clearTail(conns)
		close(done)
		kit.Block()
		runtime.KeepAlive(conns)
	})
	ready.Wait()
	return func() { close(wake); <-done }
}

//go:noinline
func recurse(depth int, above *leaf, bottom func()) int {
	own := above
	if depth%100 == 0 {
		own = newLeaf(depth)
	}
	if depth == 0 {
		bottom()
		return own.n
	}
	var room [8]int
	room[depth%8] = depth
	n := recurse(depth-1, own, bottom)
	return n + own.n + room[n&7]
}

// texts are strings of their own and substrings of one large text.
func texts(size int) func() {
	all := strings.Repeat("some line of a long text\n", size)
	for i := 0; i < size; i++ {
		words = append(words, all[i*25:i*25+4], strings.Clone(all[i*25:i*25+10+i%10]))
	}
	table = truncated(10, 100)
	return func() { clearTail(table) }
}
