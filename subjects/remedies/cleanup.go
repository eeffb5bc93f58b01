//go:build go1.24

package main

import (
	"runtime"
	"weak"
)

func cleaned(c *Conn) {
	companion := newConn(0)
	runtime.AddCleanup(c, func(*Conn) {}, companion)
	runtime.AddCleanup(c, func(int) { companion.data = nil }, 1)
}

func weakly(c *Conn) {
	weak.Make(c)
	runtime.AddCleanup(c, func(weak.Pointer[Conn]) {}, weak.Make(newConn(0)))
}
