package main

import (
	"strconv"
	"strings"
	"unsafe"
)

type Pool struct {
	name  string
	inUse []*Conn
}

type Point struct{ x, y, z float64 }

var (
	pool          Pool
	first, second []*Conn
	element       **Conn
	keep          *Conn
	pools         []*Pool
	index         = make(map[string][]*Conn, 128) // so that no assignment makes it grow, and let go
	full          = map[int]int{}
	hinted        = map[string]int{}
	table         [][]*Conn
	nested        [][]*Conn
	queue         = make(chan []*Conn, 8)
	box           any
	points        []Point
	packet        []byte
	names         []string
	word          string
	list          *[]*Conn
	reader        func(int) *Conn
	growing       func(*Conn)
	wait          = make(chan bool)
	records       []Record
	nothing       []struct{}
	nowhere       []struct{}
	doubtful      []*Pool
	raw           unsafe.Pointer
	only          *Pool
)

type Record struct {
	none [4]struct{}
	conn *Conn
}

func init() {
	add("tail", func() {
		pool.inUse = conns(3000, 3000)[:300]
		at("main.pool.inUse", in(&pool.inUse))
	})
	add("tail_of_an_empty_slice", func() {
		pool.inUse = conns(3000, 4000)[:0]
		at("main.pool.inUse", in(&pool.inUse))
	})
	add("head", func() {
		pool.inUse = conns(8192, 8192)[8000:]
		at("main.pool.inUse", in(&pool.inUse))
	})
	add("clipped", func() {
		pool.inUse = conns(8192, 8192)[:100:100]
		at("main.pool.inUse", in(&pool.inUse))
	})
	add("head_and_tail", func() {
		// What both hide dies with the array, not with one part of it.
		all := conns(8192, 8192)
		for i := 0; i < 1000; i++ {
			all[i].peer = all[8000]
			all[i].peer.peer = all[i+1]
		}
		pool.inUse = all[4000:4200]
		at("main.pool.inUse", in(&pool.inUse))
	})
	add("two_holders_of_one_array", func() {
		all := conns(1000, 1000)
		first, second = all[:100], all[:10]
		at("main.first", in(&first))
		at("main.second", in(&second))
	})
	add("two_windows_of_one_array", func() {
		all := conns(8192, 8192)
		first, second = all[:100:100], all[8000:]
		at("main.first", in(&first))
		at("main.second", in(&second))
	})
	add("a_pointer_to_an_element", func() {
		all := conns(1000, 1000)
		first, element = all[:100], &all[20]
		at("main.first", in(&first))
	})
	add("a_hidden_pointer_to_an_element", func() {
		// What hangs on the array refers back into it: that keeps nothing.
		all := conns(1000, 1000)
		for i := 200; i < 300; i++ {
			all[i].slot = &all[20]
			all[i].list = all[:50]
		}
		first = all[:100]
		at("main.first", in(&first))
	})
	add("a_pointer_hidden_elsewhere", func() {
		all, others := conns(1000, 1000), conns(1000, 1000)
		others[500].slot = &all[20]
		first, second = all[:100], others[:100]
		at("main.first", in(&first))
		at("main.second", in(&second))
	})
	add("a_slice_hidden_elsewhere", func() {
		all := conns(1000, 1000)
		first = all[:100]
		nested = append(make([][]*Conn, 0, 100), nil, nil, all[:200])[:1]
		at("main.first", in(&first))
		at("main.nested", in(&nested))
	})
	add("two_sites_hold_the_same", func() {
		all := conns(1000, 1024)
		first = append(make([]*Conn, 0, 1024), all...)[:10]
		second = append(make([]*Conn, 0, 1024), all...)[:10]
		at("main.first", in(&first))
		at("main.second", in(&second))
	})
	add("many_fields", func() {
		shared := conns(300, 300)
		var headers []Header
		for i := 0; i < 60; i++ {
			p := &Pool{"pool " + strconv.Itoa(i), conns(100, 100)}
			// Neighbours share a conn; pools are empty, nearly empty, half full and full.
			p.inUse[99].peer = shared[i*5]
			p.inUse[98].peer = shared[(i+1)%60*5]
			p.inUse = p.inUse[:[]int{0, 5, 20, 40, 60, 100}[i%6]]
			pools = append(pools, p)
			headers = append(headers, in(&p.inUse))
		}
		at("main.Pool.inUse", headers...)
	})
	add("many_fields_that_refer_to_each_other", func() {
		var headers []Header
		for i := 0; i < 40; i++ {
			p := &Pool{inUse: conns(100, 100)}
			pools = append(pools, p)
			headers = append(headers, in(&p.inUse))
		}
		for i, p := range pools {
			// A hidden conn of this one keeps the next one's array.
			p.inUse[90].slot = &pools[(i+1)%40].inUse[95]
			p.inUse[91].list = pools[(i*7)%40].inUse[:3]
		}
		for i, p := range pools {
			p.inUse = p.inUse[:[]int{3, 30, 60, 0}[i/10]]
		}
		at("main.Pool.inUse", headers...)
	})
	add("values_of_a_map", func() {
		var headers []Header
		for i := 0; i < 50; i++ {
			key := strconv.Itoa(i)
			index[key] = conns(100, 128)[:i]
			headers = append(headers, value[*Conn]{func() []*Conn { return index[key] }, func(s []*Conn) { index[key] = s }})
		}
		at("value of map main.index", headers...)
	})
	add("elements", func() {
		var headers []Header
		table = make([][]*Conn, 50)
		for i := range table {
			table[i] = conns(100, 100)[:i/2]
			headers = append(headers, in(&table[i]))
		}
		at("element of main.table", headers...)
	})
	add("in_a_channel", func() {
		for i := 0; i < 5; i++ {
			queue <- conns(100, 100)[:i*20]
		}
		var headers []Header
		for i := 0; i < 5; i++ {
			headers = append(headers, value[*Conn]{func() []*Conn { return <-queue }, func(s []*Conn) { queue <- s }})
		}
		at("element of main.queue", headers...)
	})
	add("in_an_interface", func() {
		box = conns(1000, 1000)[:100]
		at("main.box", value[*Conn]{func() []*Conn { return box.([]*Conn) }, func(s []*Conn) { box = s }})
	})
	add("behind_a_pointer", func() {
		s := conns(1000, 1000)[:100]
		list = &s
		at("main.list", in(list))
	})
	add("a_local_variable", func() {
		go run()
		wait <- true
	})
	add("captured", func() {
		s := conns(1000, 1000)[:100]
		reader = newReader(s)
		growing = newAppender()
		for i := 0; i < 1000; i++ {
			growing(newConn(i))
		}
		growing(nil)
	})
	add("points", func() {
		points = make([]Point, 1<<16)
		for i := range points {
			points[i] = Point{float64(i), 1, 2}
		}
		points = points[:100]
		at("main.points", in(&points))
	})
	add("bytes", func() {
		packet = []byte(strings.Repeat("packets ", 1<<16))[1<<17 : 1<<17+500]
		at("main.packet", in(&packet))
	})
	add("substrings", func() {
		var headers []Header
		page := strings.Repeat("0123456789abcdef", 1<<14)
		names = make([]string, 20)
		for i := range names {
			names[i] = page[i*1000 : i*1000+50+i]
			headers = append(headers, inText(&names[i]))
		}
		at("element of main.names", headers...)
	})
	add("substrings_of_two_holders", func() {
		page := strings.Repeat("0123456789abcdef", 1<<14)
		names = []string{page[100:200]}
		word = page[5000:5100]
		at("main.word", inText(&word))
		at("element of main.names", inText(&names[0]))
	})
}

