// A plugin like the first one, whose types have the same names and another shape.
package main

import "runtime"

type conn struct {
	pad  [3]int
	id   int
	name string
	buf  []byte
}

type pool struct {
	inUse []*conn
	by    map[string]*conn
}

var (
	Pool  pool
	funcs []func() int
	wake  = make(chan chan bool)
)

//go:noinline
func newConns(n int) []*conn {
	out := make([]*conn, n)
	for i := range out {
		out[i] = &conn{id: i, name: "conn " + string(rune('a'+i%26)), buf: make([]byte, 100)}
	}
	return out
}

// In a frame of its own: one that itself shows slots past len hides them from nobody.
//
//go:noinline
func clearTail(s []*conn) {
	tail := s[len(s):cap(s)]
	for i := range tail {
		tail[i] = nil
	}
}

//go:noinline
func wait(keep int) {
	conns := newConns(40)[:keep]
	done := <-wake
	clearTail(conns)
	done <- true
	<-wake
	runtime.KeepAlive(conns)
}

// Build is what the program calls.
func Build() ([]any, func()) {
	Pool.inUse = newConns(200)[:50]
	Pool.by = map[string]*conn{"one": {id: 1}, "two": {id: 2, buf: make([]byte, 300)}}
	captured := newConns(30)[:10]
	funcs = append(funcs, func() int { return captured[3].id })
	go wait(10)
	return []any{&Pool, funcs[0], [3]conn{{id: 7}}}, func() {
		clearTail(Pool.inUse)
		clearTail(captured)
		done := make(chan bool)
		wake <- done
		<-done
	}
}

func main() {}
