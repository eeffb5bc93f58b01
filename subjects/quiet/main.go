// Programs that hide nothing, each doing what programs do all day: a report on them must be empty.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"overhang.subjects/kit"
)

type order struct {
	ID    int               `json:"id"`
	Lines []line            `json:"lines"`
	Notes map[string]string `json:"notes"`
}

type line struct {
	Item  string  `json:"item"`
	Price float64 `json:"price"`
}

func newOrder(i int) *order {
	o := &order{ID: i, Notes: map[string]string{"customer": "number " + strconv.Itoa(i)}}
	for j := 0; j <= i%5; j++ {
		o.Lines = append(o.Lines, line{"item " + strconv.Itoa(j), float64(i)})
	}
	return o
}

// web serves a few thousand requests and then idles.
func web() {
	var mutex sync.Mutex
	orders := map[int]*order{}
	mux := http.NewServeMux()
	mux.HandleFunc("/orders", func(w http.ResponseWriter, r *http.Request) {
		var o order
		if json.NewDecoder(r.Body).Decode(&o) == nil {
			mutex.Lock()
			orders[o.ID] = &o
			mutex.Unlock()
		}
		json.NewEncoder(w).Encode(newOrder(o.ID))
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, mux)
	url := "http://" + listener.Addr().String() + "/orders"
	var group sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		worker := worker // to Go 1.21 all iterations have one
		group.Add(1)
		go func() {
			defer group.Done()
			for i := 0; i < 300; i++ {
				body, _ := json.Marshal(newOrder(worker*1000 + i))
				response, err := http.Post(url, "application/json", bytes.NewReader(body))
				if err != nil {
					panic(err)
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		}()
	}
	group.Wait()
	time.Sleep(20 * time.Millisecond)
}

var (
	jobs    = make(chan *order, 100)
	results = make(chan []byte, 100)
	totals  = struct {
		sync.Mutex
		byItem map[string]float64
	}{byItem: map[string]float64{}}
	archive [][]byte
)

// workers pass orders through channels and maps and keep the encoded results.
func workers() {
	for i := 0; i < 6; i++ {
		go func() {
			for o := range jobs {
				totals.Lock()
				for _, l := range o.Lines {
					totals.byItem[l.Item] += l.Price
				}
				totals.Unlock()
				data, _ := json.Marshal(o)
				results <- append([]byte(nil), data...)
			}
		}()
	}
	go func() {
		for i := 0; i < 3000; i++ {
			jobs <- newOrder(i)
		}
	}()
	for i := 0; i < 3000; i++ {
		if r := <-results; i%10 == 0 {
			archive = append(archive, r)
		}
	}
}

type pool struct {
	inUse []*order
	free  []*order
}

var tidyPool pool

// tidy is the leaking pool as it should have been written.
func (p *pool) tidy() {
	for i := 0; i < 5000; i++ {
		p.inUse = append(p.inUse, newOrder(i))
	}
	for len(p.inUse) > 200 {
		i, last := len(p.inUse)/2, len(p.inUse)-1
		p.inUse[i] = p.inUse[last]
		p.inUse[last] = nil
		p.inUse = p.inUse[:last]
	}
	for i := 0; i < 1000; i++ {
		p.free = append(p.free, newOrder(i))
	}
	for i := range p.free[50:] {
		p.free[50+i] = nil
	}
	p.free = p.free[:50]
}

// A ring keeps its slots in use, or nil.
type ring struct {
	slots       [256]*order
	first, used int
}

func (r *ring) push(o *order) {
	if r.used == len(r.slots) {
		r.slots[r.first] = nil
		r.first = (r.first + 1) % len(r.slots)
		r.used--
	}
	r.slots[(r.first+r.used)%len(r.slots)] = o
	r.used++
}

var (
	history ring
	words   = map[string][]string{}
	builder strings.Builder
	lru     = struct {
		order []string
		byKey map[string]*order
	}{byKey: map[string]*order{}}
)

// structures: a ring, an index of words, a cache that evicts by copying.
func structures() {
	for i := 0; i < 2000; i++ {
		history.push(newOrder(i))
		key := "key " + strconv.Itoa(i)
		lru.order = append(lru.order, key)
		lru.byKey[key] = newOrder(i)
		if len(lru.order) > 100 {
			delete(lru.byKey, lru.order[0])
			lru.order = append(lru.order[:0:0], lru.order[1:]...)
		}
	}
	for _, w := range strings.Fields(strings.Repeat("the quick brown fox jumps over the lazy dog ", 50)) {
		w = strings.Clone(w)
		words[w[:1]] = append(words[w[:1]], w)
	}
	for i := 0; i < 1000; i++ {
		builder.WriteString(strconv.Itoa(i))
	}
}

// A link is kept, the task that begins with it comes back by a cast. Both take a slot of 48 bytes.
type link struct {
	next, prev    *link
	id, seen, due int
}

type task struct {
	link
	order *order
}

var links []*link

func embedders() {
	for i := 0; i < 2000; i++ {
		t := &task{link{id: i}, newOrder(i)}
		links = append(links, &t.link)
	}
}

// walkers come to an array's elements one after the other, from its middle on.
func walkers() {
	orders := make([]order, 2000)
	for i := range orders {
		orders[i] = *newOrder(i)
	}
	started := make(chan bool)
	go walk(&orders[1000], 1000, started)
	<-started
}

//go:noinline
func walk(o *order, n int, step chan bool) (lines int) {
	for i := 0; i < n; i++ {
		step <- true
		lines += len(o.Lines)
		o = (*order)(unsafe.Add(unsafe.Pointer(o), unsafe.Sizeof(*o)))
	}
	return lines
}

func main() {
	programs := map[string]func(){"web": web, "workers": workers, "tidy": tidyPool.tidy, "structures": structures, "embedders": embedders, "prefixes": prefixes, "derived": derived, "walkers": walkers}
	program, ok := programs[kit.Arg(1)]
	if !ok {
		os.Exit(2)
	}
	kit.Spread(program)
	kit.Serve()
}
