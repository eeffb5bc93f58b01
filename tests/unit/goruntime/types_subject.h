// The Go program whose types, maps, channels and closures the tests of the type table compare with
// what the program says of them. Its output, tab-separated:
//   T rtype name kind size elem key len methods direct words wordsum fields   facts by reflect; the
//     pointer words (count and sum of indices) are counted over the type's structure;
//     fields: name:offset:rtype:embedded;…
//   G name rtype          a global variable
//   D name size field:offset;…     a global whose type has no abi.Type
//   M name rtype header count keysum     a map and the sum of its keys' first words
//   C name rtype header elem len cap sum     a channel and the sum of its queued words
//   F name object word…     a func value, and what it captures
//   V name value
// Lines and words about log/slog are put in where the release has it (Go 1.21).
#pragma once

namespace overhang::test {

inline constexpr const char* kTypesSubject = R"GO(package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
//IMPORT slog
	"net/http"
	"net/url"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

type node struct {
	next *node
	kids []*node
	name string
	id   int
}
type Base struct {
	Mu sync.Mutex
	P  *int
}
type derived struct {
	Base
	*node
	flag  bool
	tail  [3]byte
	inner struct{ a, b any }
}
type Ring[T any] struct {
	items []T
	byKey map[string]T
	last  T
	next  *Ring[T]
}
type bigKey struct{ a [20]uint64 }
type bigElem struct {
	p *int
	a [30]int
}
type mixed struct {
	a int
	p *int
	s string
}
type huge struct {
	n    int
	rows [20000]mixed
	end  *node
}
type tree map[string]tree
type visitor func(*node, ...visitor) (visitor, error)
type emptyStruct struct{}
type onlyInDwarf struct {
	count int32
	p     *int
	s     []string
	text  string
	m     map[string]*node
	f     func(int)
	e     any
	r     io.Reader
	c     chan *node
	a     [7]*int
	in    alsoOnlyInDwarf
	u     unsafe.Pointer
	self  *onlyInDwarf
}
type alsoOnlyInDwarf struct {
	x uint8
	q *alsoOnlyInDwarf
}

var (
	ringOfRequests Ring[*http.Request]
	ringOfURLs     Ring[url.URL]
	lonely         onlyInDwarf
	theSyncMap     sync.Map
	thePool        = sync.Pool{New: func() any { return new(node) }}
	theAtomic      atomic.Pointer[node]
	theTimer       *time.Timer
	theHuge        *huge
	funcs          []any
	alive          []any
	theFlag        bool
)

func address(t reflect.Type) uintptr {
	if t == nil {
		return 0
	}
	return (*[2]uintptr)(unsafe.Pointer(&t))[1]
}

func words(t reflect.Type, base uintptr, visit func(uintptr)) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.String, reflect.Slice:
		visit(base / 8)
	case reflect.Interface: // cmd/compile/internal/typebits: "pointer in second slot"
		visit(base/8 + 1)
	case reflect.Array:
		for i := 0; i < t.Len(); i++ {
			words(t.Elem(), base+uintptr(i)*t.Elem().Size(), visit)
		}
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			words(t.Field(i).Type, base+t.Field(i).Offset, visit)
		}
	}
}

// Whether an interface holds a value of the type in its data word: a zero value's word is then 0.
func direct(t reflect.Type) int {
	if t.Kind() == reflect.Interface {
		return 0
	}
	v := reflect.New(t).Elem().Interface()
	if (*[2]uintptr)(unsafe.Pointer(&v))[1] == 0 {
		return 1
	}
	return 0
}

func facts(roots []reflect.Type) {
	seen := map[reflect.Type]bool{}
	work := roots
	add := func(t reflect.Type) reflect.Type {
		work = append(work, t)
		return t
	}
	for len(work) > 0 {
		t := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[t] || len(seen) > 3000 {
			continue
		}
		seen[t] = true
		var elem, key uintptr
		var length, methods int
		fields := ""
		switch t.Kind() {
		case reflect.Map:
			key = address(add(t.Key()))
			elem = address(add(t.Elem()))
		case reflect.Array:
			length = t.Len()
			elem = address(add(t.Elem()))
		case reflect.Pointer, reflect.Slice, reflect.Chan:
			elem = address(add(t.Elem()))
		case reflect.Interface:
			methods = t.NumMethod()
		case reflect.Struct:
			for i := 0; i < t.NumField(); i++ {
				f := t.Field(i)
				fields += fmt.Sprintf("%s:%d:%x:%v;", f.Name, f.Offset, address(add(f.Type)), f.Anonymous)
			}
		}
		var n, sum uint64
		words(t, 0, func(w uintptr) { n++; sum += uint64(w) })
		alive = append(alive, t)
		fmt.Printf("T\t%x\t%s\t%d\t%d\t%x\t%x\t%d\t%d\t%d\t%d\t%d\t%s\n", address(t), t, t.Kind(), t.Size(),
			elem, key, length, methods, direct(t), n, sum, fields)
	}
}

