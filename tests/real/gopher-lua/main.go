// A Lua table that grew and shrank: yuin/gopher-lua, LTable.Remove at the end.
package main

import (
	lua "github.com/yuin/gopher-lua"

	"overhang.subjects/kit"
)

var state *lua.LState

func main() {
	kit.Spread(func() {
		state = lua.NewState()
		if err := state.DoString(`
			queue = {}
			for i = 1, 4000 do table.insert(queue, {id = i, body = string.rep("x", 200) .. i}) end
			for i = 1, 3000 do table.remove(queue) end
		`); err != nil {
			panic(err)
		}
	})
	kit.Serve()
}
