// Goroutines of real programs: frames against the runtime's own tracebacks, roots against what the
// collector kept.
#include "goruntime/goroutines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "unit/goruntime/go_core.h"

namespace overhang::test {
namespace {

// Goroutines blocked in every way that there is, each holding objects whose fate the collector
// decides: a finalizer tells which ones it has freed. Nothing runs when the core is taken.
constexpr const char* kSubject = R"go(
package main

import (
	"net"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

type big struct {
	id  int
	pad [140]uintptr
}

type pair struct {
	b    *big
	next *pair
}

var (
	never     = make(chan int) // nobody sends
	unread    = make(chan int) // nobody receives
	addresses [64]uintptr
	names     [64]string
	freed     [64]bool
	count     int32
	sink      int
	mu        sync.Mutex
)

//go:noinline
func track(name string) *big {
	// Whoever is preempted in here shares no number with the next.
	b := &big{id: int(atomic.AddInt32(&count, 1)) - 1}
	addresses[b.id] = uintptr(unsafe.Pointer(b))
	names[b.id] = name
	runtime.SetFinalizer(b, func(b *big) { freed[b.id] = true })
	return b
}

//go:noinline
func use(p *big) { sink += p.id }

//go:noinline
func usePair(p *pair) { sink += p.b.id }

//go:noinline
func block() { <-never }

func local() {
	b := track("live local")
	block()
	use(b)
}

func deadLocal() {
	b := track("dead local")
	use(b)
	block()
}

//go:noinline
func argument(b *big, n int) int {
	block()
	use(b)
	return n
}

//go:noinline
func deadArgument(b *big, n int) int {
	use(b)
	block()
	return n
}

func reachedStackObject() {
	a := pair{b: track("in a stack object")}
	c := pair{b: track("in a stack object that another points to"), next: &a}
	p := &c
	usePair(p)
	block()
	usePair(p.next)
}

func deadStackObject() {
	a := pair{b: track("in a dead stack object")}
	usePair(&a)
	block()
}

func inner() {
	a := [1000]*big{7: track("in a large stack object")}
	b := [1000]*big{7: track("in a dead large stack object")}
	p := &a
	useMany(p)
	useMany(&b)
	block()
	useMany(p)
}

//go:noinline
func useMany(p *[1000]*big) { sink += p[7].id }

func deferred() {
	b := track("captured by a deferred call")
	defer func() { use(b) }()
	block()
}

func loopDeferred() {
	for i := 0; i < 3; i++ {
		b := track("captured by a call deferred in a loop (by way of the heap)")
		defer func() { use(b) }()
	}
	block()
}

func panicking() {
	defer func() { block() }()
	b := track("local of a panicking function")
	use(b)
	panic(track("panic value"))
}

func recovered() {
	defer func() {
		r := recover().(*big)
		block()
		use(r)
	}()
	panic(track("recovered value"))
}

func recoveredDead() {
	defer func() {
		recover()
		block()
	}()
	panic(track("recovered value, dropped"))
}

//go:noinline
func crash(b *big, p *int) int {
	n := *p
	use(b)
	return n
}

func faulting() {
	defer func() { block() }()
	crash(track("local of a function that faulted"), nil)
}

//go:noinline
func crashDeferring(b *big, c *big, p *int) (result *big) {
	result = c
	defer func() { use(b); block() }()
	n := *p
	use(c)
	sink += n
	return
}

func faultingDeferring() {
	defer func() { recover() }()
	crashDeferring(track("used by a deferred call of a function that faulted"),
		track("result of a function that faulted"), nil)
}

func exiting() {
	b := track("captured by a call deferred before Goexit")
	defer func() { block(); use(b) }()
	runtime.Goexit()
}

//go:noinline
func deep(n int, p *pair) int {
	if n == 0 {
		block()
		return p.b.id
	}
	q := pair{next: p, b: p.b}
	return deep(n-1, &q) + q.b.id
}

type receiver struct{ b *big }

func (r receiver) Method(b *big, n int, s string, f float64) (*big, int) {
	block()
	use(b)
	use(r.b)
	return b, n
}

func made() {
	f := reflect.MakeFunc(reflect.TypeOf(func(a int, b *big, f float64) *big { return nil }),
		func(args []reflect.Value) []reflect.Value {
			block()
			return args[1:2]
		}).Interface().(func(a int, b *big, f float64) *big)
	use(f(1, track("argument of a made function"), 2.5))
}

func methodValue() {
	b := track("argument of a method value")
	m := reflect.ValueOf(receiver{track("receiver of a method value")}).Method(0).
		Interface().(func(b *big, n int, s string, f float64) (*big, int))
	m(b, 1, "s", 2.5)
}

func reflectCall() {
	reflect.ValueOf(receiver{track("receiver of a reflect call")}).Method(0).Call([]reflect.Value{
		reflect.ValueOf(track("argument of a reflect call")), reflect.ValueOf(1),
		reflect.ValueOf("s"), reflect.ValueOf(1.5)})
}

type blocker interface{ Method(*big, int, string, float64) (*big, int) }

//go:noinline
func throughInterface(i blocker) {
	i.Method(track("argument of an interface call"), 1, "", 1)
}

//go:noinline
func generic[T any](p *T, n int) *T {
	block()
	return p
}

func ten() (a [10]int, b *big) {
	b = track("result on the stack")
	block()
	return
}

//go:noinline
func spin(b *big) {
	for b.id >= 0 {
		sink++
	}
}

func start(f func()) { go f() }

func init() { runtime.LockOSThread() }

func main() {
	runtime.GOMAXPROCS(1)
	var fds [2]int
	syscall.Pipe(fds[:])
	for _, f := range []func(){
		local, deadLocal, reachedStackObject, deadStackObject, inner, deferred, loopDeferred,
		panicking, recovered, recoveredDead, faulting, faultingDeferring, exiting, made,
		methodValue, reflectCall,
		func() { argument(track("argument"), 1) },
		func() { deadArgument(track("dead argument"), 1) },
		func() { deep(100000, &pair{b: track("passed down")}) },
		func() { throughInterface(receiver{track("receiver of an interface call")}) },
		func() { use(generic(track("argument of a generic function"), 1)) },
		func() { _, b := ten(); use(b) },
		func() { unread <- 1 },
		func() {
			select {
			case <-never:
			case unread <- 2:
			}
		},
		func() { select {} },
		func() { mu.Lock(); mu.Lock() },
		func() { var rw sync.RWMutex; rw.Lock(); rw.RLock() },
		func() { var m sync.Mutex; c := sync.NewCond(&m); m.Lock(); c.Wait() },
		func() { var wg sync.WaitGroup; wg.Add(1); wg.Wait() },
		func() { time.Sleep(time.Hour) },
		func() {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				select {}
			}
			b := track("live while waiting for the network")
			l.Accept()
			use(b)
		},
		func() {
			b := track("live in a system call")
			buffer := make([]byte, 10)
			syscall.Read(fds[0], buffer)
			use(b)
		},
		func() {
			b := track("stopped asynchronously")
			spin(b)
		},
	} {
		start(f)
	}
	for i := 0; i < 4; i++ {
		time.Sleep(30 * time.Millisecond)
		runtime.GC()
	}
	line := []byte{}
	for i := 0; i < int(count); i++ {
		line = append(line, "object "...)
		line = strconv.AppendUint(line, uint64(addresses[i]), 16)
		line = strconv.AppendBool(append(line, ' '), freed[i])
		line = append(append(append(line, ' '), names[i]...), '\n')
	}
	os.Stdout.Write(line)
	// With one processor, which is never given back, this goroutine does not get to run.
	b := track("unstarted")
	unstarted := func() { use(b) }
	start(unstarted)
	line = strconv.AppendUint(append(line[:0], "closure "...), *(*uint64)(unsafe.Pointer(&unstarted)), 16)
	syscall.RawSyscall(syscall.SYS_WRITE, 1, uintptr(unsafe.Pointer(&line[0])), uintptr(len(line)))
	ready := []byte("\nready\n")
	syscall.RawSyscall(syscall.SYS_WRITE, 1, uintptr(unsafe.Pointer(&ready[0])), uintptr(len(ready)))
	for {
		syscall.RawSyscall6(syscall.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
	}
}
)go";

// A physical frame as the runtime prints it.
struct PrintedFrame {
  std::string function;
  std::string position;  // file:line of the innermost function inlined there
  Address fp = 0, sp = 0, pc = 0;
};
struct PrintedTrace {
  std::vector<PrintedFrame> frames;
  bool elided = false;  // frames are missing in the middle
};

std::map<std::uint64_t, PrintedTrace> parse_traces(const std::string& text) {
  static const std::regex header(R"(goroutine (\d+) .*:)");
  static const std::regex physical(
      R"(\t(\S+) .*fp=0x([0-9a-f]+) sp=0x([0-9a-f]+) pc=0x([0-9a-f]+))");
  static const std::regex inlined(R"(\t(\S+:\d+))");
  std::map<std::uint64_t, PrintedTrace> traces;
  PrintedTrace* trace = nullptr;
  std::string function, innermost;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, header)) {
      // One that a thread runs is printed twice where the others' threads are asked as well.
      trace = &(traces[std::stoull(match[1])] = {});
    } else if (!trace) {
      continue;
    } else if (line.empty()) {
      trace = nullptr;
    } else if (line.starts_with("created by")) {
      trace = nullptr;
    } else if (line.ends_with("frames elided...")) {
      trace->elided = true;
      innermost.clear();
    } else if (std::regex_match(line, match, physical)) {
      auto number = [&](int i) { return std::stoull(match[i], nullptr, 16); };
      trace->frames.push_back({function, innermost.empty() ? match[1].str() : innermost, number(2),
                               number(3), number(4)});
      innermost.clear();
    } else if (std::regex_match(line, match, inlined)) {
      if (innermost.empty()) innermost = match[1];
    } else {
      function = line.substr(0, line.rfind('('));
    }
  }
  return traces;
}

