// One site of each category, with arrays whose layout is known slot for slot: what the pictures of the HTML
// report are held against.
package main

import (
	"fmt"
	"strings"

	"overhang.subjects/kit"
)

type job struct {
	id      int
	payload []byte
	labels  map[string]string
}

func newJob(i int) *job {
	j := &job{id: i, payload: make([]byte, 200+i%300)}
	if i%8 == 0 {
		j.labels = map[string]string{"queue": fmt.Sprint("q", i%5), "state": "done"}
	}
	return j
}

type registry struct{ entries []*job }

type point struct{ x, y, z float64 }

var (
	jobs, recent []*job            // two slices of one array: jobs [0:100], recent [700:750] up to 800
	queue        []*job            // drained at its head
	clipped      []*job            // a three-index slice of a large array
	header       string            // a few bytes of a large text
	first        *point            // one element of a batch
	registries   [40]*registry     // many holders of one kind
	byName       map[string][]*job // slices in a map
)

//go:noinline
func shared() {
	all := make([]*job, 1000)
	for i := 0; i < 600; i++ {
		all[i] = newJob(i)
	}
	for i := 700; i < 750; i++ {
		all[i] = newJob(i)
	}
	jobs = all[:100]
	recent = all[700:750:800]
}

//go:noinline
func separate() {
	queue = make([]*job, 0, 2000)
	for i := 0; i < 2000; i++ {
		queue = append(queue, newJob(i))
	}
	queue = queue[1500:]

	all := make([]*job, 5000)
	for i := range all {
		all[i] = newJob(i)
	}
	clipped = all[:20:20]

	text := strings.Repeat("Content-Type: text/plain\r\n", 40_000)
	header = text[1000:1026]

	points := make([]point, 10_000)
	first = &points[77]

	for i := range registries {
		r := &registry{}
		for n := 0; n < 50+i; n++ {
			r.entries = append(r.entries, newJob(n))
		}
		r.entries = r.entries[:10]
		registries[i] = r
	}

	byName = map[string][]*job{}
	for i := 0; i < 20; i++ {
		s := make([]*job, 64)
		for n := range s {
			s[n] = newJob(n)
		}
		byName[fmt.Sprint("name ", i)] = s[:4]
	}
}

func main() {
	kit.Spread(shared)
	kit.Spread(separate)
	kit.Serve()
}
