// Hidden memory that references of unknown type may show: arrays behind truncated slices to which an
// unsafe.Pointer leads, too. "forget" takes the unsafe pointers away, which frees nothing; "clear"
// clears the hidden slots.
package main

import (
	"runtime"
	"unsafe"

	"overhang.subjects/kit"
)

type item [1000]byte

type box struct {
	items []*item
	raw   unsafe.Pointer
}

var (
	store   box     // 600 items, 500 of them hidden; raw leads to the array
	boxes   [8]*box // the same with 20 and 10 each
	plain   []*item // hidden, and nothing else leads there
	visible []*item // not truncated: that an unsafe.Pointer leads there, too, makes no difference
	also    unsafe.Pointer
)

func items(n int) []*item {
	out := make([]*item, n)
	for i := range out {
		out[i] = new(item)
	}
	return out
}

func build() {
	store.items = items(600)
	store.raw = unsafe.Pointer(&store.items[0])
	store.items = store.items[:100]
	for i := range boxes {
		s := items(20)
		boxes[i] = &box{s[:10], unsafe.Pointer(&s[3])}
	}
	plain = items(70)[:30]
	visible = items(50)
	also = unsafe.Pointer(&visible[7])
}

func forget() {
	store.raw = nil
	for _, b := range boxes {
		b.raw = nil
	}
}

func remedy() {
	clear(store.items[len(store.items):cap(store.items)])
	for _, b := range boxes {
		clear(b.items[len(b.items):cap(b.items)])
	}
	clear(plain[len(plain):cap(plain)])
}

func main() {
	kit.Spread(build)
	kit.Serve(kit.Command{Name: "forget", Do: forget}, kit.Command{Name: "clear", Do: remedy})
	runtime.KeepAlive(also)
}
