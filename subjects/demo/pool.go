package main

import "time"

// A Conn is one client's connection: what has been read from it and what waits to be written.
type Conn struct {
	id      uint64
	opened  time.Time
	session *Session
	in, out []byte
}

// A Session is what the service knows of a client while it is connected.
type Session struct {
	user   string
	labels map[string]string
}

// A Pool hands out connections and knows those in use.
type Pool struct {
	inUse  []*Conn
	nextID uint64
}

func (p *Pool) open(user string) *Conn {
	p.nextID++
	c := &Conn{
		id:      p.nextID,
		opened:  time.Now(),
		session: &Session{user: user},
		in:      make([]byte, 0, 256),
		out:     make([]byte, 0, 256),
	}
	if p.nextID%16 == 0 {
		c.session.labels = map[string]string{"plan": "trial", "user": user}
	}
	p.inUse = append(p.inUse, c)
	return c
}

// remove takes connection i out of use. Their order does not matter: it changes places with the
// last one, and the slice becomes one shorter.
func (p *Pool) remove(i int) {
	last := len(p.inUse) - 1
	p.inUse[i], p.inUse[last] = p.inUse[last], p.inUse[i]
	p.inUse = p.inUse[:last]
}
