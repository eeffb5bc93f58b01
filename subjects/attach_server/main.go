// A server that is attached to while it works. It keeps account of anything that an attach could
// disturb: system calls that fail, child processes, signals, timers, arithmetic in registers; and
// it writes memory in an order that shows whether an image is of one instant.
//
// Usage: attach_server SOCKET [seccomp]. On the unix socket it answers lines:
//
//	ping N      N
//	counters    one JSON object
//	where       one JSON object with the addresses of what it writes
//	exec on|off starts or stops its running of child processes; answers when they have ended
//	wait        the result of wait4(-1, WNOHANG): a process id, 0, or the errno's name
//	quit        ends the process with status 0
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const sweepWords = 1 << 15

// A writer sets word after word to its next round's number, so at any instant the words are
// round, …, round, round-1, …, round-1.
var sweep [sweepWords]uint64

// Pairs on pages of their own: first is incremented, then second.
type pair struct {
	first  uint64
	_      [8184]byte
	second uint64
	_      [8184]byte
}

var pairs [4]pair

var counters struct {
	blockedFailures atomic.Int64 // system calls without a time limit that came back
	sleepFailures   atomic.Int64 // nanosleep cut short
	pipeFailures    atomic.Int64 // reads and writes that failed or gave the wrong bytes
	pipeRounds      atomic.Int64
	execFailures    atomic.Int64
	execRounds      atomic.Int64
	childSignals    atomic.Int64 // SIGCHLD
	mathFailures    atomic.Int64
	mathRounds      atomic.Int64
	ticks           atomic.Int64
}

// Pins the goroutine to a thread that takes no signals, so that no signal of the program's own
// (SIGCHLD goes to any thread) ends its system calls.
func pinWithoutSignals() {
	runtime.LockOSThread()
	all := ^uint64(0)
	syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, 0, uintptr(unsafe.Pointer(&all)), 0, 8, 0, 0)
}

func blockForever(number uintptr, a, b, c, d uintptr) {
	pinWithoutSignals()
	for {
		syscall.Syscall6(number, a, b, c, d, 0, 0)
		counters.blockedFailures.Add(1)
	}
}

// What the blocked system calls point to: globals, since nothing else keeps it.
var blocked struct {
	futex  uint32
	buffer [64]byte
	poll   struct {
		fd      int32
		events  int16
		revents int16
	}
}

// An infinite wait of each kind that differs in how the kernel restarts it.
func blockInSystemCalls() {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	poller, err := syscall.EpollCreate1(0)
	if err != nil {
		panic(err)
	}
	blocked.poll.fd, blocked.poll.events = int32(pipe[0]), 1
	buffer := uintptr(unsafe.Pointer(&blocked.buffer[0]))
	go blockForever(syscall.SYS_READ, uintptr(pipe[0]), buffer, 1, 0)
	go blockForever(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&blocked.futex)), 0, 0, 0)
	go blockForever(syscall.SYS_EPOLL_WAIT, uintptr(poller), buffer, 1, ^uintptr(0))
	go blockForever(syscall.SYS_POLL, uintptr(unsafe.Pointer(&blocked.poll)), 1, ^uintptr(0), 0)
	go blockForever(syscall.SYS_PAUSE, 0, 0, 0, 0)
	go blockForever(syscall.SYS_SELECT, 0, 0, 0, 0)
	for i := 0; i < 4; i++ {
		go func() {
			pinWithoutSignals()
			for {
				wait := syscall.Timespec{Nsec: 30_000_000}
				before := time.Now()
				if err := syscall.Nanosleep(&wait, nil); err != nil || time.Since(before) < 30*time.Millisecond {
					counters.sleepFailures.Add(1)
				}
			}
		}()
	}
}

// Bytes go round through a blocking pipe between two threads.
func passBytes() {
	var there, back [2]int
	if syscall.Pipe(there[:]) != nil || syscall.Pipe(back[:]) != nil {
		panic("pipe")
	}
	go func() {
		pinWithoutSignals()
		buffer := make([]byte, 8)
		for {
			n, err := syscall.Read(there[0], buffer)
			if err != nil || n != 8 {
				counters.pipeFailures.Add(1)
			}
			if n, err := syscall.Write(back[1], buffer); err != nil || n != 8 {
				counters.pipeFailures.Add(1)
			}
		}
	}()
	go func() {
		pinWithoutSignals()
		out, in := make([]byte, 8), make([]byte, 8)
		for round := uint64(1); ; round++ {
			*(*uint64)(unsafe.Pointer(&out[0])) = round
			n, err := syscall.Write(there[1], out)
			m, err2 := syscall.Read(back[0], in)
			if err != nil || err2 != nil || n != 8 || m != 8 || *(*uint64)(unsafe.Pointer(&in[0])) != round {
				counters.pipeFailures.Add(1)
			}
			counters.pipeRounds.Add(1)
			time.Sleep(time.Millisecond)
		}
	}()
}

