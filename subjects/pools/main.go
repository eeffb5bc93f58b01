// Package sync and sync/atomic: pools (fresh and victim), maps, atomic pointers and values.
package main

import (
	"bytes"
	"strconv"
	"sync"
	"sync/atomic"

	"overhang.subjects/kit"
)

type buffer struct {
	name string
	data []byte
	next *buffer
}

type config struct {
	current atomic.Pointer[buffer]
	any     atomic.Value
	count   atomic.Int64
	list    atomic.Pointer[[]*buffer]
}

func newBuffer(i int) *buffer {
	return &buffer{"buffer " + strconv.Itoa(i), make([]byte, 10+i%90), &buffer{}}
}

var (
	pool    = sync.Pool{New: func() any { return newBuffer(0) }}
	byValue sync.Pool
	pools   [20]sync.Pool
	table   sync.Map
	emptied sync.Map
	nested  sync.Map
	conf    config
	lazy    sync.Once
	rw      sync.RWMutex
	scratch *bytes.Buffer
)

// compareAndSwap is sync.Map's, where it has it (Go 1.20).
func compareAndSwap(m *sync.Map, key, old, new any) {
	if m, ok := any(m).(interface {
		CompareAndSwap(key, old, new any) bool
	}); ok {
		m.CompareAndSwap(key, old, new)
	}
}

func build() {
	for i := 0; i < 2000; i++ {
		table.Store("key "+strconv.Itoa(i), newBuffer(i))
		emptied.Store(i, newBuffer(i))
		if i%3 == 0 {
			table.Load("key " + strconv.Itoa(i/2))
			table.Delete("key " + strconv.Itoa(i/3))
		}
	}
	table.Range(func(k, v any) bool { return true })
	for i := 0; i < 50; i++ {
		table.Store("dirty "+strconv.Itoa(i), newBuffer(i))
		compareAndSwap(&table, "dirty "+strconv.Itoa(i), 1, 2)
		inner := &sync.Map{}
		inner.Store(newBuffer(i), newBuffer(i+1))
		nested.LoadOrStore(i, inner)
	}
	emptied.Range(func(k, v any) bool { emptied.Delete(k); return true })
	conf.current.Store(newBuffer(1))
	conf.any.Store(map[string]*buffer{"a": newBuffer(2)})
	list := []*buffer{newBuffer(3), newBuffer(4)}
	conf.list.Store(&list)
	lazy.Do(func() { scratch = bytes.NewBufferString("text " + strconv.Itoa(5)) })
}

// fillPools runs before the last collection too, so that the pools' victims are there at the end.
func fillPools() {
	for i := 0; i < 100; i++ {
		pool.Put(newBuffer(i))
		byValue.Put("string " + strconv.Itoa(i))
		for j := range pools {
			pools[j].Put([]*buffer{newBuffer(i)})
		}
	}
	pool.Get()
}

// reader takes from the pools in a goroutine of its own (and perhaps on another P).
func reader(done chan bool) {
	b := pool.Get().(*buffer)
	pool.Put(newBuffer(7))
	done <- true
	kit.Block()
	println(b.name)
}

func main() {
	kit.Spread(build)
	kit.Spread(fillPools)
	done := make(chan bool)
	for i := 0; i < 4; i++ {
		go reader(done)
		<-done
	}
	kit.Between = fillPools
	kit.Serve()
}
