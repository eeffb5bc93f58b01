// A program that holds pointers into C's memory, as most programs with cgo do: they lead to no heap
// object, and what stands there keeps nothing alive.
package main

/*
#include <stdlib.h>
#include <string.h>
typedef struct node { struct node *next; char text[48]; } node;
static node *make_list(int n) {
	node *head = NULL;
	for (int i = 0; i < n; i++) {
		node *p = malloc(sizeof *p);
		memset(p, i, sizeof *p);
		p->next = head;
		head = p;
	}
	return head;
}
*/
import "C"

import (
	"runtime/cgo"
	"strconv"
	"unsafe"

	"overhang.subjects/kit"
)

type wrapper struct {
	list   *C.node
	bytes  []byte // over C's memory
	handle cgo.Handle
	own    []*wrapper
	raw    unsafe.Pointer
}

var (
	wrappers []*wrapper
	texts    []*C.char
	views    [][]C.node
	numbers  []uintptr
)

func build(n int) {
	for i := 0; i < n; i++ {
		w := &wrapper{list: C.make_list(50)}
		raw := C.calloc(1, 4096)
		w.raw, w.bytes = raw, unsafe.Slice((*byte)(raw), 4096)[:100]
		w.handle = cgo.NewHandle(&wrapper{})
		w.own = []*wrapper{{}, {}, {}, {}}[:1]
		wrappers = append(wrappers, w)
		texts = append(texts, C.CString("text "+strconv.Itoa(i)))
		views = append(views, unsafe.Slice(w.list, 1))
		numbers = append(numbers, uintptr(raw))
	}
}

func main() {
	n := 200
	if kit.Arg(1) != "" {
		n, _ = strconv.Atoi(kit.Arg(1))
	}
	kit.Spread(func() { build(n) })
	kit.Fact("hides", 1)
	kit.Serve(kit.Command{Name: "remedy", Do: func() {
		for _, w := range wrappers {
			clear(w.own[len(w.own):cap(w.own)])
		}
	}})
}
