package main

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// Global pointers to elements of an array, by which the program comes to all that follow: each in
// another way.
type cell struct {
	c *conn
	n int
}

const cells = 2000

type most [cells - 1]cell

// The first is empty, and alone out of the pointer's reach.
func cellsBehindTheFirst() *most {
	s := make([]cell, cells)
	for i := range s[1:] {
		s[i+1] = cell{newConn(i), i}
	}
	return (*most)(s[1:])
}

type pairOfCells struct{ one, other *most }

var (
	byIndex, byFar, byRange, byCopy, bySlice, byArgument, byDeep, byResult, byClosure, byDefer,
	byChannel, byInterface, byOther, byOtherNow, byAddress, byMutex, byRecover, byStack, byLoop,
	byCondition, byConditionOr, byGo, byTable, byMany *most
	byUnsafe, byAtomic unsafe.Pointer
	byPair             pairOfCells
	byAtomicType       atomic.Pointer[most]
	tableOfCells       = []**most{&byTable}
	cellsMutex         sync.Mutex
	farCell            = cells - 100
	asAny              any
)

//go:noinline
func atIndex(p *most, i int) *conn { return p[i].c }

//go:noinline
func lastOf(p *most) *conn { return p[len(p)-1].c }

//go:noinline
func deep(n int, p *most) *conn {
	if n == 0 {
		return lastOf(p)
	}
	return deep(n-1, p)
}

//go:noinline
func same(p *most) *most { return p }

//go:noinline
func ofMany(a, b, c, d, e, f, g, h, i int, p *most) *conn { return p[a+b+c+d+e+f+g+h+i].c }

//go:noinline
func sumOf(s []cell) (n int) {
	for i := range s {
		n += s[i].c.id
	}
	return
}

//go:noinline
func throughAddress(p **most) *conn { return (*p)[farCell].c }

//go:noinline
func afterPanic() (p *most) {
	defer func() { recover() }()
	p = byRecover
	if farCell > 0 {
		panic("on the way")
	}
	return nil
}

// reaches: by what each global comes to a cell far behind its own.
var reaches = []func() *conn{
	func() *conn { return byIndex[farCell].c },
	func() *conn { return byFar[cells-2].c },
	func() *conn {
		n := 0
		for i := range byRange {
			n += byRange[i].c.id
		}
		return newConn(n)
	},
	func() *conn { all := *byCopy; return lastOf(&all) },
	func() *conn { return newConn(sumOf(bySlice[:])) },
	func() *conn { return atIndex(byArgument, farCell) },
	func() *conn { return deep(5, byDeep) },
	func() *conn { return same(byResult)[farCell].c },
	func() *conn {
		p := byClosure
		return func() *conn { return p[farCell].c }()
	},
	func() (c *conn) {
		defer func(p *most) { c = p[farCell].c }(byDefer)
		return nil
	},
	func() *conn {
		ch := make(chan *most, 1)
		ch <- byChannel
		return (<-ch)[farCell].c
	},
	func() *conn { asAny = byInterface; return asAny.(*most)[farCell].c },
	func() *conn {
		byOtherNow, byOther = byOther, byOtherNow
		byOtherNow, byOther = byOther, byOtherNow
		return byOther[farCell].c
	},
	func() *conn { return throughAddress(&byAddress) },
	func() *conn {
		cellsMutex.Lock()
		defer cellsMutex.Unlock()
		return byMutex[farCell].c
	},
	func() *conn { return afterPanic()[farCell].c },
	func() *conn {
		p, q := byStack, newConn(farCell)
		q.id += len(newConn(1).name)
		return p[q.id-len(q.name)].c
	},
	func() *conn {
		p := unsafe.Pointer(byLoop)
		for i := 0; i < cells-2; i++ {
			p = unsafe.Add(p, unsafe.Sizeof(cell{}))
		}
		return (*cell)(p).c
	},
	func() *conn {
		p := byCondition
		if farCell < 0 {
			p = byConditionOr
		}
		return p[farCell].c
	},
	func() *conn {
		done := make(chan *conn)
		go func(p *most) { done <- p[farCell].c }(byGo)
		return <-done
	},
	func() *conn { return (*tableOfCells[farCell-farCell])[farCell].c },
	func() *conn { return ofMany(farCell, 0, 0, 0, 0, 0, 0, 0, 0, byMany) },
	func() *conn { return (*cell)(unsafe.Add(byUnsafe, farCell*16)).c },
	func() *conn { return (*most)(atomic.LoadPointer(&byAtomic))[farCell].c },
	func() *conn { return byAtomicType.Load()[farCell].c },
	func() *conn { both := byPair; return lastOf(both.other) },
}

func init() {
	scenarios["reaches"] = func() {
		byIndex = cellsBehindTheFirst()
		byFar = cellsBehindTheFirst()
		byRange = cellsBehindTheFirst()
		byCopy = cellsBehindTheFirst()
		bySlice = cellsBehindTheFirst()
		byArgument = cellsBehindTheFirst()
		byDeep = cellsBehindTheFirst()
		byResult = cellsBehindTheFirst()
		byClosure = cellsBehindTheFirst()
		byDefer = cellsBehindTheFirst()
		byChannel = cellsBehindTheFirst()
		byInterface = cellsBehindTheFirst()
		byOther = cellsBehindTheFirst()
		byAddress = cellsBehindTheFirst()
		byMutex = cellsBehindTheFirst()
		byRecover = cellsBehindTheFirst()
		byStack = cellsBehindTheFirst()
		byLoop = cellsBehindTheFirst()
		byCondition = cellsBehindTheFirst()
		byGo = cellsBehindTheFirst()
		byTable = cellsBehindTheFirst()
		byMany = cellsBehindTheFirst()
		byUnsafe = unsafe.Pointer(cellsBehindTheFirst())
		atomic.StorePointer(&byAtomic, unsafe.Pointer(cellsBehindTheFirst()))
		byAtomicType.Store(cellsBehindTheFirst())
		byPair = pairOfCells{nil, cellsBehindTheFirst()}
		use(func() *conn {
			n := 0
			for _, reach := range reaches {
				n += reach().id
			}
			return newConn(n)
		})
	}
}
