// A program of several modules: it loads the plugins that its arguments name. Each has types, globals,
// goroutines and closures of its own, and hides memory in them.
package main

import (
	"os"
	"plugin"

	"overhang.subjects/kit"
)

type own struct {
	n    int
	next *own
}

var (
	things  []any
	remedy  []func()
	visible []*own
)

func main() {
	kit.Spread(func() {
		for _, path := range os.Args[1:] {
			p, err := plugin.Open(path)
			if err != nil {
				os.Stderr.WriteString(err.Error() + "\n")
				os.Exit(2)
			}
			build, err := p.Lookup("Build")
			if err != nil {
				panic(err)
			}
			made, undo := build.(func() ([]any, func()))()
			things = append(things, made...)
			remedy = append(remedy, undo)
		}
		for i := 0; i < 50; i++ {
			visible = append(visible, &own{n: i})
		}
		visible = visible[:20:30]
	})
	kit.Fact("hides", 1)
	kit.Serve(kit.Command{Name: "remedy", Do: func() {
		for _, f := range remedy {
			f()
		}
		clear(visible[20:30])
		visible = visible[:20:20]
	}})
}
