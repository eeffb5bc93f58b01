// Two queues: enriquebris/goconcurrentqueue takes from the front by s[1:], from within by append.
package main

import (
	"github.com/enriquebris/goconcurrentqueue"

	"overhang.subjects/kit"
)

type event struct{ body []byte }

var events, removed = goconcurrentqueue.NewFIFO(), goconcurrentqueue.NewFIFO()

func main() {
	kit.Spread(func() {
		for i := 0; i < 5000; i++ {
			events.Enqueue(&event{make([]byte, 400)})
			removed.Enqueue(&event{make([]byte, 300)})
		}
		for i := 0; i < 3000; i++ {
			events.Dequeue()
			removed.Remove(removed.GetLen() - 1)
		}
	})
	kit.Serve()
}
