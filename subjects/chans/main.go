// Channels: values waiting in buffers, senders and receivers waiting on them, selects.
package main

import (
	"strconv"
	"unsafe"

	"overhang.subjects/kit"
)

type message struct {
	name string
	body []byte
	next *message
}

type wide struct { // bigger than a size class of the inline kind
	head *message
	pad  [90]uint64
	tail *message
}

func msg(i int) *message {
	return &message{"message " + strconv.Itoa(i), make([]byte, i%40+1), &message{name: strconv.Itoa(i)}}
}

var (
	pointers     = make(chan *message, 100)
	full         = make(chan *message, 10)
	wrapped      = make(chan string, 8) // its read and write positions have gone round
	structs      = make(chan message, 20)
	wides        = make(chan wide, 5)
	slices       = make(chan []*message, 4)
	nested       = make(chan chan *message, 3)
	faces        = make(chan any, 6)
	plain        = make(chan int, 1000)
	signals      = make(chan struct{}, 7)
	closedChan   = make(chan *message, 4)
	funcs        = make(chan func() *message, 3)
	sends        = make(chan *message)
	receives     = make(chan *message)
	wideSends    = make(chan wide)
	wideReceives = make(chan wide)
	both         [5]chan *message
	// What a variable may hold that is no longer one: no channel is outside the heap.
	stale       chan int
	notAChannel = [16]uint64{7, 3, 1, 5, 2, 9, 4, 8, 6, 2, 7, 1, 3, 5, 8, 4}
)

func fill() {
	for i := 0; i < 60; i++ {
		pointers <- msg(i)
	}
	for i := 0; i < 10; i++ {
		full <- msg(i)
	}
	for i := 0; i < 20; i++ {
		wrapped <- "a string of number " + strconv.Itoa(i)
		if i > 4 {
			<-wrapped
		}
	}
	for i := 0; i < 15; i++ {
		structs <- *msg(i)
		plain <- i
	}
	for i := 0; i < 5; i++ {
		wides <- wide{head: msg(i), tail: msg(i + 40)}
	}
	<-wides // the slot it leaves is cleared by the runtime
	slices <- []*message{msg(1), nil, msg(2)}
	inner := make(chan *message, 2)
	inner <- msg(7)
	nested <- inner
	faces <- msg(1)
	faces <- *msg(2)
	faces <- "text " + strconv.Itoa(len(full))
	faces <- []*message{msg(3)}
	signals <- struct{}{}
	closedChan <- msg(1)
	close(closedChan)
	m := msg(8)
	funcs <- func() *message { return m }
	for i := range both {
		both[i] = make(chan *message, i%2)
	}
}

//go:noinline
func sendWide(i int) { wideSends <- wide{head: msg(i), tail: msg(i)} }

// choose waits with values of its own to send, and room to receive into.
//
//go:noinline
func choose(i int) *message {
	out, in := msg(i), wide{head: msg(i)}
	private := make(chan *message)
	select {
	case both[0] <- out:
	case both[2] <- in.head:
	case got := <-private:
		return got
	case w := <-wideReceives:
		in = w
	case sends <- msg(100 + i):
	}
	return in.tail
}

func main() {
	fill()
	*(*unsafe.Pointer)(unsafe.Pointer(&stale)) = unsafe.Pointer(&notAChannel)
	for i := 0; i < 12; i++ {
		i := i // to Go 1.21 all iterations have one
		go func() { full <- msg(i) }()
		go sendWide(i)
		go func() { m := <-receives; m.next = nil }()
		go func() {
			var w wide
			w, ok := <-wideReceives
			_, _ = w, ok
		}()
	}
	for i := 0; i < 6; i++ {
		i := i
		go func() { sends <- msg(i) }()
	}
	for i := 0; i < 9; i++ {
		go choose(i)
	}
	for i := 0; i < 3; i++ { // a channel that only its blocked users know
		i := i
		private := make(chan []*message)
		go func() { private2 := private; <-private2 }()
		go func() {
			hidden := make(chan *message, 3)
			hidden <- msg(i)
			hidden <- msg(i)
			hidden <- msg(i)
			hidden <- msg(i)
		}()
	}
	go func() {
		var none chan *message
		m := msg(1)
		none <- m
	}()
	kit.Serve()
}