// printFuncName: type arguments are left out.
std::string printed_name(std::string_view name) {
  if (name == "runtime.gopanic") return "panic";
  std::string text(name);
  auto open = text.find('[');
  auto close = text.rfind(']');
  if (open == std::string::npos || close == std::string::npos || close < open) return text;
  return text.substr(0, open) + "[...]" + text.substr(close + 1);
}

class GoroutinesOf : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    core_ = GoCore::of(kSubject, GetParam());
    if (!core_) GTEST_SKIP() << GetParam() << " or gcore is not at hand";
  }
  void compare(const Goroutine& goroutine, const PrintedTrace& printed);

  std::unique_ptr<GoCore> core_;
};

void GoroutinesOf::compare(const Goroutine& goroutine, const PrintedTrace& printed) {
  SCOPED_TRACE("goroutine " + std::to_string(goroutine.id));
  EXPECT_FALSE(goroutine.truncated);
  if (!printed.elided) {
    EXPECT_EQ(goroutine.frames.size(), printed.frames.size());
  }
  // Where a call pushes nothing, a function without a frame has its caller's sp.
  std::map<std::pair<Address, Address>, const StackFrame*> by_place;
  for (auto& frame : goroutine.frames) by_place[{frame.sp, frame.pc}] = &frame;
  for (auto& expected : printed.frames) {
    SCOPED_TRACE(expected.function);
    ASSERT_TRUE(by_place.contains({expected.sp, expected.pc}));
    auto& frame = *by_place[{expected.sp, expected.pc}];
    auto function = core_->runtime->find_function(frame.pc);
    ASSERT_TRUE(function);
    EXPECT_EQ(printed_name(function->name), expected.function);
    EXPECT_EQ(frame.fp(), expected.fp);
    auto* module = core_->runtime->module_of_pc(frame.pc);
    ASSERT_NE(module, nullptr);
    auto lookup_pc = frame.lookup_pc();
    // To Go 1.20 the runtime looks a call injected by asyncPreempt up as any other (gentraceback).
    bool injected = &frame != goroutine.frames.data() &&
                    core_->runtime->find_function((&frame)[-1].pc)->name == "runtime.asyncPreempt";
    if (core_->runtime->version().minor <= 20 && injected) lookup_pc = frame.pc - 1;
    auto line = module->functions.line(*function, lookup_pc);
    EXPECT_EQ(std::string(line.file) + ":" + std::to_string(line.line), expected.position);
  }
}

