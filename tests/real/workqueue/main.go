// Work queues that were long once: client-go/util/workqueue before "q.queue[0] = nil", and the
// delaying queue's heap.
package main

import (
	"fmt"
	"time"

	"k8s.io/client-go/util/workqueue"

	"overhang.subjects/kit"
)

type object struct {
	name string
	spec []byte
}

var (
	queue   = workqueue.NewNamed("objects")
	delayed workqueue.DelayingInterface
)

func main() {
	kit.Spread(func() {
		delayed = workqueue.NewDelayingQueue()
		for i := 0; i < 3000; i++ {
			queue.Add(&object{fmt.Sprint(i), make([]byte, 600)})
			delayed.AddAfter(&object{fmt.Sprint(i), make([]byte, 300)}, time.Duration(20+i/100)*time.Millisecond)
		}
		for i := 0; i < 2500; i++ {
			o, _ := queue.Get()
			queue.Done(o)
		}
		for i := 0; i < 3000; i++ {
			o, _ := delayed.Get()
			delayed.Done(o)
		}
	})
	kit.Serve()
}
