// A service that leaks the way many do. At a busy hour it holds many connections at once, in a
// slice of those in use; one that ends changes places with the last, and the slice is cut by one.
// Nothing in the program can reach a connection that is gone, yet its pointer still stands in the
// array behind the slice, and so the garbage collector keeps it, its buffers and its session.
//
// It prints a line that starts with "ready" and goes on serving until its standard input ends.
package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

var pool Pool

func main() {
	busy := flag.Int("busy", 200_000, "connections open at the busiest time")
	calm := flag.Int("calm", 10_000, "connections open afterwards")
	flag.Parse()
	allowTracing()

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		stop <- syscall.SIGTERM
	}()

	random := rand.New(rand.NewSource(1))
	for len(pool.inUse) < *busy {
		serve(random)
	}
	for len(pool.inUse) > *calm {
		pool.remove(random.Intn(len(pool.inUse)))
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Printf("ready pid %d: %d connections in use, yet %d MB of heap after a collection\n",
		os.Getpid(), len(pool.inUse), stats.HeapAlloc/1_000_000)

	for tick := time.NewTicker(10 * time.Millisecond); ; {
		select {
		case <-stop:
			return
		case <-tick.C:
			serve(random)
			pool.remove(random.Intn(len(pool.inUse)))
		}
	}
}

// serve takes a new connection and exchanges a little over it.
func serve(random *rand.Rand) {
	conn := pool.open("user-" + strconv.Itoa(random.Intn(1_000_000)))
	conn.in = append(conn.in, "GET /status"...)
	conn.out = append(conn.out, "200 OK"...)
}

// allowTracing lets any process of the same user trace this one, which Yama (Ubuntu's default)
// otherwise keeps to a process's own ancestors: prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY). Where
// there is no Yama the call fails, and nothing is lost.
func allowTracing() {
	const prSetPtracer, prSetPtracerAny = 0x59616d61, ^uintptr(0)
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetPtracer, prSetPtracerAny, 0)
}
