package main

import (
	"container/heap"
	"strconv"
	"sync/atomic"
	"unsafe"

	"overhang.subjects/kit"
)

type Pool struct {
	name  string
	inUse []*Conn
}

// remove is the article's: the element moves to the end and the slice gets shorter.
func (p *Pool) remove(i int) {
	last := len(p.inUse) - 1
	p.inUse[i], p.inUse[last] = p.inUse[last], p.inUse[i]
	p.inUse = p.inUse[:last] // overhang: main.pool.inUse main.poolByPt.inUse main.Pool.inUse own.inUse
}

// drain removes until n are left.
func (p *Pool) drain(n int) {
	hide(p.inUse[n:])
	for len(p.inUse) > n {
		p.remove((len(p.inUse) * 7) % len(p.inUse))
	}
}

type Entry struct {
	name string
	p    *Payload
	at   int
}

type Room struct {
	id    int
	conns []*Conn
}

type Ring[T any] struct {
	first int
	items []T
}

type Node struct {
	items []*Conn
	next  *Node
}

// Registry stands behind a word that atomic operations swap, as the tree of hashicorp/go-memdb does.
type Registry struct {
	name  string
	pools []*Pool
}

// A Limits of its own stands in the middle of a Sender, and is handed on by its address.
type Limits struct{ rate, burst, retries, size, age int }

type Sender struct {
	limits  Limits
	peer    *Conn
	limits2 Limits
	pending []*Conn
}

// A Session keeps its first tags in itself.
type Session struct {
	tags    []string
	inline  [4]string
	pending []*Conn
}

type State struct {
	version int
	conns   []*Conn
}

var (
	pool     Pool
	poolByPt = &Pool{}
	registry unsafe.Pointer // *Registry
	plain    []*Conn
	entries  []Entry
	pools    = map[int]*Pool{}
	index    = map[string][]*Conn{}
	rooms    = map[string]Room{}
	table    [][]*Conn
	array    [5][]*Conn
	ring     Ring[*Conn]
	rings    []*Ring[*Conn]
	first    []*Conn
	second   []*Conn
	queue    = make(chan []*Conn, 4)
	box      any
	list     *[]*Conn
	chain    *Node
	state    atomic.Pointer[State]
	// One of each two is met before what stands between them.
	labels   [][]string
	limits   []*Limits
	mailings [][]Sender
	sessions []*Session
	tagged   [][]string
	zones    []*Limits

	senders  = map[int]*Sender{}
	handler  func(int) *Conn
	appender func(*Conn)
	lookup   = map[int]*Conn{}
	small    []*Conn

	anys    []any
	closers []closer
	outer   []any
	strs    []string
	funcs   []func() int
	buffers [][]byte
	maps    []map[int]*Conn
	chans   []chan *Conn
	pairs   [][2]*Conn
)

// tail describes a single array whose slots past len all held something once.
func tail[T any](site, kind, elem string, s []T, stale int) {
	expect(Site{Site: site, Kind: kind, Elem: elem, Category: "tail", Arrays: 1, Slots: cap(s), Visible: len(s), Stale: stale})
}

func init() {
	add("tail_global_field", func() {
		pool.inUse = conns(3000)
		pool.drain(300)
		tail("main.pool.inUse", "global", "*main.Conn", pool.inUse, 2700)
	})
	add("tail_behind_global_pointer", func() {
		poolByPt.inUse = conns(3000)
		poolByPt.drain(300)
		tail("main.poolByPt.inUse", "global", "*main.Conn", poolByPt.inUse, 2700)
	})
	add("tail_to_zero", func() {
		pool.inUse = conns(1000)
		pool.drain(0)
		tail("main.pool.inUse", "global", "*main.Conn", pool.inUse, 1000)
	})
	add("tail_global_slice", func() {
		plain = truncate(conns(2000), 100) // overhang: main.plain
		tail("main.plain", "global", "*main.Conn", plain, 1900)
	})
	add("tail_small", func() { // an array with its pointers in the span's bitmap
		small = truncate(conns(20), 3) // overhang: main.small
		tail("main.small", "global", "*main.Conn", small, 17)
	})
	add("tail_mostly_nil", func() { // the array is what matters
		plain = make([]*Conn, 1<<16)
		copy(plain, conns(20))
		n := len(plain[:10])
		hide(plain[n:])
		plain = plain[:n] // overhang: main.plain
		tail("main.plain", "global", "*main.Conn", plain, 10)
	})
	add("tail_structs", func() {
		for i := 0; i < 1500; i++ {
			entries = append(entries, Entry{"entry with the number " + strconv.Itoa(i), &Payload{data: make([]byte, 64)}, i})
		}
		entries = truncate(entries, 10) // overhang: main.entries
		tail("main.entries", "global", "main.Entry", entries, 1490)
	})
	add("tail_generic", func() {
		ring.items = truncate(conns(1000), 10) // overhang: main.ring.items
		tail("main.ring.items", "global", "*main.Conn", ring.items, 990)
	})
	add("tail_behind_pointer_to_slice", func() {
		s := truncate(conns(1000), 10) // overhang: main.list
		list = &s
		tail("main.list", "global", "*main.Conn", s, 990)
	})
	add("tail_atomic", func() {
		state.Store(&State{1, truncate(conns(1000), 10)}) // overhang: main.state.conns
		tail("main.state.conns", "global", "*main.Conn", state.Load().conns, 990)
	})
	add("tail_interface", func() {
		s := truncate(conns(1000), 10) // overhang: main.box
		box = s
		tail("main.box", "global", "*main.Conn", s, 990)
	})
}

