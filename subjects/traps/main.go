// One case for each trap that tools of this kind have fallen into (GO_RUNTIME.md has the list). What
// a case keeps are markers: objects of a size that nothing else in the program has, so that they can
// be counted from outside.
package main

import (
	"os"
	"runtime"
	"unsafe"

	"overhang.subjects/kit"
)

// A marker takes a slot of 416 bytes that holds no pointers; a mark a slot of 352.
type marker [416]byte
type mark [352]byte

//go:noinline
func newMarker() *marker { return new(marker) }

//go:noinline
func newMark() *mark { return new(mark) }

func markers(s []*marker) {
	for i := range s {
		s[i] = newMarker()
	}
}

var cases = map[string]func(){
	"tiling": func() {
		thousand = make([]*marker, 1000)
		markers(thousand)
		kit.Fact("array", int(uintptr(unsafe.Pointer(&thousand[0]))))
		kit.Fact("markers", 1000)
	},
	"class32768": func() {
		exactly = new([4095]*marker)
		markers(exactly[:])
		kit.Fact("array", int(uintptr(unsafe.Pointer(exactly))))
		kit.Fact("markers", 4095)
	},
	"ondemand": func() {
		demand = new([20000]*marker)
		for i := 0; i < 1000; i++ {
			demand[i*20+19] = newMarker()
		}
		kit.Fact("array", int(uintptr(unsafe.Pointer(demand))))
		kit.Fact("markers", 1000)
	},
	"directory": func() {
		for i := 0; i < 9000; i++ {
			table[i] = newMarker()
		}
		kit.Fact("markers", 9000)
	},
	"stackobjects": func() {
		go reached()
		go unreached()
		kit.Fact("markers", 400)
	},
	"pcminusone": func() {
		s := new([300]*marker)
		markers(s[:])
		go keptAlive(s)
		kit.Fact("markers", 300)
	},
	"closures": func() {
		for i := 0; i < 100; i++ {
			m, r := newMarker(), &receiver{m: newMarker()}
			funcs = append(funcs, func() int { return int(m[0]) }, r.method, value{newMarker()}.method)
			changed := newMarker() // captured by reference
			setters = append(setters, func(n *marker) *marker { changed, n = n, changed; return n })
		}
		kit.Fact("markers", 400)
	},
	"stale":       stale,
	"finalizable": finalizable,
	"lastwords": func() {
		markers(lastWords[:])
		markers(lastData[:])
		kit.Fact("markers", len(lastWords)+len(lastData))
		kit.Fact("last_bss", int(uintptr(unsafe.Pointer(&lastWords[len(lastWords)-1]))))
		kit.Fact("last_data", int(uintptr(unsafe.Pointer(&lastData[len(lastData)-1]))))
	},
	"queued": queued,
	"window": func() {
		s := make([]*marker, 64) // 512 bytes: no room to spare in its slot
		markers(s)
		windowed = s[10:20:30]
		kit.Fact("markers", 64)
	},
}

var (
	thousand []*marker
	exactly  *[4095]*marker
	demand   *[20000]*marker
	table    = map[int]*marker{}
	funcs    []func() int
	setters  []func(*marker) *marker
	windowed []*marker
)

type receiver struct{ m *marker }
type value struct{ m *marker }

func (r *receiver) method() int { return len(r.m) }
func (v value) method() int     { return len(v.m) }

type store struct{ slots [400]*marker }

//go:noinline
func reached() {
	var s store
	markers(s.slots[:])
	wait(&s)
}

//go:noinline
func wait(s *store) {
	kit.Block()
	println(s.slots[0])
}

//go:noinline
func unreached() { // nothing reaches the variable any more while it waits
	var s store
	markers(s.slots[:])
	kit.Block()
}

// keptAlive has two calls without an instruction between them: the markers are live in the first
// one and dead in the second. The return address belongs to the second.
//
//go:noinline
func keptAlive(s *[300]*marker) {
	kit.Block()
	runtime.KeepAlive(s)
	other()
}

//go:noinline
func other() {}

// lastWords is the largest variable without a value at the start, so that the linker puts it last;
// its length is odd.
var lastWords [4099]*marker

// lastData is the same with a value.
var lastData = [2051]*marker{7: {}}

func main() {
	build, ok := cases[kit.Arg(1)]
	if !ok {
		os.Exit(2)
	}
	kit.Spread(build)
	kit.Serve()
}
