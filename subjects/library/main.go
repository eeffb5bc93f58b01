// Package main is Go in a C program: a library (-buildmode=c-shared) or an archive (c-archive).
package main

import (
	"C"

	"overhang.subjects/kit"
)

type conn struct{ buffer [1000]byte }

type session struct {
	inUse []*conn
	name  string
}

var sessions = map[int]*session{}

func build() {
	for i := 0; i < 20; i++ {
		s := &session{name: "session"}
		for j := 0; j < 100; j++ {
			s.inUse = append(s.inUse, new(conn))
		}
		s.inUse = s.inUse[:5]
		sessions[i] = s
	}
}

func remedy() {
	for _, s := range sessions {
		kit.Clear(s.inUse[5:100])
	}
}

//export Serve
func Serve() {
	kit.Spread(build)
	kit.Serve(kit.Command{Name: "remedy", Do: remedy})
}

func main() {}
