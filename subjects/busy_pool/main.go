// The article's leak at work: pools whose elements in use are kept in a slice that is truncated and
// never cleared, by the very calls that use it.
package main

import (
	"math/rand"
	"sync"

	"overhang.subjects/kit"
)

type Conn struct {
	id      int
	peer    *[96]byte
	request [128]byte
}

func newConn(i int) *Conn { return &Conn{id: i, peer: new([96]byte)} }

// A Stack pops by truncation: all slots up to the highest length ever hold a Conn of their own.
type Stack struct {
	mutex sync.Mutex
	inUse []*Conn
}

const highest, lowest = 2000, 500

func (s *Stack) fill() {
	for len(s.inUse) < highest {
		s.inUse = append(s.inUse, newConn(len(s.inUse)))
	}
}

func (s *Stack) push(c *Conn) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.inUse = append(s.inUse, c)
}

func (s *Stack) pop() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c := s.inUse[len(s.inUse)-1]
	s.inUse = s.inUse[:len(s.inUse)-1]
	return c.id
}

func (s *Stack) len() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.inUse)
}

// A Pool moves what is to go to the end and truncates, as in the article.
type Pool struct {
	mutex sync.Mutex
	inUse []*Conn
}

func (p *Pool) add(c *Conn) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.inUse) < highest {
		p.inUse = append(p.inUse, c)
	}
}

func (p *Pool) remove(i int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if last := len(p.inUse) - 1; i < last {
		p.inUse[i], p.inUse[last] = p.inUse[last], p.inUse[i]
		p.inUse = p.inUse[:last]
	}
}

var (
	stack Stack
	pool  Pool
)

func stacker(i int) func() {
	random := rand.New(rand.NewSource(int64(i)))
	down := true
	dropper := kit.NewDropper()
	own := kit.Lives(kit.NewWitness())
	return func() {
		for n := random.Intn(50); n > 0; n-- {
			length := stack.len()
			down = down && length > lowest+100 || length > highest-100
			if down {
				stack.pop()
			} else {
				stack.push(newConn(n))
			}
		}
		if own.Child == nil {
			dropper.Drop()
		}
	}
}

func pooler(i int) func() {
	random := rand.New(rand.NewSource(int64(i)))
	return func() {
		for n := random.Intn(50); n > 0; n-- {
			if random.Intn(2) == 0 {
				pool.add(newConn(n))
			} else {
				pool.remove(random.Intn(highest))
			}
		}
	}
}

func main() {
	kit.Spread(stack.fill)
	for stack.len() > highest-100 { // from the first image on some slots are stale
		stack.pop()
	}
	pool.inUse = make([]*Conn, 0, highest)
	kit.Work(4, func(i int) func() {
		if i%2 == 0 {
			return stacker(i)
		}
		return pooler(i)
	})
	kit.Fact("highest", highest)
	// 50 Conns pushed over, 50 of their peers.
	kit.Fact("objects_per_step", 110)
	kit.ServeBusy()
}
