//go:build go1.23

package main

import (
	"strconv"
	"unique"
)

type pair struct{ a, b string }

var (
	names []unique.Handle[string]
	pairs []unique.Handle[pair]
)

func init() {
	features = append(features, func() {
		for i := 0; i < 300; i++ {
			name := unique.Make("unique " + strconv.Itoa(i%120))
			if i%2 == 0 {
				names = append(names, name)
			}
			p := unique.Make(pair{"a" + strconv.Itoa(i), "b" + strconv.Itoa(i%7)})
			if i%3 == 0 {
				pairs = append(pairs, p)
			}
		}
	})
}
