// Memory that looks like a slice that hides something and is none, or none alone: without DWARF
// nothing in it may be accused for certain. The first argument names the scenario.
package main

import (
	"fmt"
	"os"
	"sync"
	"unsafe"

	"overhang.subjects/kit"
)

type conn struct {
	id   int
	next *conn
	name string
}

func newConn(i int) *conn { return &conn{i, &conn{id: -i}, "connection"} }

func fill(s []*conn) []*conn {
	for i := range s {
		s[i] = newConn(i)
	}
	return s
}

// A ring shows its whole array: the numbers behind the pointer are no len and cap.
type ring struct {
	buf        *[1024]*conn
	head, size int
}

type smallRing struct {
	buf        *[16]*conn
	head, size int
}

// The second array ends with the allocation, so that a slice of it fills the slot like makeslice's.
type halves struct {
	a [100]*conn
	b [236]*conn
}

// A buffer that is filled up to n has the words of a string.
type buffer struct {
	data *[4096]byte
	n    int
}

// An option has pointers where a packet has; the only array of eight pointers that has a type is of
// packets.
type option struct {
	name       *string
	rest       *[32]unsafe.Pointer
	uses, last int
}

type packet struct {
	from *string
	data []byte
}

// Eight slots of a map from strings to this are as large as eight slices, with pointers at the same
// words; but they stand in the map's groups alone.
type size int

type ownMap map[int32]ownMap

type anyRing struct {
	buf        *[768]unsafe.Pointer
	head, size int
}

type cursor struct {
	at    *conn
	index int
	count int
}

// An iterator by hand over an array that makeslice made. With count the array's capacity and at not
// beyond it, its words are those of a slice's header.
type walk struct {
	from      **conn
	at, count int
}

func newWalk(s []*conn, at int) walk { return walk{&s[0], at, len(s)} }

func (w *walk) next() *conn {
	if w.at >= w.count {
		return nil
	}
	c := *(**conn)(unsafe.Add(unsafe.Pointer(w.from), uintptr(w.at)*8))
	w.at++
	return c
}

//go:noinline
func (w *walk) nextByCall() *conn { return w.next() }

// The same over structs.
type pass struct {
	from     *conn
	at, last int
}

//go:noinline
func (p *pass) next() *conn {
	if p.at == p.last {
		return nil
	}
	c := (*conn)(unsafe.Add(unsafe.Pointer(p.from), uintptr(p.at)*unsafe.Sizeof(conn{})))
	p.at++
	return c
}

// A ring whose array was a slice's: no unsafe code.
func newRing(head, size int) ring {
	return ring{(*[1024]*conn)(fill(make([]*conn, 1024))), head, size}
}

func (r *ring) push(c *conn) {
	if r.size < len(r.buf) {
		r.buf[(r.head+r.size)%len(r.buf)] = c
		r.size++
	}
}

func (r *ring) pop() (c *conn) {
	if r.size > 0 {
		c = r.buf[r.head]
		r.head = (r.head + 1) % len(r.buf)
		r.size--
	}
	return c
}

//go:noinline
func (r *ring) popByCall() *conn { return r.pop() }

type named struct {
	walk walk
	name string
}

func conns(n int) []conn {
	s := make([]conn, n)
	for i := range s {
		s[i] = *newConn(i)
	}
	return s
}

var (
	options         []*option
	optionsOf       [8]option
	pages           [][]byte
	sizes           = map[string]size{}
	sliceRing       ring
	sliceRingByCall ring
	fullRing        ring
	walkByCall      walk
	walkInline      walk
	walkDone        walk
	passOver        pass
	walkOfMany      [20]walk
	withName        named
	used            []func() *conn
)

var (
	bigRing   ring
	tinyRing  smallRing
	looseRing anyRing
	buffers   []*buffer
	ownMaps   []any
	heapRings []*ring
	holder    *halves
	half      []*conn
	cursors   [40]cursor
	loose     []any
	lock      sync.Mutex
	stop      = make(chan bool)
	sent      = make(chan []*conn)
)

