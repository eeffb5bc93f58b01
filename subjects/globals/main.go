// Globals of many shapes, initialised statically and at run time, in data and in bss; lengths chosen
// so that the last byte of a pointer mask is ragged.
package main

import (
	"strconv"

	"overhang.subjects/kit"
)

type leaf struct {
	name string
	next *leaf
}

type record struct {
	id   int
	one  *leaf
	text string
	list []*leaf
	face any
	fn   func() *leaf
	m    map[string]*leaf
	c    chan *leaf
	tail [3]*leaf
}

type ragged struct {
	pad [5]int
	p   *leaf
	q   [2]byte
}

func newLeaf(i int) *leaf { return &leaf{"leaf " + strconv.Itoa(i), &leaf{}} }

var (
	one      *leaf
	three    [3]*leaf
	seven    [7]*leaf
	nine     [9]*leaf
	seventy  [71]*leaf
	thousand [1003]*leaf
	raggeds  [13]ragged
	records  [5]record
	texts    [11]string
	slices   [5][]*leaf
	grid     [3][5][2]*leaf
	faces    [6]any
	double   **leaf
	inner    *string
	anon     struct {
		a bool
		p *leaf
		b struct{ q, r *leaf }
	}

	setOnce   = newLeaf(1)
	static    = &leaf{"static", &leaf{"static too", nil}}
	staticArr = [...]*leaf{{"a", nil}, nil, {"c", &leaf{}}}
	staticMap = map[string]*leaf{"a": {"1", nil}, "b": {"2", nil}}
	staticRec = record{id: 1, text: "text", list: []*leaf{{"in data", nil}, nil}}
	table     = [...]record{{one: &leaf{"row", nil}}, {list: make([]*leaf, 2, 5)}}
	function  = func() *leaf { return one }
	method    = static.self
	pointers  = [...]**leaf{&one, &static, &three[1]}
)

func (l *leaf) self() *leaf { return l }

func fill(s []*leaf) {
	for i := range s {
		s[i] = newLeaf(i)
	}
}

func build() {
	one = newLeaf(1)
	for _, s := range [][]*leaf{three[:], seven[:], nine[:], seventy[:], thousand[:], staticArr[1:2]} {
		fill(s)
	}
	for i := range raggeds {
		raggeds[i].p = newLeaf(i)
	}
	for i := range records {
		l := newLeaf(i)
		records[i] = record{i, l, "text " + strconv.Itoa(i), []*leaf{newLeaf(i)}, newLeaf(i), func() *leaf { return l },
			map[string]*leaf{"k": newLeaf(i)}, make(chan *leaf, 1), [3]*leaf{2: newLeaf(i)}}
		records[i].c <- newLeaf(i)
		slices[i] = make([]*leaf, i, 2*i)
		fill(slices[i])
	}
	for i := range texts {
		texts[i] = "text " + strconv.Itoa(i)
	}
	for i := range grid {
		for j := range grid[i] {
			fill(grid[i][j][:])
		}
	}
	for i := range faces {
		faces[i] = *newLeaf(i)
	}
	double = &newLeaf(2).next
	inner = &newLeaf(3).name
	anon.p, anon.b.r = newLeaf(4), newLeaf(5)
	static.next.next = newLeaf(6) // the heap, by way of data
	staticMap["c"] = newLeaf(7)
	staticRec.list[1] = newLeaf(8)
	table[0].tail[2], table[1].list[1] = newLeaf(9), newLeaf(10)
}

func main() {
	kit.Spread(build)
	kit.Serve()
}
