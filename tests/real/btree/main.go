// A B-tree that grew and shrank: google/btree before "set removed items to nil" (9cda4e30bb).
package main

import (
	"github.com/google/btree"

	"overhang.subjects/kit"
)

type session struct {
	id   int
	data []byte
}

func (s *session) Less(than btree.Item) bool { return s.id < than.(*session).id }

var sessions = btree.New(8)

func main() {
	kit.Spread(func() {
		for i := 0; i < 5000; i++ {
			sessions.ReplaceOrInsert(&session{i, make([]byte, 1000)})
		}
		// Every second one goes, then all of the upper half.
		for i := 0; i < 5000; i += 2 {
			sessions.Delete(&session{id: i})
		}
		for i := 2500; i < 5000; i++ {
			sessions.Delete(&session{id: i})
		}
	})
	kit.Fact("left", sessions.Len())
	kit.Serve()
}