var scenarios = map[string]func(){
	"rings": func() {
		bigRing = ring{new([1024]*conn), 5, 1024}
		fill(bigRing.buf[:])
		tinyRing = smallRing{new([16]*conn), 3, 16}
		fill(tinyRing.buf[:])
		for i := 0; i < 20; i++ {
			r := &ring{new([1024]*conn), i, 1024}
			fill(r.buf[:])
			heapRings = append(heapRings, r)
			loose = append(loose, func() int { return r.head })
		}
	},
	"buffers": func() {
		for i := 0; i < 100; i++ {
			b := &buffer{new([4096]byte), 20 + i}
			for k := range b.data {
				b.data[k] = byte('a' + k%26)
			}
			buffers = append(buffers, b)
		}
	},
	"maps_of_their_own_type": func() {
		m := ownMap{}
		m[1] = m
		for i := 0; i < 1000; i++ {
			m = ownMap{2: m}
		}
		ownMaps = append(ownMaps, m)
		use(func() *conn { return newConn(len(m)) })
	},
	"walk_captured_as_a_pointer": func() {
		all := fill(make([]*conn, 1024))
		s := fill(make([]*conn, 100))
		p, at, last := unsafe.Pointer(&all[0]), 3+len(os.Args), len(all)
		use(func() *conn { at++; return *(**conn)(unsafe.Add(p, at%last*8)) })
		from, n := at, last
		use(func() *conn { return *(**conn)(unsafe.Add(p, from%n*8)) })
		use(func() *conn { s = append(s, newConn(1)); return s[0] })
		t := s[:50]
		use(func() *conn { return t[len(t)-1] })
	},
	"ring_of_pointers": func() {
		looseRing = anyRing{new([768]unsafe.Pointer), 5, 768}
		for i := range looseRing.buf {
			looseRing.buf[i] = unsafe.Pointer(newConn(i))
		}
	},
	"halves": func() {
		holder = new(halves)
		fill(holder.a[:])
		fill(holder.b[:])
		half = holder.b[:10]
	},
	"slice_ring": func() {
		sliceRing = newRing(100, 1024)
		use(func() *conn { sliceRing.push(newConn(1)); return sliceRing.pop() })
	},
	"slice_ring_by_call": func() {
		sliceRingByCall = newRing(100, 1024)
		use(func() *conn { return sliceRingByCall.popByCall() })
	},
	"slice_ring_half": func() {
		fullRing = newRing(512, 512)
		use(func() *conn { fullRing.push(newConn(1)); return fullRing.popByCall() })
	},
	"slice_ring_local": func() {
		go func() {
			r := newRing(100, 1024)
			for <-stop {
				r.push(newConn(1))
				println(r.popByCall().id)
			}
		}()
	},
	"slice_ring_captured": func() {
		r := newRing(100, 1024)
		use(func() *conn { return r.pop() })
	},
	"walk": func() {
		walkInline = newWalk(fill(make([]*conn, 1024)), 3)
		use(func() *conn { return walkInline.next() })
	},
	"walk_by_call": func() {
		walkByCall = newWalk(fill(make([]*conn, 1024)), 3)
		use(func() *conn { return walkByCall.nextByCall() })
	},
	"walk_done": func() {
		walkDone = newWalk(fill(make([]*conn, 1024))[:100], 100)
		use(func() *conn { walkDone.at = 0; return walkDone.next() })
	},
	"walks": func() {
		for i := range walkOfMany {
			walkOfMany[i] = newWalk(fill(make([]*conn, 1024)), i)
		}
		use(func() *conn { return walkOfMany[len(used)].next() })
	},
	"walk_in_a_struct": func() {
		withName = named{newWalk(fill(make([]*conn, 1024)), 3), "a walk"}
		use(func() *conn { println(withName.name); return withName.walk.nextByCall() })
	},
	"walk_local": func() {
		go func() {
			w := newWalk(fill(make([]*conn, 1024)), 3)
			for <-stop {
				println(w.nextByCall().id)
			}
		}()
	},
	"walk_local_inline": func() {
		go func() {
			w := newWalk(fill(make([]*conn, 1024)), 3)
			for <-stop {
				println(w.next().id)
			}
		}()
	},
	"walk_captured": func() {
		w := newWalk(fill(make([]*conn, 1024)), 3)
		use(func() *conn { return w.nextByCall() })
	},
	"walk_captured_by_value": func() {
		w := newWalk(fill(make([]*conn, 1024)), 3)
		use(func() *conn { return *w.from })
	},
	"walk_in_an_interface": func() {
		loose = append(loose, newWalk(fill(make([]*conn, 1024)), 3))
		use(func() *conn { w := loose[0].(walk); return w.next() })
	},
	"pass": func() {
		s := conns(1024)
		passOver = pass{&s[0], 3, len(s)}
		use(func() *conn { return passOver.next() })
	},
	"pass_local": func() {
		go func() {
			s := conns(1024)
			p := pass{&s[0], 3, len(s)}
			for <-stop {
				println(p.next().id)
			}
		}()
	},
	"options": func() {
		for i := range optionsOf {
			optionsOf[i].rest = &[32]unsafe.Pointer{unsafe.Pointer(newConn(i)), 31: unsafe.Pointer(newConn(i))}
		}
		// All lead to variables, of which nothing tells what they are.
		options = append(make([]*option, 0, 8), &optionsOf[0], &optionsOf[1], &optionsOf[2], &optionsOf[3],
			&optionsOf[4], &optionsOf[5], &optionsOf[6], &optionsOf[7])
		loose = append(loose, new([8]*packet))
	},
	"pages": func() {
		for i := 0; i < 5; i++ {
			page := make([]byte, 0, 14336)
			for len(page) < 8192 {
				page = append(page, "a line of text\n"...)
			}
			pages = append(pages, page)
			sizes[fmt.Sprint("page ", i)] = size(len(page))
		}
	},
	"cursors": func() {
		for i := range cursors {
			cursors[i] = cursor{newConn(i), i % 3, i}
		}
	},
	"local_windows": func() {
		for i := 0; i < 10; i++ {
			ready := make(chan bool)
			go windows(fill(make([]*conn, 1000)), ready)
			<-ready
		}
	},
	"local_array": func() {
		for i := 0; i < 10; i++ {
			ready := make(chan bool)
			go array(new([1024]*conn), ready)
			<-ready
		}
	},
	"local_stale": func() {
		for i := 0; i < 10; i++ {
			ready := make(chan bool)
			go stale(ready)
			<-ready
		}
	},
}

