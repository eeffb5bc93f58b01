// Maps of every shape: small, large, growing, emptied, with keys and values too big to be stored in
// place, nested, and one that a goroutine is in the midst of ranging over.
package main

import (
	"math"
	"strconv"

	"overhang.subjects/kit"
)

type payload struct {
	name string
	next *payload
	data []byte
}

func newPayload(i int) *payload {
	return &payload{"payload " + strconv.Itoa(i), &payload{data: make([]byte, 3)}, make([]byte, 10+i%50)}
}

type bigKey struct {
	id   int
	name *payload
	pad  [150]byte
}

type bigValue struct {
	pad  [20]uint64
	held *payload
	list []*payload
}

type holder struct {
	byName map[string]*payload
	byID   map[int]map[string]*payload
}

var (
	empty      = map[string]*payload{}
	absent     map[string]*payload
	small      = map[int]*payload{}
	eight      = map[string]*payload{}
	growing    []map[int]*payload // each has just begun to grow (6.5 entries a bucket, classic maps)
	large      = map[string]*payload{}
	hinted     = make(map[int]*payload, 5000)
	emptied    = map[int]*payload{}
	cleared    = map[string]*payload{}
	deleted    = map[int]*payload{}
	churned    = map[int]*payload{}
	keysOnly   = map[string]struct{}{}
	plain      = map[int64]int64{}
	plainBytes = map[uint8]uint8{}
	indirectK  = map[bigKey]int{}
	indirectV  = map[int]bigValue{}
	indirectKV = map[bigKey]bigValue{}
	slices     = map[string][]*payload{}
	arrays     = map[[3]string][2]*payload{}
	anything   = map[any]any{}
	nans       = map[float64]*payload{}
	funcs      = map[string]func() *payload{}
	chans      = map[chan *payload]chan int{}
	held       holder
	cloned     map[string]*payload
)

func fill() {
	for i := 0; i < 5; i++ {
		small[i] = newPayload(i)
	}
	for i := 0; i < 8; i++ {
		eight[strconv.Itoa(i)] = newPayload(i)
	}
	for b := 3; b <= 9; b++ {
		m := map[int]*payload{}
		for i := 0; i < 13<<b/2+1; i++ {
			m[i] = newPayload(i)
		}
		growing = append(growing, m)
	}
	for i := 0; i < 6000; i++ {
		large["key "+strconv.Itoa(i)] = newPayload(i)
		plain[int64(i)] = int64(i)
		plainBytes[uint8(i)] = 1
		keysOnly[strconv.Itoa(i)] = struct{}{}
	}
	for i := 0; i < 100; i++ {
		hinted[i] = newPayload(i)
		emptied[i] = newPayload(i)
		cleared[strconv.Itoa(i)] = newPayload(i)
		key := bigKey{id: i, name: newPayload(i)}
		indirectK[key] = i
		indirectV[i] = bigValue{held: newPayload(i), list: []*payload{newPayload(i), nil}}
		indirectKV[key] = bigValue{held: newPayload(i)}
		for j := 0; j < i%7; j++ {
			name := strconv.Itoa(i)
			slices[name] = append(slices[name], newPayload(j))
		}
		arrays[[3]string{strconv.Itoa(i), "b", strconv.Itoa(-i)}] = [2]*payload{newPayload(i), newPayload(i)}
		nans[math.NaN()] = newPayload(i)
		p := newPayload(i)
		funcs[strconv.Itoa(i)] = func() *payload { return p }
		chans[make(chan *payload, i%3)] = make(chan int, i%5)
	}
}

// What Go 1.21 does by clear and maps.Clone.
var (
	emptyAll = func(m map[string]*payload) {
		for k := range m {
			delete(m, k)
		}
	}
	clone = func(m map[string]*payload) map[string]*payload {
		out := make(map[string]*payload, len(m))
		for k, v := range m {
			out[k] = v
		}
		return out
	}
)

func fillMore() {
	anything[1] = newPayload(1)
	anything["two"] = []*payload{newPayload(2)}
	anything[[2]int{3, 3}] = map[string]*payload{"three": newPayload(3)}
	anything[newPayload(4)] = "four" + strconv.Itoa(len(small))
	for i := 0; i < 50; i++ {
		delete(emptied, i)
		delete(emptied, 50+i)
	}
	emptyAll(cleared)
	for i := 0; i < 3000; i++ {
		deleted[i] = newPayload(i)
	}
	for i := 0; i < 3000; i++ {
		if i%10 != 0 {
			delete(deleted, i)
		}
	}
	for i := 0; i < 20000; i++ { // overflow chains, same-size growth, tombstones
		churned[i] = newPayload(i)
		delete(churned, i-100)
	}
	held.byName = map[string]*payload{"x": newPayload(1)}
	held.byID = map[int]map[string]*payload{}
	for i := 0; i < 200; i++ {
		inner := map[string]*payload{}
		for j := 0; j < i%20; j++ {
			inner[strconv.Itoa(j)] = newPayload(j)
		}
		held.byID[i] = inner
	}
	cloned = clone(large)
	for i := 0; i < 5999; i++ {
		delete(cloned, "key "+strconv.Itoa(i))
	}
}

// walk stops halfway through a range, the iterator on its stack.
//
//go:noinline
func walk(m map[int]*payload, stop int, grow bool) (seen int) {
	for k, v := range m {
		if seen++; seen == stop {
			if grow { // the iterator keeps the table it began with
				for i := 0; i < 5000; i++ {
					m[1_000_000+i] = newPayload(i)
				}
			}
			kit.Block()
		}
		if v == nil {
			panic(k)
		}
	}
	return seen
}

// local keeps a map that only its stack knows.
//
//go:noinline
func local(n int) int {
	m := map[string]*payload{}
	for i := 0; i < n; i++ {
		m[strconv.Itoa(i)] = newPayload(i)
	}
	if n > 0 {
		kit.Block()
	}
	return len(m)
}

func main() {
	fill()
	fillMore()
	own := map[int]*payload{}
	for i := 0; i < 2000; i++ {
		own[i] = newPayload(i)
	}
	go walk(small, 3, false)
	go walk(growing[4], 100, false)
	go walk(own, 700, true)
	for _, n := range []int{1, 8, 9, 300} {
		go local(n)
	}
	own = nil
	kit.Serve()
}
