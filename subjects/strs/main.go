// Strings, substrings, byte slices and the tiny allocator, in which several values share a slot.
package main

import (
	"bytes"
	"strconv"
	"strings"

	"overhang.subjects/kit"
)

var (
	texts      []string
	parts      []string
	sub        string
	buffers    [][]byte
	shared     [][]byte
	numbers    []*int32
	bools      []*bool
	tinyStruct []*struct {
		a int16
		b [5]byte
	}
	faces     []any
	builders  []*strings.Builder
	replaced  *strings.Replacer
	runes     []rune
	readers   []*strings.Reader
	joined    string
	nothing   = ""
	static    = "a constant"
	firstHalf = static[:4]
	gone      = &static
)

func build() {
	for i := 0; i < 500; i++ {
		texts = append(texts, "text "+strconv.Itoa(i)+strings.Repeat("x", i%40))
		n := new(int32)
		*n = int32(i)
		if i%3 == 0 { // a slot survives by any one of its values
			numbers = append(numbers, n)
		}
		b := new(bool)
		if i%5 == 0 {
			bools = append(bools, b)
		}
		t := &struct {
			a int16
			b [5]byte
		}{a: int16(i)}
		if i%4 == 1 {
			tinyStruct = append(tinyStruct, t)
		}
		faces = append(faces, i*1000, int8(i), strconv.Itoa(i), float64(i), [3]byte{1, 2}, i%2 == 0)
	}
	big := strings.Repeat("0123456789", 100_000)
	sub = big[500_000:500_010]
	parts = strings.Split(strings.Repeat("one,two,three,", 200), ",")
	data := bytes.Repeat([]byte("abc"), 30_000)
	for i := 0; i < 30; i++ {
		buffers = append(buffers, make([]byte, i*100, i*150))
		shared = append(shared, data[i*1000:i*1000+10])
	}
	for i := 0; i < 40; i++ {
		b := &strings.Builder{}
		b.WriteString(texts[i])
		builders = append(builders, b)
		readers = append(readers, strings.NewReader(texts[i][i%5:]))
	}
	replaced = strings.NewReplacer("a", "1", "bb", "22", texts[1], texts[2])
	replaced.Replace("aabb")
	runes = []rune(texts[33])
	joined = strings.Join(texts[:100], "; ")
	texts = texts[250:]
}

//go:noinline
func wait(s string, b []byte) {
	tail := s[len(s)-2:]
	head := b[:1]
	n := new(int16)
	keep(n)
	kit.Block()
	println(tail, head, *n)
}

//go:noinline
func keep(n *int16) { *n++; kept = n; kept = nil }

var kept *int16

func main() {
	kit.Spread(build)
	go wait(strings.Repeat("z", 1000), make([]byte, 5000))
	go wait("w"+strconv.Itoa(77), make([]byte, 7))
	kit.Serve()
}
