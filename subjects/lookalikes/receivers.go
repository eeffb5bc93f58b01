package main

import "unsafe"

// Code calls methods of several types on one pointer: what it leads to is not for all of them to say.
type block struct {
	first *conn
	id    int
}

type wide struct {
	block
	more [6]*conn
}

//go:noinline
func (b *block) touch() { b.id++ }

//go:noinline
func (w *wide) count() int { return len(w.more) + w.id }

//go:noinline
func (c *conn) touch() { c.id++ }

var (
	blocks []block
	wides  []wide
	casts  unsafe.Pointer // into the middle of an array that nothing else shows
	kind   int
	chosen any
	outer  *wide
)

func touchCast() {
	switch kind {
	case 1:
		(*block)(casts).touch()
	case 2:
		(*wide)(casts).count()
	case 3:
		(*conn)(casts).touch()
	}
}

func touchChosen() {
	switch v := chosen.(type) {
	case *block:
		v.touch()
	case *conn:
		v.touch()
	}
}

func init() {
	scenarios["receivers"] = func() {
		many := make([]wide, 200)
		for i := range many {
			many[i].first = newConn(i)
			for j := range many[i].more {
				many[i].more[j] = newConn(i)
			}
		}
		kind = 2
		casts = unsafe.Pointer(&many[100])
		touchCast()
		chosen = &wide{block{newConn(1), 1}, [6]*conn{newConn(2)}}
		touchChosen()
		chosen = newConn(3)
		touchChosen()
		outer = &wide{block{newConn(1), 1}, [6]*conn{newConn(2)}}
		outer.touch()
		outer.count()
	}
}
