package broker

import (
	"sync"

	"overhang.subjects/packages/internal/sliceutil"
)

type Sub struct {
	ID  int
	Buf []byte
}

type registry struct {
	mu   sync.Mutex
	subs map[string][]*Sub
	all  []*Sub
	Idle []*Sub
}

type Broker struct {
	registry
	name   string
	Queues []*Queue
}

// A Queue is cut here and by the broker's users.
type Queue struct{ Items []*Sub }

func (q *Queue) Pop() {
	q.Items = q.Items[:len(q.Items)-1] // overhang: broker.Queue.Items
}

func New() *Broker { return &Broker{registry: registry{subs: map[string][]*Sub{}}} }

func (b *Broker) Add(topic string, s *Sub) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs[topic] = append(b.subs[topic], s)
	b.all = append(b.all, s)
	b.Idle = append(b.Idle, s)
}

func (b *Broker) Remove(topic string, i int) {
	subs := b.subs[topic]
	subs[i] = subs[len(subs)-1]
	b.subs[topic] = subs[:len(subs)-1]   // overhang: main.bk.registry.subs broker.Broker.registry.subs
	b.all = sliceutil.RemoveAt(b.all, i) // overhang: main.bk.registry.all
}
