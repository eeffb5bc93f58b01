//go:build go1.24

package main

import (
	"runtime"
	"weak"
)

func features(n *node) {
	runtime.AddCleanup(n, func(name string) { sink = name }, n.name)
	sink = weak.Make(n).Value()
}
