package main

import (
	"bytes"
	"strconv"
	"strings"
	"unsafe"
)

// What no expression reaches any more: before a window, past its cap, between windows. And windows
// that pin plain memory.

type Queue struct {
	items []*Conn
}

type Point struct{ x, y, z float64 }

// A Reader's buffer is used again for each line; what is cut out of it shares its bytes.
type Reader struct {
	lines int
	buf   []byte
}

func (r *Reader) read(line string) {
	r.lines++
	r.buf = append(r.buf[:0], line...) // overhang: main.Reader.buf
}

func (r *Reader) text() string { return *(*string)(unsafe.Pointer(&r.buf)) }

var (
	work    Queue
	page    []*Conn
	left    []*Conn
	right   []*Conn
	name    string
	packet  []byte
	points  []Point
	keys    []string
	headers map[string]string
	readers map[string]*Reader
	excerpt string
)

const (
	// Arrays of these many pointers fill their pages: slots are what make asked for.
	exact = 8192
	// A copy of this size fills its size class.
	window = 64
	// So does one of this, which is no long text.
	short = 16
)

func init() {
	add("head", func() {
		work.items = append(make([]*Conn, 0, exact), conns(exact)...)
		hide(work.items[:exact-100])
		for len(work.items) > 100 {
			work.items = work.items[1:] // overhang: main.work.items
		}
		expect(Site{Site: "main.work.items", Kind: "global", Elem: "*main.Conn", Category: "head", Arrays: 1, Slots: exact, Visible: 100, Stale: exact - 100})
	})
	add("clipped", func() {
		s := append(make([]*Conn, 0, exact), conns(exact)...)
		hide(s[100:])
		page = s[:100:100] // overhang: main.page
		expect(Site{Site: "main.page", Kind: "global", Elem: "*main.Conn", Category: "clipped", Arrays: 1, Slots: exact, Visible: 100, Stale: exact - 100})
	})
	add("gap", func() {
		s := append(make([]*Conn, 0, exact), conns(exact)...)
		hide(s[100 : exact-50])
		left, right = s[:100:100], s[exact-50:] // overhang: main.left main.right
		expect(Site{Site: "main.left", Kind: "global", Elem: "*main.Conn", Category: "gap", Arrays: 1, Slots: exact, Visible: 150, Stale: exact - 150, Shared: "main.right"})
	})
	add("head_and_tail", func() {
		s := append(make([]*Conn, 0, exact), conns(exact)...)
		hide(s[:1000])
		hide(s[1100:])
		page = s[1000:1100] // overhang: main.page
		expect(Site{Site: "main.page", Kind: "global", Elem: "*main.Conn", Category: "head", Arrays: 1, Slots: exact, Visible: 100, Stale: 1000})
		expect(Site{Site: "main.page", Kind: "global", Elem: "*main.Conn", Category: "tail", Arrays: 1, Slots: exact, Visible: 100, Stale: exact - 1100})
	})
}

func addWindow(name string, build, remedy func()) {
	scenarios = append(scenarios, scenario{name, build, remedy})
}

func init() {
	addWindow("window_string", func() {
		big := strings.Repeat("0123456789abcdef", 10<<20/16)
		name = big[5000 : 5000+window] // overhang: main.name
		copied = window
		expect(Site{Site: "main.name", Kind: "global", Category: "window", Arrays: 1, Slots: 10 << 20, Visible: window})
	}, func() { name = strings.Clone(name) })
	addWindow("window_bytes", func() {
		packet = bytes.Repeat([]byte("packets "), 4<<20/8)[1<<20 : 1<<20+window] // overhang: main.packet
		copied = window
		expect(Site{Site: "main.packet", Kind: "global", Elem: "uint8", Category: "window", Arrays: 1, Slots: 4 << 20, Visible: window})
	}, func() { packet = append([]byte(nil), packet...) })
	addWindow("window_points", func() {
		points = make([]Point, 1<<17)
		for i := range points { // room that was never used would be a habit, not a leak
			points[i] = Point{float64(i), 1, 2}
		}
		points = points[:8] // overhang: main.points
		copied = 8 * 24
		expect(Site{Site: "main.points", Kind: "global", Elem: "main.Point", Category: "tail", Arrays: 1, Slots: 1 << 17, Visible: 8})
	}, func() { points = append([]Point(nil), points...) })
	addWindow("window_substrings", func() {
		for i := 0; i < 64; i++ {
			line := strconv.Itoa(100+i) + strings.Repeat("x", 1<<16-3)
			keys = append(keys, line[:window]) // overhang: main.keys
		}
		copied = 64 * window
		expect(Site{Site: "element of main.keys", Kind: "element", Category: "window", Arrays: 64, Slots: 64 << 16, Visible: 64 * window})
	}, func() {
		for i := range keys {
			keys[i] = strings.Clone(keys[i])
		}
	})
	addWindow("window_short", func() {
		text := func() string { return strings.Repeat("some words, ", 6<<20/12) }
		name = text()[1001 : 1001+short] // overhang: main.name
		expect(Site{Site: "main.name", Kind: "global", Category: "window", Arrays: 1, Slots: 6 << 20, Visible: short})
		keys = append(keys, text()[:short]) // overhang: main.keys
		expect(Site{Site: "element of main.keys", Kind: "element", Category: "window", Arrays: 1, Slots: 6 << 20, Visible: short})
		headers = map[string]string{"key": text()[77 : 77+short]} // overhang: main.headers
		expect(Site{Site: "value of map main.headers", Category: "window", Arrays: 1, Slots: 6 << 20, Visible: short})
		copied = 3 * short
	}, func() {
		name, keys[0] = strings.Clone(name), strings.Clone(keys[0])
		headers["key"] = strings.Clone(headers["key"])
	})
	// The buffer keeps its room, whatever becomes of the text.
	addWindow("window_of_a_buffer", func() {
		r := &Reader{}
		readers = map[string]*Reader{"stdin": r}
		r.read(strings.Repeat("a long line, ", 1<<16)[:1<<19])
		r.read(strings.Repeat("short", window/5+1)[:window])
		excerpt = r.text()[:short]
		copied = window
		expect(Site{Site: "main.Reader.buf", Kind: "field", Elem: "uint8", Category: "window", Arrays: 1, Slots: 1 << 19, Visible: window, Shared: "main.excerpt"})
	}, func() {
		r := readers["stdin"]
		r.buf = append([]byte(nil), r.buf...)
		excerpt = r.text()[:short]
	})
	addWindow("window_two_of_one_string", func() {
		big := strings.Repeat("0123456789abcdef", 1<<16)
		headers = map[string]string{big[1000 : 1000+window]: big[2000 : 2000+window]} // overhang: main.headers
		copied = 2 * window
		// Which of the key and the value gives the site its name is not settled.
		expect(Site{Category: "window", Arrays: 1, Slots: 1 << 20, Visible: 2 * window})
	}, func() {
		for k, v := range headers {
			delete(headers, k)
			headers[strings.Clone(k)] = strings.Clone(v)
		}
	})
}

