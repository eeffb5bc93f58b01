// Package kit is what all subjects share: how a test talks to them, and how they fall silent.
//
// A subject builds its state, says what it built (Fact) and calls Serve. Serve collects, prints
// "ready {…}" and blocks in a system call; from then on nothing in the process allocates, moves or
// dies, so that an image of it carries the marks of the cycle just finished. A line on standard
// input names a command; it is carried out, the collector runs, and "ready {…}" comes again.
package kit

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// A Command is what Serve does when its name is read.
type Command struct {
	Name string
	Do   func()
}

// Between, if set, runs between the last two cycles: what it puts into a sync.Pool is that pool's
// victim in the image.
var Between func()

// After, if set, runs after the last cycle: what it lets go of is dead in the image, and no
// collector has noticed. It must not allocate.
var After func()

// KeepProcessor makes Serve read without telling the scheduler, so that with GOMAXPROCS=1 no other
// goroutine runs meanwhile, not even one that is runnable.
var KeepProcessor bool

var (
	facts []byte
	in    [256]byte // static: Serve must not allocate once it has collected
	out   [256]byte
	stats runtime.MemStats
)

func init() {
	debug.SetGCPercent(-1)
	// PR_SET_PTRACER, PR_SET_PTRACER_ANY: an ordinary user's test may image us where yama's
	// ptrace_scope is 1. Without yama the call fails, harmlessly.
	syscall.RawSyscall6(syscall.SYS_PRCTL, 0x59616d61, ^uintptr(0), 0, 0, 0, 0)
	// SIGABRT from outside ends the process at once, with a core where cores are written: Go's own
	// handler would run first, and with it other goroutines. {SIG_DFL; flags; restorer; mask}.
	var byDefault [4]uintptr
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGABRT), uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0)
}

// Fact tells the test a number that is known from how the state was built.
func Fact(name string, value int) { fact(name, strconv.Itoa(value)) }

// FactText is Fact for text.
func FactText(name, value string) { fact(name, strconv.Quote(value)) }

// FactJSON is Fact for a value that is JSON already.
func FactJSON(name, value string) { fact(name, value) }

func fact(name, value string) {
	if len(facts) > 0 {
		facts = append(facts, ',')
	}
	facts = append(facts, strconv.Quote(name)+":"+value...)
}

// Clear is clear (Go 1.21) for slices.
func Clear[T any](s []T) {
	var zero T
	for i := range s {
		s[i] = zero
	}
}

// Arg is the n-th command-line argument, or "".
func Arg(n int) string {
	if n < len(os.Args) {
		return os.Args[n]
	}
	return ""
}

// Spread calls f so that its frame, and the stale words it leaves, lie well below the caller's.
//
//go:noinline
func Spread(f func()) {
	var room [4096]byte
	room[len(os.Args)] = 1
	f()
	runtime.KeepAlive(&room)
}

// Block never returns, which the compiler does not know: what its caller uses after it stays live.
//
//go:noinline
func Block() { select {} }

// Stacks is a command that writes the runtime's own tracebacks of all goroutines to the file that
// the first argument names.
func Stacks() Command {
	return Command{"stacks", func() {
		text := make([]byte, 8<<20)
		text = text[:runtime.Stack(text, true)]
		if err := os.WriteFile(Arg(1), text, 0o600); err != nil {
			panic(err)
		}
	}}
}

// Serve does not return before the line "exit" or the end of standard input.
//
//go:noinline
func Serve(commands ...Command) {
	os.Stdout.WriteString("facts {" + string(facts) + "}\n")
	makeThreads()
	for {
		settle()
		ready()
		name, ok := readLine()
		if !ok || name == "exit" {
			return
		}
		for _, c := range commands {
			if c.Name == name {
				Spread(c.Do)
			}
		}
	}
}

// makeThreads has the runtime start more threads than it will need, so that it does not allocate
// one more after the last collection.
func makeThreads() {
	var group sync.WaitGroup
	for i := 0; i < 6; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			nap := syscall.Timespec{Nsec: 20e6}
			syscall.Nanosleep(&nap, nil)
		}()
	}
	group.Wait()
}

// settle lets other goroutines come to rest, and finalizers and cleanups run.
func settle() {
	for i := 0; i < 3; i++ {
		runtime.GC()
		time.Sleep(15 * time.Millisecond)
	}
}

// ready collects twice (the second cycle frees what the first one's finalizers let go) and says so
// without allocating.
func ready() {
	runtime.GC()
	// What the runtime starts after a cycle (Go 1.24's unique maps are swept by a goroutine of their
	// own) must be over before the last one, or it makes and drops objects while marking runs.
	time.Sleep(60 * time.Millisecond)
	if Between != nil {
		Spread(Between)
	}
	runtime.GC()
	runtime.ReadMemStats(&stats)
	if After != nil {
		Spread(After)
	}
	line := append(out[:0], `ready {"heap_alloc":`...)
	line = strconv.AppendUint(line, stats.HeapAlloc, 10)
	line = append(line, `,"heap_objects":`...)
	line = strconv.AppendUint(line, stats.HeapObjects, 10)
	line = append(line, "}\n"...)
	syscall.Write(1, line)
}

func readLine() (string, bool) {
	n, err := read()
	for err == syscall.EINTR {
		n, err = read()
	}
	if err != nil || n <= 0 {
		return "", false
	}
	for n > 0 && in[n-1] == '\n' {
		n--
	}
	return string(in[:n]), true
}

func read() (int, error) {
	if !KeepProcessor {
		return syscall.Read(0, in[:])
	}
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, 0, uintptr(unsafe.Pointer(&in)), uintptr(len(in)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}
