// The program whose DWARF genlayout reads. The linker keeps only types that reachable code uses, so
// this uses every part of the runtime whose structures are wanted. It is never run.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

type node struct {
	next *node
	name string
}

var sink any

func main() {
	n := &node{name: fmt.Sprint(os.Args)}
	runtime.SetFinalizer(n, func(n *node) { sink = n })
	features(n)
	byName := map[string]*node{n.name: n}
	wide := map[[20]int]*node{}
	queue := make(chan *node, 4)
	var wait sync.WaitGroup
	wait.Add(1)
	go func() {
		defer wait.Done()
		defer func() { sink = recover() }()
		select {
		case n := <-queue:
			panic(n)
		case <-time.After(time.Second):
		}
	}()
	queue <- n
	wait.Wait()
	var shared sync.Map
	shared.Store(n, n)
	pool := sync.Pool{New: func() any { return new(node) }}
	pool.Put(n)
	sink = []any{byName, wide, &shared, &pool}
	debug.FreeOSMemory()
	runtime.KeepAlive(n)
}
