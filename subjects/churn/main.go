// A random program: objects of twenty shapes that refer to one another at random, made, dropped and
// rewired over many collections, from a fixed seed. Leaves the heap fragmented, with free slots full
// of stale pointers, and stacks full of stale words.
package main

import (
	"math/rand"
	"runtime"
	"strconv"
	"unsafe"

	"overhang.subjects/kit"
)

type any1 struct{ a any }
type two struct {
	n int
	a any
}
type pad[T any] struct {
	before [3]int
	body   T
	after  byte
	end    any
}

type store struct {
	slots [4000]any
}

var (
	random *rand.Rand
	kept   store
	extra  []any
)

func pick() any { return kept.slots[random.Intn(len(kept.slots))] }

func picks(n int) []any {
	s := make([]any, n, n+random.Intn(n+1))
	for i := range s {
		if random.Intn(3) == 0 {
			s[i] = pick()
		}
	}
	return s
}

// small makes an object of up to 512 bytes, large one beyond.
func small() any {
	switch random.Intn(10) {
	case 0:
		return &any1{pick()}
	case 1:
		return two{random.Int(), pick()}
	case 2:
		return &pad[[2]string]{body: [2]string{strconv.Itoa(random.Int())}, end: pick()}
	case 3:
		return &pad[[4]any]{body: [4]any{pick()}}
	case 4:
		return picks(1 + random.Intn(30))
	case 5:
		return make([]byte, random.Intn(500))
	case 6:
		return strconv.Itoa(random.Int())
	case 7:
		p := pick()
		return func() any { return p }
	case 8:
		return map[int]any{1: pick(), 2: pick()}
	}
	c := make(chan any, 1+random.Intn(4))
	c <- pick()
	return c
}

func large() any {
	switch random.Intn(8) {
	case 0:
		return picks(40 + random.Intn(1500))
	case 1:
		return make([]byte, 1+random.Intn(50_000))
	case 2:
		m := map[string]any{}
		for i := random.Intn(60); i > 0; i-- {
			m[strconv.Itoa(random.Intn(100))] = pick()
		}
		return m
	case 3:
		return &pad[[100]any]{body: [100]any{7: pick(), 99: pick()}, end: pick()}
	case 4:
		s := make([]pad[[3]any], 1+random.Intn(40))
		for i := range s {
			s[i].body[i%3] = pick()
		}
		return &s[random.Intn(len(s))] // by an element's address
	case 5:
		s := picks(100)
		return s[50:60:70]
	case 6:
		return &pad[[3000]*any1]{end: pick()}
	}
	b := make([]byte, 1000)
	return unsafe.Pointer(&b[500])
}

//go:noinline
func litter(depth int) int { // leaves pointers behind on the stack
	var room [40]any
	for i := range room {
		room[i] = small()
	}
	if depth > 0 {
		return litter(depth-1) + len(room)
	}
	return random.Intn(len(room))
}

func main() {
	seed, _ := strconv.Atoi(kit.Arg(1))
	random = rand.New(rand.NewSource(int64(seed)))
	for round := 0; round < 12; round++ {
		for i := 0; i < 15_000; i++ {
			v := small()
			if i%200 == 0 {
				v = large()
			}
			switch at := random.Intn(2 * len(kept.slots)); {
			case at < len(kept.slots):
				kept.slots[at] = v
			case i%50 == 0:
				extra = append(extra, v)
			}
		}
		for i := range kept.slots { // without this, chains of dropped objects live for ever
			if random.Intn(4) == 0 {
				kept.slots[i] = nil
			}
		}
		extra = extra[len(extra)/2:]
		litter(20)
		runtime.GC()
		for i := 0; i < 3; i++ {
			own := picks(20)
			if round == 7 {
				go func() { kit.Block(); println(own) }()
			}
		}
	}
	kit.Serve()
}
