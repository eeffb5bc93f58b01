// The subject of the bench: a million connections, a tenth of them kept, the rest behind the tail
// of main.pool.inUse. Prints how long cycles of Go's own collector take on that heap, then
// "ready pid=… gc_ms=… heap_alloc=… heap_objects=…", and sleeps until its standard input ends.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"syscall"
	"time"
)

type Conn struct {
	id               string
	request, reply   *Payload
	attributes       map[string]string
	opened, deadline int64
	counters         [12]uint64
}

type Payload struct {
	data         []byte
	first, count int64
}

type Pool struct {
	inUse []*Conn
}

var pool Pool

func (p *Pool) remove(i int) {
	last := len(p.inUse) - 1
	p.inUse[i], p.inUse[last] = p.inUse[last], p.inUse[i]
	p.inUse = p.inUse[:last]
}

// newConn makes a connection of 512 bytes of payload; one in sixteen carries an attribute.
func newConn(i int) *Conn {
	c := &Conn{
		id:      "conn-" + strconv.Itoa(1_000_000_000+i),
		request: &Payload{data: bytes.Repeat([]byte{'q'}, 256)},
		reply:   &Payload{data: bytes.Repeat([]byte{'r'}, 256)},
		opened:  int64(i),
	}
	if i%16 == 0 {
		c.attributes = map[string]string{"user": "user-" + strconv.Itoa(i)}
	}
	return c
}

func main() {
	conns := flag.Int("conns", 1_000_000, "connections made")
	keep := flag.Int("keep", 100_000, "connections kept in use")
	flag.Parse()
	const prSetPtracer = 0x59616d61 // any process may trace this one, where Yama is strict
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetPtracer, ^uintptr(0), 0)

	for i := 0; i < *conns; i++ {
		pool.inUse = append(pool.inUse, newConn(i))
	}
	for len(pool.inUse) > *keep {
		pool.remove(len(pool.inUse) / 2)
	}

	runtime.GC()
	debug.SetGCPercent(-1)
	cycles := make([]float64, 5)
	for i := range cycles {
		start := time.Now()
		runtime.GC()
		cycles[i] = float64(time.Since(start).Microseconds()) / 1000
	}
	sort.Float64s(cycles)
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Printf("ready pid=%d gc_ms=%.1f heap_alloc=%d heap_objects=%d\n",
		os.Getpid(), cycles[len(cycles)/2], stats.HeapAlloc, stats.HeapObjects)
	io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(pool)
}