// use keeps f, which the program may call at any time.
func use(f func() *conn) {
	used = append(used, f)
	go func() {
		for <-stop {
			println(f().id)
		}
	}()
}

// windows has two slices over one array, which share the pointer's word.
//
//go:noinline
func windows(all []*conn, ready chan bool) {
	part := all[:10]
	close(ready)
	for <-stop {
		part = append(part, newConn(len(all)))
	}
	for _, c := range all {
		println(c.id)
	}
	println(len(part))
}

// array has a pointer to the array beside a slice of it.
//
//go:noinline
func array(all *[1024]*conn, ready chan bool) {
	fill(all[:])
	part := all[:10]
	close(ready)
	for <-stop {
		part = append(part, newConn(1))
	}
	for _, c := range all {
		println(c.id)
	}
	println(len(part))
}

// stale has had a shorter slice, whose len may still stand in the frame.
//
//go:noinline
func stale(ready chan bool) {
	all := fill(make([]*conn, 1024))
	short := all[:10]
	kit.Spread(func() { loose = append(loose, len(short)) })
	close(ready)
	for <-stop {
		all = append(all, newConn(1))
	}
	println(len(all), cap(all))
}

// Functions that block with two views of one array in their frame, of which the longer one is used
// later. Their words are those of one slice that hides what the longer one shows.
var locals = map[string]func(all []*conn, n int){
	"len_is_cap": func(all []*conn, n int) {
		part := all[:n]
		for <-stop {
			part = append(part, newConn(n))
			take(part)
		}
		takeTwo(all, part)
	},
	"resliced_before": func(part []*conn, n int) {
		part = part[:n]
		for {
			all := part[:cap(part)]
			if <-stop {
				println(all[len(all)-1].id)
				return
			}
			part = append(part, newConn(n))
			take(part)
		}
	},
	"in_place": func(all []*conn, n int) {
		kept := all[:0]
		for i, c := range all {
			if i == n {
				<-stop
			}
			if c.id >= 0 {
				kept = append(kept, c)
			}
		}
		take(kept)
	},
	"once": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		for _, c := range all {
			println(c.id)
		}
	},
	"once_by_index": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		for i := len(part); i < len(all); i++ {
			println(all[i].id)
		}
		take(append(part, newConn(n)))
	},
	"a_constant_len": func(s []*conn, n int) {
		all, part := s[:1000], s[:n]
		<-stop
		take(append(part, newConn(n)))
		take(all)
	},
	"a_constant_len_by_index": func(s []*conn, n int) {
		all, part := s[:1000], s[:n]
		<-stop
		take(append(part, newConn(n)))
		for _, c := range all {
			println(c.id)
		}
	},
	"a_part_is_set_and_read": func(s []*conn, n int) {
		few, part := s[:n], s[2:900]
		<-stop
		part[n] = few[0]
		part[n+1], part[n+2] = part[n+2], part[n+1]
		take(append(few, newConn(n)))
		println(part[n+2].id)
	},
	"a_part_is_set_and_read_on": func(s []*conn, n int) {
		few, part := s[:n], s[2:n*100]
		for <-stop {
			part[len(few)] = newConn(n)
			few = append(few, newConn(n))
			part = part[1:]
		}
		take(few)
		for i := range part {
			println(part[i].id)
		}
	},
	"two_lens": func(s []*conn, n int) {
		all, part := s[:n*100], s[:n]
		<-stop
		take(part)
		take(all)
	},
	"two_lens_by_index": func(s []*conn, n int) {
		all, part := s[:n*100], s[:n]
		<-stop
		take(append(part, newConn(n)))
		for i := range all {
			println(all[i].id)
		}
	},
	"in_a_struct": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		takeHolder(&struct{ s []*conn }{all})
	},
	"stored": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		half = all
	},
	"returned": func(all []*conn, n int) { take(returned(all, n)) },
	"returned_second": func(all []*conn, n int) {
		_, rest := returnedSecond(all, n)
		take(rest)
	},
	"cloned": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		clone := make([]*conn, len(all))
		copy(clone, all)
		take(clone)
	},
	"appended": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		half = append(half, all...)
	},
	"sent": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		sent <- all
	},
	"in_an_interface": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		loose = append(loose, all)
	},
	"captured": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		call(func() { take(all) })
	},
	"of_a_smaller_part": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		take(all[n:])
	},
	"as_an_array": func(s []*conn, n int) {
		all, part := (*[1024]*conn)(s), s[:n]
		<-stop
		take(append(part, newConn(n)))
		takeArray(all)
	},
	"as_a_pointer": func(s []*conn, n int) {
		part := s[:n]
		all := unsafe.Pointer(&s[0])
		<-stop
		take(append(part, newConn(n)))
		takePointer(all)
	},
	"min": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		for i := 0; i < len(all) && i < 2000; i++ {
			println(all[i].id)
		}
	},
	"backwards": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		for i := len(all) - 1; i >= 0; i-- {
			println(all[i].id)
		}
	},
	"the_last": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		println(all[len(all)-1].id)
	},
	"another_frame": func(all []*conn, n int) {
		part := all[:n]
		func() {
			<-stop
			take(part)
		}()
		take(append(part, newConn(n)))
		take(all)
	},
	"after_a_panic": func(all []*conn, n int) {
		println(len(recovered(all, n)))
	},
	"compared_twice": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		if n == len(all) {
			println(n)
		} else if n < len(all) {
			println(all[n].id)
		}
	},
	"in_a_large_frame": func(all []*conn, n int) {
		var numbers [1000]int
		count(&numbers)
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		count(&numbers)
		takeTwo(all, part)
	},
	"locked": func(all []*conn, n int) {
		part := all[:n]
		<-stop
		lock.Lock()
		half = append(part, newConn(n))
		lock.Unlock()
		for _, c := range all {
			println(c.id)
		}
	},
	"copied_whole": func(all []*conn, n int) {
		held := record{of: n, all: all}
		part := all[:n]
		<-stop
		take(append(part, newConn(n)))
		loose = append(loose, held)
	},
	"two_arrays": func(all []*conn, n int) {
		other := fill(make([]*conn, len(all), cap(all)))[:n]
		for <-stop {
			all, other = append(all, newConn(n)), append(other, newConn(n))
			if len(all) > len(other)*4 {
				all, other = other, all
			}
		}
		takeTwo(all, other)
	},
	// What is used afterwards is bounded by a number that is no slice's len, or not bounded.
	"an_array_by_a_number": func(s []*conn, n int) {
		all := (*[1024]*conn)(s)
		<-stop
		for i := 0; i < n; i++ {
			println(all[(i*7)&1023].id)
		}
	},
	"an_array_behind_a_check": func(s []*conn, n int) {
		all := (*[1024]*conn)(s)
		<-stop
		for i := 0; i < n; i++ {
			println(all[i].id)
		}
	},
	"another_index": func(all []*conn, n int) {
		<-stop
		for i, j := 0, len(all)-1; i < n; i, j = i+1, j-1 {
			println(all[i].id, all[j].id)
		}
	},
	"past_the_index": func(all []*conn, n int) {
		<-stop
		for i := 0; i < n && i+900 < len(all); i++ {
			println(all[i].id, all[i+900].id)
		}
	},
	"a_constant_index": func(all []*conn, n int) {
		if len(all) < 1024 {
			return
		}
		<-stop
		for i := 0; i < n; i++ {
			println(all[i].id)
		}
		println(all[1023].id)
	},
	"by_address": func(all []*conn, n int) {
		<-stop
		for i := 0; i < n && i < len(all); i++ {
			takeElement(&all[i])
		}
	},
	"passed_with_a_number": func(s []*conn, n int) {
		all := (*[1024]*conn)(s)
		<-stop
		takeSome(all, n)
	},
	"returned_with_a_number": func(s []*conn, n int) {
		all, n := returnedArray((*[1024]*conn)(s), n)
		println(all[n*100].id)
	},
	"in_a_closure": func(s []*conn, n int) {
		all := (*[1024]*conn)(s)
		later := func(i int) *conn { return all[i] }
		<-stop
		for i := 0; i < n; i++ {
			println(all[i].id)
		}
		println(later(n * 100).id)
	},
	"deferred": func(s []*conn, n int) {
		all := (*[1024]*conn)(s)
		defer takeArray(all)
		<-stop
		for i := 0; i < n; i++ {
			println(all[i].id)
		}
	},
	"counted_down": func(s []*conn, n int) {
		all := (*[1024]*conn)(s)
		<-stop
		for i := 1023; i >= 0; i-- {
			if i < n {
				println(n)
			}
			println(all[i].id)
		}
	},
	"a_checked_number": func(all []*conn, n int) {
		if n > len(all) {
			return
		}
		<-stop
		for i := 0; i < n; i++ {
			println(all[i].id)
		}
	},
	"two_numbers": func(all []*conn, n int) {
		more := n * 100
		<-stop
		for i := 0; i < more && i < len(all); i++ {
			if i < n {
				println(n)
			}
			println(all[i].id)
		}
	},
}

