// Goroutines blocked in every way there is, each with values that only its stack holds.
package main

import (
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"overhang.subjects/kit"
)

type value struct {
	name string
	data []byte
	next *value
}

func newValue(i int) *value {
	return &value{"value " + strconv.Itoa(i), make([]byte, 5+i%60), &value{}}
}

// used keeps what use reads from being thought useless.
var used atomic.Int64

func (v *value) use() { used.Add(int64(len(v.name) + len(v.data))) }

var (
	mutex   sync.Mutex
	rw      sync.RWMutex
	cond    = sync.NewCond(&sync.Mutex{})
	group   sync.WaitGroup
	once    sync.Once
	ways    []func(*value)
	errSink error
)

// with is the frame between a goroutine's entry and its block.
//
//go:noinline
func with(way func(*value), i int) {
	own, other := newValue(i), newValue(1000+i)
	way(other)
	own.use()
	other.use()
}

func locks() {
	mutex.Lock()
	rw.Lock()
	group.Add(1)
	ways = append(ways,
		func(*value) { mutex.Lock() },
		func(v *value) { defer v.use(); rw.RLock() },
		func(v *value) { rw.Lock(); v.use() },
		func(*value) { cond.L.Lock(); cond.Wait() },
		func(*value) { group.Wait() },
		func(v *value) { once.Do(func() { kit.Block() }); v.use() },
		func(*value) { time.Sleep(time.Hour) },
		func(*value) { runtime.LockOSThread(); kit.Block() },
		func(v *value) { go func() { v.use() }(); runtime.Goexit() })
}

func systemCalls() {
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		panic(err)
	}
	ways = append(ways, func(v *value) { // a thread of its own, in a system call
		buf := make([]byte, 100)
		syscall.Read(fds[0], buf)
		v.data = buf
	})
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	ways = append(ways, func(v *value) { // in the network poller
		buf := make([]byte, 2000)
		n, err := io.ReadFull(r, buf)
		v.data, errSink = buf[:n], err
		w.Close()
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	ways = append(ways, func(v *value) {
		var accepted []net.Conn
		for {
			conn, err := listener.Accept()
			if err != nil {
				panic(v)
			}
			accepted = append(accepted, conn)
		}
	}, func(v *value) {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			panic(err)
		}
		buf := make([]byte, 64)
		conn.Read(buf)
		v.data = buf
	})
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, syscall.SIGUSR1)
	ways = append(ways, func(v *value) { println(<-signals, v.name) })
}

// panics block while a panic is under way: within deferred functions, twice, recovered, at exit.
func panics() {
	ways = append(ways,
		func(v *value) {
			defer func() { kit.Block() }()
			panic(v)
		},
		func(v *value) {
			defer func() {
				kept := newValue(1)
				kit.Block()
				kept.use()
			}()
			defer func() { panic(newValue(2)) }()
			panic(newValue(3))
		},
		func(v *value) {
			defer func() {
				r := recover()
				kit.Block()
				println(r)
			}()
			var none *value
			none.use() // sigpanic
		},
		func(v *value) {
			func() {
				defer func() { errSink, _ = recover().(error) }()
				var list []*value
				list[len(v.name)].use()
			}()
			kit.Block()
		},
		func(v *value) {
			defer func() { v.use(); kit.Block() }()
			for i := 0; i < 5; i++ {
				w := newValue(i)
				defer func() { w.use() }()
			}
			defer func() { kit.Block() }()
			runtime.Goexit()
		},
		func(v *value) {
			defer func() { recover(); v.use() }()
			defer func() {
				defer func() { kit.Block() }()
				panic("again " + v.name)
			}()
			panic("first " + v.name)
		})
}

func main() {
	locks()
	systemCalls()
	panics()
	for i := 0; i < 3; i++ {
		for j, way := range ways {
			go with(way, 100*i+j)
		}
	}
	for _, f := range coroutines {
		kit.Spread(f)
	}
	// Dead goroutines leave their g's and stacks behind for reuse.
	var done sync.WaitGroup
	for i := 0; i < 50; i++ {
		i := i // to Go 1.21 all iterations have one
		done.Add(1)
		go func() {
			defer done.Done()
			newValue(i).next = nil
		}()
	}
	done.Wait()
	kit.Serve(kit.Stacks())
}

// coroutines is added to by newer releases.
var coroutines []func()
