//go:build go1.24

package main

import (
	"runtime"
	"weak"

	"overhang.subjects/kit"
)

var (
	cleaned []*owner
	pinned  []weak.Pointer[owner]
)

func init() {
	cases["cleanups"] = func() {
		for i := 0; i < 100; i++ {
			o := &owner{held: newMark()}
			cleaned = append(cleaned, o)
			runtime.AddCleanup(o, func(m *marker) {}, newMarker())
			m := newMarker()
			runtime.AddCleanup(o, func(int) { println(m) }, i)
		}
		kit.Fact("markers", 200)
		kit.Fact("marks", 100)
	}
	cases["weak"] = func() {
		for i := 0; i < 100; i++ {
			o := &owner{held: newMark()}
			pinned = append(pinned, weak.Make(o))
			if i%4 == 0 {
				cleaned = append(cleaned, o)
			}
		}
		kit.Fact("marks", 25)
	}
	features = append(features, func() int {
		// Cleanups that never end hold every goroutine that runs cleanups, and the rest waits.
		for i := 0; i < 64; i++ {
			runtime.AddCleanup(&owner{}, func(int) { <-never }, i)
		}
		runtime.GC()
		for i := 0; i < 150; i++ {
			runtime.AddCleanup(&owner{}, func(m *marker) { println(m) }, newMarker())
		}
		return 150
	})
}
