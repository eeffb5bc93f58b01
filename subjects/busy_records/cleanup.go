//go:build go1.24

package main

import (
	"runtime"
	"weak"
)

var (
	weakly  [64]weak.Pointer[resource]
	stopped [64]*resource
)

// cleaned drops objects with cleanups and weak pointers.
func cleaned() func() {
	n := 0
	return func() {
		n++
		r := &resource{data: new([48]byte)}
		switch n % 3 {
		case 0:
			runtime.AddCleanup(r, func(data *[48]byte) { closed.Add(uint64(len(data))) }, new([48]byte))
		case 1:
			count := new([16]byte)
			runtime.AddCleanup(r, func(x int) { closed.Add(uint64(len(count) + x)) }, n)
			runtime.AddCleanup(r, func(struct{}) { closed.Add(1) }, struct{}{})
		case 2:
			weakly[n%len(weakly)] = weak.Make(r)
			stopped[n%len(stopped)] = &resource{next: r}
			runtime.AddCleanup(r, func(*resource) { panic("stopped") }, stopped[n%len(stopped)]).Stop()
		}
		if r := weakly[(n+7)%len(weakly)].Value(); r != nil {
			closed.Add(uint64(len(r.data)))
		}
	}
}
