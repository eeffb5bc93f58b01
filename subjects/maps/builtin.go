//go:build go1.21

package main

import "maps"

func init() {
	emptyAll = func(m map[string]*payload) { clear(m) }
	clone = maps.Clone[map[string]*payload]
}
