//go:build go1.24

package main

import (
	"runtime"
	"weak"
)

type cache struct {
	live, dead []weak.Pointer[blob]
	inside     []weak.Pointer[string]
	big        weak.Pointer[[50000]byte]
}

var (
	store    cache
	stops    []runtime.Cleanup
	bigOwner *[50000]byte
	cleaned  int
)

func init() {
	features = append(features, weakPointers, cleanups)
}

func weakPointers() {
	for _, b := range kept {
		store.live = append(store.live, weak.Make(b))
		store.inside = append(store.inside, weak.Make(&b.name))
	}
	for i := 0; i < 100; i++ { // their targets die, the handles stay
		store.dead = append(store.dead, weak.Make(newBlob(i)))
	}
	bigOwner = new([50000]byte)
	store.big = weak.Make(bigOwner)
}

func cleanups() {
	for i, b := range kept { // the argument lives as long as the object that it belongs to
		stops = append(stops, runtime.AddCleanup(b, func(arg *blob) { cleaned++ }, newBlob(1000+i)))
		if i%3 == 0 {
			extra := newBlob(i)
			runtime.AddCleanup(&b.next, func(n int) { extra.data = nil; cleaned += n }, i)
		}
		if i%4 == 0 {
			stops[i].Stop()
		}
		if i%5 == 0 {
			runtime.AddCleanup(b, func(s []*blob) {}, []*blob{newBlob(1), newBlob(2)})
		}
	}
	for i := 0; i < 80; i++ { // due at once
		runtime.AddCleanup(newBlob(i), func(arg *blob) { cleaned++ }, newBlob(i))
	}
}
