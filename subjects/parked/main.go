// Goroutines that wait, each with a slice in a local variable or parameter alone whose array holds
// more than it shows. The first argument names what is done with it afterwards, the second is how
// many goroutines there are.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"overhang.subjects/kit"
)

type record struct {
	id   int
	body [10]int
}

type pair struct {
	key   int
	value *record
	rank  int
}

var (
	sum     int64
	stop    = make(chan int)
	waiting int64
	few     = 2 + len(os.Args) - len(os.Args) // not known when compiled
	most    = 126 + len(os.Args) - len(os.Args)
)

//go:noinline
func wait() { atomic.AddInt64(&waiting, 1); <-stop }

//go:noinline
func records() []*record {
	s := make([]*record, 128+len(os.Args)-len(os.Args))
	for i := range s {
		s[i] = &record{id: i}
	}
	return s
}

//go:noinline
func pairs() []pair {
	s := make([]pair, 128+len(os.Args)-len(os.Args))
	for i := range s {
		s[i].value = &record{id: i}
	}
	return s
}

//go:noinline
func count(s []*record) (n int64) {
	for _, r := range s {
		n += int64(r.id)
	}
	return n
}

//go:noinline
func add(n int) { atomic.AddInt64(&sum, int64(n)) }

var uses = map[string]func(){
	"ranged": func() {
		s := records()[:few]
		wait()
		for _, r := range s {
			add(r.id)
		}
	},
	"ranged_for_ever": func() {
		s := records()[:few]
		atomic.AddInt64(&waiting, 1)
		for {
			time.Sleep(time.Hour)
			for i, r := range s {
				add(r.id + i)
			}
		}
	},
	"first": func() {
		s := records()[:few]
		wait()
		add(s[0].id)
	},
	"indexed": func() {
		s := records()[:few]
		atomic.AddInt64(&waiting, 1)
		for i := 0; ; i++ {
			n := <-stop
			if i < len(s) {
				add(s[i].id + n)
			}
		}
	},
	"indexed_by_anything": func() {
		s := records()[:few]
		atomic.AddInt64(&waiting, 1)
		for {
			add(s[<-stop].id)
		}
	},
	"ranged_while_waiting": func() {
		s := records()[:few]
		for i := range s {
			wait()
			add(s[i].id)
		}
	},
	"parameter": func() { parameter(records()[:few]) },
	"method": func() {
		w := &worker{}
		w.run("name", records()[:few], few*9)
		add(w.n)
	},
	"written": func() {
		s := records()[:few]
		atomic.AddInt64(&waiting, 1)
		for {
			n := <-stop
			s[n] = &record{id: n}
		}
	},
	"pairs": func() {
		s := pairs()[:few]
		wait()
		for i := range s {
			add(s[i].value.id)
		}
	},
	"passed": func() {
		s := records()[:few]
		wait()
		add(int(count(s)))
	},
	"appended": func() {
		s := records()[:few]
		atomic.AddInt64(&waiting, 1)
		for {
			s = append(s, &record{id: <-stop})
			if len(s) > most {
				s = s[:few]
			}
		}
	},
	"kept_alive": func() {
		s := records()[:few]
		wait()
		runtime.KeepAlive(s)
	},
	"bytes_behind_a_head": func() {
		b := bytes(most*60, 8192)
		wait()
		add(countBytes(b))
	},
	"bytes_ranged": func() {
		b := bytes(most, most+few)
		wait()
		for _, c := range b {
			add(int(c))
		}
	},
	"text_indexed": func() {
		t := text(most, most+few*9)
		wait()
		for i := 0; i < len(t); i++ {
			add(int(t[i]))
		}
	},
	"queue": func() {
		s := records()[most:]
		wait()
		for len(s) > 0 {
			add(s[0].id)
			s = s[1:]
		}
	},
}

//go:noinline
func bytes(from, to int) []byte { return make([]byte, 8192+len(os.Args)-len(os.Args))[from:to] }

//go:noinline
func text(from, to int) string {
	b := bytes(0, 8192)
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	return string(b)[from:to]
}

//go:noinline
func countBytes(b []byte) (n int) {
	for _, c := range b {
		n += int(c)
	}
	return n
}

//go:noinline
func parameter(s []*record) {
	wait()
	for _, r := range s {
		add(r.id)
	}
}

type worker struct{ n int }

//go:noinline
func (w *worker) run(name string, todo []*record, limit int) {
	wait()
	for i := 0; i < len(todo) && i < limit; i++ {
		w.n += todo[i].id + len(name)
	}
}

func main() {
	if kit.Arg(1) == "list" {
		for name := range uses {
			fmt.Println(name)
		}
		return
	}
	use := uses[kit.Arg(1)]
	if use == nil {
		fmt.Fprintln(os.Stderr, "no such use:", kit.Arg(1))
		os.Exit(2)
	}
	goroutines, err := strconv.Atoi(kit.Arg(2))
	if err != nil {
		goroutines = 20
	}
	for i := 0; i < goroutines; i++ {
		go use()
	}
	for atomic.LoadInt64(&waiting) < int64(goroutines) {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(10 * time.Millisecond)
	kit.Serve()
}
