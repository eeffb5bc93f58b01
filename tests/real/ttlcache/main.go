// Entries that were removed before they expired: ReneKroon/ttlcache before "fixes memory leaks in
// priority queue".
package main

import (
	"fmt"
	"time"

	"github.com/ReneKroon/ttlcache/v2"

	"overhang.subjects/kit"
)

type session struct {
	user string
	data []byte
}

var cache = ttlcache.NewCache()

func main() {
	kit.Spread(func() {
		cache.SetTTL(time.Hour)
		for i := 0; i < 4000; i++ {
			cache.Set(fmt.Sprint("session-", i), &session{fmt.Sprint("user-", i), make([]byte, 700)})
		}
		for i := 0; i < 3500; i++ {
			cache.Remove(fmt.Sprint("session-", i))
		}
	})
	kit.Serve()
}
