// A subject that hides memory in the way its first argument names, says what there is to find, and
// on command applies the remedy to itself, so that its own collector gives the true answer.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"unsafe"

	"overhang.subjects/kit"
)

// A Site is what the report must say: of one row, or in sum.
type Site struct {
	Site     string `json:"site"`
	Kind     string `json:"kind"`
	Elem     string `json:"element_type,omitempty"`
	Category string `json:"category"`
	Arrays   int    `json:"arrays"`
	Slots    int    `json:"slots"`
	Visible  int    `json:"visible_slots"`
	Stale    int    `json:"stale_slots"` // hidden slots that hold a reference
	Shared   string `json:"shared_with,omitempty"`
}

type scenario struct {
	name   string
	build  func()
	remedy func()
}

var (
	scenarios []scenario
	expected  []Site
	copied    int // bytes of the copies that the remedy makes; chosen to fill their size classes
)

// add registers a scenario whose remedy is to clear the hidden slots.
func add(name string, build func()) {
	scenarios = append(scenarios, scenario{name, build, clearHidden})
}

func expect(s Site) { expected = append(expected, s) }

type Payload struct {
	data []byte
	tags [3]int
}

type Conn struct {
	id      int
	payload *Payload
	name    string
	peer    *Conn
}

func newConn(i int) *Conn {
	return &Conn{i, &Payload{data: make([]byte, 64)}, "connection number " + strconv.Itoa(i), nil}
}

func conns(n int) []*Conn {
	var s []*Conn
	for i := 0; i < n; i++ {
		s = append(s, newConn(i))
	}
	return s
}

// hidden remembers memory by number, so that it can be cleared although nothing sees it.
var hidden struct {
	regions [4096]struct{ base, words uintptr }
	used    int
}

func hide[T any](s []T) []T {
	if len(s) == 0 {
		return s
	}
	r := &hidden.regions[hidden.used]
	hidden.used++
	r.base = uintptr(unsafe.Pointer(&s[0]))
	r.words = uintptr(len(s)) * unsafe.Sizeof(s[0]) / 8
	return s
}

// truncate is s[:n], with what that hides remembered.
func truncate[T any](s []T, n int) []T {
	hide(s[n:])
	return s[:n] // overhang: helper
}

func clearHidden() {
	for _, r := range hidden.regions[:hidden.used] {
		base := *(*unsafe.Pointer)(unsafe.Pointer(&r.base))
		words := unsafe.Slice((**byte)(base), r.words)
		for i := range words {
			words[i] = nil
		}
	}
}

func main() {
	for _, s := range scenarios {
		if kit.Arg(1) == "list" {
			fmt.Println(s.name)
		}
		if s.name == kit.Arg(1) {
			kit.Spread(s.build)
			facts, _ := json.Marshal(expected)
			kit.FactJSON("expect", string(facts))
			kit.Fact("copied", copied)
			kit.Serve(kit.Command{Name: "remedy", Do: s.remedy})
			os.Exit(0)
		}
	}
	if kit.Arg(1) != "list" {
		fmt.Fprintln(os.Stderr, "no such scenario:", kit.Arg(1))
		os.Exit(2)
	}
}
