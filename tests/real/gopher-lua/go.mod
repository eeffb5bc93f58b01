module overhang.real/gopher-lua

go 1.19

require (
	github.com/yuin/gopher-lua v1.1.0
	overhang.subjects/kit v0.0.0
)

replace overhang.subjects/kit => ../../../subjects/kit
