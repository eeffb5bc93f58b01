// Heaps of unusual shape or size: unusual CASE [SIZE]. Each case builds something that programs in
// production hold now and then, at a size that is small without an argument. Most hide memory in it;
// the command "remedy" clears the hidden slots.
package main

import (
	"os"
	"strconv"

	"overhang.subjects/kit"
)

// A leaf is what hangs on slots.
type leaf struct {
	n    int
	next *leaf
	pad  [6]int
}

//go:noinline
func newLeaf(n int) *leaf { return &leaf{n: n} }

// truncated is a slice of `shown` leaves with `hidden` more behind its length.
func truncated(shown, hidden int) []*leaf {
	s := make([]*leaf, shown+hidden)
	for i := range s {
		s[i] = newLeaf(i)
	}
	return s[:shown]
}

// In a frame of its own: one that itself shows slots past len hides them from nobody.
//
//go:noinline
func clearTail(s []*leaf) {
	s = s[len(s):cap(s)]
	for i := range s {
		s[i] = nil
	}
}

// A scenario builds its state and returns the remedy; nil: it hides nothing.
type scenario struct {
	size  int // without an argument
	build func(size int) (remedy func())
}

var scenarios = map[string]scenario{
	"sparse":     {1024, sparse},       // GiB reserved, and as many mapped and untouched
	"mapped":     {1, mappedFile},      // GiB of a mapped file
	"goroutines": {2000, goroutines},   // goroutines
	"mapslices":  {3000, mapOfSlices},  // entries of each map
	"bytes":      {1, bigBytes},        // GiB of one []byte
	"pointers":   {64, bigPointers},    // MiB of one []*leaf, a slot in 10,000 used
	"zerosize":   {1000, zeroSize},     // objects that zero-size elements stand in
	"programs":   {1, largeTypes},      // copies on the heap
	"nans":       {500, nanKeys},       // entries
	"channels":   {1000, channels},     // slices in each buffer
	"finalizers": {500, finalizers},    // objects
	"list":       {100000, longList},   // nodes
	"recursion":  {1, deepRecursion},   // MiB of stack
	"texts":      {2000, texts},        // strings
	"types":      {300, madeTypes},     // types made at run time
	"closures":   {300, madeFunctions}, // functions made by reflect
}

func main() {
	s, ok := scenarios[kit.Arg(1)]
	if !ok {
		os.Exit(2)
	}
	size := s.size
	if kit.Arg(2) != "" {
		size, _ = strconv.Atoi(kit.Arg(2))
	}
	var remedy func()
	kit.Spread(func() { remedy = s.build(size) })
	if remedy == nil {
		kit.Serve()
		return
	}
	kit.Fact("hides", 1)
	kit.Serve(kit.Command{Name: "remedy", Do: remedy})
}
