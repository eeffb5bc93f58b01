// Strings made canonical, weak pointers and cleanups, as far as the release has them.
package main

import (
	"strconv"

	"overhang.subjects/kit"
)

type blob struct {
	name string
	next *blob
	data []byte
}

func newBlob(i int) *blob {
	return &blob{"blob " + strconv.Itoa(i), &blob{}, make([]byte, 1+i%200)}
}

// features are added by the files for newer releases.
var features []func()

var kept []*blob

func main() {
	for i := 0; i < 100; i++ {
		kept = append(kept, newBlob(i))
	}
	for _, f := range features {
		kit.Spread(f)
	}
	kit.Serve()
}
