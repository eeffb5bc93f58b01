//go:build !cgo

package main

import (
	"syscall"

	"overhang.subjects/kit"
)

// Without C: short sleeps in system calls.
func foreign() func() {
	held := kit.Lives(kit.NewWitness())
	return func() {
		nap := syscall.Timespec{Nsec: 20_000}
		syscall.Nanosleep(&nap, nil)
		if held.Child != nil {
			panic("a child?")
		}
	}
}
