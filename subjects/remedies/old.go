//go:build !go1.24

package main

// Without cleanups and weak pointers (Go 1.24 and later).
func cleaned(c *Conn) { guard(c, 0) }

func weakly(c *Conn) { guard(c, 2) }