// group describes several arrays of one site.
func group(site, kind string, all [][]*Conn, stale int) {
	s := Site{Site: site, Kind: kind, Elem: "*main.Conn", Category: "tail", Arrays: len(all), Stale: stale}
	for _, a := range all {
		s.Slots += cap(a)
		s.Visible += len(a)
	}
	expect(s)
}

func init() {
	add("tail_many_fields", func() {
		var all [][]*Conn
		for i := 0; i < 20; i++ {
			p := &Pool{name: "pool", inUse: conns(100)}
			p.drain(5)
			pools[i] = p
			all = append(all, p.inUse)
		}
		group("main.Pool.inUse", "field", all, 20*95)
	})
	add("tail_beside_a_part", func() {
		var all [][]*Conn
		for i := 0; i < 10; i++ {
			s := &Sender{}
			s.pending = truncate(conns(100), 5) // overhang: main.Sender.pending
			limits = append(limits, &s.limits2)
			senders[i] = s
			all = append(all, s.pending)
		}
		group("main.Sender.pending", "field", all, 10*95)
	})
	add("tail_of_elements_beside_a_part", func() {
		var all [][]*Conn
		for i := 0; i < 5; i++ {
			batch := make([]Sender, 3)
			for k := range batch {
				batch[k].pending = truncate(conns(100), 5) // overhang: main.Sender.pending
				all = append(all, batch[k].pending)
			}
			limits, zones = append(limits, &batch[1].limits2), append(zones, &batch[1].limits2)
			mailings = append(mailings, batch)
		}
		group("main.Sender.pending", "field", all, 15*95)
	})
	add("tail_beside_an_array", func() {
		var all [][]*Conn
		for i := 0; i < 10; i++ {
			s := &Session{}
			s.tags = append(s.inline[:0], "a", "b")
			labels, tagged = append(labels, s.tags), append(tagged, s.tags)
			s.pending = truncate(conns(100), 5) // overhang: main.Session.pending
			sessions = append(sessions, s)
			all = append(all, s.pending)
		}
		group("main.Session.pending", "field", all, 10*95)
	})
	add("tail_behind_unsafe_pointer", func() {
		r := &Registry{name: "registry"}
		var all [][]*Conn
		for i := 0; i < 10; i++ {
			p := &Pool{name: "pool", inUse: conns(100)}
			p.drain(5)
			r.pools = append(r.pools, p)
			all = append(all, p.inUse)
		}
		atomic.StorePointer(&registry, unsafe.Pointer(r))
		group("main.Pool.inUse", "field", all, 10*95)
	})
	add("tail_list_nodes", func() {
		var all [][]*Conn
		for i := 0; i < 30; i++ {
			chain = &Node{truncate(conns(50), 2), chain} // overhang: main.Node.items
			all = append(all, chain.items)
		}
		// The last node stands right behind the global, but it is one of many.
		group("main.Node.items", "field", all, 30*48)
	})
	add("tail_many_generics", func() {
		var all [][]*Conn
		for i := 0; i < 10; i++ {
			rings = append(rings, &Ring[*Conn]{items: truncate(conns(100), 5)}) // overhang: main.Ring[*main.Conn].items
			all = append(all, rings[i].items)
		}
		group("main.Ring[*main.Conn].items", "field", all, 10*95)
	})
	add("tail_map_values", func() {
		var all [][]*Conn
		for i := 0; i < 40; i++ {
			s := truncate(conns(100), 5) // overhang: main.index
			index["key "+strconv.Itoa(i)] = s
			all = append(all, s)
		}
		group("value of map main.index", "map", all, 40*95)
	})
	add("tail_map_of_structs", func() {
		var all [][]*Conn
		for i := 0; i < 40; i++ {
			s := Room{i, truncate(conns(100), 5)} // overhang: main.Room.conns
			rooms["key "+strconv.Itoa(i)] = s
			all = append(all, s.conns)
		}
		group("main.Room.conns", "field", all, 40*95)
	})
	add("tail_elements", func() {
		for i := 0; i < 10; i++ {
			table = append(table, truncate(conns(100), 5)) // overhang: main.table
		}
		group("element of main.table", "element", table, 10*95)
	})
	add("tail_array_elements", func() {
		for i := range array {
			array[i] = truncate(conns(100), 5) // overhang: main.array main.array[]
		}
		group("", "", array[:], 5*95) // "main.array" or "element of main.array": both tell
	})
	add("tail_in_channel", func() {
		var all [][]*Conn
		for i := 0; i < 3; i++ {
			s := truncate(conns(200), 5) // overhang: main.queue
			queue <- s
			all = append(all, s)
		}
		group("element of main.queue", "element", all, 3*195)
	})
}

