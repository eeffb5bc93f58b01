//go:build !go1.24

package main

// Without cleanups (Go 1.24 and later).
func cleaned() func() { return finalized() }