func init() {
	add("substrings_of_a_few_bytes", func() {
		// Their copies share blocks of the tiny allocator.
		var headers []Header
		page := strings.Repeat("0123456789abcdef", 1<<15)
		names = make([]string, 10000)
		for i := range names {
			names[i] = page[i*10 : i*10+1+i%20]
			headers = append(headers, inText(&names[i]))
		}
		at("element of main.names", headers...)
	})
	add("a_slice_of_nothing", func() {
		// Slices of elements without size keep an array, and an object that nothing else shows.
		records = make([]Record, 1000)
		for i := range records {
			records[i].conn = newConn(i)
		}
		nothing = records[20].none[:]
		nowhere = (&Record{conn: newConn(0)}).none[:]
		records = records[:100]
		first = conns(1000, 1000)[:100]
		at("main.records", in(&records))
		at("main.first", in(&first))
	})
	add("fields_that_a_doubt_shows", func() {
		// Certain is what all pools hide, possible what one alone does: it names the site there.
		only = &Pool{inUse: conns(1000, 1000)[:100]}
		headers := []Header{in(&only.inUse)}
		doubtful = make([]*Pool, 500)
		for i := range doubtful {
			doubtful[i] = &Pool{inUse: conns(20, 20)[:5]}
			headers = append(headers, in(&doubtful[i].inUse))
		}
		raw = unsafe.Pointer(&doubtful[0])
		doubtful = doubtful[:0]
		at("main.Pool.inUse", headers...)
	})
}

type rebuilt struct{}

// Replace puts a new map with the same entries in the old one's place.
func (rebuilt) Replace(string) {
	m := make(map[string][]*Conn, len(index))
	for k, v := range index {
		m[k] = v
	}
	index = m
}

func init() {
	add("a_map_that_shrunk", func() {
		for i := 0; i < 100000; i++ {
			index[strconv.Itoa(i)] = nil
			full[i] = i
		}
		for i := 10; i < 100000; i++ {
			delete(index, strconv.Itoa(i))
		}
		hinted = make(map[string]int, 20000) // never filled
		hinted["one"] = 1
		at("main.index", rebuilt{})
	})
}

//go:noinline
func newReader(buf []*Conn) func(int) *Conn {
	at("buf captured by main.newReader.func1", in(&buf))
	return func(i int) *Conn { return buf[i] }
}

//go:noinline
func newAppender() func(*Conn) {
	var buf []*Conn
	at("buf captured by main.newAppender.func1", in(&buf))
	return func(c *Conn) {
		if c == nil {
			buf = buf[:10]
			return
		}
		buf = append(buf, c)
	}
}

// run keeps its slice in a variable of its own.
//
//go:noinline
func run() {
	s := conns(1000, 1000)
	s = s[:100]
	more := make(chan *Conn)
	apply := make(chan string)
	at("s in main.run", command{apply})
	<-wait
	for {
		select {
		case c := <-more:
			s = append(s, c)
		case remedy := <-apply:
			s = replaced(remedy, s)
			apply <- ""
		}
	}
}

// A command has the goroutine that owns the slice replace it.
type command struct{ to chan string }

func (c command) Replace(remedy string) {
	c.to <- remedy
	<-c.to
}