// The same sums again and again, in integer and floating registers.
func compute() {
	run := func() (uint64, float64) {
		x, f := uint64(88172645463325252), 1.0
		for i := 0; i < 1<<16; i++ {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			f = f*1.0000001 + float64(x&7)
		}
		return x, f
	}
	x, f := run()
	for {
		if y, g := run(); y != x || g != f {
			counters.mathFailures.Add(1)
		}
		counters.mathRounds.Add(1)
		time.Sleep(4 * time.Millisecond)
	}
}

func writeInOrder() {
	go func() {
		for round := uint64(1); ; round++ {
			for i := range sweep {
				atomic.StoreUint64(&sweep[i], round)
			}
			time.Sleep(500 * time.Microsecond)
		}
	}()
	for i := range pairs {
		p := &pairs[i]
		go func() {
			for n := 0; ; n++ {
				atomic.AddUint64(&p.first, 1)
				atomic.AddUint64(&p.second, 1)
				if n%4000 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}()
	}
}

var (
	execEnabled atomic.Bool
	execRunning sync.Mutex
)

func runChildren() {
	for {
		execRunning.Lock()
		if execEnabled.Load() {
			out, err := exec.Command("/bin/echo", "child").Output()
			if err != nil || string(out) != "child\n" {
				counters.execFailures.Add(1)
				fmt.Fprintln(os.Stderr, "exec:", err, string(out))
			}
			counters.execRounds.Add(1)
		}
		execRunning.Unlock()
		time.Sleep(3 * time.Millisecond)
	}
}

func watchSignals() {
	signals := make(chan os.Signal, 1024)
	signal.Notify(signals, syscall.SIGCHLD)
	for range signals {
		counters.childSignals.Add(1)
	}
}

func answer(line string) string {
	word, argument, _ := strings.Cut(line, " ")
	switch word {
	case "ping":
		return argument
	case "counters":
		text, _ := json.Marshal(map[string]int64{
			"blocked_failures": counters.blockedFailures.Load(),
			"sleep_failures":   counters.sleepFailures.Load(),
			"pipe_failures":    counters.pipeFailures.Load(),
			"pipe_rounds":      counters.pipeRounds.Load(),
			"exec_failures":    counters.execFailures.Load(),
			"exec_rounds":      counters.execRounds.Load(),
			"child_signals":    counters.childSignals.Load(),
			"math_failures":    counters.mathFailures.Load(),
			"math_rounds":      counters.mathRounds.Load(),
			"ticks":            counters.ticks.Load(),
		})
		return string(text)
	case "where":
		text, _ := json.Marshal(map[string]uint64{
			"sweep":         uint64(uintptr(unsafe.Pointer(&sweep[0]))),
			"sweep_words":   sweepWords,
			"pairs":         uint64(uintptr(unsafe.Pointer(&pairs[0]))),
			"pair_count":    uint64(len(pairs)),
			"pair_size":     uint64(unsafe.Sizeof(pairs[0])),
			"second_offset": uint64(unsafe.Offsetof(pairs[0].second)),
		})
		return string(text)
	case "exec":
		execEnabled.Store(argument == "on")
		execRunning.Lock() // the last child has ended
		defer execRunning.Unlock()
		return "ok"
	case "wait":
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err != nil {
			return err.(syscall.Errno).Error()
		}
		return fmt.Sprint(pid)
	case "quit":
		os.Exit(0)
	}
	return "what?"
}

// Puts all threads under a filter that allows everything: what matters is that there is one.
func installSeccomp() {
	const allow = 0x7FFF0000
	filter := struct {
		code   uint16
		jt, jf uint8
		k      uint32
	}{6, 0, 0, allow} // BPF_RET
	program := struct {
		length uint16
		filter unsafe.Pointer
	}{1, unsafe.Pointer(&filter)}
	const prSetNoNewPrivs, seccomp, setModeFilter, flagTsync = 38, 317, 1, 1
	syscall.AllThreadsSyscall(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0)
	if _, _, err := syscall.Syscall(seccomp, setModeFilter, flagTsync, uintptr(unsafe.Pointer(&program))); err != 0 {
		panic(err)
	}
}

func main() {
	if len(os.Args) > 2 && os.Args[2] == "seccomp" {
		installSeccomp()
	}
	listener, err := net.Listen("unix", os.Args[1])
	if err != nil {
		panic(err)
	}
	go watchSignals()
	blockInSystemCalls()
	passBytes()
	go compute()
	writeInOrder()
	go runChildren()
	go func() {
		for range time.Tick(2 * time.Millisecond) {
			counters.ticks.Add(1)
		}
	}()
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			defer connection.Close()
			lines := bufio.NewScanner(connection)
			for lines.Scan() {
				fmt.Fprintln(connection, answer(lines.Text()))
			}
		}()
	}
}
