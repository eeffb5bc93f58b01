// A goroutine whose stack, which alone keeps a list, has to grow: tests stop it amidst that.
package main

import "runtime"

type node struct {
	next *node
	pad  [6]int
}

//go:noinline
func list(n int) *node {
	var head *node
	for ; n > 0; n-- {
		head = &node{next: head}
	}
	return head
}

// 32 KiB of stack, more than any goroutine has so far.
//
//go:noinline
func deep(n int) int {
	var room [4096]int
	room[n] = n
	return room[n/2]
}

// started is where the test waits for the list to be there.
//
//go:noinline
func started(head *node) { runtime.KeepAlive(head) }

func main() {
	done := make(chan int)
	go func() {
		head := list(1000)
		started(head)
		n := deep(7)
		for ; head != nil; head = head.next {
			n++
		}
		done <- n
	}()
	<-done
}