// tell has the slices that it needs in a frame of its own.
//
//go:noinline
func tell[T any](site, elem string, all []T, n int) {
	hide(all[n:])
	tail(site, "local", elem, all[:n], len(all)-n)
	close(ran)
}

// run keeps its connections in a local variable; it waits for more.
//
//go:noinline
func (p *Pool) run(incoming chan *Conn) {
	var conns []*Conn
	for c := range incoming {
		if c != nil {
			conns = append(conns, c)
			continue
		}
		if len(conns) == 1000 {
			tell("conns in main.(*Pool).run", "*main.Conn", conns, 10)
		}
		conns = conns[:10] // overhang: conns
	}
	println(len(conns))
}

// batches collects and hands over; the batch's array is used again.
//
//go:noinline
func batches(incoming chan *Conn) {
	var batch []*Conn
	for c := range incoming {
		if c != nil {
			batch = append(batch, c)
			continue
		}
		send(batch)
		batch = batch[:0] // overhang: batch
		close(ran)
	}
	println(len(batch))
}

//go:noinline
func send(batch []*Conn) {
	hide(batch)
	tail("batch in main.batches", "local", "*main.Conn", batch[:0], len(batch))
}

// cut keeps the beginning of what a call returned.
//
//go:noinline
func cut(n int, incoming chan *Conn) {
	s, few := prepared(n), conns(n)
	s, few = s[:n], few[:n] // overhang: s
	close(ran)
	<-incoming
	send(s)
	send(few)
}

//go:noinline
func prepared(n int) []*Conn {
	s := conns(1000)
	hide(s[n:])
	tail("s in main.cut", "local", "*main.Conn", s[:n], len(s)-n)
	return s
}

// relay holds back what nobody takes yet.
//
//go:noinline
func relay(incoming chan *Conn, outgoing chan Conn) {
	var queue []*Conn
	for c := range incoming {
		queue = append(queue, c)
		for len(queue) > 0 {
			select {
			case c, ok := <-incoming:
				if !ok {
					return
				}
				queue = append(queue, c)
				if len(queue) == 1000 {
					hold(queue)
				}
			case outgoing <- *queue[0]:
				queue = queue[1:] // overhang: queue
			}
		}
	}
}

//go:noinline
func hold(queue []*Conn) {
	hide(queue)
	expect(Site{Site: "queue in main.relay", Kind: "local", Elem: "*main.Conn", Category: "head", Arrays: 1, Slots: cap(queue), Stale: len(queue)})
	close(ran)
}

type byID []*Conn

func (h byID) Len() int           { return len(h) }
func (h byID) Less(i, j int) bool { return h[i].id < h[j].id }
func (h byID) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byID) Push(c any)        { *h = append(*h, c.(*Conn)) }
func (h *byID) Pop() any {
	old := *h
	c := old[len(old)-1]
	*h = old[:len(old)-1] // overhang: waiting
	return c
}

