//go:build go1.23

package main

import (
	"runtime"
	"strconv"
	"strings"
	"unique"
)

type pair struct{ a, b string }

var (
	names []unique.Handle[string]
	pairs []unique.Handle[pair]
)

// Go 1.23 and 1.24 sweep unique maps while the collector marks, and give a value without handles
// another cycle if the sweep has it in hand just then: there all handles are kept.
var sweptWhileMarking = strings.HasPrefix(runtime.Version(), "go1.23") ||
	strings.HasPrefix(runtime.Version(), "go1.24")

func init() {
	features = append(features, func() {
		for i := 0; i < 300; i++ {
			name := unique.Make("unique " + strconv.Itoa(i%120))
			if i%2 == 0 || sweptWhileMarking {
				names = append(names, name)
			}
			p := unique.Make(pair{"a" + strconv.Itoa(i), "b" + strconv.Itoa(i%7)})
			if i%3 == 0 || sweptWhileMarking {
				pairs = append(pairs, p)
			}
		}
	})
}