type slab struct {
	conn [8]*Conn
	id   int
}

// What most nodes need stands in the node.
type node struct {
	parts []*Conn
	first [1]*Conn
	id    int
}

func slabs() []slab {
	s := make([]slab, exact/8)
	for i := range s {
		s[i].conn[3] = newConn(i)
	}
	return s
}

//go:noinline
func (s *slab) use() { s.id++ }

//go:noinline
func useLater() { later.use() }

var (
	interior *slab
	current  *slab
	later    *slab
	field    *int
	point    *Point
	nodes    []*node
)

func init() { // pointers to elements pin the rest of their array
	add("interior", func() {
		s := make([]slab, exact/8)
		for i := range s {
			for j := range s[i].conn {
				s[i].conn[j] = newConn(i)
			}
		}
		hide(s[:10])
		hide(s[11:])
		interior = &s[10]
		expect(Site{Site: "main.interior", Kind: "global", Elem: "main.slab", Category: "interior", Arrays: 1, Slots: cap(s), Visible: 1, Stale: cap(s) - 1})
	})
	add("interior_of_a_receiver", func() { // methods tell its type where nothing else does
		s := slabs()
		hide(s[:10])
		hide(s[11:])
		current = &s[10]
		current.use()
		expect(Site{Site: "main.current", Kind: "global", Elem: "main.slab", Category: "interior", Arrays: 1, Slots: cap(s), Visible: 1, Stale: cap(s) - 1})
	})
	add("interior_of_a_loaded_receiver", func() {
		s := slabs()
		hide(s[:30])
		hide(s[31:])
		later = &s[30]
		useLater()
		expect(Site{Site: "main.later", Kind: "global", Elem: "main.slab", Category: "interior", Arrays: 1, Slots: cap(s), Visible: 1, Stale: cap(s) - 1})
	})
	add("interior_of_a_field", func() {
		s := slabs()
		hide(s[:20])
		hide(s[21:])
		field = &s[20].id
		expect(Site{Site: "main.field", Kind: "global", Elem: "main.slab", Category: "interior", Arrays: 1, Slots: cap(s), Visible: 1, Stale: cap(s) - 1})
	})
	add("interior_with_slices_of_themselves", func() { // batches of a parser's nodes
		s := make([]node, exact/8)
		for i := range s {
			s[i].parts = s[i].first[:1]
			s[i].parts[0] = newConn(i)
		}
		hide(s[:20])
		hide(s[21:40])
		hide(s[41:])
		nodes = []*node{&s[20], &s[40]}
		expect(Site{Site: "element of main.nodes", Kind: "element", Elem: "main.node", Category: "interior", Arrays: 1, Slots: cap(s), Visible: 2, Stale: cap(s) - 2})
	})
	add("optin_interior_from_the_first", func() { // might be the array's base
		s := slabs()
		hide(s[1:])
		interior = &s[0]
		expect(Site{Site: "main.interior", Kind: "global", Elem: "main.slab", Category: "interior", Arrays: 1, Slots: cap(s), Visible: 1, Stale: cap(s) - 1})
	})
	addWindow("optin_interior_of_plain_data", func() {
		s := make([]Point, 1<<16)
		point = &s[7]
		copied = 24
		expect(Site{Site: "main.point", Kind: "global", Elem: "main.Point", Category: "interior", Arrays: 1, Slots: 1 << 16, Visible: 1})
	}, func() { point = &Point{point.x, point.y, point.z} })
}
