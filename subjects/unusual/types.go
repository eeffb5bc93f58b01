package main

import (
	"fmt"
	"reflect"

	"overhang.subjects/kit"
)

type empty struct{}

// Values of no size within objects, at their start, in the middle and past their end.
type hollow struct {
	first [0]*leaf
	p     *leaf
	none  [10]empty
	q     *leaf
	last  [3]empty
}

var (
	nothing     []struct{}
	nothings    [][]struct{}
	noArrays    [][0]*leaf
	hollows     []*hollow
	inside      [][]empty
	pointers    []*struct{}
	setOfAll    map[int]struct{}
	nothingBy   map[struct{}]*leaf
	functions   []any
	values      []any
	typed       []func(*leaf, int) *leaf
	shared      []large
	copies      []*large
	globalLarge large
	globalRows  [3000]row // 1.23 and before: a GC program
)

type row struct {
	n    int
	p    *leaf
	name string
	any  any
	list []*leaf
}

// large is described by a GC program up to Go 1.23, and by a mask made on demand from Go 1.24 on.
type large struct {
	rows [2000]row
	pad  [5000]int
	last [100]struct {
		a int
		p *leaf
	}
}

func zeroSize(size int) func() {
	nothing = make([]struct{}, 1000000000)
	nothings = append(nothings, nothing[5:5], nothing[:7:9], make([]struct{}, 0), nothing[1:])
	noArrays = make([][0]*leaf, 1<<40)[: 5 : 1<<39]
	setOfAll, nothingBy = map[int]struct{}{}, map[struct{}]*leaf{{}: newLeaf(1)}
	for i := 0; i < size; i++ {
		h := &hollow{p: newLeaf(i), q: newLeaf(-i)}
		if i%2 == 0 {
			hollows = append(hollows, h)
		}
		inside = append(inside, h.none[:], h.none[3:5:7], h.last[:])
		pointers = append(pointers, (*struct{})(&h.none[9]), &struct{}{})
		setOfAll[i] = struct{}{}
	}
	table = truncated(10, 100)
	return func() { clearTail(table) }
}

func fillLarge(l *large, n int) {
	for i := range l.rows {
		if (i+n)%7 == 0 {
			l.rows[i] = row{i, newLeaf(i), fmt.Sprint("row ", i), newLeaf(-i), truncated(1, 1)}
		}
	}
	for i := range l.last {
		l.last[i].p = newLeaf(i)
	}
}

func clearLarge(l *large) {
	for i := range l.rows {
		clearTail(l.rows[i].list)
	}
}

// largeTypes holds large values in globals, on the heap one by one and in a slice, and on a stack.
func largeTypes(size int) func() {
	fillLarge(&globalLarge, 1)
	for i := range globalRows {
		globalRows[i].p = newLeaf(i)
		globalRows[i].list = truncated(1, 1)
	}
	for i := 0; i < size; i++ {
		copies = append(copies, new(large))
		fillLarge(copies[i], i)
	}
	shared = make([]large, size+2)[:size+1]
	for i := range shared[:cap(shared)] {
		fillLarge(&shared[:cap(shared)][i], i)
	}
	ready := make(chan bool)
	go onStack(ready)
	<-ready
	return func() {
		clearLarge(&globalLarge)
		for i := range globalRows {
			clearTail(globalRows[i].list)
		}
		for _, l := range copies {
			clearLarge(l)
		}
		for i := range shared {
			clearLarge(&shared[i])
		}
		shared[:cap(shared)][len(shared)] = large{}
	}
}

//go:noinline
func onStack(ready chan bool) {
	var local [1200]row // a stack object above the size that plain masks describe
	for i := range local {
		if i%5 == 0 {
			local[i].p, local[i].any = newLeaf(i), newLeaf(-i)
		}
	}
	hold(&local, ready)
}

//go:noinline
func hold(rows *[1200]row, ready chan bool) {
	ready <- true
	kit.Block()
	println(rows[0].n)
}

// madeTypes has the program make types that its executable does not describe.
func madeTypes(size int) func() {
	leafType := reflect.TypeOf((*leaf)(nil))
	for i := 0; i < size; i++ {
		array := reflect.ArrayOf(i%90+1, leafType)
		t := reflect.StructOf([]reflect.StructField{
			{Name: fmt.Sprint("N", i), Type: reflect.TypeOf(0)},
			{Name: "Leaf", Type: leafType},
			{Name: "Array", Type: array},
			{Name: "List", Type: reflect.SliceOf(array)}})
		v := reflect.New(t).Elem()
		v.Field(1).Set(reflect.ValueOf(newLeaf(i)))
		v.Field(2).Index(i % 90).Set(reflect.ValueOf(newLeaf(i)))
		list := reflect.MakeSlice(reflect.SliceOf(array), 3, 3)
		for k := 0; k < 3; k++ {
			list.Index(k).Index(0).Set(reflect.ValueOf(newLeaf(k)))
		}
		v.Field(3).Set(list.Slice(0, 1))
		values = append(values, v.Addr().Interface())

		m := reflect.MakeMap(reflect.MapOf(array, reflect.TypeOf([]*leaf(nil))))
		key := reflect.New(array).Elem()
		key.Index(0).Set(reflect.ValueOf(newLeaf(i)))
		m.SetMapIndex(key, reflect.ValueOf(truncated(1, 1)))
		c := reflect.MakeChan(reflect.ChanOf(reflect.BothDir, t), 2)
		c.Send(v)
		f := reflect.FuncOf([]reflect.Type{t}, []reflect.Type{array}, false)
		values = append(values, m.Interface(), c.Interface(), reflect.Zero(f).Interface())
	}
	return func() {
		for _, any := range values {
			switch v := reflect.ValueOf(any); v.Kind() {
			case reflect.Map:
				for it := v.MapRange(); it.Next(); {
					clearTail(it.Value().Interface().([]*leaf))
				}
			case reflect.Pointer:
				list := v.Elem().Field(3)
				list = list.Slice3(0, list.Cap(), list.Cap())
				for k := 1; k < list.Len(); k++ {
					list.Index(k).SetZero()
				}
			}
		}
	}
}

// madeFunctions are closures that reflect made, and method values by way of reflect.
func madeFunctions(size int) func() {
	var slices [][]*leaf
	signature := reflect.TypeOf((func(*leaf, int) *leaf)(nil))
	for i := 0; i < size; i++ {
		conns := truncated(2, 2)
		slices = append(slices, conns)
		f := reflect.MakeFunc(signature, func(args []reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.ValueOf(conns[args[1].Int()])}
		})
		typed = append(typed, f.Interface().(func(*leaf, int) *leaf))
		method := reflect.ValueOf(newLeaf(i)).MethodByName("Get")
		functions = append(functions, method.Interface(), method)
	}
	return func() {
		for _, s := range slices {
			clearTail(s)
		}
	}
}

func (l *leaf) Get(n int) int { return l.n + n }
