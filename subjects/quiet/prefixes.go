package main

import "strings"

// Locals that begin at one pointer, which the compiler keeps in one word of the frame: what a short
// one leaves out a longer one shows, be it a variable or something without a name.

var (
	few, all = 3, 2000
	resume   = make(chan bool)
)

func prefixes() {
	for _, use := range []func(s []*order, few, all int){
		variables, longerFirst, ranged, inlinedParameters, arrayPointers, shrinking, fields, returned} {
		go use(madeOrders(all), few, all)
	}
	go texts(few)
}

func madeOrders(n int) []*order {
	s := make([]*order, n)
	for i := range s {
		s[i] = newOrder(i)
	}
	return s
}

//go:noinline
func lines(s []*order) (n int) {
	for _, o := range s {
		n += len(o.Lines)
	}
	return n
}

//go:noinline
func variables(s []*order, few, all int) {
	short := s[:few]
	long := short[:all]
	<-resume
	println(lines(short), lines(long))
}

//go:noinline
func longerFirst(s []*order, few, all int) {
	long := s[:all]
	s = s[:few]
	<-resume
	println(lines(long), lines(s))
}

//go:noinline
func ranged(s []*order, few, all int) {
	s = s[:few]
	n := 0
	for i, o := range s[:all] {
		if i == 0 {
			<-resume
		}
		n += len(o.Lines)
	}
	println(n, lines(s))
}

//go:noinline
func inlinedParameters(s []*order, few, all int) {
	s = s[:few]
	each(s, all)
	println(lines(s))
}

func each(s []*order, all int) {
	long := s[:all]
	<-resume
	for _, o := range long {
		println(o.ID)
	}
}

//go:noinline
func arrayPointers(s []*order, few, all int) {
	s = s[:few]
	array := (*[2000]*order)(s[:all])
	<-resume
	for i := range array {
		println(array[i].ID)
	}
	println(lines(s))
}

//go:noinline
func shrinking(s []*order, few, all int) {
	s = s[:few]
	for rest := s[:all]; len(rest) > 0; rest = rest[1:] {
		if len(rest) == all {
			<-resume
		}
		println(rest[0].ID)
	}
	println(lines(s))
}

type numbered struct {
	n      int
	orders []*order
}

//go:noinline
func fields(s []*order, few, all int) {
	a, b := numbered{1, s[:few]}, numbered{2, s[:all]}
	s = nil
	<-resume
	println(a.n, lines(a.orders), b.n, lines(b.orders))
}

//go:noinline
func returned(s []*order, few, all int) { println(lines(result(s[:few], all))) }

//go:noinline
func result(s []*order, all int) (long []*order) {
	long = s[:all]
	<-resume
	println(lines(s))
	return long
}

//go:noinline
func texts(few int) {
	text := strings.Repeat("words ", 50000)
	start := text[:few]
	<-resume
	println(start, text)
}

// derived has locals whose pointers the compiler makes from the first one's where they are used.
func derived() { go halves(all / 2) }

//go:noinline
func halves(half int) {
	first := madeOrders(1500)[:half:1500]
	second := first[500:1500]
	<-resume
	read(first)
	read(second)
}

//go:noinline
func read(s []*order) { println(lines(s)) }
