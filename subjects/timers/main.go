// Timers that will not fire while the process is looked at, stopped ones, tickers, AfterFunc,
// deadlines of contexts.
package main

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"overhang.subjects/kit"
)

type job struct {
	name string
	done chan *job
}

func newJob(i int) *job { return &job{"job " + strconv.Itoa(i), make(chan *job, 1)} }

var (
	timers    []*time.Timer
	stopped   []*time.Timer
	fired     []*time.Timer
	tickers   []*time.Ticker
	contexts  []context.Context
	cancels   []context.CancelFunc
	start     = time.Now()
	zones     []*time.Location
	cancelled atomic.Int64
)

// afterCancelled is context.AfterFunc, where there is one (Go 1.21).
var afterCancelled = func(ctx context.Context, f func()) {}

func build() {
	for i := 0; i < 100; i++ {
		j := newJob(i)
		timers = append(timers, time.NewTimer(time.Hour+time.Duration(i)*time.Second))
		timers = append(timers, time.AfterFunc(time.Hour, func() { j.done <- j }))
		time.AfterFunc(2*time.Hour, func() { j.name = "held by the timer alone" })
		tickers = append(tickers, time.NewTicker(time.Hour))
		t := time.NewTimer(time.Hour)
		t.Stop()
		stopped = append(stopped, t)
		time.NewTimer(time.Hour) // out of reach: from 1.23 on, garbage
		time.After(time.Hour)
	}
	for i := 0; i < 20; i++ {
		fired = append(fired, time.NewTimer(time.Millisecond))
		j := newJob(i)
		fired = append(fired, time.AfterFunc(time.Millisecond, func() { j.done <- j }))
		timers[i].Reset(3 * time.Hour)
		tickers[i].Reset(4 * time.Hour)
		tickers[50+i].Stop()
	}
	ctx := context.Background()
	for i := 0; i < 30; i++ {
		next, cancel := context.WithTimeout(context.WithValue(ctx, i, newJob(i)), time.Hour)
		contexts = append(contexts, next)
		cancels = append(cancels, cancel)
		if i%5 == 0 {
			ctx = next
		}
		if i%7 == 3 && i%5 != 0 { // one that has no children
			cancel()
		}
		afterCancelled(next, func() { cancelled.Add(1) })
	}
	zones = append(zones, time.FixedZone("zone "+strconv.Itoa(1), 3600))
}

//go:noinline
func waitTimer(i int) {
	j := newJob(i)
	t := time.NewTimer(time.Hour)
	select {
	case <-t.C:
	case k := <-j.done:
		j = k
	case <-time.After(2 * time.Hour):
	case <-contexts[i].Done():
	}
	println(j.name)
}

//go:noinline
func sleep(i int) {
	j := newJob(i)
	time.Sleep(time.Hour)
	println(j.name)
}

func main() {
	kit.Spread(build)
	time.Sleep(5 * time.Millisecond)
	for i := 0; i < 20; i++ {
		i := i // to Go 1.21 all iterations have one
		if i%7 != 3 {
			go waitTimer(i)
		}
		go sleep(i)
		go func() {
			for range time.Tick(time.Hour) {
				println(newJob(i).name)
			}
		}()
	}
	kit.Serve()
}
