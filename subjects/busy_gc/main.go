// A program that collects all the time: maps and slices that grow, timers, channels, pointers handed
// from goroutine to goroutine.
package main

import (
	"math/rand"
	"sync/atomic"
	"time"

	"overhang.subjects/kit"
)

type node struct {
	next    *node
	payload []byte
	any     any
}

type worker struct {
	byKey    map[int]*kit.Witness // grows and starts anew; key -1 stays
	byName   map[string][]byte
	list     []*kit.Witness // grows and starts anew; element 0 stays
	arrays   [][4]*kit.Witness
	first    *node
	length   int
	here     atomic.Pointer[kit.Witness] // one witness, to and fro
	there    atomic.Pointer[kit.Witness]
	timer    *time.Timer
	dropper  kit.Dropper
	random   *rand.Rand
	large    []*node
	finished atomic.Int64
}

var all []*worker

func witness() *kit.Witness {
	w := kit.NewWitness()
	w.Child = kit.NewWitness()
	return w
}

// spin is a loop without a call, which only a signal can stop; its witness is in a register.
//
//go:noinline
func spin(w *kit.Witness, n int) (sum uint64) {
	for ; n > 0; n-- {
		sum = sum*31 + w.Sum()
	}
	return sum
}

// ring hands one witness round by channels, which nothing else refers to.
func ring(n, buffer int) {
	first := make(chan *kit.Witness, buffer)
	in := first
	for i := 0; i < n; i++ {
		out := make(chan *kit.Witness, buffer)
		if i == n-1 {
			out = first
		}
		go func(in, out chan *kit.Witness) {
			for w := range in {
				if w.Child != nil && rand.Intn(64) == 0 {
					time.Sleep(50 * time.Microsecond)
				}
				select {
				case out <- w:
				case out <- w:
				}
			}
		}(in, out)
		in = out
	}
	first <- kit.Lives(witness())
}

func (w *worker) step() {
	n := w.random.Intn(1000)
	w.byKey[n] = kit.NewWitness()
	if len(w.byKey) > 600 {
		w.byKey = map[int]*kit.Witness{-1: w.byKey[-1]}
	}
	w.byName[time.Duration(n).String()] = make([]byte, n)
	if n < 3 {
		clear(w.byName)
	}
	if w.list = append(w.list, kit.NewWitness()); len(w.list) > 500+n {
		w.list = append(make([]*kit.Witness, 0, 1), w.list[0])
	}
	var four [4]*kit.Witness
	four[n%4] = w.list[0]
	if w.arrays = append(w.arrays, four); len(w.arrays) > 100 {
		w.arrays = w.arrays[:0:0]
	}
	w.first = &node{w.first, make([]byte, n/2), w.length}
	if w.length++; w.length > 300 {
		w.first, w.length = nil, 0
	}
	if v := w.here.Swap(nil); v != nil {
		w.there.Store(v)
	} else {
		w.here.Store(w.there.Swap(nil))
	}
	if n%64 == 1 {
		w.finished.Add(int64(spin(kit.NewWitness(), 1000*n)))
	}
	if n%16 == 0 {
		w.large = make([]*node, 5000+n)
		w.large[n] = w.first
		w.timer.Reset(time.Millisecond)
		x := kit.NewWitness()
		time.AfterFunc(time.Microsecond, func() { w.finished.Add(int64(len([]*kit.Witness{x}))) })
	}
	w.dropper.Drop()
}

func newWorker(i int) func() {
	w := &worker{dropper: kit.NewDropper(), random: rand.New(rand.NewSource(int64(i)))}
	w.byKey = map[int]*kit.Witness{-1: kit.Lives(witness())}
	w.byName = map[string][]byte{}
	w.list = []*kit.Witness{kit.Lives(witness())}
	w.here.Store(kit.Lives(witness()))
	captured := kit.Lives(witness())
	w.timer = time.AfterFunc(time.Hour, func() { w.finished.Add(int64(len([]*kit.Witness{captured}))) })
	all[i] = w
	return w.step
}

func main() {
	const workers = 4
	all = make([]*worker, workers)
	ring(3, 0)
	ring(5, 1)
	kit.Work(workers, newWorker)
	// A step ends a map, a list, a chain and what they held.
	kit.Fact("objects_per_step", 4000)
	kit.ServeBusy()
}
