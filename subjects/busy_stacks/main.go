// A program whose stacks are never the same: deep recursions that grow and shrink them, frames that
// hold the only pointers to things, defers, panics, goroutines that start and end.
package main

import (
	"math/rand"
	"runtime"
	"sync"
	"time"

	"overhang.subjects/kit"
)

// A link stands on the stack; deeper frames hold pointers to it, and it alone holds the witness.
type link struct {
	up      *link
	witness *kit.Witness
	room    [6]int
}

//go:noinline
func use(l *link) int {
	n := 0
	for ; l != nil; l = l.up {
		if l.witness != nil {
			n++
		}
	}
	return n
}

//go:noinline
func descend(depth int, up *link, fresh bool) int {
	l := link{up: up}
	if fresh {
		l.witness = kit.NewWitness()
	}
	if depth == 0 {
		return use(&l)
	}
	n := descend(depth-1, &l, fresh)
	if l.witness != nil {
		n++
	}
	return n
}

type trouble struct{ witness *kit.Witness }

//go:noinline
func deferred(depth int, up *link, w *kit.Witness) (n int) {
	defer func() {
		if r := recover(); r != nil {
			if t, ok := r.(trouble); ok && t.witness == w {
				n++
			}
		}
	}()
	for i := 0; i < depth%4; i++ { // not open-coded: a record each, on the heap
		defer func(x *kit.Witness) {
			if x.Child == nil {
				n++
			}
		}(kit.NewWitness())
	}
	l := link{up: up, witness: w}
	if depth == 0 {
		panic(trouble{w})
	}
	n = deferred(depth-1, &l, w) + use(&l)
	var array []int
	if depth == 3 {
		return array[depth] // a panic of the runtime's own
	}
	var nothing *link
	if depth == 5 {
		return nothing.room[2] // and one by a signal
	}
	return n
}

//go:noinline
func big(n int) int {
	var room [3000]*kit.Witness
	room[n] = kit.NewWitness()
	if n > 0 {
		return big(n-1) + len(room)
	}
	runtime.Gosched()
	if room[n] != nil {
		return 1
	}
	return 0
}

// A hold keeps its witness on its own stack alone.
func hold(done chan<- int) {
	l := link{witness: kit.Lives(kit.NewWitness())}
	l.witness.Child = kit.Lives(kit.NewWitness())
	n := 0
	for len(done) == 0 {
		n += descend(rand.Intn(400), &l, n%8 == 0)
		time.Sleep(time.Duration(rand.Intn(300)) * time.Microsecond)
		kit.Step()
	}
	done <- n + use(&l)
}

func newWorker(i int) func() {
	random := rand.New(rand.NewSource(int64(i)))
	dropper := kit.NewDropper()
	l := link{witness: kit.Lives(kit.NewWitness())}
	return func() {
		switch depth := random.Intn(120); random.Intn(6) {
		case 0:
			descend(8*depth, &l, depth%2 == 0)
		case 1:
			deferred(depth%20, &l, kit.NewWitness())
		case 2:
			big(random.Intn(3))
		case 3:
			var group sync.WaitGroup
			for j := 0; j < 8; j++ {
				group.Add(1)
				go func() {
					defer group.Done()
					descend(depth, &link{witness: l.witness}, true)
				}()
			}
			group.Wait()
		case 4:
			c := make(chan *link)
			go func() { c <- &link{witness: l.witness} }()
			descend(depth/4, <-c, true)
		case 5:
			dropper.Drop()
		}
	}
}

func main() {
	done := make(chan int, 100)
	for i := 0; i < 4; i++ {
		kit.Join()
		go hold(done)
	}
	kit.Work(3, newWorker)
	// A step ends a recursion with a witness a frame, or eight of up to 120 frames.
	kit.Fact("objects_per_step", 2000)
	kit.ServeBusy()
}
