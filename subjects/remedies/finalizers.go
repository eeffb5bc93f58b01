package main

import "runtime"

func finalized(c *Conn) *Conn {
	runtime.SetFinalizer(c, func(*Conn) {})
	return c
}

// guard gives the conn something that the runtime keeps until it is dead, of the kind-th sort.
func guard(c *Conn, kind int) {
	switch kind {
	case 0: // with what it refers to
		finalized(c).peer = newConn(0)
	case 1: // with another finalizer behind it: it takes a collection more
		finalized(c).peer = finalized(newConn(0))
		c.peer.peer = newConn(0)
	case 2: // with a closure
		companion := newConn(0)
		runtime.SetFinalizer(c, func(*Conn) { companion.data = nil })
	case 3:
		cleaned(c)
	case 4:
		weakly(c)
	case 5: // one that is never collected: its own contents keep it
		finalized(c).peer = newConn(0)
		c.peer.peer = c
	case 6: // the same of two
		finalized(c).peer = finalized(newConn(0))
		c.peer.peer = newConn(0)
		c.peer.peer.peer = c
	}
}

func init() {
	add("finalizers", func() {
		all := conns(3500, 3500)
		for i, c := range all {
			guard(c, i%7)
		}
		pool.inUse = all[:350]
		at("main.pool.inUse", in(&pool.inUse))
	})
	add("finalizers_of_two_holders", func() {
		a, b, shared := conns(1000, 1000), conns(1000, 1000), conns(500, 500)
		for i := range a {
			// What is behind the ones of the first holder is the second's, or both's.
			finalized(a[i]).peer = b[i]
			if i%2 == 0 {
				a[i].peer = shared[i/2]
			}
			finalized(b[i]).peer = shared[i/2]
			a[i].slot, b[i].slot = &a[i].peer, &b[i].peer // into itself: that keeps nothing
		}
		first, second = a[:100], b[:100]
		at("main.first", in(&first))
		at("main.second", in(&second))
	})
	add("finalizers_that_survive", func() {
		// Of a hidden array that stays, since another slice shows it.
		var headers []Header
		for i := 0; i < 40; i++ {
			p := &Pool{inUse: conns(100, 100)}
			for j, c := range p.inUse[:90] {
				guard(c, j%7)
			}
			pools = append(pools, p)
			headers = append(headers, in(&p.inUse))
		}
		for i, p := range pools {
			p.inUse[90].list = pools[(i*7)%40].inUse[:3]
			p.inUse[91].slot = &pools[(i+1)%40].inUse[95]
		}
		for i, p := range pools {
			p.inUse = p.inUse[:[]int{3, 30, 60, 0}[i/10]]
		}
		at("main.Pool.inUse", headers...)
	})
	add("finalizers_around_their_array", func() {
		// Once no slice shows the array, the finalizer of what it hides keeps both.
		var headers []Header
		for i := 0; i < 30; i++ {
			p := &Pool{inUse: conns(100, 100)}
			switch i % 3 {
			case 0: // over itself, and behind it more
				finalized(p.inUse[70]).slot = &p.inUse[60]
				p.inUse[71].peer = finalized(newConn(0))
			case 1: // over another object, to the whole
				finalized(p.inUse[80]).peer = newConn(0)
				p.inUse[80].peer.list = p.inUse
			case 2: // no way back
				finalized(p.inUse[70]).peer = p.inUse[71]
			}
			pools = append(pools, p)
			headers = append(headers, in(&p.inUse))
		}
		for i, p := range pools {
			p.inUse = p.inUse[:[]int{3, 30, 60, 0}[i%4]]
		}
		at("main.Pool.inUse", headers...)
	})
}