func of[T any]() reflect.Type { return reflect.TypeOf((*T)(nil)).Elem() }

func madeAtRunTime() []reflect.Type {
	field := func(name string, t reflect.Type) reflect.StructField {
		return reflect.StructField{Name: name, Type: t}
	}
	s := reflect.StructOf([]reflect.StructField{field("A", of[int32]()), field("B", of[*node]()), field("C", of[[]string]())})
	m := reflect.MapOf(of[bigKey](), s)
	value := reflect.MakeMap(m)
	for i := 0; i < 100; i++ {
		value.SetMapIndex(reflect.ValueOf(bigKey{[20]uint64{uint64(i)}}), reflect.New(s).Elem())
	}
	printMap("reflected", m, value.UnsafePointer(), 100, 99*50)
	alive = append(alive, value.Interface())
	return []reflect.Type{s, m, reflect.ArrayOf(11, s), reflect.ArrayOf(30000, of[mixed]()), reflect.SliceOf(s), reflect.PointerTo(s),
		reflect.ChanOf(reflect.RecvDir, s), reflect.FuncOf([]reflect.Type{s, of[[]int]()}, []reflect.Type{of[error](), s}, true)}
}

func printMap(name string, t reflect.Type, header unsafe.Pointer, count int, sum uint64) {
	fmt.Printf("M\t%s\t%x\t%x\t%d\t%d\n", name, address(t), header, count, sum)
}

func fill[K comparable, V any](name string, n int, key func(uint64) K, remove uint64) {
	m := map[K]V{}
	var sum, count uint64
	for i := uint64(1); i <= uint64(n); i++ {
		var v V
		m[key(i)] = v
	}
	for i := uint64(1); i <= remove; i++ {
		delete(m, key(i*3))
	}
	for i := uint64(1); i <= uint64(n); i++ {
		if _, ok := m[key(i)]; ok {
			sum += i
			count++
		}
	}
	alive = append(alive, m)
	printMap(name, reflect.TypeOf(m), *(*unsafe.Pointer)(unsafe.Pointer(&m)), int(count), sum)
}

func maps() {
	id := func(i uint64) uint64 { return i }
	big := func(i uint64) bigKey { return bigKey{[20]uint64{i}} }
	fill[uint64, *node]("empty", 0, id, 0)
	fill[uint64, *node]("one", 1, id, 0)
	fill[uint64, *node]("small", 7, id, 0)
	fill[uint64, *node]("growing", GROWING, id, 0)
	fill[uint64, *node]("large", 100000, id, 0)
	fill[uint64, uint64]("plain", 5000, id, 0)
	fill[uint64, bigElem]("bigelem", 300, id, 40)
	fill[bigKey, string]("bigkey", 300, big, 40)
	fill[uint64, emptyStruct]("set", 4000, id, 1000)
}

func channels() {
	c := make(chan *node, 4)
	for i := 0; i < 3; i++ {
		c <- &node{id: i}
	}
	<-c
	<-c
	a, b := &node{}, &node{}
	c <- a
	c <- b
	first := <-c
	c <- first
	sum := uintptr(unsafe.Pointer(a)) + uintptr(unsafe.Pointer(b)) + uintptr(unsafe.Pointer(first))
	ints := make(chan uint64, 10)
	ints <- 5
	ints <- 7
	none := make(chan *node)
	show := func(name string, c any, header unsafe.Pointer, length, capacity int, sum uintptr) {
		t := reflect.TypeOf(c)
		alive = append(alive, c)
		fmt.Printf("C\t%s\t%x\t%x\t%x\t%d\t%d\t%d\n", name, address(t), header, address(t.Elem()), length, capacity, sum)
	}
	show("pointers", c, *(*unsafe.Pointer)(unsafe.Pointer(&c)), 3, 4, sum)
	show("ints", ints, *(*unsafe.Pointer)(unsafe.Pointer(&ints)), 2, 10, 12)
	show("unbuffered", none, *(*unsafe.Pointer)(unsafe.Pointer(&none)), 0, 0, 0)
}

//go:noinline
func makeClosure(text string, n *node) (func(), *int) {
	counter := 0
	return func() {
		defer func() { recover() }()
		counter++
		fmt.Fprintln(io.Discard, text, n.id, counter)
	}, &counter
}

func (n *node) method(i int) { n.id += i }
func (m mixed) value() string { return m.s }

//go:noinline
func methodValue(n *node) func(int) { return n.method }

//go:noinline
func valueMethodValue(m mixed) func() string { return m.value }

