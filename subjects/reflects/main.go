// Types and calls made by reflection: pointer maps that no compiler wrote.
package main

import (
	"fmt"
	"reflect"
	"strconv"

	"overhang.subjects/kit"
)

type leaf struct {
	name string
	next *leaf
}

func newLeaf(i int) *leaf { return &leaf{"leaf " + strconv.Itoa(i), &leaf{}} }

func (l *leaf) Wait(other *leaf, text string) *leaf {
	own := newLeaf(5)
	kit.Block()
	return &leaf{l.name + other.name + text, own}
}

type wide struct {
	a    [3]int
	p    *leaf
	text string
}

var (
	leafType = reflect.TypeOf((*leaf)(nil))
	made     []any
	values   []reflect.Value
	funcs    []func(*leaf, int) *leaf
	bound    []any
)

func structs() {
	for n := 1; n < 60; n += 7 {
		var fields []reflect.StructField
		for i := 0; i < n; i++ {
			t := []reflect.Type{reflect.TypeOf(0), leafType, reflect.TypeOf(""), reflect.TypeOf([]*leaf{}),
				reflect.TypeOf(byte(0)), reflect.TypeOf(wide{})}[i%6]
			fields = append(fields, reflect.StructField{Name: "F" + strconv.Itoa(i), Type: t})
		}
		t := reflect.StructOf(fields)
		v := reflect.New(t)
		for i := 0; i < n; i++ {
			switch i % 6 {
			case 1:
				v.Elem().Field(i).Set(reflect.ValueOf(newLeaf(i)))
			case 2:
				v.Elem().Field(i).SetString("string " + strconv.Itoa(i))
			case 3:
				v.Elem().Field(i).Set(reflect.ValueOf([]*leaf{newLeaf(i), nil}))
			case 5:
				v.Elem().Field(i).Set(reflect.ValueOf(wide{p: newLeaf(i)}))
			}
		}
		made = append(made, v.Interface())
		s := reflect.MakeSlice(reflect.SliceOf(t), n, 2*n)
		s.Index(n / 2).Set(v.Elem())
		made = append(made, s.Interface())
		values = append(values, s.Index(n/2))
	}
}

func arrays() {
	for _, n := range []int{1, 3, 8, 63, 64, 65, 100, 1000, 4095, 4096, 20000} {
		v := reflect.New(reflect.ArrayOf(n, leafType))
		for i := 0; i < n; i += 1 + i/10 {
			v.Elem().Index(i).Set(reflect.ValueOf(newLeaf(i)))
		}
		made = append(made, v.Interface())
		if n <= 1000 {
			w := reflect.New(reflect.ArrayOf(n, reflect.TypeOf(wide{})))
			w.Elem().Index(n - 1).Set(reflect.ValueOf(wide{p: newLeaf(n), text: strconv.Itoa(n)}))
			made = append(made, w.Interface())
		}
	}
	nested := reflect.New(reflect.ArrayOf(700, reflect.ArrayOf(30, reflect.TypeOf(wide{}))))
	for i := 0; i < 700; i++ {
		nested.Elem().Index(i).Index(i % 30).Set(reflect.ValueOf(wide{p: newLeaf(i)}))
	}
	made = append(made, nested.Interface())
}

func containers() {
	key := reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeOf("")}, {Name: "B", Type: leafType}})
	m := reflect.MakeMap(reflect.MapOf(key, reflect.SliceOf(leafType)))
	big := reflect.MakeMap(reflect.MapOf(reflect.ArrayOf(40, leafType), reflect.ArrayOf(40, leafType)))
	ch := reflect.MakeChan(reflect.ChanOf(reflect.BothDir, key), 10)
	for i := 0; i < 30; i++ {
		k := reflect.New(key).Elem()
		k.Field(0).SetString("key " + strconv.Itoa(i))
		k.Field(1).Set(reflect.ValueOf(newLeaf(i)))
		m.SetMapIndex(k, reflect.ValueOf([]*leaf{newLeaf(i)}))
		a := reflect.New(reflect.ArrayOf(40, leafType)).Elem()
		a.Index(i).Set(reflect.ValueOf(newLeaf(i)))
		big.SetMapIndex(a, a)
		if i < 8 {
			ch.Send(k)
		}
	}
	made = append(made, m.Interface(), big.Interface(), ch.Interface())
	iter := m.MapRange()
	iter.Next()
	values = append(values, iter.Key(), iter.Value())
	go func() { iter.Next(); kit.Block(); iter.Next() }()
	made = append(made, reflect.New(reflect.FuncOf([]reflect.Type{leafType}, nil, false)).Interface())
}

func calls() {
	swap := func(args []reflect.Value) []reflect.Value {
		own := newLeaf(int(args[1].Int()))
		if args[1].Int() < 0 {
			kit.Block()
		}
		return []reflect.Value{reflect.ValueOf(own)}
	}
	for i := 0; i < 10; i++ {
		i := i // to Go 1.21 all iterations have one
		f := reflect.MakeFunc(reflect.TypeOf((func(*leaf, int) *leaf)(nil)), swap).Interface().(func(*leaf, int) *leaf)
		funcs = append(funcs, f)
		f(newLeaf(i), i)
		l := newLeaf(i)
		method := reflect.ValueOf(l).MethodByName("Wait")
		bound = append(bound, method.Interface())
		go func() { println(f(newLeaf(i), -1).name) }()                                           // makeFuncStub
		go method.Interface().(func(*leaf, string) *leaf)(newLeaf(i), "text "+strconv.Itoa(i))    // methodValueCall
		go method.Call([]reflect.Value{reflect.ValueOf(newLeaf(i)), reflect.ValueOf("constant")}) // reflectcall
		go manyArguments(i)
		go func() {
			cases := []reflect.SelectCase{
				{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(make(chan *leaf))},
				{Dir: reflect.SelectSend, Chan: reflect.ValueOf(make(chan *leaf)), Send: reflect.ValueOf(newLeaf(i))},
			}
			reflect.Select(cases)
			fmt.Println(cases)
		}()
	}
}

// manyArguments makes a call whose arguments do not fit in registers.
func manyArguments(i int) {
	f := func(a wide, b [4]*leaf, c string, d ...any) []*leaf {
		own := newLeaf(i)
		kit.Block()
		return append(b[:], own, a.p)
	}
	reflect.ValueOf(f).Call([]reflect.Value{reflect.ValueOf(wide{p: newLeaf(i)}), reflect.ValueOf([4]*leaf{newLeaf(i), nil, newLeaf(i)}),
		reflect.ValueOf("c " + strconv.Itoa(i)), reflect.ValueOf(newLeaf(i)), reflect.ValueOf(i)})
}

func main() {
	for _, f := range []func(){structs, arrays, containers, calls} {
		kit.Spread(f)
	}
	fmt.Fprint(discard{}, made)
	kit.Serve()
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
