// A subject that hides memory in the way its first argument names, and applies the remedies that a
// report tries out to itself: at one holder, or at all of them. Its own collector gives the true
// answer to each what-if.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"overhang.subjects/kit"
)

// A Header stands for one slice (or string) that a holder has.
type Header interface {
	// Replace applies "nil" (where len is 0), "copy", "copy2" (where cap > 2*len), "copy4", "copy8",
	// "three" or "clear" (the slots past len).
	Replace(remedy string)
}

// Where a header stands, by number: the subject must not be a holder itself.
type slice[T any] struct{ at uintptr }
type text struct{ at uintptr }

func in[T any](s *[]T) slice[T] { return slice[T]{uintptr(unsafe.Pointer(s))} }

func inText(s *string) text { return text{uintptr(unsafe.Pointer(s))} }

func pointer(at uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&at)) }

// factor is the last digit of "copy8".
func factor(remedy string) int { return int(remedy[len(remedy)-1] - '0') }

func (h slice[T]) Replace(remedy string) {
	s := (*[]T)(pointer(h.at))
	*s = replaced(remedy, *s)
}

func replaced[T any](remedy string, s []T) []T {
	switch {
	case remedy == "nil" && len(s) == 0:
		return nil
	case remedy == "copy", strings.HasPrefix(remedy, "copy") && cap(s) > factor(remedy)*len(s):
		return append([]T{}, s...)
	case remedy == "clear":
		kit.Clear(s[len(s):cap(s)])
	case remedy == "three":
		return s[:len(s):len(s)]
	}
	return s
}

func (h text) Replace(remedy string) {
	if s := (*string)(pointer(h.at)); remedy == "copy" {
		*s = strings.Clone(*s)
	}
}

// value applies a remedy to a slice that has no address: get gives it, set puts its place.
type value[T any] struct {
	get func() []T
	set func([]T)
}

func (h value[T]) Replace(remedy string) {
	h.set(replaced(remedy, h.get()))
}

type holder struct {
	site    string // as the report names it
	headers []Header
}

var holders []holder

// at names a holder and its slices.
func at(site string, headers ...Header) { holders = append(holders, holder{site, headers}) }

type scenario struct {
	name  string
	build func()
}

var scenarios []scenario

func add(name string, build func()) { scenarios = append(scenarios, scenario{name, build}) }

type Conn struct {
	id   int
	data *[120]byte
	peer *Conn
	slot **Conn
	list []*Conn
}

//go:noinline
func newConn(i int) *Conn { return &Conn{id: i, data: new([120]byte)} }

func conns(n, room int) []*Conn {
	s := make([]*Conn, 0, room)
	for i := 0; i < n; i++ {
		s = append(s, newConn(i))
	}
	return s
}

func apply(remedy string, who []holder) {
	for _, h := range who {
		for _, header := range h.headers {
			header.Replace(remedy)
		}
	}
}

func main() {
	for _, s := range scenarios {
		if kit.Arg(1) == "list" {
			fmt.Println(s.name)
		}
		if s.name != kit.Arg(1) {
			continue
		}
		kit.Spread(s.build)
		var sites []string
		var commands []kit.Command
		for _, remedy := range []string{"nil", "copy", "copy2", "copy4", "copy8", "three", "clear"} {
			remedy := remedy
			commands = append(commands, kit.Command{Name: remedy + " all", Do: func() { apply(remedy, holders) }})
			for i := range holders {
				i := i
				commands = append(commands, kit.Command{Name: fmt.Sprint(remedy, " ", i), Do: func() { apply(remedy, holders[i:i+1]) }})
			}
		}
		for _, h := range holders {
			sites = append(sites, h.site)
		}
		text, _ := json.Marshal(sites)
		kit.FactJSON("sites", string(text))
		kit.Serve(commands...)
		os.Exit(0)
	}
	if kit.Arg(1) != "list" {
		fmt.Fprintln(os.Stderr, "no such scenario:", kit.Arg(1))
		os.Exit(2)
	}
}
