// A subject that is made of many small programs, each of them a script of the slice machine
// (src/model): it runs them, tells what shape their slices had at each step, and on command applies
// one remedy to each and says what its collector freed.
package main

import (
	"os"
	"runtime"
	"strconv"
	"unsafe"

	"overhang.subjects/kit"
)

type program struct {
	run    func()
	remedy func() // nil: the program hides nothing
	drop   func() // lets go of all its variables
}

var (
	// len and cap of each slice that was assigned; no slice, which would be in the report
	trace  [1 << 20]int32
	traced int
	freed  [4096][2]int64
	stats  runtime.MemStats
)

// seen notes the shape of a slice that has just been assigned.
//
//go:noinline
func seen[T any](s []T) {
	trace[traced], trace[traced+1] = int32(len(s)), int32(cap(s))
	traced += 2
}

//go:noinline
func clone[T any](s []T) []T { return append([]T(nil), s...) }

//go:noinline
func cloneIf[T any](s []T, factor int) []T {
	if cap(s) > factor*len(s) {
		return clone(s)
	}
	return s
}

//go:noinline
func nilIfEmpty[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

// wipe clears words of the array that a slice or string header leads to, from `offset` bytes behind
// where it points: no slice shows them.
//
//go:noinline
func wipe(header unsafe.Pointer, offset int, words int) {
	at := *(*uintptr)(header) + uintptr(offset)
	hidden := unsafe.Slice(*(***byte)(unsafe.Pointer(&at)), words)
	for i := range hidden {
		hidden[i] = nil
	}
}

func heapAlloc() int64 {
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// remedies carries out each program's remedy and lets go of what is left, and says what that freed.
func remedies() {
	for i, p := range programs {
		before := heapAlloc()
		if p.remedy != nil {
			kit.Spread(p.remedy)
		}
		between := heapAlloc()
		kit.Spread(p.drop)
		freed[i] = [2]int64{before - between, between - heapAlloc()}
	}
	line := []byte(`facts {"freed":[`)
	for i := range programs {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(line, '[')
		line = strconv.AppendInt(line, freed[i][0], 10)
		line = append(line, ',')
		line = strconv.AppendInt(line, freed[i][1], 10)
		line = append(line, ']')
	}
	os.Stdout.Write(append(line, "]}\n"...))
}

func main() {
	traces := []byte{'['}
	for i, p := range programs {
		traced = 0
		kit.Spread(p.run)
		if i > 0 {
			traces = append(traces, ',')
		}
		traces = append(traces, '[')
		for j, n := range trace[:traced] {
			if j > 0 {
				traces = append(traces, ',')
			}
			traces = strconv.AppendInt(traces, int64(n), 10)
		}
		traces = append(traces, ']')
	}
	kit.FactJSON("traces", string(append(traces, ']')))
	kit.Serve(kit.Command{Name: "remedies", Do: remedies})
}
