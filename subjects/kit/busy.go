package kit

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// What follows is for subjects that go on working while they are imaged: witnesses that tell a test
// what is certain at every instant, steps that it can count, and a stop on demand.

// A Witness is an object with contents that nothing else has, so that a test can tell it from what
// stands at its address later.
type Witness struct {
	magic  uint64
	serial uint64
	Child  *Witness
	pad    [5]uint64
}

// Sum reads the witness.
func (w *Witness) Sum() uint64 { return w.magic ^ w.serial ^ w.pad[0] }

const witnessMagic = 0x5ca1ab1e0ddba11

var serials atomic.Uint64

//go:noinline
func NewWitness() *Witness { return &Witness{magic: witnessMagic, serial: serials.Add(1)} }

// A place says where a witness is without keeping it: it stands in static memory without pointers.
// The address is written last and cleared first.
type place struct {
	address atomic.Uintptr
	serial  atomic.Uint64
}

var (
	living  [1024]place // what something reaches at every instant
	living_ atomic.Uint32
	dropped [4096]place // what nothing has reached since before its place was written
	drops   atomic.Uint32
	steps   atomic.Uint64
	parked  atomic.Uint32
	workers atomic.Uint32
)

// Lives tells that the witness, and its child, are reachable from now on and for ever.
func Lives(w *Witness) *Witness {
	for x := w; x != nil; x = x.Child {
		p := &living[living_.Add(1)-1]
		p.serial.Store(x.serial)
		p.address.Store(uintptr(unsafe.Pointer(x)))
	}
	return w
}

type sink struct {
	at atomic.Pointer[Witness]
	to chan *Witness
	in map[uint64]*Witness
}

// A Dropper makes garbage, by one goroutine.
type Dropper struct{ sink *sink }

func NewDropper() Dropper {
	return Dropper{&sink{to: make(chan *Witness, 1), in: map[uint64]*Witness{}}}
}

// Drop makes a witness, passes it around, forgets it, and then says where it was.
func (d Dropper) Drop() {
	address, serial := d.forget()
	p := &dropped[drops.Add(1)%uint32(len(dropped))]
	p.address.Store(0)
	p.serial.Store(serial)
	p.address.Store(address)
}

//go:noinline
func (d Dropper) forget() (uintptr, uint64) {
	w := NewWitness()
	d.sink.at.Store(w)
	d.sink.to <- d.sink.at.Load()
	d.sink.in[w.serial] = <-d.sink.to
	delete(d.sink.in, w.serial)
	d.sink.at.Store(nil)
	return uintptr(unsafe.Pointer(w)), w.serial
}

// A tail that nobody touches again: 990 slots past len, each with an object and what it holds.
type stale struct {
	text *[64]byte
	pad  [31]uint64
}

var hidden []*stale

//go:noinline
func hideTail() {
	hidden = make([]*stale, 1000)
	for i := range hidden {
		hidden[i] = &stale{text: new([64]byte)}
	}
	hidden = hidden[:10]
}

// A chain that takes the collector a while to follow, so that an image can catch it marking.
var ballast *Witness

// The gate stops workers at their next step.
var gate struct {
	sync.Mutex
	*sync.Cond
	closed atomic.Bool
}

// Step ends one piece of a worker's work: here a stop takes effect, and other programs get their
// share of the processors.
func Step() {
	if n := steps.Add(1); n%512 == 0 {
		time.Sleep(time.Millisecond)
	}
	if gate.closed.Load() {
		gate.Lock()
		parked.Add(1)
		for gate.closed.Load() {
			gate.Wait()
		}
		parked.Add(^uint32(0))
		gate.Unlock()
	}
}

// Join makes the caller's next goroutine a worker: it has to call Step for ever.
func Join() { workers.Add(1) }

// Work starts n workers that carry out step for ever.
func Work(n int, worker func(i int) (step func())) {
	for i := 0; i < n; i++ {
		Join()
		go func(i int) {
			step := worker(i)
			for {
				step()
				Step()
			}
		}(i)
	}
}

// ServeBusy says that the subject is ready and carries out commands while the workers go on:
// "gc" collects, "stop" has all workers wait at their next step and then collects, "go" lets them go
// on. The first argument is the GOGC to work with, the second the length of the ballast.
func ServeBusy() {
	gate.Cond = sync.NewCond(&gate.Mutex)
	Spread(hideTail)
	FactText("go", runtime.Version())
	os.Stdout.WriteString("facts {" + string(facts) + "}\n")
	percent, err := strconv.Atoi(Arg(1))
	if err != nil {
		percent = 100
	}
	for n, _ := strconv.Atoi(Arg(2)); n > 0; n-- {
		w := NewWitness()
		w.Child, ballast = ballast, w
	}
	debug.SetGCPercent(percent)
	for {
		syscall.Write(1, []byte("ready {\"heap_alloc\":0,\"heap_objects\":0}\n"))
		name, ok := readLine()
		switch {
		case !ok || name == "exit":
			return
		case name == "gc":
			runtime.GC()
		case name == "stop":
			stop()
		case name == "go":
			gate.Lock()
			gate.closed.Store(false)
			gate.Broadcast()
			gate.Unlock()
		}
	}
}

func stop() {
	gate.closed.Store(true)
	for parked.Load() < workers.Load() {
		time.Sleep(100 * time.Microsecond)
	}
	runtime.GC()
}