TEST_P(GoroutinesOf, AreWhatTheRuntimeAndItsCollectorSee) {
  auto heap_lo = ~Address{0}, heap_hi = Address{0};
  struct Object {
    bool freed;
    std::string name;
  };
  std::map<Address, Object> objects;
  Address closure = 0;
  std::istringstream lines(core_->output);
  for (std::string word; lines >> word;) {
    if (word == "object") {
      Object object;
      Address address = 0;
      std::string freed;
      lines >> std::hex >> address >> freed;
      std::getline(lines >> std::ws, object.name);
      object.freed = freed == "true";
      objects[address] = object;
      heap_lo = std::min(heap_lo, address);
      heap_hi = std::max(heap_hi, address);
    } else if (word == "closure") {
      lines >> std::hex >> closure;
    }
  }
  ASSERT_GT(objects.size(), 30u);
  ASSERT_NE(closure, 0u);
  // Deferred closures stand near what they captured, on either side.
  heap_hi += 1 << 20;
  heap_lo = std::min(heap_lo, closure) - (1 << 20);

  auto goroutines = read_goroutines(
      *core_->runtime, [&](Address a) { return a >= heap_lo && a < heap_hi; }, 2);
  EXPECT_EQ(core_->diagnostics.warnings(), std::vector<std::string>{});

  // Frames, addresses and lines.
  auto traces = parse_traces(core_->traces);
  traces.erase(0);  // g0, of threads that were told to print theirs before the crash
  std::set<std::uint64_t> ours, printed;
  std::size_t deepest = 0;
  for (auto& goroutine : goroutines) {
    if (goroutine.system_stack) continue;
    ours.insert(goroutine.id);
    deepest = std::max(deepest, goroutine.frames.size());
    if (traces.contains(goroutine.id)) compare(goroutine, traces[goroutine.id]);
  }
  for (auto& [id, trace] : traces) printed.insert(id);
  EXPECT_EQ(ours, printed);
  EXPECT_GT(deepest, 100'000u);

  // Roots: what the collector kept, and nothing of what it freed.
  std::set<Address> rooted;
  for (auto& goroutine : goroutines)
    for (auto& root : goroutine.roots) {
      // The main goroutine runs and holds none of them; its innermost frame may have stale words.
      if (goroutine.id == 1 && root.conservative) continue;
      rooted.insert(root.value);
      if (root.slot != 0) {
        EXPECT_EQ(core_->image->word(root.slot), root.value);
        EXPECT_GE(root.slot, goroutine.stack_lo);
        EXPECT_LT(root.slot, goroutine.stack_hi);
      }
    }
  std::set<Address> one_step_on;  // pointers in closures that are roots
  for (auto address : rooted)
    for (Address at = address; at < address + 32; at += 8)
      one_step_on.insert(core_->image->word(at).value_or(0));
  int kept = 0, freed = 0;
  for (auto& [address, object] : objects) {
    auto& where = object.name.ends_with("(by way of the heap)") ? one_step_on : rooted;
    EXPECT_EQ(where.contains(address), !object.freed) << object.name;
    (object.freed ? freed : kept)++;
  }
  EXPECT_GE(kept, 20);
  EXPECT_GE(freed, 6);
  EXPECT_TRUE(rooted.contains(closure)) << "the function of a goroutine that has not started";
}

// One goroutine that never leaves the processor and holds an object in a register alone.
constexpr const char* kRunningSubject = R"go(
package main

import (
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"
)

type object struct{ n [16]int }

var sink *object // what it was given is on the heap

//go:noinline
func spin(o *object) {
	for {
		o.n[3]++
	}
}

//go:noinline
func outer(started *bool) {
	held := new(object)
	sink = held
	o := new(object)
	sink = o
	os.Stdout.WriteString("held " + strconv.FormatUint(uint64(uintptr(unsafe.Pointer(held))), 16) +
		"\nspinning " + strconv.FormatUint(uint64(uintptr(unsafe.Pointer(o))), 16) + "\n")
	*started = true
	spin(o)
	held.n[0]++
}

func main() {
	runtime.GOMAXPROCS(2)
	started := false
	go outer(&started)
	for !started {
		runtime.Gosched()
	}
	ready := []byte("ready\n")
	syscall.RawSyscall(syscall.SYS_WRITE, 1, uintptr(unsafe.Pointer(&ready[0])), uintptr(len(ready)))
	for {
		syscall.RawSyscall6(syscall.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
	}
}
)go";

// On arm64 the emulator's core has the registers where the kernel saves them: the thread was asked
// for its traces. Its goroutine's innermost function has no frame, so that only the link register
// tells who called it.
class RunningGoroutine : public testing::TestWithParam<std::string> {};

TEST_P(RunningGoroutine, IsReadFromItsThreadsRegisters) {
  // Not preempted: a busy machine's scheduler takes the processor away at any time.
  auto core = GoCore::of(kRunningSubject, GetParam(), "", "GODEBUG=asyncpreemptoff=1");
  if (!core) GTEST_SKIP() << GetParam() << " or what takes its core is not at hand";
  std::istringstream lines(core->output);
  std::string word;
  Address held = 0, spinning = 0;
  lines >> word >> std::hex >> held >> word >> spinning;
  ASSERT_NE(spinning, 0u);

  auto goroutines = read_goroutines(
      *core->runtime, [&](Address a) { return a == held || a == spinning; }, 2);
  EXPECT_EQ(core->diagnostics.warnings(), std::vector<std::string>{});
  auto function = [&](const StackFrame& frame) {
    return core->runtime->find_function(frame.pc)->name;
  };
  auto running = std::ranges::find_if(goroutines, [&](const Goroutine& g) {
    return !g.frames.empty() && function(g.frames[0]) == "main.spin";
  });
  ASSERT_NE(running, goroutines.end()) << core->traces;
  EXPECT_FALSE(running->truncated);
  ASSERT_GE(running->frames.size(), 3u);
  EXPECT_TRUE(running->frames[0].conservative);
  EXPECT_EQ(running->frames[0].lookup_pc(), running->frames[0].pc);
  EXPECT_EQ(function(running->frames[1]), "main.outer");
  EXPECT_FALSE(running->frames[1].conservative);
  EXPECT_EQ(function(running->frames.back()), "runtime.goexit");
  // The one is in a register, the other in an exactly scanned word of the caller's frame.
  auto has = [&](Address value, bool in_register, bool conservative) {
    return std::ranges::any_of(running->roots, [&](const StackRoot& root) {
      return root.value == value && (root.slot == 0) == in_register &&
             root.conservative == conservative;
    });
  };
  EXPECT_TRUE(has(spinning, true, true));
  EXPECT_TRUE(has(held, false, false));
}

INSTANTIATE_TEST_SUITE_P(Machines, RunningGoroutine,
                         testing::ValuesIn(with_arm64(kToolchains, kToolchains)), [](auto& suite) {
                           return "Go" + suite.param.substr(4, 2) +
                                  (suite.param.ends_with(kArm64) ? "Arm64" : "");
                         });

INSTANTIATE_TEST_SUITE_P(Releases, GoroutinesOf,
                         testing::ValuesIn(with_arm64(kToolchains, kToolchains)), [](auto& suite) {
                           return "Go" + suite.param.substr(4, 2) +
                                  (suite.param.ends_with(kArm64) ? "Arm64" : "");
                         });

}  // namespace
}  // namespace overhang::test