// sorting has a heap that escapes, since an interface holds its address.
//
//go:noinline
func sorting(incoming chan *Conn) {
	var waiting byID
	for c := range incoming {
		if c != nil {
			heap.Push(&waiting, c)
			continue
		}
		hide(waiting[10:])
		for len(waiting) > 10 {
			heap.Pop(&waiting)
		}
		sorted <- cap(waiting)
	}
	println(len(waiting))
}

var sorted = make(chan int)

type task struct {
	id   int
	conn *Conn
}

var tasks []task

//go:noinline
func (t *task) run() { t.id++ }

type closer interface{ close() bool }

func (c *Conn) close() bool { return c.id >= 10 }

// closing keeps what is open, and calls through an interface.
//
//go:noinline
func closing(conns []closer, wait chan *Conn) {
	for {
		n := 0
		for i, c := range conns {
			if !c.close() {
				conns[i], conns[n] = conns[n], c
				n++
			}
		}
		if n < len(conns) {
			tell("conns in main.closing", "main.closer", conns, n)
		}
		conns = conns[:n] // overhang: conns
		c := <-wait
		conns = append(conns, c)
	}
}

var ran = make(chan bool)

//go:noinline
func newHandler(buf []*Conn) func(int) *Conn {
	return func(i int) *Conn { return buf[i] }
}

//go:noinline
func newAppender() func(*Conn) {
	var buf []*Conn
	return func(c *Conn) {
		if c == nil {
			buf = truncate(buf, 10) // overhang: main.newAppender.func1
			tail("buf captured by main.newAppender.func1", "captured", "*main.Conn", buf, 990)
			return
		}
		buf = append(buf, c)
	}
}

func init() {
	add("tail_local", func() {
		incoming := make(chan *Conn)
		go pool.run(incoming)
		for i := 0; i < 1000; i++ {
			incoming <- newConn(i)
		}
		incoming <- nil
		<-ran
		kept = incoming
	})
	add("tail_local_batch", func() {
		incoming := make(chan *Conn)
		go batches(incoming)
		for i := 0; i < 1000; i++ {
			incoming <- newConn(i)
		}
		incoming <- nil
		<-ran
		kept = incoming
	})
	add("tail_local_of_a_call", func() {
		go cut(10, kept)
		<-ran
	})
	add("tail_of_values_in_use", func() {
		for i := 0; i < 1000; i++ {
			tasks = append(tasks, task{i, newConn(i)})
		}
		tasks[0].run()
		tasks = truncate(tasks, 10) // overhang: main.tasks
		tail("main.tasks", "global", "main.task", tasks, 990)
	})
	add("tail_local_interfaces", func() {
		var all []closer
		for i := 0; i < 1000; i++ {
			all = append(all, newConn(i))
		}
		go closing(all, kept)
		<-ran
	})
	add("head_local", func() {
		incoming, outgoing := make(chan *Conn), make(chan Conn)
		go relay(incoming, outgoing)
		for i := 0; i < 1000; i++ {
			incoming <- newConn(i)
		}
		<-ran
		for i := 0; i < 1000; i++ {
			<-outgoing
		}
		kept = incoming
	})
	add("tail_escaped_locals", func() {
		slots := 0
		for k := 0; k < 2; k++ {
			incoming := make(chan *Conn)
			go sorting(incoming)
			for i := 0; i < 500; i++ {
				incoming <- newConn(i)
			}
			incoming <- nil
			slots += <-sorted
			keptToo = append(keptToo, incoming)
		}
		expect(Site{Site: "waiting in main.sorting", Kind: "local", Elem: "*main.Conn", Category: "tail", Arrays: 2, Slots: slots, Visible: 20, Stale: 980})
	})
	add("tail_captured", func() {
		s := truncate(conns(1000), 10) // overhang: main.newHandler.func1
		handler = newHandler(s)
		tail("buf captured by main.newHandler.func1", "captured", "*main.Conn", s, 990)
	})
	add("tail_captured_by_reference", func() {
		appender = newAppender()
		for i := 0; i < 1000; i++ {
			appender(newConn(i))
		}
		appender(nil)
	})
}

var kept chan *Conn
var keptToo []chan *Conn

