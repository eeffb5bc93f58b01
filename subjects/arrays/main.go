// Arrays by size: on both sides of every boundary at which the runtime records pointers otherwise,
// and with elements whose size does not divide anything.
package main

import (
	"unsafe"

	"overhang.subjects/kit"
)

type leaf struct{ n int }

type odd24 struct {
	n int
	p *leaf
	x int
}

type odd40 struct {
	s string
	i any
	n int
}

type odd56 struct {
	a [2]int
	p *leaf
	b [3]int
	q *leaf
}

type odd72 struct {
	p, q *leaf
	a    [7]byte
	b    [3]int
	r    [3]*leaf
}

type tail struct { // pointers at the end only
	pad [30]int
	p   *leaf
}

type head struct { // and at the start only
	p   *leaf
	pad [30]int
}

type header struct {
	direct [1000]*leaf
	n      int
}

type bigMixed struct { // pointer data above 128 KiB: its mask is made on demand (1.24 on)
	head [17000]*leaf
	pad  [100]int
	rows [50]odd72
	end  *leaf
}

type sparse struct { // repeated, with long stretches free of pointers
	pad  [500]byte
	p    *leaf
	more [100]int
}

var next int

func newLeaf() *leaf { next++; return &leaf{next} }

var (
	pointerSlices [][]*leaf
	o24           [][]odd24
	o40           [][]odd40
	o56           [][]odd56
	o72           [][]odd72
	tails         [][]tail
	heads         [][]head
	plain         [][]byte
	numbers       [][]int64

	exactly32K   *[4095]*leaf // 32 760 bytes and the header: the 32 768-byte class
	above32K     *[4096]*leaf
	fixed1000    *[1000]*leaf
	fixedHeader  *header
	demand20000  *[20000]*leaf
	demandMixed  *bigMixed
	demandNested *[9][3000]odd24
	demandSlice  []sparse
	demandMany   [][3000]odd56
	wordsOnly    *[64]*leaf
	wordsAbove   *[65]*leaf
	interior     *odd72
	interiorBig  **leaf
	zeroSized    *struct{}
	emptySlice   = []*leaf{}
	pastEnd      []*leaf
	matrix       [][]*leaf
	structArrays []*[3]odd40
)

func fill(s []*leaf) []*leaf {
	for i := range s {
		if i%3 != 1 {
			s[i] = newLeaf()
		}
	}
	return s
}

// sizes are numbers of elements that lie around size classes and the large-object boundary.
func sizes(elem uintptr) (out []int) {
	for _, bytes := range []uintptr{8, 16, 64, 96, 504, 512, 520, 576, 640, 1000, 1024, 1032, 2040, 2048, 4096,
		6784, 8184, 8192, 9000, 16376, 16384, 27264, 28672, 32752, 32760, 32768, 32776, 40960, 70000} {
		if n := int(bytes / elem); n > 0 {
			out = append(out, n)
		}
	}
	return out
}

func oddSizes() {
	for _, n := range sizes(8) {
		pointerSlices = append(pointerSlices, fill(make([]*leaf, n)))
		plain = append(plain, make([]byte, n*8))
		numbers = append(numbers, make([]int64, n, n+n/3))
	}
	for _, n := range sizes(unsafe.Sizeof(odd24{})) {
		s := make([]odd24, n)
		for i := range s {
			s[i].p = newLeaf()
		}
		o24 = append(o24, s)
	}
	for _, n := range sizes(unsafe.Sizeof(odd40{})) {
		s := make([]odd40, n)
		for i := range s {
			if s[i].s = "static"; i%4 == 0 {
				s[i].i = newLeaf()
			}
		}
		o40 = append(o40, s)
	}
	for _, n := range sizes(unsafe.Sizeof(odd56{})) {
		s := make([]odd56, n)
		for i := range s {
			s[i].p, s[i].q = newLeaf(), newLeaf()
		}
		o56 = append(o56, s)
	}
}

func oddSizes2() {
	for _, n := range sizes(unsafe.Sizeof(odd72{})) {
		s := make([]odd72, n)
		for i := range s {
			s[i].p, s[i].r[i%3] = newLeaf(), newLeaf()
		}
		o72 = append(o72, s)
	}
	for _, n := range sizes(unsafe.Sizeof(tail{})) {
		t, h := make([]tail, n), make([]head, n)
		for i := range t {
			t[i].p, h[i].p = newLeaf(), newLeaf()
		}
		tails, heads = append(tails, t), append(heads, h)
	}
}

func fixed() {
	exactly32K, above32K, fixed1000 = new([4095]*leaf), new([4096]*leaf), new([1000]*leaf)
	wordsOnly, wordsAbove = new([64]*leaf), new([65]*leaf)
	for _, s := range [][]*leaf{exactly32K[:], above32K[:], fixed1000[:], wordsOnly[:], wordsAbove[:]} {
		for i := range s {
			s[i] = newLeaf()
		}
	}
	fixedHeader = &header{n: 1}
	fill(fixedHeader.direct[:])
	zeroSized = &struct{}{}
	pastEnd = make([]*leaf, 8, 8)[8:]
	interior = &o72[len(o72)-1][3]
	for i := 0; i < 40; i++ {
		matrix = append(matrix, fill(make([]*leaf, i)))
		structArrays = append(structArrays, &[3]odd40{{i: newLeaf()}, {}, {i: newLeaf()}})
	}
}

func onDemand() {
	demand20000 = new([20000]*leaf)
	fill(demand20000[:])
	demandMixed = new(bigMixed)
	fill(demandMixed.head[:])
	demandMixed.end = newLeaf()
	for i := range demandMixed.rows {
		demandMixed.rows[i].q, demandMixed.rows[i].r[2] = newLeaf(), newLeaf()
	}
	demandNested = new([9][3000]odd24)
	for i := range demandNested {
		for j := range demandNested[i] {
			demandNested[i][j].p = newLeaf()
		}
	}
	demandSlice = make([]sparse, 300)
	for i := range demandSlice {
		demandSlice[i].p = newLeaf()
	}
	demandMany = make([][3000]odd56, 2)
	for i := range demandMany {
		for j := range demandMany[i] {
			demandMany[i][j].q = newLeaf()
		}
	}
	big := new([20000]*leaf) // kept by the address of one element
	fill(big[:])
	interiorBig = &big[12345]
}

func main() {
	for _, f := range []func(){oddSizes, oddSizes2, fixed, onDemand} {
		kit.Spread(f)
	}
	kit.Serve()
}