//go:noinline
func takeElement(e **conn) { takePointer(unsafe.Pointer(e)) }

//go:noinline
func takeSome(a *[1024]*conn, n int) {
	for i := 0; i < n; i++ {
		println(a[i*3&1023].id)
	}
}

//go:noinline
func returnedArray(a *[1024]*conn, n int) (*[1024]*conn, int) {
	<-stop
	for i := 0; i < n; i++ {
		println(a[i].id)
	}
	return a, n
}

//go:noinline
func recovered(all []*conn, n int) (result []*conn) {
	defer func() { recover() }()
	result = all
	part := all[:n]
	<-stop
	take(append(part, newConn(n)))
	panic(part)
}

//go:noinline
func returned(all []*conn, n int) []*conn {
	part := all[:n]
	<-stop
	take(append(part, newConn(n)))
	return all
}

//go:noinline
func returnedSecond(all []*conn, n int) (int, []*conn) {
	part := all[:n]
	<-stop
	take(append(part, newConn(n)))
	return n, all
}

// A record is too large to be kept in registers, and copied as one.
type record struct {
	of, a, b int
	all      []*conn
	c, d, e  int
}

//go:noinline
func count(numbers *[1000]int) {
	for i := range numbers {
		numbers[i]++
	}
}

//go:noinline
func take(s []*conn) { half = s }

//go:noinline
func takeTwo(a, b []*conn) { half = append(a, b...) }

//go:noinline
func takeHolder(h *struct{ s []*conn }) { half = h.s }

//go:noinline
func takeArray(a *[1024]*conn) { half = a[:] }

//go:noinline
func takePointer(p unsafe.Pointer) { half = unsafe.Slice((**conn)(p), 1024) }

//go:noinline
func call(f func()) { f() }

func init() {
	for name, body := range locals {
		body := body
		scenarios["local_"+name] = func() {
			go body(fill(make([]*conn, 1024, 1024+len(os.Args)-len(os.Args))), 8+len(os.Args)) // not known when compiled
		}
	}
}

func main() {
	if kit.Arg(1) == "list" {
		for name := range scenarios {
			fmt.Println(name)
		}
		return
	}
	scenario := scenarios[kit.Arg(1)]
	if scenario == nil {
		fmt.Fprintln(os.Stderr, "no such scenario:", kit.Arg(1))
		os.Exit(2)
	}
	kit.Spread(scenario)
	kit.Serve()
}