func build[T any](to *[]T, name, elem string, n int, make func(i int) T) {
	for i := 0; i < n; i++ {
		*to = append(*to, make(i))
	}
	*to = truncate(*to, n/50) // overhang: main.anys main.closers main.strs main.funcs main.buffers main.maps main.chans main.pairs
	tail(name, "global", elem, *to, n-n/50)
}

func init() { // elements of every kind
	add("tail_of_interfaces", func() { build(&anys, "main.anys", "interface {}", 1000, func(i int) any { return newConn(i) }) })
	add("tail_of_closers", func() {
		build(&closers, "main.closers", "main.closer", 1000, func(i int) closer { return newConn(i) })
	})
	add("tail_of_strings", func() {
		build(&strs, "main.strs", "string", 1000, func(i int) string { return "a string with the number " + strconv.Itoa(i) })
	})
	add("tail_of_funcs", func() {
		build(&funcs, "main.funcs", "func() int", 1000, func(i int) func() int {
			c := newConn(i)
			return func() int { return c.id }
		})
	})
	add("tail_of_buffers", func() {
		build(&buffers, "main.buffers", "[]uint8", 1000, func(i int) []byte { return make([]byte, 200) })
	})
	add("tail_of_maps", func() {
		build(&maps, "main.maps", "map[int]*main.Conn", 200, func(i int) map[int]*Conn {
			m := map[int]*Conn{}
			for j := 0; j < 20; j++ {
				m[j] = newConn(j)
			}
			return m
		})
	})
	add("tail_of_chans", func() {
		build(&chans, "main.chans", "chan *main.Conn", 200, func(i int) chan *Conn {
			c := make(chan *Conn, 3)
			c <- newConn(i)
			return c
		})
	})
	add("tail_of_arrays", func() {
		build(&pairs, "main.pairs", "[2]*main.Conn", 500, func(i int) [2]*Conn { return [2]*Conn{newConn(i), newConn(-i)} })
	})
}

func init() { // what is retained is shared, cyclic or nested
	add("shared_array", func() {
		s := hide2(conns(1000), 200)
		first, second = s[:10], s[:200] // overhang: main.first main.second
		// The hidden slots begin where second ends.
		expect(Site{Site: "main.second", Kind: "global", Elem: "*main.Conn", Category: "tail", Arrays: 1, Slots: cap(s), Visible: 200,
			Stale: 800, Shared: "main.first"})
	})
	add("two_sites_hold_the_same", func() {
		all := conns(1000)
		a := append(make([]*Conn, 0, 1024), all...)
		b := append(make([]*Conn, 0, 1024), all...)
		first, second = truncate(a, 10), truncate(b, 10) // overhang: main.first main.second
		tail("main.first", "global", "*main.Conn", first, 990)
		tail("main.second", "global", "*main.Conn", second, 990)
	})
	add("hidden_but_visible_elsewhere", func() {
		s := conns(1000)
		for i, c := range s {
			if i%2 == 0 {
				lookup[i] = c
			}
		}
		plain = truncate(s, 10) // overhang: main.plain
		tail("main.plain", "global", "*main.Conn", plain, 990)
	})
	add("hidden_cycle", func() {
		s := conns(1000)
		for i, c := range s {
			c.peer = s[(i+1)%len(s)] // the last one's peer is visible, and the last visible one's is hidden no more
		}
		s[9].peer = nil
		plain = truncate(s, 10) // overhang: main.plain
		tail("main.plain", "global", "*main.Conn", plain, 990)
	})
	add("hidden_within_hidden", func() {
		for i := 0; i < 100; i++ {
			p := &Pool{inUse: conns(100)}
			p.inUse = p.inUse[:5] // overhang: main.Pool.inUse main.poolByPt.inUse
			outer = append(outer, p)
		}
		outer = truncate(outer, 0) // overhang: main.outer
		tail("main.outer", "global", "interface {}", outer, 100)
	})
	add("stack_object", func() {
		done := make(chan bool)
		go func() {
			var own Pool
			own.inUse = conns(1000)
			own.drain(10)
			tail("own.inUse in main.init.func1", "local", "*main.Conn", own.inUse, 990)
			expected[0].Site = "" // the closure's number is the compiler's affair
			close(done)
			waitWith(&own)
		}()
		<-done
	})
}

//go:noinline
func waitWith(p *Pool) {
	kit.Block()
	p.remove(0)
}

// hide2 is truncate for a slice that is yet to be cut.
func hide2(s []*Conn, n int) []*Conn {
	hide(s[n:])
	return s
}