//go:noinline
func interfaceMethodValue(r io.Reader) func([]byte) (int, error) { return r.Read }

func closures() {
	object := func(f any) uintptr { return (*[2]uintptr)(unsafe.Pointer(&f))[1] }
	text := string([]byte("captured"))
	n := &node{id: 3}
	f, counter := makeClosure(text, n)
	f()
	fmt.Printf("F\tclosure\t%x\t%x\t%x\t%x\n", object(f), unsafe.Pointer(counter), unsafe.Pointer(stringData(text)), unsafe.Pointer(n))
	m := methodValue(n)
	fmt.Printf("F\tmethod\t%x\t%x\n", object(m), unsafe.Pointer(n))
	v := valueMethodValue(mixed{7, nil, text})
	fmt.Printf("F\tvalue\t%x\t%x\n", object(v), unsafe.Pointer(stringData(text)))
	buffer := bytes.NewReader(nil)
	r := interfaceMethodValue(buffer)
	fmt.Printf("F\tinterface\t%x\t%x\n", object(r), unsafe.Pointer(buffer))
	plain := closures
	fmt.Printf("F\tplain\t%x\n", object(plain))
	made := reflect.MakeFunc(reflect.TypeOf(plain), func([]reflect.Value) []reflect.Value { return nil }).Interface()
	fmt.Printf("F\treflected\t%x\n", object(made))
	funcs = append(funcs, f, m, v, r, plain, made, text, n, buffer)
}

// stringData is unsafe.StringData (Go 1.20).
func stringData(s string) *byte { return *(**byte)(unsafe.Pointer(&s)) }

func main() {
	debug.SetGCPercent(-1) // so that thePool's local pools are not made victims
	reflected := madeAtRunTime()
	facts(append(reflected, of[bool](), of[complex128](), of[uintptr](), of[unsafe.Pointer](), of[float32](), of[string](),
		of[any](), of[error](), of[io.ReadWriter](), of[node](), of[derived](), of[Ring[int]](), of[Ring[*http.Request]](),
		of[Ring[url.URL]](), of[huge](), of[[40000]*int](), of[[5][7]*int](), of[[100]mixed](), of[[2]mixed](), of[[0]*int](),
		of[tree](), of[visitor](), of[emptyStruct](), of[map[bigKey]bigElem](), of[map[string]*node](), of[<-chan int](),
		of[chan<- *node](), of[http.Server](), of[context.Context](), of[time.Timer](), of[sync.Pool](), of[sync.Map](),
		of[atomic.Pointer[node]](), /*slog*/of[os.File](), of[struct {
			a int `json:"a/b"`
			B *url.URL
		}](), of[struct{ p *int }](), of[[1]*int](), of[[1]struct{ m map[int]int }](), of[reflect.Value]()))
	maps()
	channels()
	closures()
	for i := 0; i < 500; i++ {
		theSyncMap.Store(i, &node{id: i})
	}
	for i := 0; i < 500; i++ {
		theSyncMap.Load(i)
	}
	thePool.Put(new(node))
	theAtomic.Store(&node{})
	theTimer = time.NewTimer(time.Hour)
	theHuge = new(huge)
	ringOfRequests.last = &http.Request{}
	ringOfURLs.last = url.URL{}
	lonely.count++
	lonely.in.x++
	fmt.Printf("G\tmain.ringOfRequests\t%x\n", address(reflect.TypeOf(ringOfRequests)))
	fmt.Printf("G\tmain.ringOfURLs\t%x\n", address(reflect.TypeOf(ringOfURLs)))
	fmt.Printf("G\tmain.theHuge\t%x\n", address(reflect.TypeOf(theHuge)))
	fmt.Printf("G\tmain.alive\t%x\n", address(reflect.TypeOf(alive)))
	l := &lonely
	fmt.Printf("D\tmain.lonely\t%d\tcount:%d;p:%d;s:%d;text:%d;m:%d;f:%d;e:%d;r:%d;c:%d;a:%d;in:%d;u:%d;self:%d;\n", unsafe.Sizeof(*l),
		unsafe.Offsetof(l.count), unsafe.Offsetof(l.p), unsafe.Offsetof(l.s), unsafe.Offsetof(l.text), unsafe.Offsetof(l.m),
		unsafe.Offsetof(l.f), unsafe.Offsetof(l.e), unsafe.Offsetof(l.r), unsafe.Offsetof(l.c), unsafe.Offsetof(l.a),
		unsafe.Offsetof(l.in), unsafe.Offsetof(l.u), unsafe.Offsetof(l.self))
	fmt.Printf("V\tprocs\t%d\n", runtime.GOMAXPROCS(0))
	fmt.Println("ready")
	for !theFlag {
		time.Sleep(time.Hour)
	}
}
)GO";

}  // namespace overhang::test
