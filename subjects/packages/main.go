// A program of several packages that hides memory in many ways; the statements that do end in
// "// overhang: SITE".
package main

import (
	"container/heap"
	"fmt"
	"sync"

	"overhang.subjects/kit"
	"overhang.subjects/packages/broker"
	"overhang.subjects/packages/stack"
)

type Job struct {
	id   int
	data []byte
}

func job(i int) *Job { return &Job{i, make([]byte, 500)} }

var state struct {
	sync.Mutex
	jobs []*Job
	done []*Job
}

type jobHeap []*Job

func (h jobHeap) Len() int           { return len(h) }
func (h jobHeap) Less(i, j int) bool { return h[i].id < h[j].id }
func (h jobHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *jobHeap) Push(x any)        { *h = append(*h, x.(*Job)) }
func (h *jobHeap) Pop() any {
	old := *h
	n := len(old)
	item := old[n-1]
	*h = old[0 : n-1] // overhang: main.jh main.workers.queue
	return item
}

type Stack []*Job

func (s *Stack) Pop() *Job {
	n := len(*s) - 1
	j := (*s)[n]
	*s = (*s)[:n] // overhang: main.own
	return j
}

type Worker struct {
	scratch struct {
		rows []*Job
	}
	queue jobHeap
}

func (w *Worker) flush() {
	w.scratch.rows = w.scratch.rows[:0] // overhang: main.workers.scratch.rows
}

// Small enough to be inlined into the goroutine's wrapper: no function of that name is left.
func (w *Worker) pump(in, out chan *Job) {
	var queue []*Job
	for {
		var first *Job
		var to chan *Job
		if len(queue) > 0 {
			first, to = queue[0], out
		}
		select {
		case j := <-in:
			queue = append(queue, j)
		case to <- first:
			queue = queue[1:] // overhang: main.(*Worker).pump
		}
	}
}

type event struct {
	name string
	j    *Job
}

var (
	bk      = broker.New()
	st      stack.Stack[*Job]
	own     Stack
	workers = []*Worker{{}, {}}
	events  []event
	lru     = map[string]*Worker{"a": {}}
	jh      = &jobHeap{}
)

func filter(es []event, keep func(event) bool) []event {
	out := es[:0] // overhang: helper
	for _, e := range es {
		if keep(e) {
			out = append(out, e)
		}
	}
	return out
}

func main() {
	kit.Spread(work)
	kit.Serve()
	fmt.Println(lru, state.done)
}

func work() {
	for i := 0; i < 2000; i++ {
		bk.Add("t", &broker.Sub{ID: i, Buf: make([]byte, 300)})
		st.Push(job(i))
		own = append(own, job(i))
		heap.Push(jh, job(i))
		heap.Push(&workers[0].queue, job(i))
		workers[1].scratch.rows = append(workers[1].scratch.rows, job(i))
		state.jobs = append(state.jobs, job(i))
		events = append(events, event{fmt.Sprint("event ", i), job(i)})
	}
	for i := 0; i < 3; i++ {
		q := &broker.Queue{}
		for j := 0; j < 2000; j++ {
			q.Items = append(q.Items, &broker.Sub{ID: j, Buf: make([]byte, 1000)})
		}
		bk.Queues = append(bk.Queues, q)
	}
	for _, q := range bk.Queues {
		q.Pop()
		q.Items = q.Items[:10] // overhang: broker.Queue.Items
	}
	for i := 0; i < 1900; i++ {
		bk.Remove("t", i%50)
		st.Pop()
		own.Pop()
		heap.Pop(jh)
		heap.Pop(&workers[0].queue)
		state.Lock()
		k := i % len(state.jobs)
		state.jobs = append(state.jobs[:k], state.jobs[k+1:]...) // overhang: main.state.jobs
		state.Unlock()
	}
	workers[1].flush()
	in, out := make(chan *Job), make(chan *Job)
	go workers[0].pump(in, out)
	for i := 0; i < 500; i++ {
		in <- job(i)
	}
	for i := 0; i < 300; i++ {
		<-out
	}
	bk.Idle = bk.Idle[:10]                                                // overhang: main.bk.registry.Idle
	events = filter(events, func(e event) bool { return e.j.id%20 == 0 }) // overhang: main.events
}
