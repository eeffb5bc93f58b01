//go:build go1.23

package main

import (
	"iter"

	"overhang.subjects/kit"
)

var pulls []func() (*value, bool)

func init() {
	coroutines = append(coroutines, func() {
		for i := 0; i < 20; i++ {
			next, stop := iter.Pull(func(yield func(*value) bool) {
				for j := 0; ; j++ {
					own := newValue(j)
					if !yield(newValue(i)) {
						return
					}
					own.next = newValue(j)
				}
			})
			for j := 0; j < i%3; j++ {
				next()
			}
			if i%7 == 6 {
				stop()
			}
			pulls = append(pulls, next)
		}
		// Halfway through a range over a function.
		go func() {
			for v := range func(yield func(*value) bool) {
				for i := 0; i < 10 && yield(newValue(i)); i++ {
				}
			} {
				kit.Block()
				v.use()
			}
		}()
	})
}
